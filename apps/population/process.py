"""What a writing process begins with. Imports no model: Django is not set up yet when this is unpickled."""

import os
from typing import Any


def begin(database: str) -> None:
    """Django of its own, on the same database as the process that started it."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import connection

    connection.settings_dict["NAME"] = database


def write(*task: Any) -> dict[str, int]:
    """`making.write` in this process."""
    from apps.population import making

    return making.write(*task)

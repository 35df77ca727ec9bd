"""What each room declares of its addresses: one module a room, found by itself.

SAMPLES: address name -> its arguments from one side. SHARED: of an address whose argument is no station's.
RIGHT_OF_SAMPLE: besides the page's own right, that of the sample on it: a task is a notifiable case, a file
is its maker's. An address with arguments that stands nowhere fails the walk.
"""

import pkgutil
from importlib import import_module
from typing import Any

ROOMS = [import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__)]


def declared(what: str) -> dict[str, Any]:
    """All that the rooms declare under this name; what two of them declare fails."""
    found: dict[str, Any] = {}
    for room in ROOMS:
        part = getattr(room, what, {})
        assert not found.keys() & part.keys(), sorted(found.keys() & part.keys())
        found |= part
    return found

"""Django's DATABASES entry: from DATABASE_URL, else the embedded server."""

import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import embedded

# gthread serves 4 requests at a time in a process; a fifth waits at most 10 s, then fails loudly.
POOL = {"min_size": 1, "max_size": 4, "timeout": 10}

# Every statement is planned anew, and pages join many tables by their keys, beginning with the filtered one:
# trying all orders of such a join takes the planner 5-13 ms for a row that is read in one.
PLANNING = "-c join_collapse_limit=4"


def entry() -> dict[str, Any]:
    """The default database. With a pool CONN_MAX_AGE must be 0: the pool keeps the connections."""
    url = os.environ.get("DATABASE_URL")
    where = from_url(url) if url else embedded.database()
    options = {"pool": dict(POOL), "options": PLANNING, **where.pop("OPTIONS", {})}
    return {"ENGINE": "django.db.backends.postgresql", **where, "CONN_MAX_AGE": 0, "OPTIONS": options}


def from_url(url: str) -> dict[str, Any]:
    """``postgresql://user:password@host:port/name?sslmode=verify-full``; a host that is a folder is given as
    ``postgresql:///name?host=/var/run/postgresql``. The message of an error never repeats the password.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL must read postgresql://user:password@host:port/name")
    options = dict(parse_qsl(parts.query))
    return {
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or options.pop("user", "")),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or "") or options.pop("host", ""),
        "PORT": str(parts.port or options.pop("port", "")),
        "OPTIONS": options,
    }

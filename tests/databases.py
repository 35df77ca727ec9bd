"""Test databases: one template per state of migrations and parameters, cloned per worker and after each
committing test.

A clone takes about 0.07 s, a migration of the whole house seconds. The template's name carries a hash of
every migration, parameter file and the roles, so it can never be stale. Names carry a hash of this folder, so
that two checkouts may share a server, and the process id of the run, so that two runs may share a checkout.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connection, connections, transaction
from psycopg.sql import SQL, Identifier

from apps.core.registry import LoadReport
from config import embedded

FIXTURES = embedded.BASE_DIR / "fixtures"
PREFIX = "tramyte_" + hashlib.sha256(str(embedded.BASE_DIR).encode()).hexdigest()[:6]


def template_name() -> str:
    """The name of the template that fits the migrations as they are now."""
    digest = hashlib.sha256(django.__version__.encode())
    for app in sorted(apps.get_app_configs(), key=lambda app: app.label):
        for file in sorted(Path(app.path, "migrations").glob("*.py")):
            digest.update(f"{app.label}/{file.name}".encode() + file.read_bytes())
    for file in [*sorted((FIXTURES / "parameters").glob("*.csv")), FIXTURES / "roles.csv"]:
        digest.update(file.name.encode() + file.read_bytes())
    return f"{PREFIX}_tpl_{digest.hexdigest()[:12]}"


def clone_name(worker: str, run: int) -> str:
    """The name of one worker's database in the run whose process id is ``run``."""
    return f"{PREFIX}_test_{run}_{worker}"


def prepare(name: str) -> None:
    """Make the template where it is missing, sweep what dead runs left, and give this process its clone."""
    template = template_name()
    with _turn(), _maintenance() as server:
        _sweep(server, template)
        if template not in _names(server):
            _build(server, template)
        _clone(server, template, name)
    use(name)


@contextmanager
def made_once(blocker: Any) -> Iterator[None]:
    """What all tests of a file look at, made once (a fixture of the module): each test works, and is taken
    back, inside the transaction that holds it.
    """
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def renew(name: str) -> None:
    """Throw the clone away with whatever was committed into it, and make it again."""
    disconnect()
    with _maintenance() as server:
        _clone(server, template_name(), name)


def drop(name: str) -> None:
    """Remove a clone, ending the sessions that a served page may still hold."""
    disconnect()
    with _maintenance() as server:
        server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def use(name: str) -> None:
    """Point Django at another database of the same server; the settings are shared by all threads."""
    disconnect()
    connection.settings_dict["NAME"] = name


def disconnect() -> None:
    """Close this thread's connection and the pool of the process."""
    connections.close_all()
    connection.close_pool()


def _clone(server: psycopg.Connection, template: str, name: str) -> None:
    server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
    server.execute(
        SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
            Identifier(name), Identifier(template)
        )
    )


def _build(server: psycopg.Connection, template: str) -> None:
    unfinished = f"{template}_unfinished"
    server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(unfinished)))
    server.execute(
        SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(Identifier(unfinished))
    )
    from apps.accounts.loading import load_roles
    from apps.core.loading import load_parameters

    use(unfinished)
    call_command("migrate", verbosity=0, interactive=False)
    # Every installation has the shipped parameters and roles from its first hour, so every test has them.
    load_parameters(FIXTURES, LoadReport())
    load_roles(FIXTURES / "roles.csv", LoadReport())
    disconnect()
    server.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(unfinished), Identifier(template)))


def _sweep(server: psycopg.Connection, template: str) -> None:
    for name in _names(server):
        stale_template = name.startswith(f"{PREFIX}_tpl_") and name != template
        parts = name.split("_")
        dead_run = name.startswith(f"{PREFIX}_test_") and not _alive(int(parts[3]))
        if stale_template or dead_run:
            server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # alive, and another account's
    return True


def _names(server: psycopg.Connection) -> list[str]:
    rows = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
    return [row[0] for row in rows]


@contextmanager
def _maintenance() -> Iterator[psycopg.Connection]:
    params = {k: v for k, v in connection.settings_dict["OPTIONS"].items() if k not in {"pool"}}
    params |= {k: connection.settings_dict[k.upper()] or None for k in ("host", "port", "user", "password")}
    with psycopg.connect(**params, dbname="postgres", autocommit=True) as server:
        yield server


@contextmanager
def _turn() -> Iterator[None]:
    """Workers and parallel runs of one checkout take turns."""
    folder = embedded.var_dir()
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "test.lock", os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)

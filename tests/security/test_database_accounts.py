"""The second account of docs/security.md, made by the SQL that stands there: it works, the logs are safe."""

import datetime as dt
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test import Client

from apps.core import sealing
from apps.core.models import AuditEntry, LogSeal, ReadEntry
from apps.core.scope import enter, system
from apps.patients.services import PersonData, person_create
from tests import databases
from tests.factories.accounts import a_member, client_of
from tests.factories.patients import a_station, scope_at

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = Path(settings.BASE_DIR, "docs/security.md").read_text()
(SQL,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
LOGS = ("core_auditentry", "core_readentry", "core_logseal")


class Application:
    """Changes the account by which the software reaches its database."""

    def __init__(self) -> None:
        self.role, self.password = f"tramyte_app_{os.getpid()}", secrets.token_urlsafe(12)
        self.owner = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}

    def begin(self) -> None:
        self._use({"USER": self.role, "PASSWORD": self.password})

    def end(self) -> None:
        self._use(self.owner)

    def _use(self, account: dict[str, Any]) -> None:
        databases.disconnect()
        connection.settings_dict.update(account)


@pytest.fixture
def application() -> Iterator[Application]:
    """From here on the software is `tramyte_app`, under a name of this run (roles are the server's)."""
    account = Application()
    with connection.cursor() as cursor:
        cursor.execute(SQL.replace("tramyte_app", account.role).replace("choose one", account.password))
    account.begin()
    try:
        yield account
    finally:
        account.end()
        with connection.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {account.role}; DROP ROLE {account.role}")


def a_person_by_name(name: str = "Đinh Văn Giả") -> Any:
    station = a_station()
    with enter(scope_at(station)):
        return person_create(data=PersonData(name, "male", dt.date(1980, 1, 1)), another=True)


def test_it_works(application: Application) -> None:
    """A person is written, a page is opened, both stand in the logs, the night seals them."""
    person = a_person_by_name()
    nurse = client_of(a_member("nurse", person.station, "hoa.nt"))
    assert nurse.get(f"/nguoi/{person.pk}/").status_code == 200
    assert Client().get("/khoe").status_code == 200
    assert AuditEntry.objects.filter(person_id=person.pk).exists()
    assert ReadEntry.objects.filter(person_ids__contains=[person.pk]).exists()
    with system("test"):
        sealing.seal_all()
    assert LogSeal.objects.filter(log="audit").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (application.role,)


ON_A_LOG = (
    "TRUNCATE {log}",
    "TRUNCATE {log} CASCADE",
    "DELETE FROM {log}",
    "UPDATE {log} SET id = id",
    "ALTER TABLE {log} DISABLE TRIGGER append_only",
    "ALTER TABLE {log} DISABLE TRIGGER ALL",
    "DROP TRIGGER append_only ON {log}",
    "ALTER TABLE {log} DROP COLUMN id",
    "ALTER TABLE {log} RENAME TO other",
    "DROP TABLE {log}",
)
ON_THEIR_KEEPERS = (
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION core_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "DROP FUNCTION core_append_only() CASCADE",
    "TRUNCATE patients_person CASCADE",
    "CREATE TABLE public.mine (id int)",
    "CREATE ROLE another SUPERUSER",
    "ALTER SEQUENCE core_auditentry_seq RESTART",
)


# One account for all acts: each test here costs a database of its own.
def test_it_cannot_touch_a_log_nor_set_its_keepers_aside(application: Application) -> None:
    for act in [act.format(log=log) for log in LOGS for act in ON_A_LOG] + list(ON_THEIR_KEEPERS):
        refused(act)


def test_nor_give_itself_the_right(application: Application) -> None:
    with connection.cursor() as cursor:
        cursor.execute("GRANT DELETE ON core_auditentry TO CURRENT_USER")  # a warning, and nothing is given
    refused("DELETE FROM core_auditentry")


def refused(act: str) -> None:
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(act)
        pytest.fail(f"it could: {act}")
    assert isinstance(caught.value.__cause__, psycopg.errors.InsufficientPrivilege), (act, caught.value)


def test_a_table_of_the_next_release_is_open_to_it(application: Application) -> None:
    application.end()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE next_release (id bigserial PRIMARY KEY, word text)")
    application.begin()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO next_release (word) VALUES ('x')")
        cursor.execute("SELECT count(*) FROM next_release")
        assert cursor.fetchone() == (1,)

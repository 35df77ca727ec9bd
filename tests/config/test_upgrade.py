"""One step after new code: it may be repeated, runs alone, and leaves no page that lacks a parameter."""

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from apps.core.models import Parameter
from config import upgrade


@pytest.fixture
def called(monkeypatch, db):
    """The commands that the upgrade calls, by name; only the parameters are really loaded."""
    names = []

    def call(name, *args, **options):
        names.append(" ".join([name, *args]))
        if name == "load_catalogues":
            call_command(name, only=["parameters"])

    monkeypatch.setattr(upgrade, "call_command", call)
    return names


def test_it_works(called):
    said = []
    upgrade.run(said.append, upgrade.Steps())
    assert called == ["check", "migrate", "load_catalogues"]
    assert any("Nạp danh mục" in line for line in said)


def test_a_missing_parameter_comes_back(called):
    Parameter.objects.all().delete()
    upgrade.run(lambda line: None, upgrade.Steps())
    assert Parameter.objects.filter(key="visits.page_size").exists()


def test_what_waits_is_copied_first(called, monkeypatch, settings):
    settings.BACKUP_KEYS = ["age1khoa"]
    monkeypatch.setattr(upgrade, "tables_wait", lambda: True)
    upgrade.run(lambda line: None, upgrade.Steps())
    assert called == ["check", "migrate backup", "backup", "migrate", "load_catalogues"]


def test_a_copy_that_fails_stops_the_upgrade(monkeypatch, settings, db):
    settings.BACKUP_KEYS = ["age1khoa"]
    called = []

    def call(name, *args, **options):
        called.append(name)
        if name == "backup":
            raise CommandError("Ổ đĩa đầy.")

    monkeypatch.setattr(upgrade, "tables_wait", lambda: True)
    monkeypatch.setattr(upgrade, "call_command", call)
    with pytest.raises(upgrade.UpgradeError, match="Ổ đĩa đầy"):
        upgrade.run(lambda line: None, upgrade.Steps())
    assert "load_catalogues" not in called


def test_without_a_key_it_says_that_there_is_no_copy(called, monkeypatch, settings):
    settings.BACKUP_KEYS = []
    monkeypatch.setattr(upgrade, "tables_wait", lambda: True)
    said = []
    upgrade.run(said.append, upgrade.Steps())
    assert "backup" not in called
    assert any("không có bản sao" in line for line in said)


def test_without_tables_to_change_or_on_wish_nothing_is_copied(called, monkeypatch, settings):
    settings.BACKUP_KEYS = ["age1khoa"]
    upgrade.run(lambda line: None, upgrade.Steps())
    monkeypatch.setattr(upgrade, "tables_wait", lambda: True)
    upgrade.run(lambda line: None, upgrade.Steps(backup=False))
    assert "backup" not in called


def test_a_full_disk_stops_before_anything_is_changed(called, monkeypatch):
    monkeypatch.setattr(upgrade.doctor_checks, "judge_disk", _full)
    with pytest.raises(upgrade.UpgradeError, match="đầy"):
        upgrade.run(lambda line: None, upgrade.Steps())
    assert called == ["check"]


def _full(free, total):
    return upgrade.doctor_checks.Result("bad", "Ổ đĩa đầy.", "Dọn bớt.")


def test_two_at_once_are_told(called):
    parameters = connection.get_connection_params()
    known = {
        name: parameters[name]
        for name in ("host", "port", "user", "password", "dbname")
        if name in parameters
    }
    with psycopg.connect(**known, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [upgrade.LOCK])
        with pytest.raises(CommandError, match="khác đang chạy"):
            call_command("upgrade")


def test_new_code_is_not_served_before_the_upgrade(db, monkeypatch):
    monkeypatch.setattr(connection, "close", lambda: None)
    upgrade.must_be_done()
    Parameter.objects.filter(key="visits.page_size").delete()
    with pytest.raises(ImproperlyConfigured, match="upgrade"):
        upgrade.must_be_done()

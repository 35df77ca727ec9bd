"""A station's own data as CSV: complete, its own only, in the books, and computed by no spreadsheet."""

import csv
import io
import os
import time
import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from apps.backup import dictionary, exporting, exports
from apps.backup.errors import BackupError
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, Job, PendingChange, ReadEntry
from apps.core.scope import ScopedModel
from apps.facilities.models import Facility
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.patients import a_person, a_station, scope_at


@pytest.fixture
def station(db: None, settings: Any, tmp_path: Path) -> Facility:
    settings.EXPORT_DIR = tmp_path / "exports"
    return a_station()


def rows(path: Path, table: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as zipped:
        return list(csv.DictReader(io.StringIO(zipped.read(f"{table}.csv").decode("utf-8-sig"))))


def export(station: Facility, tmp_path: Path, **more: Any) -> exporting.Exported:
    return exporting.export(tmp_path / "e.zip", scope_at(station), reason="bàn giao", **more)


def test_it_works(station: Facility, tmp_path: Path) -> None:
    person = a_person(station, "Nguyễn Thị Hòa", cccd="051090000001")
    other = a_person(a_station("21485", "Trạm Y tế xã Ba Vì"), "Trần Văn Khác")
    done = export(station, tmp_path)
    assert done.people == [person.pk]
    (row,) = rows(done.path, "patients_person")
    assert (row["full_name"], row["birth_date"]) == ("Nguyễn Thị Hòa", "1990-03-05")
    assert [r["value"] for r in rows(done.path, "patients_identifier")] == ["051090000001"]
    assert [r["name"] for r in rows(done.path, "facilities_facility")] == ["Trạm Y tế xã Ba Tơ"]
    with zipfile.ZipFile(done.path) as zipped:
        for name in zipped.namelist():
            assert other.full_name not in zipped.read(name).decode("utf-8-sig")
        assert "bàn giao" in zipped.read("DOC-TRUOC.txt").decode()


def test_it_stands_in_the_books(station: Facility, tmp_path: Path) -> None:
    person = a_person(station)
    export(station, tmp_path)
    assert AuditEntry.objects.get(action="station.exported").data["reason"] == "bàn giao"
    assert ReadEntry.objects.get(screen="station.export").person_ids == [person.pk]


def test_every_column_is_explained(station: Facility, tmp_path: Path) -> None:
    done = export(station, tmp_path)
    explained = {(r["bảng"], r["cột"]) for r in rows(done.path, exporting.DICTIONARY.removesuffix(".csv"))}
    with zipfile.ZipFile(done.path) as zipped:
        tables = [n.removesuffix(".csv") for n in zipped.namelist() if "_" in n and n.endswith(".csv")]
        for table in tables:
            head = next(csv.reader(io.StringIO(zipped.read(f"{table}.csv").decode("utf-8-sig"))))
            assert {(table, column) for column in head} <= explained
            assert not {"tokens", "search", "sort_key"} & set(head)
    restricted = [c for t in dictionary.tables() for c in t.columns if c.name == dictionary.RESTRICTED]
    assert restricted and all("HẠN CHẾ" in column.meaning for column in restricted)


def test_every_table_about_people_leaves_or_says_why_not() -> None:
    scoped = {m._meta.label for m in apps.get_models() if issubclass(m, ScopedModel)}
    leaving = {table.model._meta.label for table in dictionary.tables()}
    assert scoped - leaving == dictionary.LEFT_OUT


@pytest.mark.parametrize("text", ["=1+1", "+84", "-2+3", "@SUM(A1)"])
def test_no_spreadsheet_computes_a_cell(station: Facility, tmp_path: Path, text: str) -> None:
    a_person(station, note=text)
    assert rows(export(station, tmp_path).path, "patients_person")[0]["note"] == f"'{text}"


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (True, "1"), (False, "0"), (-3, "-3"), (["a"], '["a"]'), ({}, "{}")]
)
def test_a_cell(value: Any, text: str) -> None:
    assert exporting.cell(value) == text


def test_attachments_go_along_once(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "a.jpg").write_bytes(b"jpg")
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as zipped:
        for name in ("a.jpg", "a.jpg", "", "gone.jpg"):
            exporting._attach(zipped, name)
        assert zipped.namelist() == ["tep/a.jpg"] and zipped.read("tep/a.jpg") == b"jpg"


def test_sealed_for_the_receiver(station: Facility, tmp_path: Path, key: Any) -> None:
    done = export(station, tmp_path, keys=[str(key.to_public())])
    with zipfile.ZipFile(io.BytesIO(pyrage.decrypt(done.path.read_bytes(), [key]))) as zipped:
        assert "patients_person.csv" in zipped.namelist()
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["e.zip"]


def test_without_a_reason_or_a_right_nothing_leaves(station: Facility, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="lý do"):
        exporting.export(tmp_path / "e.zip", scope_at(station), reason="  ")
    from django.core.exceptions import PermissionDenied

    with pytest.raises(PermissionDenied):
        scope = scope_at(station, rights=frozenset({"people.export", "households.export"}))
        exporting.export(tmp_path / "e.zip", scope, reason="x")
    assert list(tmp_path.glob("*.zip*")) == []


def test_what_fails_in_the_middle_leaves_no_file(
    station: Facility, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "_table", full)
    with pytest.raises(BackupError, match="Không ghi được"):
        export(station, tmp_path)
    assert list(tmp_path.glob("*.zip*")) == []


def test_the_command(station: Facility, tmp_path: Path) -> None:
    a_person(station)
    out = StringIO()
    call_command("export_station", str(station.pk), str(tmp_path / "e.zip"), reason="bàn giao", stdout=out)
    assert "1 người" in out.getvalue()
    with pytest.raises(CommandError, match="Đã có tệp"):
        call_command("export_station", str(station.pk), str(tmp_path / "e.zip"), reason="bàn giao")
    with pytest.raises(CommandError, match="Không có trạm"):
        call_command("export_station", "00000", str(tmp_path / "f.zip"), reason="bàn giao")


def client(station: Facility, role: str = "station_head") -> Client:
    user = a_user(f"u.{role}")
    a_post(user, role, station)
    return client_of(user)


def ask(signed_in: Client, **more: str) -> Any:
    page = signed_in.get("/sao-luu/xuat/")
    form_key = page.context["form"]["form_key"].value()
    return signed_in.post("/sao-luu/xuat/", {"form_key": form_key, **more}, follow=True)


def public(key: Any) -> str:
    return str(key.to_public())


@pytest.mark.django_db(transaction=True)
def test_the_page_and_the_file(settings: Any, tmp_path: Path, key: Any) -> None:
    settings.EXPORT_DIR = tmp_path / "exports"
    station = a_station()
    person = a_person(station)
    head, doctor = client(station), client(station, "doctor")
    assert "Hãy ghi lý do" in ask(head, reason="", key=public(key)).content.decode()
    assert "age1" in ask(head, reason="bàn giao", key="wrong").content.decode()
    asked = ask(head, reason="bàn giao", key=public(key)).content.decode()
    assert "Chờ người thứ hai duyệt" in asked and not Job.objects.exists()
    change = PendingChange.objects.get()
    assert public(key) in doctor.get("/cho-duyet/").content.decode()
    doctor.post(f"/cho-duyet/{change.pk}/", {"act": "approve", "form_key": str(uuid7())})
    (job,) = head.get("/sao-luu/xuat/").context["made"]
    assert "1 người" in job.message
    answer = head.get(f"/sao-luu/xuat/{job.pk}/")
    content = pyrage.decrypt(b"".join(answer.streaming_content), [key])  # type: ignore[attr-defined]
    assert person.code in zipfile.ZipFile(io.BytesIO(content)).read("patients_person.csv").decode("utf-8-sig")
    assert answer["Cache-Control"].count("no-store") and AuditEntry.objects.filter(
        action="station.export_taken"
    )
    # neither the second person nor another head of the same station has asked for it
    assert doctor.get(f"/sao-luu/xuat/{job.pk}/").status_code in (403, 404)
    second = a_user("second")
    a_post(second, "station_head", station)
    assert client_of(second).get(f"/sao-luu/xuat/{job.pk}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_nobody_takes_a_whole_station_alone_nor_unsealed(settings: Any, tmp_path: Path, key: Any) -> None:
    settings.EXPORT_DIR = tmp_path / "exports"
    station = a_station()
    a_person(station)
    head = client(station)
    assert "không bao giờ để ngỏ" in ask(head, reason="bàn giao", key="").content.decode()
    assert not PendingChange.objects.exists()
    ask(head, reason="bàn giao", key=public(key))
    change = PendingChange.objects.get()
    head.post(f"/cho-duyet/{change.pk}/", {"act": "approve", "form_key": str(uuid7())})
    assert not Job.objects.exists() and not list(tmp_path.glob("exports/*"))
    client(station, "doctor").post(f"/cho-duyet/{change.pk}/", {"act": "approve", "form_key": str(uuid7())})
    (path,) = tmp_path.glob("exports/*")
    assert path.read_bytes().startswith(b"age-encryption.org")


@pytest.mark.parametrize("role", ["nurse", "doctor", "population", "province_admin", "auditor"])
def test_others_may_not(station: Facility, role: str) -> None:
    assert client(station, role).get("/sao-luu/xuat/").status_code == 403


def test_files_go_after_a_day(station: Facility, settings: Any) -> None:
    settings.EXPORT_DIR.mkdir()
    old, new = settings.EXPORT_DIR / "old.zip", settings.EXPORT_DIR / "new.zip"
    old.touch()
    new.touch()
    os.utime(old, (0, time.time() - 90_000))
    exports.clear(timezone.localdate())
    assert list(settings.EXPORT_DIR.iterdir()) == [new]

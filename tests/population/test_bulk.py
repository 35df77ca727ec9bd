"""Rows by COPY arrive as the model would have saved them."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.core.ids import uuid7
from apps.core.models import AuditEntry, Job, ReadEntry
from apps.population.bulk import Sheet, cell

AT = dt.datetime(2026, 11, 22, 7, 30, tzinfo=dt.UTC)


@pytest.mark.django_db
def test_it_works() -> None:
    sheet = Sheet(Job, ["id", "kind", "title", "args", "created_at", "updated_at"])
    key = uuid7()
    sheet.add(str(key), "x", "Tên\tcó\nký tự \\ lạ", {"a": 'dấu "nháy"'}, AT, AT)
    sheet.flush()
    job = Job.objects.get(pk=key)
    assert (job.title, job.args, job.created_at) == ("Tên\tcó\nký tự \\ lạ", {"a": 'dấu "nháy"'}, AT)
    assert (job.version, job.state, job.result, job.owner_id, job.done) == (1, "waiting", {}, None, 0)
    assert sheet.count == 1
    sheet.flush()
    assert Job.objects.count() == 1


@pytest.mark.django_db
def test_arrays_arrive() -> None:
    ids = [uuid7(), uuid7()]
    sheet = Sheet(ReadEntry, ["id", "at", "screen", "username", "person_ids"])
    sheet.add(str(uuid7()), timezone.now(), "search", "a", ids)
    sheet.flush()
    assert ReadEntry.objects.get().person_ids == ids


def test_a_column_made_for_each_row_must_be_named() -> None:
    with pytest.raises(ValueError, match="AuditEntry"):
        Sheet(AuditEntry, ["id", "action", "username"])


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(ValueError, match="no column nowhere"):
        Sheet(Job, ["id", "nowhere"])


def test_a_row_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="takes 5 values"):
        Sheet(Job, ["id", "kind", "title", "created_at", "updated_at"]).add(1, 2)


def test_cells_are_what_postgresql_reads() -> None:
    assert [cell(v) for v in (None, True, False, 3, Decimal("36.5"), dt.date(2026, 1, 2), "a\\b")] == [
        "\\N", "t", "f", "3", "36.5", "2026-01-02", "a\\\\b",
    ]  # fmt: skip

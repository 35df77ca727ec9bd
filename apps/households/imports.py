"""A list of people with their households comes in: sent, its columns named, checked (checking.py), looked
through, then written in the background (writing.py). docs/states.md, 'Import'.

The same file sent twice changes nothing; a run that broke off goes on where it stopped.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.core import audit, jobs, parameters
from apps.core.errors import Refused
from apps.core.models import Job, JobState
from apps.core.scope import current
from apps.core.text import clean, search_key
from apps.facilities.models import Facility
from apps.households import checking, reading, sheet, writing
from apps.households.models import (
    ImportBatch,
    ImportHeading,
    ImportRow,
    ImportState,
    RowChoice,
    RowState,
)

KEPT_DAYS = "households.import_kept_days"
OPEN_STATES = [ImportState.MAPPING, ImportState.CHECKING, ImportState.REFUSED, ImportState.CHECKED]


@transaction.atomic
def batch_create(*, file_name: str, content: bytes, data_on: dt.date | None = None) -> ImportBatch:
    """Takes a file. Where all its headings are known it is checked at once, else its columns are named first.
    Raises Refused with what is wrong with the file.
    """
    scope = current()
    scope.require("households.enter")
    scope.require("people.enter")
    if data_on and data_on > timezone.localdate():
        raise Refused("Ngày lập danh sách còn ở tương lai.", field="data_on")
    head = reading.heading(reading.rows(file_name, content))
    reading.refuse_long(file_name, content, head.at)
    station_id = _station_id()
    known = dict(ImportHeading.objects.filter(station_id=station_id).values_list("heading", "column"))
    columns = sheet.recognise(head.cells, known)
    batch = ImportBatch.objects.create(
        station_id=station_id,
        file_name=clean(file_name)[:200],
        sent_by=scope.user_id,
        content=content,
        head_at=head.at,
        headings=head.cells,
        columns=columns,
        data_on=data_on,
    )
    audit.record("people.import_sent", object_id=batch.pk)
    unknown = [
        heading
        for at, heading in enumerate(head.cells)
        if heading and at not in columns.values() and search_key(heading) not in {*known, *sheet.PASSED_OVER}
    ]
    if not unknown and not missing(columns):
        _check(batch)
    return batch


def missing(columns: Iterable[str]) -> list[str]:
    """The headings that no list can do without and this one lacks."""
    return [sheet.HEADINGS[key] for key in sheet.REQUIRED if key not in set(columns)]


@transaction.atomic
def batch_map(*, batch: ImportBatch, chosen: Mapping[int, str]) -> ImportBatch:
    """What each column stands for (place -> key, '' for none), kept for the station's next list; then the
    check begins. Raises Refused for a column named twice or one that is missing.
    """
    current().require("households.enter")
    columns: dict[str, int] = {}
    for at, key in chosen.items():
        if not key:
            continue
        if key not in sheet.HEADINGS:
            raise Refused("Cột đã chọn không có trong danh sách.", field=f"column_{at}")
        if key in columns:
            raise Refused(f"Hai cột cùng là “{sheet.HEADINGS[key]}”.", field=f"column_{at}")
        columns[key] = at
    if lacking := missing(columns):
        raise Refused(f"Chưa có cột nào là: {', '.join(lacking)}.")
    taken = ImportBatch.objects.filter(pk=batch.pk, state=ImportState.MAPPING)
    if not taken.update(columns=columns):
        raise Refused("Danh sách này đã qua bước chọn cột.")
    by_place = {at: key for key, at in columns.items()}
    for at, heading in enumerate(batch.headings):
        if at in chosen and (word := search_key(heading)):
            ImportHeading.objects.update_or_create(
                station_id=batch.station_id, heading=word[:200], defaults={"column": by_place.get(at, "")}
            )
    audit.record("people.import_mapped", object_id=batch.pk, data={"columns": len(columns)})
    _check(batch)
    return batch


def _check(batch: ImportBatch) -> None:
    job = jobs.start(
        checking.JOB,
        title=f"Kiểm tra tệp {batch.file_name}"[:200],
        scope=current(),
        args={"batch": str(batch.pk)},
    )
    batch.state, batch.job = ImportState.CHECKING, job
    ImportBatch.objects.filter(pk=batch.pk).update(state=batch.state, job=job)


@transaction.atomic
def rows_choose(*, batch: ImportBatch, choices: Mapping[int, str]) -> int:
    """What is decided about doubtful rows: place -> choice. How many were set."""
    current().require("households.enter")
    _still_open(batch)
    doubtful = batch.rows.filter(state=RowState.DOUBTFUL, place__in=choices)
    done = 0
    for row in doubtful.only("place", "choice"):
        if (choice := choices[row.place]) in RowChoice.values:
            done += ImportRow.objects.filter(pk=row.pk).update(choice=choice)
    return done


@transaction.atomic
def rows_choose_all(*, batch: ImportBatch, choice: str) -> int:
    """The same decision for all doubtful rows that nobody has decided about yet."""
    current().require("households.enter")
    _still_open(batch)
    if choice not in RowChoice.values or not choice:
        raise Refused("Hãy chọn cách xử lý.", field="choice")
    done: int = batch.rows.filter(state=RowState.DOUBTFUL, choice="").update(choice=choice)
    audit.record("people.import_decided", object_id=batch.pk, data={"rows": done})
    return done


def _still_open(batch: ImportBatch) -> None:
    """Locks the batch while it may still be decided about."""
    if not ImportBatch.objects.select_for_update().filter(pk=batch.pk, state=ImportState.CHECKED).exists():
        raise Refused("Danh sách này đã được nhập hoặc đang nhập.")


@transaction.atomic
def batch_start(*, batch: ImportBatch) -> Job:
    """Queues the import; a batch is imported once."""
    scope = current()
    scope.require("households.enter")
    scope.require("people.enter")
    taken = ImportBatch.objects.filter(pk=batch.pk, state=ImportState.CHECKED)
    if not taken.update(state=ImportState.RUNNING):
        raise Refused("Danh sách này đã được nhập hoặc đang nhập.")
    return _run(batch)


@transaction.atomic
def batch_resume(*, batch: ImportBatch) -> Job:
    """Goes on with an import whose job has failed for good; what is written already stays as it is."""
    scope = current()
    scope.require("households.enter")
    scope.require("people.enter")
    broken = ImportBatch.objects.select_for_update().filter(
        pk=batch.pk, state=ImportState.RUNNING, job__state=JobState.FAILED
    )
    if not broken.exists():
        raise Refused("Danh sách này đang nhập hoặc đã nhập xong.")
    return _run(batch)


def _run(batch: ImportBatch) -> Job:
    job = jobs.start(
        writing.JOB,
        title=f"Nhập tệp {batch.file_name}"[:200],
        scope=current(),
        args={"batch": str(batch.pk)},
    )
    ImportBatch.objects.filter(pk=batch.pk).update(job=job)
    return job


def _station_id() -> UUID:
    workplace = current().workplace_id
    station = Facility.objects.filter(pk=workplace).first() if workplace else None
    if station is None or station.level != "station":
        raise Refused("Hãy chọn nơi làm việc là một trạm y tế rồi nhập danh sách.")
    return station.station_id


def forget_unstarted(day: dt.date) -> str:
    """Empty the lists that were sent and never started, or broke off, and what was not taken of the others:
    nobody's data are kept for nothing.
    """
    days = int(parameters.value(KEPT_DAYS, on=day))
    over = timezone.now() - dt.timedelta(days=days)
    idle = Q(state__in=OPEN_STATES) | Q(state=ImportState.RUNNING, job__state=JobState.FAILED)
    # unscoped: the house's own clean-up, of all stations
    old = ImportBatch.unscoped.filter(created_at__lt=over)
    # unscoped: as above
    ImportRow.unscoped.filter(batch__in=old.filter(idle | Q(state=ImportState.DONE)).values("pk")).delete()
    gone = old.filter(idle).update(state=ImportState.EXPIRED, content=None)
    return f"Xóa nội dung {gone} danh sách để quá {days} ngày."

"""The check of a list that was sent: its lines are read into rows, then judged. A job; begun anew where it
broke off. Nothing of the station's is written.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from apps.catalogues.sheets import MAX_CELL
from apps.core import audit, jobs
from apps.core.errors import Refused
from apps.core.models import Job
from apps.core.text import clean
from apps.core.words import quantity_words
from apps.facilities.models import Facility
from apps.facilities.queries import hamlets_of
from apps.households import planning, reading, sheet
from apps.households.judged import Line, Settled
from apps.households.models import ImportBatch, ImportRow, ImportState, RowState
from apps.households.said import Reader
from apps.households.stored import Stored

JOB = "households.check"
Row = tuple[int, list[str]]
ENCODER = DjangoJSONEncoder()
AT_ONCE = 1_000  # rows sent to the database together

SAVE = """
UPDATE households_importrow AS row
SET state = said.state, person_id = said.person_id, "group" = said.group_place,
    household_id = said.household_id, joins = said.joins, reasons = said.reasons, notes = said.notes,
    changes = said.changes, candidates = said.candidates, parents = said.parents, parents_left = false
FROM (
  SELECT (one->>0)::int AS place, one->>1 AS state, (one->>2)::uuid AS person_id,
    (one->>3)::int AS group_place, (one->>4)::uuid AS household_id, (one->>5)::bool AS joins,
    ARRAY(SELECT jsonb_array_elements_text(one->6)) AS reasons,
    ARRAY(SELECT jsonb_array_elements_text(one->7)) AS notes,
    ARRAY(SELECT jsonb_array_elements_text(one->8)) AS changes, one->9 AS candidates, one->10 AS parents
  FROM jsonb_array_elements(%s::jsonb) AS one
) AS said
WHERE row.batch_id = %s AND row.place = said.place
"""


def run(job: Job) -> None:
    """The job: read, judge, keep what was found for the review."""
    batch = ImportBatch.objects.get(pk=job.args["batch"])
    if batch.state != ImportState.CHECKING:
        return
    try:
        total = _read(job, batch)
    except Refused as refused:
        with transaction.atomic():
            batch.rows.all().delete()
            ImportBatch.objects.filter(pk=batch.pk).update(
                state=ImportState.REFUSED, refusal=refused.message[:300], content=None
            )
        job.message = refused.message[:300]
        return
    jobs.progress(job, total, total, "Đang đối chiếu với hồ sơ đã có.")
    counts = judged(job, batch)
    with transaction.atomic():
        ImportBatch.objects.filter(pk=batch.pk).update(state=ImportState.CHECKED, content=None, counts=counts)
        audit.record("people.import_checked", object_id=batch.pk, data={"rows": total})
    job.message = f"Đã kiểm tra {quantity_words(total)} dòng."
    job.result = {"url": reverse("households:import_batch", args=[batch.pk]), "url_title": "Xem trước"}


def _read(job: Job, batch: ImportBatch) -> int:
    """The file as rows, from its first line again where a run broke off."""
    batch.rows.all().delete()
    total, width = 0, len(batch.headings)
    lines = reading.rows(batch.file_name, bytes(batch.content or b""))
    after_head = ((place, cells) for place, cells in lines if place > batch.head_at)
    while block := list(islice(after_head, AT_ONCE)):
        total += len(block)
        if total > reading.MOST_LINES:
            reading.refuse_more(total)
        ImportRow.objects.bulk_create(
            [ImportRow(batch=batch, place=place, cells=_kept(cells, width)) for place, cells in block]
        )
        jobs.progress(job, total, 0, f"Đã đọc {quantity_words(total)} dòng.")
    if not total:
        raise Refused("Tệp chỉ có dòng tiêu đề, chưa có người nào.", field="file")
    return total


def _kept(cells: Sequence[str], width: int) -> list[str]:
    """The cells as they came, as far as a database and a page bear them."""
    kept = [clean(cell[: MAX_CELL + 1], lines=True) for cell in cells]
    return kept + [""] * (width - len(kept))


def judged(job: Job, batch: ImportBatch, settled: Mapping[int, Settled] | None = None) -> dict[str, int]:
    """Judges what is not written yet, and keeps it row by row. How many rows are in which state."""
    begun = timezone.now()
    lines = planning.judge(_told(job, pending(batch)), reader_of(batch), Stored(batch.station_id), settled)
    with transaction.atomic():
        for start in range(0, len(lines), AT_ONCE):
            _save(batch, lines[start : start + AT_ONCE])
    ImportBatch.objects.filter(pk=batch.pk).update(judged_at=begun)
    return dict(Counter(str(line.state) for line in lines))


def _told(job: Job, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows, with a sign of life now and then."""
    for number, row in enumerate(rows):
        if number % AT_ONCE == 0:
            jobs.progress(job, number, job.total)
        yield row


def pending(batch: ImportBatch) -> Iterator[Row]:
    """Number and cells of the rows that are not written, in the order of the file."""
    rows = batch.rows.filter(outcome="").order_by("place").values_list("place", "cells")
    return rows.iterator(chunk_size=AT_ONCE)


def reader_of(batch: ImportBatch) -> Reader:
    """What reads this batch's lines, with the words and hamlets of its station."""
    today = timezone.localdate()
    return Reader(
        batch.columns, words_of(batch.station_id, today), data_on=batch.data_on or today, today=today
    )


def words_of(station_id: UUID, today: dt.date) -> sheet.Words:
    """The station's hamlets, those of its points too."""
    points = Facility.objects.on(today).filter(part_of=station_id).values_list("pk", flat=True)
    hamlets = hamlets_of([station_id, *points], today).values_list("pk", "name", "code")
    return sheet.Words.of(hamlets)


def _save(batch: ImportBatch, lines: Sequence[Line]) -> None:
    said = [
        [
            line.place, line.state, line.person_id, line.group, line.household_id, line.joins, line.reasons,
            line.notes, line.changes, line.candidates, _parents(line),
        ]
        for line in lines
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(SAVE, [ENCODER.encode(said), batch.pk])


def _parents(line: Line) -> dict[str, object]:
    """Whom they were found to be; the codes of a line that was rejected before mean nothing here."""
    return {} if line.state == RowState.REJECTED else line.parents or {}

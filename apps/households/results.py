"""The file of what was not taken: the lines as they were sent, each with its reason, ready to be mended and
sent again.
"""

import io
from uuid import UUID

from apps.core import audit, readlog
from apps.core.scope import current
from apps.core.workbooks import TextWorkbook
from apps.households.models import ImportBatch, RowOutcome, RowState

AT_ONCE = 1_000
WIDE = 60


def rejected(batch: ImportBatch) -> bytes:
    """A workbook in the columns of the file, with the line's number before them and the reason behind."""
    current().require("households.enter")
    headings = ["Dòng", *batch.headings, "Lý do không nhận"]
    out, count, people = io.BytesIO(), 0, set[UUID]()
    rows = batch.rows.filter(state=RowState.REJECTED) | batch.rows.filter(outcome=RowOutcome.FAILED)
    with TextWorkbook(
        out, title="Dòng không nhận", headings=headings, widths={0: 7, len(headings) - 1: WIDE}
    ) as book:
        for row in rows.order_by("place").iterator(chunk_size=AT_ONCE):
            count += 1
            if row.person_id is not None:
                people.add(row.person_id)
            width = len(batch.headings)
            cells = row.cells[:width] + [""] * (width - len(row.cells))
            book.add([str(row.place), *cells, " ".join(row.reasons)])
    readlog.record("people.import_rejected", people)
    audit.record("people.import_rejected_taken", object_id=batch.pk, data={"rows": count})
    return out.getvalue()

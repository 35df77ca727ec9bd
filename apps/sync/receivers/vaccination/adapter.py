"""Builds, sends and judges for the national vaccination system."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apps.core.errors import Refused
from apps.core.workbooks import TextWorkbook
from apps.sync.mappings import qd3891, records
from apps.sync.models import Receiver
from apps.sync.receivers.base import (
    Adapter,
    Answer,
    Check,
    Codes,
    Form,
    Issue,
    Part,
    Prepared,
    Telling,
    Verdict,
)
from apps.sync.receivers.vaccination.transports import MAPPED, transport_for

XLSX = ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")
WIDE = 28
NOTHING = (
    "Mẫu Excel chỉ ghi được mũi đã tiêm, bản ghi này không còn mũi nào. "
    "Hãy báo nơi nhận hủy mũi đã nộp, hoặc gửi qua đường truyền."
)


class VaccinationAdapter(Adapter):
    """See `receivers.base.Adapter`. What is asked of every record stands here; the way it goes is the
    transport's (setting `transport`). As a file it is the Excel form of QĐ 3891.
    """

    file_type = XLSX
    kinds = ("vaccination", "person")
    code_kinds = ("vaccine", "antigen", "facility")
    mapped = MAPPED
    form = Form.QD3891

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver)
        self.transport = transport_for(receiver)
        self.sheet = qd3891.form_from(receiver.settings)
        self.sheet = replace(self.sheet, mapped=frozenset(receiver.settings.get("mapped", MAPPED)))
        self.verifies = self.transport.verifies

    def prepare(self, telling: Telling) -> Prepared | None:
        """Who was managed by Defence or Public Security on that day is in their own system: she is not told
        of, and what was told before is taken back.
        """
        record = telling.record
        if record.managed_by:
            if not isinstance(record, records.VaccinationSession) or not telling.sent:
                return None
            record = replace(record, version=records.WITHDRAWN, immunizations=())
        found = self.transport.prepare(replace(telling, record=record))
        if found is None:
            return None
        return replace(found, problems=(*found.problems, *self._missing(record)))

    def _missing(self, record: records.VaccinationSession | records.Person) -> tuple[Issue, ...]:
        return tuple(
            Issue(
                f"QD3891.{each.key}",
                f"Bắt buộc theo QĐ 3891{f', mũi {whose}' if whose else ''}, chưa có.",
                each.word,
                each.target,
            )
            for each, whose in qd3891.missing(record, self.sheet)
        )

    def as_file(self, record: Any, prepared: Prepared, known: Codes) -> bytes:
        """The form of QĐ 3891 as a workbook, one row a dose that was given; all cells are text."""
        rows = self.cells(record, known)
        if not rows:
            raise Refused(NOTHING)
        out = io.BytesIO()
        widths = dict.fromkeys(range(len(self.headings)), WIDE)
        with TextWorkbook(out, title="QĐ 3891", headings=self.headings, widths=widths) as book:
            for row in rows:
                book.add(row)
        return out.getvalue()

    @property
    def headings(self) -> list[str]:
        """Of the form's columns."""
        return [each.word for each in self.sheet.fields]

    def cells(self, record: Any, known: Codes) -> list[list[str]]:
        """A row under these headings for each dose that was given; none of who is not told of here."""
        if record.managed_by:
            return []
        rows = qd3891.rows(record, replace(self.sheet, codes=known))
        return [[row.get(each.key, "") for each in self.sheet.fields] for row in rows]

    def send(self, part: Part, request_id: str) -> Answer:
        return self.transport.send(part, request_id)

    def shown(self, parts: tuple[Part, ...], whole: bool) -> str:
        return self.transport.shown(parts, whole)

    def judge(self, answer: Answer, part: Part) -> Verdict:
        return self.transport.judge(answer, part)

    def verify(self, prepared: Prepared, stored: Mapping[str, Mapping[str, str]], request_id: str) -> Check:
        return self.transport.verify(prepared, stored, request_id)

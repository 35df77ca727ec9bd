"""Builds, sends and judges for the national system of prescriptions."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from django.utils import timezone

from apps.sync.mappings import jsonform, records
from apps.sync.mappings.eprescription.options import CODE_KINDS, options_from
from apps.sync.mappings.eprescription.sheet import Sheet, sheets
from apps.sync.mappings.parts import is_wrong
from apps.sync.models import Receiver
from apps.sync.receivers import http, signing, tokens
from apps.sync.receivers.base import (
    Adapter,
    Answer,
    Codes,
    Issue,
    Part,
    Prepared,
    Telling,
    Verdict,
    printed,
    wrong_settings,
)
from apps.sync.receivers.eprescription import answers
from apps.sync.receivers.eprescription.manner import DOCTOR, LOGIN, manner_from
from apps.sync.receivers.fields import issue_of
from apps.sync.receivers.gaps import stopped

WITHDRAWN = "Withdrawn"  # Withdrawn/<code>: somebody has seen to it by hand
GONE = "Đơn không còn ở trạm, hệ thống không nhận rút qua đường truyền. Hủy tay trên trang của hệ thống."
NO_DOCTOR = Issue(DOCTOR, "Người kê đơn chưa có mã liên thông.", "Người kê đơn", "place")


class EprescriptionAdapter(Adapter):
    kinds = ("prescription",)
    login = LOGIN
    code_kinds = CODE_KINDS

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver)
        self.options = options_from(receiver.settings)
        self.manner = manner_from(receiver.settings)

    def prepare(self, telling: Telling) -> Prepared | None:
        """A part for each prescription, one by hand for each that the system has and the visit no more."""
        record, options = telling.record, replace(self.options, codes=telling.known)
        if stop := stopped(_told(record), options):
            return stop
        built = () if is_wrong(record) else sheets(record, options)
        found = [issue_of(each, options.forms.fields) for sheet in built for each in sheet.problems]
        if built and self.manner.account == "doctor" and not _doctor(record):
            found.append(NO_DOCTOR)
        parts = [self._part(sheet, telling) for sheet in built]
        parts += [_withdrawal(code) for code in _gone(telling.sent, built)]
        if not parts and not found:
            return None
        whole = hashlib.sha256(b"\n".join(part.body for part in parts)).hexdigest()
        return Prepared(tuple(parts), whole, record.version, tuple(found), apart=True)

    def as_file(self, record: Any, prepared: Prepared, known: Codes) -> bytes:
        """All prescriptions together."""
        return self.shown(prepared.parts, whole=True).encode()

    def send(self, part: Part, request_id: str) -> Answer:
        try:
            body = self._signed(part)
        except ValueError as wrong:  # no key: no prescription's fault
            return Answer.unsent(wrong_settings(wrong))
        return http.post(
            self.receiver,
            body,
            request_id,
            self.file_type[0],
            path=self.manner.submit,
            unit=part.unit,
            account=part.account,
        )

    def shown(self, parts: tuple[Part, ...], whole: bool) -> str:
        bodies = [json.loads(part.body) for part in parts]
        bodies = bodies if whole else [jsonform.covered(self.options.forms.fields, each) for each in bodies]
        return printed(bodies)

    def judge(self, answer: Answer, part: Part) -> Verdict:
        return answers.judge(answer, part, self.manner, self.options.forms.fields, timezone.now())

    def _part(self, sheet: Sheet, telling: Telling) -> Part:
        unit = telling.record.facility.kcb_code
        return Part(
            sheet.body,
            (answers.key_of(sheet.code, sheet.content),),
            unit,
            self._account(telling.record, unit, telling.known),
            _before(telling.sent, sheet.code),
        )

    def _account(self, visit: records.Visit, unit: str, known: Codes) -> tokens.Account:
        """The facility signs in under the code by which the system knows it, or the doctor does, of it."""
        facility = replace(self.options, codes=known).code("facility", unit)
        own = tokens.account(self.receiver, unit, facility)
        if self.manner.account == "facility":
            return own
        doctor = _doctor(visit)
        url = tokens.address(self.receiver, self.manner.doctor)
        how = replace(own.how, url=url, client=doctor, unit=own.how.username, username=DOCTOR)
        return tokens.Account(f"{unit}_{doctor}", how, facility)

    def _signed(self, part: Part) -> bytes:
        """With the signature over the JSON as it is without one, where a key is named."""
        name = next(each.element for each in self.options.forms.fields.children if each.key == "signature")
        if not self.manner.sign or not name:
            return part.body
        told = json.loads(part.body) | {name: signing.signature(part.body, self.manner.sign, part.unit)}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _doctor(visit: records.Visit) -> str:
    return visit.doctor.prescriber_code if visit.doctor else ""


def _told(visit: records.Visit) -> records.Visit:
    """What of a visit stands in its prescriptions: the codes of the rest need no counterpart."""
    person = replace(visit.person, allergies=())
    return replace(visit, person=person, dispensed=(), orders=(), outcome_code="")


def _before(sent: frozenset[str], code: str) -> frozenset[str]:
    """The contents that the system may have under a code."""
    known = [key.split("/") for key in sent]
    return frozenset(each[2] for each in known if each[:2] == [answers.KEY, code])


def _gone(sent: frozenset[str], built: tuple[Sheet, ...]) -> list[str]:
    """The codes that it may have and the visit has no more, and that nobody has seen to yet."""
    codes = {key.split("/")[1] for key in sent if key.startswith(f"{answers.KEY}/")}
    seen_to = {key.split("/")[1] for key in sent if key.startswith(f"{WITHDRAWN}/")}
    return sorted(codes - {sheet.code for sheet in built} - seen_to)


def _withdrawal(code: str) -> Part:
    issue = Issue("ma_don_thuoc", GONE, f"Đơn thuốc {code}", "visit")
    body = json.dumps({"ma_don_thuoc": code}).encode()
    return Part(body, (f"{WITHDRAWN}/{code}",), by_hand=issue)

"""Builds, sends and judges for a provincial warehouse that takes QĐ 831 XML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from django.utils import timezone

from apps.sync.mappings import records
from apps.sync.mappings.qd831.document import covered, message
from apps.sync.mappings.qd831.examination import tests
from apps.sync.mappings.qd831.options import CODE_KINDS, options_from
from apps.sync.models import Receiver
from apps.sync.receivers import http
from apps.sync.receivers.base import (
    Adapter,
    Answer,
    Check,
    Form,
    Found,
    Part,
    Prepared,
    Telling,
    Verdict,
)
from apps.sync.receivers.fields import issue_of
from apps.sync.receivers.gaps import stopped
from apps.sync.receivers.qd831 import answers
from apps.sync.receivers.qd831.manner import TRACKING, manner_from

JSON = "application/json"


class Qd831Adapter(Adapter):
    file_type = ("application/xml", "xml")
    kinds = ("visit", "person")
    code_kinds = CODE_KINDS
    form = Form.QD831

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver)
        self.options = options_from(receiver.settings)
        self.manner = manner_from(receiver.settings)
        self.verifies = bool(self.manner.status)

    def prepare(self, telling: Telling) -> Prepared:
        """One message, never in parts. What was sent before changes nothing in it: each message is whole."""
        record, options = telling.record, replace(self.options, codes=telling.known)
        if stop := stopped(record, options):
            return stop
        built = message(record, options, telling.change)
        problems = tuple(issue_of(each, options.fields) for each in built.problems)
        part = Part(built.body, _keys(record), self._unit(record))
        return Prepared((part,), built.hash, getattr(record, "version", None), problems)

    def send(self, part: Part, request_id: str) -> Answer:
        return http.post(
            self.receiver,
            part.body,
            request_id,
            self.file_type[0],
            path=self.manner.submit,
            accept=JSON,
            unit=part.unit,
        )

    def shown(self, parts: tuple[Part, ...], whole: bool) -> str:
        bodies = [part.body if whole else covered(part.body, self.options) for part in parts]
        return "\n".join(body.decode() for body in bodies)

    def judge(self, answer: Answer, part: Part) -> Verdict:
        return answers.judge(answer, part, self.manner, self.options.fields, timezone.now())

    def verify(self, prepared: Prepared, stored: Mapping[str, Mapping[str, str]], request_id: str) -> Check:
        """Whether what was taken under the tracking id has been found valid since."""
        (part,) = prepared.parts
        tracking = next((stored[key]["location"] for key in part.keys if key in stored), "")
        if not tracking:
            return Check(Found.UNKNOWN, requests=0)
        path = self.manner.status.replace(TRACKING, quote(tracking, safe=""))
        answer = http.get(self.receiver, path, JSON, part.unit)
        return answers.judge_later(answer, self.manner, self.options.fields)

    def _unit(self, record: records.Visit | records.Person) -> str:
        """The station in whose name it is sent, by our code: accounts are the stations'."""
        station = record.facility if isinstance(record, records.Visit) else record.station
        return self.options.sender[0] or (station.kcb_code if station else "")


def _keys(record: records.Visit | records.Person) -> tuple[str, ...]:
    """What the receiver holds of it afterwards, under the names that `subscribers` looks for."""
    if not isinstance(record, records.Visit):
        return (f"Patient/{record.id}",)
    return (f"Encounter/{record.id}", *(f"ServiceRequest/{order.id}" for order in tests(record)))

"""Builds, signs, sends and judges for the Ministry's data axis."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from django.utils import timezone

from apps.sync.mappings import jsonform, records
from apps.sync.mappings.checkup.options import CODE_KINDS, options_from
from apps.sync.mappings.checkup.paper import content, sender_of
from apps.sync.mappings.fhir import ZONE
from apps.sync.models import Receiver
from apps.sync.receivers import http, signing, tokens
from apps.sync.receivers.base import (
    Adapter,
    Answer,
    Issue,
    Outcome,
    Part,
    Prepared,
    Telling,
    Verdict,
    printed,
    wrong_settings,
)
from apps.sync.receivers.checkup import answers, envelope
from apps.sync.receivers.checkup.manner import LOGIN, manner_from
from apps.sync.receivers.fields import issue_of
from apps.sync.receivers.gaps import stopped

SENDER = 13  # digits of a message id that are the sender's
GONE = "Giấy đã hủy hoặc không được gửi nữa; nơi nhận không nhận rút qua đường truyền. Hủy tay ở nơi nhận."


class CheckUpAdapter(Adapter):
    kinds = ("check_up",)
    login = LOGIN
    code_kinds = CODE_KINDS

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver)
        self.options = options_from(receiver.settings)
        self.manner = manner_from(receiver.settings)

    def prepare(self, telling: Telling) -> Prepared | None:
        """One envelope a paper; of one that holds no more what a person has to do there."""
        record, options = telling.record, replace(self.options, codes=telling.known)
        if record.version == records.WITHDRAWN:
            return _withdrawal(record, telling.sent)
        if stop := stopped(record, options):
            return stop
        body, problems = content(record, options)
        sender = sender_of(record, options)
        on = record.changed_at.astimezone(ZONE).date()
        part = Part(
            body,
            (f"CheckUp/{record.id}",),
            unit=record.facility.kcb_code,
            account=tokens.account(self.receiver, record.facility.kcb_code, sender),
            request=envelope.message_id(sender, on, body, telling.change),
        )
        found = tuple(issue_of(each, options.forms.fields) for each in problems)
        return Prepared((part,), hashlib.sha256(body).hexdigest(), record.version, found)

    def send(self, part: Part, request_id: str) -> Answer:
        told = envelope.header(part.request[:SENDER], part.request, self.manner, timezone.now())

        def sign(signed: bytes) -> str:
            return signing.signature(signed, self.manner.sign, part.unit)

        try:
            body = envelope.sealed(part.body, told, self.manner.signed, sign)
        except ValueError as wrong:  # no key: no paper's fault
            return Answer.unsent(wrong_settings(wrong))
        return http.post(
            self.receiver,
            body,
            request_id,
            self.file_type[0],
            path=self.manner.submit,
            account=part.account,
            more={"service-type": self.manner.service_type},
        )

    def shown(self, parts: tuple[Part, ...], whole: bool) -> str:
        """The header as it will be, and what stands behind its Base64."""
        bodies = [self._shown(part, whole) for part in parts]
        return printed(bodies)

    def _shown(self, part: Part, whole: bool) -> dict[str, Any]:
        data = json.loads(part.body)
        data = data if whole else jsonform.covered(self.options.forms.fields, data)
        if not part.request:
            return data
        told = envelope.header(part.request[:SENDER], part.request, self.manner)
        return {"header": told, "data": data}

    def judge(self, answer: Answer, part: Part) -> Verdict:
        verdict = answers.judge(answer, part, self.manner, self.options.forms.fields, timezone.now())
        if verdict.outcome is Outcome.TOKEN:  # said in the body, under whatever status
            tokens.forget(self.receiver, part.account.name if part.account else part.unit)
        return verdict


def _withdrawal(record: records.CheckUp, sent: frozenset[str]) -> Prepared | None:
    """A person takes it back at the axis, once; nothing where it was never told."""
    done = f"Withdrawn/{record.id}"
    if f"CheckUp/{record.id}" not in sent or done in sent:
        return None
    issue = Issue("SO_GIAY", GONE, f"Giấy khám sức khỏe số {record.paper.number}", "check_up")
    body = json.dumps({"SO_GIAY": record.paper.number}).encode()
    part = Part(body, (done,), by_hand=issue)
    return Prepared((part,), hashlib.sha256(body).hexdigest(), record.version)

"""Builds, sends and judges for a FHIR R4 receiver."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils import timezone

from apps.sync.mappings import check, fhir, records
from apps.sync.mappings.fhir import Entry
from apps.sync.mappings.person import person_entries
from apps.sync.mappings.systems import CODE_KINDS, Options, options_from
from apps.sync.mappings.vaccinations import session_entries
from apps.sync.mappings.visit import visit_entries
from apps.sync.models import Receiver
from apps.sync.receivers import http
from apps.sync.receivers.base import (
    Adapter,
    Answer,
    Check,
    Issue,
    Part,
    Prepared,
    Telling,
    Verdict,
    printed,
)
from apps.sync.receivers.fhir import answers, reading
from apps.sync.receivers.fhir.fields import field_of
from apps.sync.receivers.fhir.masking import masked
from apps.sync.receivers.gaps import stopped

# When a Bundle is too large: first who and what, then the rest; later parts point back by condition.
GROUPS = (
    ("Organization", "Practitioner", "Patient", "Encounter", "Condition"),
    ("ServiceRequest", "Procedure"),
    ("Observation",),
    ("Immunization",),
    ("DiagnosticReport",),
    ("MedicationRequest",),
    ("MedicationDispense",),
    ("AllergyIntolerance", "Composition", "DocumentReference", "QuestionnaireResponse"),
    ("Provenance",),
)


class FhirAdapter(Adapter):
    file_type = ("application/fhir+json", "json")
    kinds = ("visit", "vaccination", "person")
    code_kinds = tuple(CODE_KINDS)

    def __init__(self, receiver: Receiver, settings: dict[str, Any] | None = None) -> None:
        """`settings`: those of whoever speaks FHIR by this adapter, instead of the receiver's own."""
        super().__init__(receiver)
        self.options = options_from(receiver.settings if settings is None else settings)
        self.verifies = self.options.verify != "no"

    def prepare(self, telling: Telling) -> Prepared | None:
        record, in_parts = telling.record, telling.in_parts
        options = replace(self.options, codes=telling.known)
        if stop := stopped(record, options):
            return stop
        entries, version = _entries(record, options, telling.sent), getattr(record, "version", None)
        if not entries:
            return None
        bundle = fhir.bundle(entries)
        found = tuple(_issue(p) for p in check.problems(bundle))
        whole = _dumped(bundle)
        groups = _groups(entries) if in_parts else [entries]
        bodies = [_bytes(group, entries) for group in groups] if in_parts else [whole]
        keys = [tuple(entry.key for entry in group) for group in groups]
        parts = tuple(Part(*each) for each in zip(bodies, keys, strict=True))
        return Prepared(parts, hashlib.sha256(whole).hexdigest(), version, found)

    def send(self, part: Part, request_id: str) -> Answer:
        return http.post(self.receiver, part.body, request_id, self.file_type[0])

    def shown(self, parts: tuple[Part, ...], whole: bool) -> str:
        bodies = [json.loads(part.body) for part in parts]
        bodies = bodies if whole else masked(bodies)
        return printed(bodies)

    def judge(self, answer: Answer, part: Part) -> Verdict:
        return answers.judge(answer, part, timezone.now())

    def verify(self, prepared: Prepared, stored: Mapping[str, Mapping[str, str]], request_id: str) -> Check:
        found = []
        for question in reading.questions(prepared):
            answer = http.post(self.receiver, question.body, request_id, self.file_type[0])
            found.append(reading.read(answer, question))
        check = reading.judge(found, stored, self.options.verify == "content")
        return replace(check, requests=len(found))


def _entries(record: Any, options: Options, sent: frozenset[str]) -> list[Entry]:
    if isinstance(record, records.Visit):
        return visit_entries(record, options, sent)
    if isinstance(record, records.VaccinationSession):
        return session_entries(record, options, sent)
    return person_entries(record, options)


def _issue(problem: check.Problem) -> Issue:
    name, target = field_of(problem.expression)
    return Issue(problem.expression, problem.text, name, target)


def _groups(entries: list[Entry]) -> list[list[Entry]]:
    groups = [[e for e in entries if e.key.partition("/")[0] in names] for names in GROUPS]
    return [group for group in groups if group]


def _dumped(bundle: Any) -> bytes:
    """UTF-8 JSON."""
    return json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode()


def _bytes(group: list[Entry], entries: list[Entry]) -> bytes:
    """A part. References out of the group become conditional, or literal for what is kept by our id."""
    here = {e.id for e in group}
    outside = {e.id.urn: _outside(e) for e in entries if e.id not in here}
    bundle = fhir.bundle(group)
    if outside:
        bundle = _redirect(bundle, outside)
    return _dumped(bundle)


def _outside(entry: Entry) -> str:
    kind = entry.key.partition("/")[0]
    return f"{kind}/{entry.id}" if entry.by_id else f"{kind}?{entry.condition}"


def _redirect(node: Any, outside: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_redirect(item, outside) for item in node]
    if isinstance(node, dict):
        return {name: _redirect(value, outside) for name, value in node.items()}
    return outside.get(node, node) if isinstance(node, str) else node

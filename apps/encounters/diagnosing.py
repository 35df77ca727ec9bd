"""Writes the diagnoses of a visit: which codes may be used that day, which cannot stand together.

Unscoped: `services` has found the visit within its scope and may write it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from apps.catalogues import codes, icd, injuries, notifiable
from apps.catalogues.models import Icd10
from apps.core.text import clean
from apps.encounters import rules, storing
from apps.encounters.inputs import DiagnosisInput
from apps.encounters.models import YHCT, Certainty, Diagnosis, DiagnosisRole, Visit

TRADITIONAL_LIST = "yhct_diseases"
ORDER = ("main", "secondary", "external", "traditional")


class Known(NamedTuple):
    """What the catalogue of the day says of a code."""

    edition: str
    name: str


def known(entries: Sequence[DiagnosisInput], on: dt.date) -> dict[str, Known]:
    """The codes that may be used on a day, with their names. One query."""
    wanted = {entry.code for entry in entries if entry.role != "traditional"}
    rows = Icd10.objects.filter(edition=icd.edition_on(on), code__in=wanted).on(on)
    # A code that stands plain and with a marker gives the plain row.
    found = {
        row.code: Known(row.edition, row.name)
        for row in rows.order_by("-marker").only("code", "edition", "name")
    }
    for entry in entries:
        if entry.role == "traditional" and codes.exists(TRADITIONAL_LIST, entry.code, on):
            found[entry.code] = Known(YHCT, codes.label(TRADITIONAL_LIST, entry.code, on))
    return found


def problems(
    entries: Sequence[DiagnosisInput], found: Mapping[str, Known], on: dt.date
) -> list[rules.Problem]:
    """What cannot be: an unknown code, one written twice, two main ones, a disease that the code is not.

    A query more where somebody chose which disease is to be reported.
    """
    wrong = []
    seen: set[str] = set()
    for entry in entries:
        field = f"diagnosis-{entry.role}"
        if entry.code not in found or (found[entry.code].edition == YHCT) != (entry.role == "traditional"):
            title = "bệnh y học cổ truyền" if entry.role == "traditional" else "ICD-10"
            sentence = f"Mã {entry.code[:10]} không có trong danh mục {title} dùng ngày {on:%d/%m/%Y}."
            wrong.append(rules.Problem("icd-unknown", sentence, field, blocks=True))
        elif entry.code in seen:
            wrong.append(rules.Problem("icd-twice", f"Mã {entry.code} ghi hai lần.", field, blocks=True))
        if entry.certainty and entry.certainty not in Certainty.values:
            wrong.append(rules.Problem("certainty", "Chọn nghi ngờ hoặc xác định.", field, blocks=True))
        seen.add(entry.code)
    if sum(entry.role == "main" for entry in entries) > 1:
        wrong.append(rules.Problem("two-main", "Chỉ một chẩn đoán là chính.", "diagnosis-main", blocks=True))
    return wrong + _disease_problems([entry for entry in entries if entry.disease_key], on)


def _disease_problems(chosen: Sequence[DiagnosisInput], on: dt.date) -> list[rules.Problem]:
    listed = notifiable.reportable([entry.code for entry in chosen], on)
    return [
        rules.Problem(
            "disease",
            f"Mã {entry.code} không phải mã của bệnh đã chọn để báo cáo. Chọn lại bệnh.",
            f"diagnosis-{entry.role}",
            blocks=True,
        )
        for entry in chosen
        if entry.disease_key not in {row.key for row in listed.of(entry.code, entry.disease_key)}
    ]


def cause(visit: Visit, entries: Sequence[DiagnosisInput]) -> str:
    """The cause of injury that the external cause leaves no doubt about, where nobody has chosen one."""
    if visit.injury_cause:
        return ""
    proposed = injuries.proposed([entry.code for entry in entries if entry.role == "external"], visit.on)
    return proposed[0] if len(proposed) == 1 else ""


def put(visit: Visit, entries: Sequence[DiagnosisInput], found: Mapping[str, Known]) -> bool:
    """Make the visit's diagnoses these, in this order; a code that stays keeps its row and identity.

    True when they are its first.
    """
    old = {row.icd_code: row for row in Diagnosis.unscoped.filter(visit=visit)}
    first = bool(entries) and not old
    was_main = next((row.pk for row in old.values() if row.role == DiagnosisRole.MAIN), None)
    fresh: list[Diagnosis] = []
    for position, entry in enumerate(sorted(entries, key=lambda entry: ORDER.index(entry.role)), start=1):
        row = Diagnosis(
            visit=visit,
            icd_code=entry.code,
            role=entry.role,
            icd_edition=found[entry.code].edition,
            icd_name=found[entry.code].name,
            text=clean(entry.text),
            certainty=entry.certainty,
            disease_key=entry.disease_key,
            position=position,
        )
        fresh.append(storing.merged(old.pop(entry.code, None), row))
    main = [row.pk for row in fresh if row.role == DiagnosisRole.MAIN]
    if was_main and was_main not in main:
        # Only one main at any moment: the one that was steps down first.
        Diagnosis.unscoped.filter(pk=was_main).update(role=DiagnosisRole.SECONDARY)
    storing.store(Diagnosis, fresh, [row.pk for row in old.values()])
    visit.summary = "; ".join(row.label for row in fresh)[:1000]
    return first

"""The medicines of an earlier visit once more: which prescription is offered, and what of it is copied.

What is out of force, or what the record now warns of, is not copied and is told; the rest is asked about when
the visit ends, as if it had been typed.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import JSONObject

from apps.core.errors import Refused
from apps.core.scope import Scope, current
from apps.core.words import date_words
from apps.encounters import checking, rules, services, states
from apps.encounters.inputs import VisitInput
from apps.encounters.models import Diagnosis, DiagnosisRole, PrescriptionLine, Visit
from apps.encounters.templating import LEFT_OUT, input_of, line_data

NO_LAST = "Những lần khám trước ở đây không có đơn thuốc."
# A remark about a medicine that is reason enough not to write it down unseen (rules.check_lines).
NEVER_UNSEEN = frozenset({"allergy", "pregnancy", "twice", "age", "at-once", "a-day"})


@dataclass(frozen=True)
class Before:
    """A prescription that may be copied: of which day, for which disease, with which medicines. `other`: the
    visit has a main diagnosis, and this was written for another disease.
    """

    visit_id: UUID
    on: dt.date
    disease: str
    medicines: tuple[str, ...]
    other: bool


@dataclass(frozen=True)
class Copied:
    """The visit as it now is, how many medicines of the prescription of which day stand in it now, and what
    there is to say about the others, in sentences.
    """

    visit: Visit
    on: dt.date
    many: int
    told: list[str]

    @property
    def sentence(self) -> str:
        if not self.many:
            return f"Không chép thuốc nào của đơn ngày {date_words(self.on)}."
        return (
            f"Đã chép {self.many} thuốc của đơn ngày {date_words(self.on)}. "
            "Xem lại từng thuốc trước khi hoàn tất lượt khám."
        )


def offered(scope: Scope, visit: Visit, main: str) -> Before | None:
    """The last prescription before a visit: for the same disease (by the group of the code `main`) where
    there is one, else the last of all. One query.
    """
    # unscoped: parts of visits that are found within the scope
    mains = Diagnosis.unscoped.filter(visit=OuterRef("pk"), role=DiagnosisRole.MAIN)
    lines = PrescriptionLine.unscoped.filter(prescription__visit=OuterRef("pk")).order_by("position")
    found: Any = (
        _prescribed(Visit.visible(scope), visit)
        .annotate(
            same=Exists(mains.filter(icd_code__startswith=main[:3])) if main else Value(True),
            disease=ArraySubquery(mains.values(told=JSONObject(code="icd_code", name="icd_name"))),
            medicines=ArraySubquery(lines.values(told=JSONObject(name="drug_name", strength="strength"))),
        )
        .order_by("-same", "-occurred_at")
        .only("on")
        .first()
    )
    if found is None:
        return None
    return Before(
        found.pk,
        found.on,
        ", ".join(f"{row['code']} {row['name']}" for row in found.disease) or "chưa ghi chẩn đoán",
        tuple(f"{row['name']} {row['strength']}".strip() for row in found.medicines),
        not found.same,
    )


def _prescribed(visits: QuerySet[Visit], visit: Visit) -> QuerySet[Visit]:
    """Of these visits the person's earlier ones with a prescription that was sent off."""
    # unscoped: as above
    sheets = PrescriptionLine.unscoped.filter(prescription__visit=OuterRef("pk"))
    return visits.filter(
        Exists(sheets),
        person_id=visit.person_id,
        occurred_at__lt=visit.occurred_at,
        state__in=(states.FINALISED, states.AWAITING_SIGNATURE),
    )


@transaction.atomic
def prescription_copy(*, visit_id: UUID, expected_version: int, of_visit: UUID) -> Copied:
    """Add the medicines of an earlier visit of this person. Refused where it has none, or is none of hers."""
    scope = current()
    visit = Visit.objects.select_related("person").get(pk=visit_id)
    earlier = _prescribed(Visit.visible(scope), visit).filter(pk=of_visit).first()
    if earlier is None:
        raise Refused(NO_LAST, code="no-last")
    # unscoped: medicines of a visit that was found within the scope
    rows = PrescriptionLine.unscoped.filter(prescription__visit=earlier).select_related("drug")
    known = checking.parts(visit)
    good, told = _good(visit, known, list(rows.order_by("position")))
    if not good:
        return Copied(visit, earlier.on, 0, told)
    lines = [input_of(line_data(row)) for row in (*known.lines, *good)]
    saved = services.visit_save(
        visit_id=visit_id, expected_version=expected_version, data=VisitInput(lines=lines)
    )
    return Copied(saved, earlier.on, len(good), told)


def _good(
    visit: Visit, known: checking.Parts, rows: Sequence[PrescriptionLine]
) -> tuple[list[PrescriptionLine], list[str]]:
    """Which of these lines may be written into the visit as it stands, and what there is to say about the
    others and about them.
    """
    present = {row.drug_id for row in known.lines}
    rows = [row for row in rows if row.drug_id not in present]
    told = [LEFT_OUT.format(what=f"thuốc {row.drug}") for row in rows if not row.drug.in_force(visit.on)]
    rows = [row for row in rows if row.drug.in_force(visit.on)]
    for position, row in enumerate(rows, start=len(known.lines) + 1):
        row.position = position  # where it would stand; these rows are not saved
    good = []
    remarks = checking.line_remarks(visit, replace(known, lines=[*known.lines, *rows]))
    for row in rows:
        mine = [remark for remark in remarks if remark.code.startswith(f"line-{row.position}-")]
        never = [remark for remark in mine if _is_never(remark, row)]
        told += [f"Không chép {remark.sentence} Vẫn cần thì tự thêm." for remark in never]
        if not never:
            good.append(row)
            told += [f"Đã chép, xem lại {remark.sentence}" for remark in mine]
    return good, told


def _is_never(remark: rules.Problem, row: PrescriptionLine) -> bool:
    return remark.blocks or remark.code.removeprefix(f"line-{row.position}-") in NEVER_UNSEEN

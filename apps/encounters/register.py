"""Register A1 (sổ khám bệnh, TT 23/2025/TT-BYT): 14 columns, of the visits done at the station or its points.

In the order of the days and their queue; what is still being examined stands in it once it is finished or
waits for a signature.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.catalogues import codes
from apps.core.scope import Scope
from apps.encounters import dosing, states
from apps.encounters.models import Diagnosis, Prescription, PrescriptionLine, Visit
from apps.facilities.queries import points_of
from apps.facilities.registers import Asked, Dates, Entry, Filter, Register
from apps.patients import addresses
from apps.patients.models import Identifier

COLUMNS = (
    "STT",
    "Họ và tên",
    "Giới",
    "Ngày sinh",
    "Giấy tờ tùy thân",
    "Số thẻ BHYT",
    "Địa chỉ",
    "Dân tộc",
    "Nghề nghiệp",
    "Triệu chứng",
    "Chẩn đoán",
    "Phương pháp điều trị",
    "Y, bác sĩ khám",
    "Ghi chú",
)
WIDTHS = (6, 26, 8, 18, 30, 40, 40, 10, 30, 40, 44, 44, 22, 24)
PAPERS = ("cccd", "cmnd", "passport")  # the first of these that held on the day
PLACE = "noi"
WRITTEN = (states.FINALISED, states.AWAITING_SIGNATURE)


def rows(scope: Scope, asked: Asked) -> QuerySet[Visit]:
    """The finished visits of the scope's stations; of one point, or of the station's own house."""
    found = (
        Visit.visible(scope)
        .filter(state__in=WRITTEN)
        .select_related(
            "person__hamlet__commune__parent",
            "hamlet__commune__parent__parent",
            "performer",
            "doctor",
            "card",
            "point",
        )
        .defer("person__tokens", "person__search")
        .prefetch_related(
            # unscoped: whoever sees the visit sees its parts
            Prefetch("diagnoses", queryset=Diagnosis.unscoped.order_by("position")),
            Prefetch("prescriptions", queryset=Prescription.unscoped.order_by("kind")),
            Prefetch("prescriptions__lines", queryset=PrescriptionLine.unscoped.order_by("position")),
        )
    )
    if not scope.everything:
        found = found.filter(facility_id__in=scope.facility_ids)
    if place := asked.picked.get(PLACE):
        found = found.filter(Q(point_id=place) | Q(point=None, facility_id=place))
    return found


def entries(scope: Scope, visits: Sequence[Visit]) -> list[Entry]:
    """The cells of these visits. One query beside theirs: the papers of their people."""
    papers = _papers({visit.person_id for visit in visits})
    return [
        Entry(visit.pk, visit.person_id, _cells(visit, papers[visit.person_id]), visit.on) for visit in visits
    ]


def _papers(people: Iterable[UUID]) -> dict[UUID, list[Identifier]]:
    # unscoped: the book of a visit names who she is, also where she is only treated
    found: dict[UUID, list[Identifier]] = defaultdict(list)
    for row in Identifier.unscoped.filter(person_id__in=people, kind__in=PAPERS):
        found[row.person_id].append(row)
    return found


def _cells(visit: Visit, papers: Sequence[Identifier]) -> tuple[str, ...]:
    person, on = visit.person, visit.on
    examiner = visit.performer.full_name if visit.performer else visit.performer_text
    return (
        person.full_name,
        person.get_sex_display(),
        person.birth_words,
        paper_on(papers, on),
        visit.card.number if visit.card else "",
        addresses.home_on(person, visit.hamlet, on),
        codes.label("ethnic_groups", visit.ethnicity, on),
        codes.label("occupations", visit.occupation, on),
        "; ".join(filter(None, [visit.reason, visit.history, visit.examination])),
        "; ".join(row.label for row in visit.diagnoses.all()),
        treatment(visit),
        examiner,
        note(visit),
    )


def paper_on(papers: Sequence[Identifier], on: dt.date) -> str:
    """The citizen number that held on the day, else the old one, else the passport."""
    held = {
        row.kind: row.value
        for row in papers
        if (row.valid_from is None or row.valid_from <= on) and (row.valid_to is None or on <= row.valid_to)
    }
    return next((held[kind] for kind in PAPERS if kind in held), "")


def treatment(visit: Visit) -> str:
    """What was done, then each medicine with its number: 'Nghỉ ngơi; Paracetamol 500mg × 10 viên'."""
    medicines = [
        f"{line.drug_name} {line.strength}".strip() + f" × {dosing.quantity_text(line.quantity)} {line.unit}"
        for sheet in visit.prescriptions.all()
        for line in sheet.lines.all()
    ]
    return "; ".join(filter(None, [visit.treatment_text, *medicines]))


def note(visit: Visit) -> str:
    """How she left, when she comes again, and whether a signature is still missing."""
    told = [codes.label("discharge_type", visit.outcome, visit.on) if visit.outcome else ""]
    if visit.follow_up_on:
        told.append(f"hẹn {visit.follow_up_on:%d/%m/%Y}")
    if visit.state == states.AWAITING_SIGNATURE:
        told.append("chờ bác sĩ ký")
    return "; ".join(filter(None, told))


def places(scope: Scope) -> list[tuple[UUID, str]]:
    """The station's own house and each of its points; nothing to choose where there is no point."""
    if scope.workplace_id is None or scope.level != "station":
        return []
    points = points_of([scope.workplace_id], timezone.localdate())
    if not points:
        return []
    return [(scope.workplace_id, "Tại trạm"), *((point.pk, point.name) for point in points)]


def _visit(pk: UUID) -> str:
    return reverse("encounters:visit", args=[pk])


A1 = Register(
    key="visits.a1",
    code="A1",
    title="Sổ khám bệnh",
    section="visits",
    columns=COLUMNS,
    widths=WIDTHS,
    dates={"on": Dates("on", ("on", "queue_no", "id"), "Khám")},
    rows=rows,
    entries=entries,
    url="encounters:a1",
    link=_visit,
    filters=(Filter(PLACE, "Nơi khám", places),),
    lead="Sổ lập từ các lượt khám đã hoàn tất; muốn sửa, mở lượt khám rồi sửa ở đó.",
    daily=True,
)

"""Visits in the hour without a line: who is expected and which medicines there are, on paper; and the slips
that were filled in, entered row by row afterwards (apps/outage).
"""

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.care import queries as care
from apps.care import vitals
from apps.care.forms.figures import apart, both
from apps.care.services import DUE_KIND
from apps.catalogues import codes
from apps.catalogues.models import Drug
from apps.core import registry
from apps.core.errors import NeedsReason, Refused
from apps.core.scope import Scope
from apps.core.text import fold
from apps.core.words import date_words, partial_date_words, sex_word
from apps.encounters import dosing, paper_acts, queries, rules, services, states
from apps.encounters.bedside import not_prescriber
from apps.encounters.desk import queue
from apps.encounters.inputs import DiagnosisInput, LineInput, Opening, VisitInput
from apps.encounters.models import Visit
from apps.encounters.writing import Problems
from apps.outage.kinds import BackEntryKind, Column, Entered, Expected, Row, RowProblems, Sheet, Told
from apps.patients import queries as people_queries
from apps.patients.allergies import allergy_add
from apps.patients.facts import EntryMode
from apps.patients.models import Allergy, AllergyState, InsuranceCard, Person

DRUGS = 40  # of the paper list: both columns of a page
WRONG = ", nhập nhầm"
MEDICINES = 4  # lines of the slip
FIGURES = ("pulse", "temperature", "breathing", "spo2", "weight")
NO_ALLERGY = frozenset({"khong", "ko", "k", "0"})  # what is written on paper where there is none


def _medicine_columns(number: int) -> tuple[Column, Column]:
    right = "prescriptions.enter"
    return (
        Column(
            f"drug{number}", f"Thuốc {number}", "pick", picker="drug", placeholder="Tên thuốc", right=right
        ),
        Column(f"use{number}", f"Cách dùng {number}", placeholder="1 x 2 x 5", wide=True, right=right),
    )


COLUMNS = (
    Column("person", "Người bệnh", "pick", picker="person", placeholder="Mã, tên, năm sinh"),
    Column("allergies", "Dị ứng", placeholder="Penicilin, hải sản", wide=True, right="people.edit"),
    Column("visit_reason", "Lý do đến khám", wide=True),
    Column("pulse", "Mạch", "number"),
    Column("temperature", "Nhiệt độ", "number", "°C"),
    Column("pressure", "Huyết áp", placeholder="120/80"),
    Column("breathing", "Nhịp thở", "number"),
    Column("spo2", "SpO₂", "number", "%"),
    Column("weight", "Cân nặng", "number", "kg"),
    Column("examination", "Khám", wide=True),
    Column("main", "Bệnh chính", "pick", picker="icd10", placeholder="Tên hoặc mã"),
    Column("treatment", "Xử trí, lời dặn", wide=True),
    Column("follow_up_on", "Tái khám", placeholder="7 hoặc 27/11"),
    *(column for number in range(1, MEDICINES + 1) for column in _medicine_columns(number)),
    Column("given", "Đã phát thuốc", "select", listed=paper_acts.places, wide=True, right="dispensing.enter"),
    Column("paid", "Đã thu", placeholder="36.500", unit="đ", wide=True, right="money.enter"),
    Column(
        "after", "Sau khi lưu", "select", choices=(("end", "Hoàn tất"), ("open", "Còn kê thuốc")), wide=True
    ),
    Column("keep", "Lý do giữ khi máy nhắc", wide=True),
)
# Where the rules' fields stand in the grid.
PLACES = {
    "diagnosis": "main",
    "diagnosis-main": "main",
    "systolic": "pressure",
    "diastolic": "pressure",
    "override": "keep",
    "reason": "visit_reason",
    "card": "person",
}


# --- on paper


def expected(scope: Scope, since: dt.date, until: dt.date) -> list[Expected]:
    """Who is to come between two days, by hamlet and day: appointments and what else is due, a line a person.

    Four queries. Neither a diagnosis nor what a restricted record is about stands on it.
    """
    why: dict[UUID, list[str]] = {}
    people: dict[UUID, Person] = {}
    for row in care.expected_between(scope, since, until).select_related("person__hamlet"):
        people[row.person_id] = row.person
        why.setdefault(row.person_id, []).append(f"hẹn {date_words(row.on)}")
    for item in people_queries.due_between(scope, since, until):
        kind = registry.due_kinds.get(item.kind)
        if item.kind == DUE_KIND or kind is None or not kind.comes:
            continue
        told = (
            kind.title.lower() if not item.restricted and (not kind.right or scope.can(kind.right)) else "hẹn"
        )
        people[item.person_id] = item.person
        words = f"{told} {date_words(item.due_on)}"
        if words not in why.setdefault(item.person_id, []):
            why[item.person_id].append(words)
    lines = _lines(scope, [(people[pk], "; ".join(words)) for pk, words in why.items()])
    return sorted(lines, key=lambda line: line.hamlet)  # within a hamlet by day and name, as they came


def waiting(scope: Scope, on: dt.date) -> list[Expected]:
    """Who is being examined here at this moment, and who waits, in the order in which they are called. Five
    queries.
    """
    if on != timezone.localdate():
        return []
    now = queue.queue(scope, on, now=timezone.now())
    standing = [
        *((each.visit, "đang khám") for each in now.examined),
        *((each.visit, "đã gọi") for each in now.called),
        *((each.visit, ", ".join(each.reasons)) for each in (*now.waiting, *now.skipped)),
    ]
    return _lines(
        scope,
        [(visit.person, f"số {visit.queue_no}{f', {words}' if words else ''}") for visit, words in standing],
    )


def _lines(scope: Scope, rows: Sequence[tuple[Person, str]]) -> list[Expected]:
    """People as lines of paper: what must be known of each without a computer. Two queries."""
    ids = {person.pk for person, _ in rows}
    allergies: dict[UUID, list[str]] = {}
    # unscoped: an allergy noted anywhere must be known wherever she is treated
    known = Allergy.unscoped.filter(person_id__in=ids, state=AllergyState.ACTIVE)
    for allergy in known.order_by("substance"):
        allergies.setdefault(allergy.person_id, []).append(allergy.substance)
    figures = care.last_figures(scope, ids, ("weight", "systolic", "diastolic"))
    return [
        Expected(
            hamlet=person.hamlet.name if person.hamlet else "Ngoài địa bàn",
            name=person.full_name,
            born=partial_date_words(person.birth_date, person.birth_precision),
            sex=sex_word(person.sex),
            code=person.code,
            why=why,
            allergies=", ".join(allergies.get(person.pk, [])),
            last=_figures_words(figures.get(person.pk, {})),
            person_id=person.pk,
        )
        for person, why in rows
    ]


def _figures_words(figures: Mapping[str, tuple[Decimal, dt.date]]) -> str:
    """'HA 120/80; 52 kg (01/11/2026)': the day once where it is the same."""
    said: dict[dt.date, list[str]] = {}
    if "systolic" in figures and "diastolic" in figures:
        high, on = figures["systolic"]
        low, _ = figures["diastolic"]
        said.setdefault(on, []).append(f"HA {vitals.number_text(high)}/{vitals.number_text(low)}")
    if "weight" in figures:
        weight, on = figures["weight"]
        said.setdefault(on, []).append(f"{vitals.number_text(weight)} kg")
    return "; ".join(f"{'; '.join(words)} ({date_words(on)})" for on, words in said.items())


def sheets(scope: Scope, on: dt.date) -> list[Sheet]:
    """The medicines that this station gives most, or the common ones of the catalogue. Two queries."""
    usual = queries.UsualCodes().top("drug", scope.workplace_id, DRUGS) if scope.workplace_id else []
    drugs = Drug.objects.on(on).filter(code__in=usual) if usual else Drug.objects.on(on).filter(common=True)
    rows = [
        (str(drug), drug.unit.lower(), _route(drug, on))
        for drug in drugs.defer("tokens", "search").order_by("name", "strength", "code")[:DRUGS]
    ]
    note = "Thuốc trạm hay dùng trong một năm qua." if usual else "Thuốc thông dụng của danh mục."
    return [Sheet("Thuốc", ("Thuốc, hàm lượng", "Đơn vị", "Đường dùng"), rows, note)] if rows else []


def _route(drug: Drug, on: dt.date) -> str:
    return codes.label("drug_routes", drug.route_code, on) if drug.route_code else ""


# --- entered afterwards


@transaction.atomic
def enter(row: Row) -> Entered:
    """One slip as a visit: received, examined, and ended unless medicines are still to be prescribed."""
    errors: dict[str, str] = {}
    person = _person(row, errors)
    figures = _figures(row.cells, errors)
    if not row.cells.get("visit_reason"):
        errors["visit_reason"] = "Ghi lý do đến khám."
    medicines = _medicines(row, errors)
    follow_up_on = _follow_up_on(row, errors)
    if errors or person is None:
        raise RowProblems(errors)
    ends = row.cells.get("after", "end") != "open"
    _allergies(row, person)  # first: the medicines are checked against them
    try:
        visit = _visit(row, person, figures, medicines, follow_up_on, ends=ends)
    except Problems as problems:
        numbers = [line.number for line in medicines]
        raise RowProblems(
            {_place(each.field, numbers): each.sentence for each in problems.problems}
        ) from problems
    except NeedsReason as asked:
        sentences = " ".join(warning.sentence for warning in asked.warnings)
        raise RowProblems({"keep": f"{sentences} Nếu đúng, ghi lý do vào đây."}) from asked
    except Refused as refused:
        place = "person" if refused.code == "dead" else _place(refused.field or "")
        raise RowProblems({place: refused.message}) from refused
    if medicines and (given := row.cells.get("given", "")):
        paper_acts.medicines_given(visit, given, row)
    if paid := row.cells.get("paid", ""):
        paper_acts.money_taken(visit, paid)
    word = states.TITLES[visit.state]
    return Entered(visit.pk, person.pk, f"Đã lưu {visit.number}, {word}")


def _place(field: str, numbers: Sequence[int] = ()) -> str:
    """The cell of a rule's field; `numbers` are the slip's lines that hold a medicine, in their order."""
    if found := re.fullmatch(r"line-([0-9]+)-(.*)", field):
        return f"{'drug' if found[2] == 'drug' else 'use'}{numbers[int(found[1]) - 1]}"
    return PLACES.get(field, field if any(column.name == field for column in COLUMNS) else "")


def _person(row: Row, errors: dict[str, str]) -> Person | None:
    code = row.cells.get("person", "")
    person = people_queries.person_by_code(code) if code else None
    if person is None:
        errors["person"] = (
            f"Không có người mang mã “{code[:12]}”." if code else "Chọn người bệnh trong danh sách hiện ra."
        )
        return None
    if person.birth_date and person.birth_date > row.at.date():
        errors["person"] = f"Người này sinh {date_words(person.birth_date)}, sau ngày trên phiếu."
    return person


def _figures(cells: Mapping[str, str], errors: dict[str, str]) -> dict[str, Decimal | None]:
    found: dict[str, Decimal | None] = {}
    for key in FIGURES:
        if text := cells.get(key, ""):
            try:
                found[key] = vitals.read_number(text)
            except ValueError as error:
                errors[key] = str(error)
    if text := cells.get("pressure", ""):
        try:
            found |= both(vitals.read_readings(text))
        except ValueError as error:
            errors["pressure"] = str(error)
    return found


def _follow_up_on(row: Row, errors: dict[str, str]) -> dt.date | None:
    try:
        return rules.read_follow_up(row.cells.get("follow_up_on", ""), row.at.date())
    except ValueError as error:
        errors["follow_up_on"] = str(error)
        return None


def _allergies(row: Row, person: Person) -> None:
    """What the slip says she must not be given; what her record says already stays as it is."""
    written = [each for each in re.split(r"[,;]", row.cells.get("allergies", "")) if fold(each)]
    if not written:
        return
    active = Allergy.objects.filter(person=person, state=AllergyState.ACTIVE)
    known = NO_ALLERGY | {fold(substance) for substance in active.values_list("substance", flat=True)}
    for substance in written:
        if fold(substance) not in known:
            try:
                allergy_add(person=person, substance=substance, noted_on=row.at.date())
            except Refused as refused:
                raise RowProblems({"allergies": refused.message}) from refused
            known |= {fold(substance)}


@dataclass(frozen=True)
class Medicine:
    """What stands in one line of the slip."""

    number: int
    line: LineInput


def _medicines(row: Row, errors: dict[str, str]) -> list[Medicine]:
    """The medicines of the slip. Whoever wrote it must be free to prescribe. One query."""
    typed = [
        (number, row.cells.get(f"drug{number}", ""), row.cells.get(f"use{number}", ""))
        for number in range(1, MEDICINES + 1)
    ]
    typed = [each for each in typed if each[1] or each[2]]
    if not typed:
        return []
    if no := not_prescriber(row.practitioner, row.at.date()):
        errors["who"] = no
    drugs = Drug.objects.in_bulk({code for _, code, _ in typed}, field_name="code")
    found = []
    for number, code, words in typed:
        drug = drugs.get(code)
        if drug is None:
            errors[f"drug{number}"] = "Chọn thuốc trong danh sách hiện ra."
            continue
        try:
            use = dosing.read_use(words, drug.unit)
        except ValueError as error:
            errors[f"use{number}"] = str(error) if words else f"Ghi cách dùng. {dosing.USE_SENTENCE}"
            continue
        line = LineInput(code, use.dose, use.times_per_day, use.days, use.dose_unit, quantity=use.quantity)
        found.append(Medicine(number, line))
    return found


def _visit(
    row: Row,
    person: Person,
    figures: dict[str, Decimal | None],
    medicines: list[Medicine],
    follow_up_on: dt.date | None,
    *,
    ends: bool,
) -> Visit:
    on = row.at.date()
    card = InsuranceCard.objects.filter(person=person).on(on).order_by("-valid_from").first()
    opening = Opening(
        reason=row.cells["visit_reason"],
        card_id=card.pk if card else None,
        at=row.at,
        entry_mode=EntryMode.BACK_ENTERED,
        performer=row.practitioner,
    )
    override = row.cells.get("keep", "")
    visit = services.visit_open(person=person, opening=opening, override=override)
    main = row.cells.get("main", "")
    data: dict[str, Any] = {
        "examination": row.cells.get("examination", ""),
        "treatment_text": row.cells.get("treatment", ""),
        "follow_up_on": follow_up_on,
    }
    visit = services.visit_save(
        visit_id=visit.pk,
        expected_version=visit.version,
        data=VisitInput(
            fields=data,
            vitals=figures,
            readings=apart(vitals.read_readings(row.cells["pressure"])) if row.cells.get("pressure") else {},
            diagnoses=[DiagnosisInput(main, "main")] if main else [],
            lines=[each.line for each in medicines] or None,
        ),
    )
    if ends:
        visit = services.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override=override)
    return visit


def about(scope: Scope, visit_ids: Collection[UUID]) -> dict[UUID, Told]:
    """The visits that slips have become, as far as the scope sees them. One query."""
    return {
        visit.pk: Told(
            f"Lượt khám {visit.number}{WRONG if visit.state == states.ENTERED_IN_ERROR else ''}",
            reverse("encounters:visit", args=[visit.pk]),
            visit.person_id,
        )
        for visit in Visit.visible(scope).filter(pk__in=list(visit_ids)).only("number", "state", "person_id")
    }


KIND = BackEntryKind(
    key="kham",
    title="Lượt khám",
    right="visits.enter",
    act="examine",
    columns=COLUMNS,
    enter=enter,
    about=about,
    slip="print/outage_visit_slip.html",
    expected=expected,
    waiting=waiting,
    sheets=sheets,
    hints=(
        "Mỗi lượt khám một phiếu. Ghi mã người (cột Mã trong danh sách) hoặc số thẻ BHYT, số căn cước.",
        "Hỏi dị ứng trước khi cho thuốc; danh sách chỉ có dị ứng đã ghi trong máy.",
        "Ca nghi bệnh truyền nhiễm phải báo ngay: gọi điện thoại cho tuyến trên, không chờ có mạng.",
    ),
    order=10,
)

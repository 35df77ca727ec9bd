"""The yearly books 97-II-01A (hypertension) and 97-II-01B (diabetes): who was followed in the year, and what
the last visit of each month said. TT 23/2025/TT-BYT; columns by QĐ 97/QĐ-BYT as mapped in public.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Value
from django.urls import reverse
from django.utils import timezone

from apps.care.models import Enrolment, EnrolmentState
from apps.catalogues import codes
from apps.core.scope import Scope
from apps.encounters import states
from apps.encounters.models import PrescriptionLine
from apps.facilities import asof
from apps.facilities.models import Facility
from apps.facilities.queries import hamlets_of
from apps.facilities.registers import MONTHS, Asked, Dates, Entry, Filter, Register
from apps.ncd.models import FollowUp, FollowUpState, Programme
from apps.patients import addresses
from apps.patients.models import Identifier, InsuranceCard

COLUMNS = (
    "Họ và tên",
    "Ngày sinh",
    "Giới",
    "Số định danh cá nhân",
    "Số thẻ BHYT",
    "Địa chỉ",
    "Dân tộc",
    "Nghề nghiệp",
)
WIDTHS = (26, 12, 8, 16, 18, 36, 12, 18)
PLACE_COLUMNS = ("CSYT quản lý", "Ngày khám", "Nơi khám")
MONTHS_A = (*PLACE_COLUMNS, "HA tâm thu", "HA tâm trương", "Đạt HA mục tiêu", "Thuốc điều trị")
MONTHS_B = (*PLACE_COLUMNS, "Đường máu (mmol/L)", "Đạt mục tiêu", "Thuốc điều trị")
MONTH_COLUMNS: dict[str, tuple[str, ...]] = {Programme.HYPERTENSION: MONTHS_A, Programme.DIABETES: MONTHS_B}
HAMLET = "thon"
MOST_PRINTED = 300  # people of one paper: about a hundred pages
WRITTEN = (states.FINALISED, states.AWAITING_SIGNATURE)


def rows(programme: str, scope: Scope, asked: Asked) -> QuerySet[Enrolment]:
    """Whoever was followed here on some day of the year."""
    found = (
        Enrolment.visible(scope)
        .filter(Q(until__isnull=True) | Q(until__gte=asked.since), programme=programme)
        .filter(since__lte=asked.until)
        .exclude(state=EnrolmentState.ENTERED_IN_ERROR)
        .annotate(book_year=Value(asked.since.year))
        .select_related("person__hamlet__commune__parent", "hamlet__commune__parent__parent", "facility")
        .defer("person__tokens", "person__search")
    )
    if not scope.everything:
        found = found.filter(facility_id__in=scope.facility_ids)
    if hamlet := asked.picked.get(HAMLET):
        found = found.filter(person__hamlet_id__in=asof.with_former(hamlet))
    return found


def entries(programme: str, scope: Scope, enrolments: Sequence[Any]) -> list[Entry]:
    """The cells of these people in the year that `rows` asked for. Five queries.

    Unscoped parts: whoever may see the enrolment writes her name, papers and visits into its book.
    """
    if not enrolments:
        return []
    year = enrolments[0].book_year
    last = min(dt.date(year, 12, 31), timezone.localdate())
    forms = forms_of(scope, enrolments, year)
    visits = [form.visit_id for months in forms.values() for form in months.values()]
    medicines = _medicines(visits)
    people = {row.person_id for row in enrolments}
    numbers, cards = _numbers(people), _cards(people, last)
    name = asof.names(_places(enrolments, forms))
    month_cells = _month_a if programme == Programme.HYPERTENSION else _month_b
    found = []
    for row in enrolments:
        cells = _person_cells(row, numbers.get(row.person_id, ""), cards.get(row.person_id, ""), last)
        mine = forms.get(row.pk, {})
        for month in MONTHS:
            form = mine.get(month)
            if form is None:
                cells += ("",) * len(MONTH_COLUMNS[programme])
            else:
                cells += (
                    name(row.facility_id, form.on),
                    f"{form.on:%d/%m/%Y}",
                    name(form.point_id or form.facility_id, form.on),
                    *month_cells(form),
                    "; ".join(medicines.get(form.visit_id, [])),
                )
        found.append(Entry(row.pk, row.person_id, cells))
    return found


def forms_of(scope: Scope, enrolments: Sequence[Enrolment], year: int) -> dict[UUID, dict[int, FollowUp]]:
    """The last form of each month, {enrolment: {month: form}}, of finished visits. One query.

    Those that the reader may see: her medicines tell what a restricted visit was about.
    """
    found = FollowUp.visible(scope).filter(
        enrolment__in=[row.pk for row in enrolments],
        on__year=year,
        state=FollowUpState.CURRENT,
        visit__state__in=WRITTEN,
    )
    by: dict[UUID, dict[int, FollowUp]] = {}
    for form in found.order_by("on", "occurred_at"):
        by.setdefault(form.enrolment_id, {})[form.on.month] = form
    return by


def _person_cells(row: Enrolment, number: str, card: str, on: dt.date) -> tuple[str, ...]:
    person = row.person
    return (
        person.full_name,
        person.birth_words,
        person.get_sex_display(),
        number,
        card,
        addresses.home_on(person, row.hamlet, row.since),
        codes.label("ethnic_groups", row.ethnicity, on),
        codes.label("occupations", row.occupation, on),
    )


def _month_a(form: FollowUp) -> tuple[str, ...]:
    """Both pressures and the code of the target."""
    figures = (form.systolic, form.diastolic)
    return (*("" if each is None else f"{each:.0f}" for each in figures), str(form.target))


def _month_b(form: FollowUp) -> tuple[str, ...]:
    """Glucose with one decimal and the code of the target."""
    return ("" if form.glucose is None else f"{form.glucose:.1f}".replace(".", ","), str(form.target))


def _medicines(visit_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """What was prescribed at each visit, in the order of the slip. Unscoped: see `entries`."""
    lines = PrescriptionLine.unscoped.filter(prescription__visit__in=list(visit_ids)).order_by("position")
    found: dict[UUID, list[str]] = {}
    for visit_id, name, strength in lines.values_list("prescription__visit", "drug_name", "strength"):
        found.setdefault(visit_id, []).append(f"{name} {strength}".strip())
    return found


def _numbers(people: Iterable[UUID]) -> dict[UUID, str]:
    """The citizen numbers; of several the one that came last. Unscoped: see `entries`."""
    rows = Identifier.unscoped.filter(person_id__in=people, kind="cccd").order_by("created_at")
    return dict(rows.values_list("person_id", "value"))


def _cards(people: Iterable[UUID], on: dt.date) -> dict[UUID, str]:
    """The insurance cards that held on that day. Unscoped: see `entries`."""
    rows = InsuranceCard.unscoped.filter(
        Q(valid_from=None) | Q(valid_from__lte=on), Q(valid_to=None) | Q(valid_to__gte=on), person__in=people
    )
    return dict(rows.order_by("valid_from").values_list("person_id", "number"))


def _places(enrolments: Sequence[Enrolment], forms: dict[UUID, dict[int, FollowUp]]) -> list[Facility]:
    """Where they are followed and were seen. One query."""
    ids = {row.facility_id for row in enrolments}
    ids |= {form.point_id or form.facility_id for months in forms.values() for form in months.values()}
    return list(Facility.objects.filter(pk__in=ids))


def hamlets(scope: Scope) -> list[tuple[UUID, str]]:
    """The hamlets by which a book is divided."""
    return [(row.pk, row.name) for row in hamlets_of(scope.facility_ids, timezone.localdate())]


def _enrolment(pk: UUID) -> str:
    return reverse("care:enrolment", args=[pk])


def _book(key: str, code: str, title: str, programme: Programme, widths: tuple[int, ...]) -> Register:
    return Register(
        key=f"ncd.{key}",
        code=code,
        title=title,
        section="ncd",
        columns=COLUMNS,
        widths=WIDTHS,
        months=MONTH_COLUMNS[programme],
        month_widths=widths,
        dates={"since": Dates("since", ("person__sort_key", "id"), "Quản lý")},
        rows=partial(rows, programme),
        entries=partial(entries, programme),
        url=f"ncd:{key}",
        link=_enrolment,
        filters=(Filter(HAMLET, "Thôn, tổ", hamlets),),
        lead="Sổ lập từ phiếu theo dõi của lượt khám đã hoàn tất, lần cuối mỗi tháng; mục tiêu: 0 không đạt, "
        "1 đạt, 2 chưa đánh giá.",
        most_printed=MOST_PRINTED,
    )


A = _book(
    "book_a",
    "97-II-01A",
    "Sổ theo dõi người bệnh tăng huyết áp",
    Programme.HYPERTENSION,
    (20, 11, 20, 8, 8, 8, 40),
)
B = _book(
    "book_b",
    "97-II-01B",
    "Sổ theo dõi người bệnh đái tháo đường",
    Programme.DIABETES,
    (20, 11, 20, 8, 8, 40),
)

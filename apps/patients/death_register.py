"""Register A6 (sổ theo dõi nguyên nhân tử vong, TT 23/2025/TT-BYT): 18 columns in their order, by date of
death or of entry.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.catalogues import codes
from apps.core import words
from apps.core.scope import Scope
from apps.core.words import date_words
from apps.facilities import asof
from apps.facilities.letterheads import former_stations
from apps.facilities.models import Facility
from apps.facilities.queries import hamlets_in
from apps.facilities.registers import Asked, Dates, Entry, Filter, Register
from apps.patients import addresses
from apps.patients.death_forms import UNIT_WORDS
from apps.patients.models import Death, DeathCause, DeathState, Identifier, IdentifierKind

HIDDEN = "Thông tin hạn chế"

COLUMNS = (
    "STT",
    "Họ và tên",
    "Ngày sinh (tuổi)",
    "Giới",
    "Số định danh",
    "Địa chỉ thường trú",
    "Dân tộc",
    "Nghề nghiệp",
    "Ngày ghi sổ",
    "Ngày tử vong",
    "Nơi tử vong",
    "Nguyên nhân chính",
    "Mã ICD-10",
    "Chuỗi nguyên nhân (Ia-Id, II)",
    "Được chăm sóc y tế trước khi chết",
    "Cán bộ y tế xác nhận/được cấp giấy báo tử",
    "Tử vong mẹ (mang thai, đẻ, 42 ngày)",
    "Ghi chú",
)
# Characters of each column of a workbook.
WIDTHS = (7, 26, 24, 8, 32, 34, 10, 22, 24, 24, 22, 28, 12, 50, 12, 32, 14, 24)
MATERNAL_WORDS = {
    "pregnant": "mang thai",
    "delivery": "đẻ",
    "within42": "42 ngày",
    "late": "43 ngày–1 năm",
    "unknown": "không rõ",
}
HAMLET, BOOK = "thon", "so"


def rows(scope: Scope, asked: Asked) -> QuerySet[Death]:
    """The deaths of the scope's stations, those taken back left out; of one hamlet, of one station's book."""
    found = (
        Death.visible(scope)
        .exclude(state=DeathState.ENTERED_IN_ERROR)
        .select_related(
            "person__hamlet__commune__parent__parent",
            "person__permanent_unit",
            "hamlet__commune__parent__parent",
        )
        .defer("person__tokens", "person__search")
        .prefetch_related(Prefetch("causes", queryset=DeathCause.visible(scope).order_by("line", "position")))
    )
    if not scope.everything:
        found = found.filter(facility_id__in=scope.facility_ids)
    if station := asked.picked.get(BOOK):  # one of the stations that have come under this one
        found = found.filter(facility_id=station)
    hamlet = asked.picked.get(HAMLET)
    return found.filter(hamlet_id__in=asof.with_former(hamlet)) if hamlet else found


def entries(scope: Scope, deaths: Sequence[Death]) -> list[Entry]:
    """The cells of these deaths. One query beside theirs: the numbers of their people."""
    numbers = _numbers(scope, [death.person_id for death in deaths])
    return [
        Entry(death.pk, death.person_id, _cells(death, numbers.get(death.person_id, ""))) for death in deaths
    ]


def _numbers(scope: Scope, person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The present national number of each, or the old one of those who have no other."""
    kinds: list[str] = [IdentifierKind.CMND, IdentifierKind.CCCD]
    rows = Identifier.visible(scope).filter(person_id__in=person_ids, kind__in=kinds, valid_to__isnull=True)
    found = sorted(rows.values_list("kind", "person_id", "value"), key=lambda row: kinds.index(row[0]))
    return {person_id: value for _, person_id, value in found}


def _cells(death: Death, citizen: str) -> tuple[str, ...]:
    person, causes = death.person, list(death.causes.all())
    hidden = death.restricted and not causes
    main = next((cause for cause in causes if cause.underlying), None)
    age = words.age_words(person.birth_date, death.died_on, person.birth_precision)
    where = ": ".join(filter(None, [death.get_place_display(), death.place_text]))
    time = f" {death.died_time:%H:%M}" if death.died_time else ""
    return (
        person.full_name,
        f"{person.birth_words} ({age or 'không rõ tuổi'})",
        person.get_sex_display(),
        citizen,
        _address(death),
        codes.label("ethnic_groups", death.ethnicity, death.died_on),
        codes.label("occupations", death.occupation, death.died_on),
        date_words(death.entered_on),
        date_words(death.died_on) + time,
        where,
        HIDDEN if hidden else cause_words(main),
        "" if hidden or main is None else main.icd_code,
        HIDDEN if hidden else chain_words(causes),
        death.get_attended_display() if death.attended else "",
        certified_words(death),
        "" if hidden else MATERNAL_WORDS.get(death.maternal, ""),
        "" if hidden else note_words(death),
    )


def _address(death: Death) -> str:
    """Where she lived for good: the permanent address, else her home, by the names of the day of death."""
    person, on = death.person, death.died_on
    return addresses.permanent(person, on) or addresses.home_on(person, death.hamlet, on)


def cause_words(cause: DeathCause | None) -> str:
    """A cause as it was written, else as the catalogue calls it."""
    return (cause.text or cause.icd_name or cause.icd_code) if cause else ""


def interval_words(cause: DeathCause) -> str:
    """'3 ngày'; empty when it is not known."""
    return "" if cause.value is None else f"{cause.value} {UNIT_WORDS.get(cause.unit, '')}".strip()


def chain_words(causes: Sequence[DeathCause]) -> str:
    """'Ia. Suy hô hấp (J96.0, 2 ngày); Ib. Viêm phổi (J18.9, 1 tuần); II. Tăng huyết áp (I10)'."""
    told = []
    for cause in causes:
        beside = ", ".join(filter(None, [cause.icd_code, interval_words(cause)]))
        told.append(f"{cause.get_line_display()}. {cause_words(cause)}{f' ({beside})' if beside else ''}")
    return "; ".join(told)


def certified_words(death: Death) -> str:
    paper_no = f"giấy báo tử số {death.certificate_no}" if death.certificate_no else ""
    if death.certificate_on:
        paper_no = f"{paper_no or 'giấy báo tử'} ngày {date_words(death.certificate_on)}"
    return "; ".join(filter(None, [death.certified_by, paper_no]))


def note_words(death: Death) -> str:
    injury = codes.label("injury_cause", death.injury_cause) if death.injury_cause else ""
    return "; ".join(filter(None, [injury, death.note]))


def hamlets(scope: Scope) -> list[tuple[UUID, str]]:
    return [(hamlet.pk, hamlet.name) for hamlet in hamlets_in(scope, timezone.localdate())]


def books(scope: Scope) -> list[tuple[UUID, str]]:
    """The books that stand in this register, where stations have come under this one. One query, else two."""
    former = former_stations(scope)
    if not former or scope.workplace_id is None:
        return []
    own = Facility.objects.filter(pk=scope.workplace_id).values_list("pk", "name")
    return [*own, *former]


def place(scope: Scope, asked: Asked) -> dict[str, Any]:
    """The station whose book it is, else the hamlet that it was narrowed to."""
    if (station := asked.picked.get(BOOK)) in scope.facility_ids:
        return {"facility": Facility.objects.select_related("unit").get(pk=station)}
    wanted = asked.picked.get(HAMLET)
    here = hamlets_in(scope, timezone.localdate()) if wanted else []
    return {"hamlet": next((hamlet for hamlet in here if hamlet.pk == wanted), None)}


def _death(pk: UUID) -> str:
    return reverse("patients:death", args=[pk])


A6 = Register(
    key="deaths.a6",
    code="A6",
    title="Sổ theo dõi nguyên nhân tử vong",
    section="deaths",
    columns=COLUMNS,
    widths=WIDTHS,
    dates={
        "died": Dates("died_on", ("died_on", "id"), "Tử vong"),
        "entered": Dates("entered_on", ("entered_on", "id"), "Ghi sổ"),
    },
    rows=rows,
    entries=entries,
    url="patients:deaths",
    link=_death,
    filters=(Filter(HAMLET, "Thôn, tổ", hamlets), Filter(BOOK, "Sổ của", books)),
    place=place,
    lead="Muốn ghi tử vong, tìm người rồi mở hồ sơ.",
)

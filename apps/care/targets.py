"""Lists of target groups at any date, and of the free yearly check.

The groups are those of registry.target_groups: ages stand here; what a household or a status makes of people
is registered by the rooms that keep it.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Case, Count, Exists, OuterRef, Q, QuerySet, Value, When

from apps.care.ages import Ages, born, first_of
from apps.care.models import Enrolment, EnrolmentState
from apps.catalogues import codes
from apps.core import parameters, registry, words
from apps.core.paging import Page, keyset
from apps.core.registry import ExportKind, ExportSheet, TargetGroup
from apps.core.scope import Scope, current
from apps.facilities.models import Hamlet
from apps.patients.models import Closing, Person
from apps.patients.models.closing import ClosingKind

PAGE = 50
PRINTED = 1_000  # a list of more is printed hamlet by hamlet
CHRONIC, FREE = "targets.chronic", "targets.free_check"  # parameters: programmes; keys of groups
FREE_KEY = "free_check"
SCREEN = "targets.list"
DAY = dt.timedelta(days=1)


# --- the conditions of an age


def q_of(ages: Ages, on: dt.date) -> Q:
    """Who is, or may be, of these ages on that day."""
    group = born(ages, on)
    may = Q(birth_date__lte=group.upto)
    if group.after is not None:
        first = group.after + DAY
        may &= (
            Q(birth_precision="day", birth_date__gte=first)
            | Q(birth_precision="month", birth_date__gte=first_of("month", first))
            | Q(birth_precision="year", birth_date__gte=first_of("year", first))
        )
    return may


def sure_of(ages: Ages, on: dt.date) -> Q:
    """Who surely is: the first and the last day on which she may have been born both belong."""
    group = born(ages, on)
    sure = Q(birth_date__lte=group.upto)
    if group.after is not None:
        sure &= Q(birth_date__gt=group.after)
    if group.upto < on:  # nobody is born after the day itself
        first = group.upto + DAY
        sure &= (
            Q(birth_precision="day")
            | Q(birth_precision="month", birth_date__lt=first_of("month", first))
            | Q(birth_precision="year", birth_date__lt=first_of("year", first))
        )
    return sure


def by_age(key: str, title: str, ages: Ages, order: int, *, sex: str = "", note: str = "") -> TargetGroup:
    """A group by age, and by sex where it is for one."""
    of_sex = Q(sex=sex) if sex else Q()
    return TargetGroup(
        key,
        title,
        lambda on: q_of(ages, on) & of_sex,
        lambda on: sure_of(ages, on) & of_sex,
        note=note,
        order=order,
    )


AGE_GROUPS = (
    by_age("under_1", "Trẻ dưới 1 tuổi", Ages(0, 12), 10),
    by_age("under_2", "Trẻ dưới 2 tuổi", Ages(0, 24), 11),
    by_age("under_5", "Trẻ dưới 5 tuổi", Ages(0, 60), 12),
    by_age("months_6_59", "Trẻ 6 đến 59 tháng", Ages(6, 60), 13),
    by_age("under_6", "Trẻ dưới 6 tuổi", Ages(0, 72), 14),
    by_age("under_16", "Trẻ dưới 16 tuổi", Ages(0, 16 * 12), 15),
    by_age("women_15_49", "Phụ nữ 15 đến 49 tuổi", Ages.years(15, 49), 20, sex="female"),
    by_age("from_60", "Người từ 60 tuổi", Ages.years(60), 30),
    by_age("from_80", "Người từ 80 tuổi", Ages.years(80), 31),
)


def chronic(on: dt.date) -> Q:
    """Who was followed that day in a programme of chronic disease. Restricted programmes never count here."""
    followed = Enrolment.unscoped.filter(  # unscoped: a condition on people who are scoped themselves
        Q(until__isnull=True) | Q(until__gte=on),
        person_id=OuterRef("pk"),
        programme__in=parameters.value(CHRONIC, on=on),
        since__lte=on,
        restricted=False,
    ).exclude(state=EnrolmentState.ENTERED_IN_ERROR)
    return Q(Exists(followed))


def free_parts(on: dt.date) -> list[TargetGroup]:
    """The groups whose people are checked free of charge once a year, as far as rooms keep them."""
    found = [registry.target_groups.get(key) for key in parameters.value(FREE, on=on)]
    return [group for group in found if group is not None]


def free_check(on: dt.date) -> Q:
    """Whoever belongs, or may belong, to one of them."""
    return _any(group.q(on) for group in free_parts(on))


def free_check_sure(on: dt.date) -> Q:
    """Whoever surely belongs to one."""
    return _any((group.sure or group.q)(on) for group in free_parts(on))


def _any(conditions: Iterator[Q]) -> Q:
    found = Q(pk__in=())
    for condition in conditions:
        found |= condition
    return found


# --- the lists


@dataclass(frozen=True)
class Choice:
    """What is asked for: a group on a day, of a hamlet, a sex, an ethnic group."""

    group: TargetGroup
    on: dt.date
    hamlet_id: UUID | None = None
    sex: str = ""
    ethnicity: str = ""

    @property
    def args(self) -> dict[str, str]:
        """As an export keeps it: ids and options."""
        return {
            "group": self.group.key,
            "on": self.on.isoformat(),
            "hamlet": str(self.hamlet_id) if self.hamlet_id else "",
            "sex": self.sex,
            "ethnicity": self.ethnicity,
        }


@dataclass(frozen=True)
class HamletCount:
    """A row of the table by hamlet: `sure` surely belong, `maybe` more perhaps."""

    name: str
    sure: int
    maybe: int
    male: int
    female: int


@dataclass(frozen=True)
class Line:
    """A person of a list, with what kind of doubt there is and, for the free check, why she stands in it."""

    person: Person
    age: str
    maybe: bool
    groups: tuple[str, ...]


def offered(scope: Scope) -> list[TargetGroup]:
    """The groups that a scope may ask for."""
    return [group for group in registry.target_groups if group.right is None or scope.can(group.right)]


def everyone(scope: Scope, on: dt.date) -> QuerySet[Person]:
    """Who lives in the catchment and was, or will be, alive that day, as far as is known now: also who died
    or left after it.
    """
    left_later = Closing.unscoped.filter(  # unscoped: a condition on people who are scoped themselves
        person=OuterRef("pk"), kind=ClosingKind.DEPARTURE, ended_at__isnull=True, on__gt=on
    )
    here = (
        Q(life_status="alive")
        | Q(life_status="dead", died_on__gt=on)
        | Q(Exists(left_later), life_status="moved")
    )
    people = Person.visible(scope).filter(here, merged_into=None, station_id__in=scope.facility_ids)
    return people.defer("tokens", "search")


def _chosen(scope: Scope, choice: Choice) -> QuerySet[Person]:
    rows = everyone(scope, choice.on)
    if choice.hamlet_id:
        rows = rows.filter(hamlet_id=choice.hamlet_id)
    if choice.sex:
        rows = rows.filter(sex=choice.sex)
    if choice.ethnicity:
        rows = rows.filter(ethnicity=choice.ethnicity)
    return rows


def _in_group(scope: Scope, choice: Choice) -> QuerySet[Person]:
    return _chosen(scope, choice).filter(choice.group.q(choice.on))


def _marked(scope: Scope, choice: Choice) -> QuerySet[Person]:
    """The people of a list with `is_sure`, and for the free check a mark for each of its groups."""
    marks = {"is_sure": _mark((choice.group.sure or choice.group.q)(choice.on))}
    if choice.group.key == FREE_KEY:
        marks |= {f"in_{group.key}": _mark(group.q(choice.on)) for group in free_parts(choice.on)}
    return _in_group(scope, choice).select_related("hamlet").annotate(**marks)


def _mark(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def page(scope: Scope, choice: Choice, cursor: str = "") -> Page[Person]:
    """A page of a list by name. One query, besides the parameters of a group."""
    return keyset(_marked(scope, choice), order=("sort_key", "id"), cursor=cursor, size=PAGE)


def printed(scope: Scope, choice: Choice) -> list[Person]:
    """The whole list for the paper, by hamlet and name."""
    rows = _marked(scope, choice).order_by("hamlet__sort_order", "hamlet__name", "sort_key", "id")
    return list(rows[: PRINTED + 1])


def lines(choice: Choice, people: Sequence[Person]) -> list[Line]:
    """People as lines. No query, besides the parameters of the free check."""
    parts = free_parts(choice.on) if choice.group.key == FREE_KEY else []
    return [_line(choice, parts, person) for person in people]


def _line(choice: Choice, parts: Sequence[TargetGroup], person: Any) -> Line:
    age = words.age_words(person.birth_date, choice.on, person.birth_precision) or "không rõ tuổi"
    groups = tuple(group.title for group in parts if getattr(person, f"in_{group.key}"))
    return Line(person, age, not person.is_sure, groups)


def by_hamlet(scope: Scope, choice: Choice) -> list[HamletCount]:
    """How many of a list live in each hamlet. One query."""
    rows = (
        _marked(scope, choice)
        .order_by()
        .values("hamlet_id", "hamlet__name", "hamlet__sort_order")
        .annotate(
            sure=Count("pk", filter=Q(is_sure=True)),
            maybe=Count("pk", filter=Q(is_sure=False)),
            male=Count("pk", filter=Q(sex="male")),
            female=Count("pk", filter=Q(sex="female")),
        )
        .order_by("hamlet__sort_order", "hamlet__name")
    )
    return [
        HamletCount(
            row["hamlet__name"] or "Ngoài địa bàn", row["sure"], row["maybe"], row["male"], row["female"]
        )
        for row in rows
    ]


def without_birth(scope: Scope, choice: Choice) -> int:
    """How many have no birth date, so that no list by age can hold them. One query."""
    return _chosen(scope, choice).filter(birth_date=None).count()


def overview(scope: Scope, on: dt.date) -> list[tuple[TargetGroup, int, int]]:
    """Each group with how many surely and how many perhaps belong. One query, besides the parameters."""
    groups = offered(scope)
    counts: dict[str, Any] = {}
    for group in groups:
        counts[f"all_{group.key}"] = Count("pk", filter=group.q(on))
        counts[f"sure_{group.key}"] = Count("pk", filter=(group.sure or group.q)(on))
    found = everyone(scope, on).aggregate(**counts)
    return [
        (group, found[f"sure_{group.key}"], found[f"all_{group.key}"] - found[f"sure_{group.key}"])
        for group in groups
    ]


# --- the guarded file

HEADINGS = (
    "Mã người",
    "Họ và tên",
    "Ngày sinh",
    "Tuổi",
    "Giới tính",
    "Dân tộc",
    "Thôn, tổ",
    "Địa chỉ",
    "Điện thoại",
    "Ghi chú",
)
AT_ONCE = 1_000


def choice_of(args: Mapping[str, Any], scope: Scope) -> Choice | None:
    """The choice of an export's args; None where the group is not offered to the scope any more."""
    group = next((group for group in offered(scope) if group.key == args.get("group")), None)
    if group is None:
        return None
    hamlet = args.get("hamlet") or None
    return Choice(
        group,
        dt.date.fromisoformat(str(args["on"])),
        UUID(str(hamlet)) if hamlet else None,
        str(args.get("sex", "")),
        str(args.get("ethnicity", "")),
    )


def count(args: Mapping[str, Any]) -> int:
    """How many rows a file would have."""
    choice = choice_of(args, current())
    return _in_group(current(), choice).count() if choice else 0


def sheet(args: Mapping[str, Any]) -> ExportSheet:
    """The rows of a file, read a part at a time."""
    choice = choice_of(args, current())
    return ExportSheet(HEADINGS, _cells(choice) if choice else iter(()), {1: 12, 2: 28, 7: 18, 8: 28, 10: 40})


def _cells(choice: Choice) -> Iterator[tuple[UUID, Sequence[str]]]:
    parts = free_parts(choice.on) if choice.group.key == FREE_KEY else []
    rows = _marked(current(), choice).order_by("hamlet__sort_order", "hamlet__name", "sort_key", "id")
    for person in rows.iterator(chunk_size=AT_ONCE):
        line = _line(choice, parts, person)
        doubt = ["chưa rõ ngày sinh nên chưa chắc"] if line.maybe else []
        yield (
            person.pk,
            (
                person.code,
                person.full_name,
                person.birth_words,
                line.age,
                person.get_sex_display(),
                codes.label("ethnic_groups", person.ethnicity),
                person.hamlet.name if person.hamlet else "",
                person.address_text,
                words.phone_words(person.phone),
                "; ".join([*line.groups, *doubt]),
            ),
        )


EXPORT = ExportKind(
    "targets.list",
    "Danh sách đối tượng",
    ("targets.export", "people.export"),
    "targets.export",
    "danh-sach-doi-tuong",
    count,
    sheet,
)


def title_of(choice: Choice, hamlet: Hamlet | None) -> str:
    """'Trẻ dưới 1 tuổi ngày 01/06/2026, Thôn Làng Teng', for papers and the list of files."""
    return ", ".join(
        filter(None, (f"{choice.group.title} ngày {choice.on:%d/%m/%Y}", hamlet.name if hamlet else ""))
    )

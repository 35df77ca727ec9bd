"""Poor, near poor, merit, social protection, disability: given from a day, ended on a day, withdrawn when
they were a mistake. And how a family lives, looked at on a day.
"""

import datetime as dt
from dataclasses import asdict, dataclass, fields

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.catalogues import codes
from apps.core import audit, dated
from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.core.words import date_words
from apps.households.families import check_open
from apps.households.ledger import check_day
from apps.households.models import (
    CATEGORIES,
    EventState,
    Household,
    HouseholdStatus,
    LivingSurvey,
    PersonStatus,
    Poverty,
    StatusKind,
)
from apps.patients.models import Person

LISTS = {
    "water": "water_source",
    "latrine": "latrine_type",
    "waste": "waste_disposal",
    "stove": "stove_type",
    "livestock": "livestock_keeping",
}


@dataclass(frozen=True)
class Conditions:
    """How a family lives; '' and None for what was not looked at."""

    water: str = ""
    latrine: str = ""
    latrine_hygienic: bool | None = None
    waste: str = ""
    stove: str = ""
    livestock: str = ""
    note: str = ""


# --- the household


@transaction.atomic
def household_status_put(
    *,
    household: Household,
    poverty: str,
    since: dt.date | None,
    until: dt.date | None = None,
    document: str = "",
) -> HouseholdStatus | None:
    """Poor or near poor from that day (None: always has been); '' ends what is open the day before.

    Raises Refused where a day would be told twice.
    """
    current().require("households.edit")
    check_open(household)
    if poverty not in Poverty.values:
        raise Refused("Diện hộ không hợp lệ.", field="poverty")
    _check_span(since, until)
    dated.lock(household)
    rows = HouseholdStatus.objects.filter(household=household, state=EventState.FINAL)
    _keep_what_was_entered(household, since)
    _end_open(rows, since)
    new = None
    if poverty:
        new = HouseholdStatus(
            household=household,
            poverty=poverty,
            valid_from=since,
            valid_to=until,
            document=_document(document),
            **_by(),
        )
        _refuse_overlap(rows, new)
        new.save(force_insert=True)
    _refresh(household)
    _audit("household.status_put", household)
    return new


def poverty_on(day: dt.date, household: str = "pk") -> Coalesce:
    """The poverty of a household on that day, for a query of rows that point to one by `household`.

    A household without any dated row has always been what it was entered as.
    """
    rows = (
        HouseholdStatus.unscoped.filter(  # of a household that the query itself has taken through the scope
            household=OuterRef(household), state=EventState.FINAL
        )
    )
    of_day = rows.filter(
        Q(valid_from__isnull=True) | Q(valid_from__lte=day), Q(valid_to__isnull=True) | Q(valid_to__gte=day)
    ).order_by("-valid_from")
    entered = "poverty" if household == "pk" else f"{household}__poverty"
    told = rows.annotate(nothing=Value("")).values("nothing")[:1]
    return Coalesce(Subquery(of_day.values("poverty")[:1]), Subquery(told), F(entered))


def statuses_of_the_day(day: dt.date) -> str:
    """What begins or ends by its date becomes the household's present word. Run nightly."""
    # unscoped: the night's work of the whole installation.
    rows = HouseholdStatus.unscoped.filter(household=OuterRef("pk"))
    households = (
        Household.unscoped.filter(Exists(rows)).annotate(now=poverty_on(day)).exclude(poverty=F("now"))
    )
    changed = 0
    for household in households:
        # unscoped: as above
        changed += Household.unscoped.filter(pk=household.pk).update(
            poverty=household.now,
            version=F("version") + 1,
            updated_at=timezone.now(),
        )
    return f"{changed} hộ có diện bắt đầu hoặc kết thúc."


# --- a person


@transaction.atomic
def person_status_put(
    *,
    person: Person,
    kind: str,
    category: str,
    since: dt.date | None,
    until: dt.date | None = None,
    degree: str = "",
    document: str = "",
) -> PersonStatus:
    """Merit, social protection or disability from that day. Raises Refused."""
    scope = current()
    scope.require("people.edit")
    if not scope.reaches(person.station_id):
        raise Refused("Người này thuộc địa bàn trạm khác; chỉ trạm đó sửa được hồ sơ.", field="member")
    if kind not in StatusKind.values:
        raise Refused("Hãy chọn diện.", field="kind")
    if not codes.exists(CATEGORIES[StatusKind(kind)], category):
        raise Refused("Hãy chọn đối tượng hoặc dạng của diện này.", field="category")
    if degree and (kind != StatusKind.DISABILITY or not codes.exists("disability_degree", degree)):
        raise Refused("Chỉ khuyết tật mới có mức độ.", field="degree")
    _check_span(since, until)
    if since and person.birth_date and since < person.birth_date:
        raise Refused(f"Ngày {date_words(since)} trước ngày sinh của {person.full_name}.", field="since")
    dated.lock(person)
    rows = PersonStatus.objects.filter(person=person, kind=kind, category=category, state=EventState.FINAL)
    _end_open(rows, since)
    new = PersonStatus(
        person=person,
        kind=kind,
        category=category,
        degree=degree,
        valid_from=since,
        valid_to=until,
        document=_document(document),
        **_by(),
    )
    _refuse_overlap(rows, new)
    new.save(force_insert=True)
    audit.record(
        "person.status_put",
        person_id=person.pk,
        object_id=new.pk,
        facility_id=person.station_id,
        data={},
    )
    return new


# --- both


@transaction.atomic
def status_end(
    *, row: HouseholdStatus | PersonStatus, last: dt.date, expected_version: int
) -> HouseholdStatus | PersonStatus:
    """That day is the last of it. Raises Refused, StaleVersion."""
    current().require("households.edit")
    if row.state != EventState.FINAL:
        raise Refused("Dòng này đã được ghi là nhập nhầm.", field="last")
    if row.valid_from and last < row.valid_from:
        raise Refused(f"Ngày cuối phải từ ngày {date_words(row.valid_from)} trở đi.", field="last")
    parent = _parent(row)
    dated.lock(parent)
    others = type(row).objects.filter(state=EventState.FINAL).exclude(pk=row.pk)
    if isinstance(row, HouseholdStatus):
        others = others.filter(household=row.household)
    else:
        others = others.filter(person=row.person, kind=row.kind, category=row.category)
    row.valid_to = last
    _refuse_overlap(others, row, field="last")
    save_versioned(row, expected=expected_version)
    _told(row, "status_ended")
    return row


@transaction.atomic
def status_withdraw(
    *, row: HouseholdStatus | PersonStatus, reason: str, expected_version: int
) -> HouseholdStatus | PersonStatus:
    """It was entered in error: it never held, and stays to be read. Raises Refused, StaleVersion."""
    current().require("households.edit")
    row.error_reason = _reason(row.state, reason)
    row.state = EventState.ENTERED_IN_ERROR
    dated.lock(_parent(row))
    save_versioned(row, expected=expected_version)
    _told(row, "status_withdrawn")
    return row


# --- how they live


@transaction.atomic
def survey_put(*, household: Household, on: dt.date, conditions: Conditions) -> LivingSurvey:
    """What was seen on that day. Raises Refused for a second survey of one day, or one of nothing."""
    current().require("households.edit")
    check_open(household)
    check_day(on)
    for name, catalogue in LISTS.items():
        code = getattr(conditions, name)
        if code and not codes.exists(catalogue, code):
            raise Refused("Mục này không có trong danh mục.", field=name)
    note = clean(conditions.note)
    if len(note) > 300:
        raise Refused("Ghi chú dài quá 300 chữ.", field="note")
    if not any(getattr(conditions, each.name) not in ("", None) for each in fields(conditions)):
        raise Refused("Hãy ghi ít nhất một mục.", field="water")
    if conditions.latrine == "0" and conditions.latrine_hygienic:
        raise Refused("Không có nhà tiêu thì không thể hợp vệ sinh.", field="latrine_hygienic")
    dated.lock(household)
    if LivingSurvey.objects.filter(household=household, on=on, state=EventState.FINAL).exists():
        raise Refused(
            f"Ngày {date_words(on)} đã có phiếu. Nếu phiếu đó ghi nhầm, hãy rút lại trước.", field="on"
        )
    survey = LivingSurvey(household=household, on=on, **(asdict(conditions) | {"note": note}), **_by())
    survey.save(force_insert=True)
    _audit("household.surveyed", household)
    return survey


@transaction.atomic
def survey_withdraw(*, survey: LivingSurvey, reason: str, expected_version: int) -> LivingSurvey:
    current().require("households.edit")
    survey.error_reason = _reason(survey.state, reason)
    survey.state = EventState.ENTERED_IN_ERROR
    save_versioned(survey, expected=expected_version)
    _audit("household.survey_withdrawn", survey.household)
    return survey


# --- small steps


def _by() -> dict[str, object]:
    scope = current()
    return {"recorded_by": scope.user_id, "recorded_by_name": scope.shown_name[:150]}


def _reason(state: str, reason: str) -> str:
    reason = clean(reason)
    if state != EventState.FINAL:
        raise Refused("Dòng này đã được ghi là nhập nhầm.", field="reason")
    if not reason:
        raise Refused("Hãy ghi vì sao là nhập nhầm.", field="reason")
    if len(reason) > 300:
        raise Refused("Lý do dài quá 300 chữ.", field="reason")
    return reason


def _keep_what_was_entered(household: Household, since: dt.date | None) -> None:
    """The word that a household was entered with becomes its first row, so that earlier days keep it."""
    if since and household.poverty and not HouseholdStatus.objects.filter(household=household).exists():
        HouseholdStatus(household=household, poverty=household.poverty).save(force_insert=True)


def _document(text: str) -> str:
    text = clean(text)
    if len(text) > 100:
        raise Refused("Số quyết định dài quá 100 chữ.", field="document")
    return text


def _check_span(since: dt.date | None, until: dt.date | None) -> None:
    """A decision may begin in the new year; one of the last century is a slip of the pen."""
    if since and not dt.date(1945, 1, 1) <= since <= timezone.localdate() + dt.timedelta(days=366):
        raise Refused(f"Ngày {date_words(since)} quá xa, hãy xem lại năm.", field="since")
    if since and until and until < since:
        raise Refused("Ngày cuối phải từ ngày bắt đầu trở đi.", field="until")


def _end_open(rows, since: dt.date | None) -> None:  # type: ignore[no-untyped-def]
    """What is open and began before ends the day before."""
    for row in rows.filter(valid_to__isnull=True):
        if since is not None and (row.valid_from is None or row.valid_from < since):
            row.valid_to = since - dt.timedelta(days=1)
            save_versioned(row, expected=row.version)


def _refuse_overlap(rows, new: HouseholdStatus | PersonStatus, *, field: str = "since") -> None:  # type: ignore[no-untyped-def]
    for row in dated.overlaps(rows.exclude(pk=new.pk), new.valid_from, new.valid_to):
        span = f"từ {date_words(row.valid_from) or 'trước'} đến {date_words(row.valid_to) or 'nay'}"
        raise Refused(f"Trùng ngày với “{row}” {span}. Hãy kết thúc hoặc rút lại dòng đó trước.", field=field)


def _parent(row: HouseholdStatus | PersonStatus) -> Household | Person:
    return row.household if isinstance(row, HouseholdStatus) else row.person


def _told(row: HouseholdStatus | PersonStatus, what: str) -> None:
    if isinstance(row, HouseholdStatus):
        _refresh(row.household)
        _audit(f"household.{what}", row.household)
    else:
        audit.record(
            f"person.{what}",
            person_id=row.person_id,
            object_id=row.pk,
            facility_id=row.person.station_id,
            data={},
        )


def _refresh(household: Household) -> None:
    """The present word of the household follows its rows."""
    # unscoped: taken through the scope before, and locked.
    now = Household.unscoped.filter(pk=household.pk).annotate(now=poverty_on(timezone.localdate())).get()
    poverty = now.now
    if now.poverty != poverty:
        now.poverty = poverty
        save_versioned(now, expected=now.version)
    household.poverty, household.version = poverty, now.version


def _audit(action: str, household: Household) -> None:
    audit.record(
        action, object_id=household.pk, facility_id=household.station_id, data={"code": household.code}
    )

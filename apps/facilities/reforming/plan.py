"""The plan of a reform: made with proposals, decided hamlet by hamlet, put before a second person."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import Role
from apps.core import approvals, audit
from apps.core.errors import Refused
from apps.core.models import PendingChange
from apps.core.scope import Scope, current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.facilities import books, queries
from apps.facilities.models import (
    CHANGEABLE,
    Becomes,
    Facility,
    FacilityKind,
    Reform,
    ReformHamlet,
    ReformPost,
    ReformState,
    ReformStation,
)
from apps.facilities.reforming import checks, proposals

CHANGE = "reform"  # the ChangeKind
MOST_STATIONS = 30  # of one arrangement; a whole province is many of them


@dataclass(frozen=True)
class Decisions:
    """What the plan's page says. Ids of the plan's own rows; a row that is not named stays as it is."""

    on: dt.date
    legal_ref: str
    names: Mapping[UUID, str] = field(default_factory=dict)  # ReformStation -> its name from then on
    becomes: Mapping[UUID, str] = field(default_factory=dict)
    successors: Mapping[UUID, UUID] = field(default_factory=dict)  # ReformStation -> Facility
    hamlets: Mapping[UUID, UUID] = field(default_factory=dict)  # ReformHamlet -> Facility
    posts: Mapping[UUID, tuple[UUID, UUID | None]] = field(default_factory=dict)  # Facility, Role
    books: Mapping[UUID, bool] = field(default_factory=dict)  # ReformStation -> whether it keeps its own


def planner() -> Scope:
    """The scope in force, of whoever may arrange stations: the province, nobody below."""
    scope = current()
    scope.require("facilities.edit")
    if scope.level not in ("province", "system"):
        raise PermissionDenied("reform")
    return scope


def stations_of(scope: Scope, on: dt.date) -> QuerySet[Facility]:
    """The stations that may take part: of the province, not ended before that day, new ones too."""
    rows = queries.administered_facilities(scope).filter(kind=FacilityKind.STATION)
    rows = rows.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on))
    return rows.select_related("unit__parent").order_by("sort_key", "pk")


def visible(scope: Scope) -> QuerySet[Reform]:
    """The reforms that this province has made, newest first."""
    rows = Reform.objects.order_by("-created_at")
    if scope.everything or scope.level == "system":
        return rows
    return rows.filter(office__in=scope.facility_ids)


@transaction.atomic
def reform_create(
    *, on: dt.date, legal_ref: str, former: Sequence[Facility], successors: Sequence[Facility]
) -> Reform:
    """A plan in which every station and hamlet has its proposal. Raises Refused."""
    scope = planner()
    legal_ref = clean(legal_ref)[:200]
    allowed = set(stations_of(scope, on).values_list("pk", flat=True))
    if not {facility.pk for facility in (*former, *successors)} <= allowed:
        raise PermissionDenied("station")
    if not former or not successors:
        raise Refused("Chọn ít nhất một trạm trước sắp xếp và một trạm mới.", field="former")
    if len(former) + len(successors) > MOST_STATIONS:
        raise Refused(f"Mỗi phương án tối đa {MOST_STATIONS} trạm; hãy chia thành nhiều phương án.")
    if {facility.pk for facility in former} == {facility.pk for facility in successors}:
        raise Refused(
            "Chưa có gì thay đổi: chọn thêm trạm được sắp xếp, hoặc thêm trạm mới nhận thôn, tổ.",
            field="former",
        )
    if not legal_ref:
        raise Refused("Ghi căn cứ: số nghị quyết hoặc quyết định.", field="legal_ref")
    office = Facility.objects.filter(pk__in=[scope.workplace_id]).first() or successors[0]
    reform = Reform.objects.create(
        on=on,
        legal_ref=legal_ref,
        title=_title(former, successors),
        office=office,
        made_by=scope.user_id,
        made_by_name=scope.shown_name,
    )
    _stations(reform, former, successors)
    _hamlets(reform, former, successors)
    _posts(reform)
    audit.record("reform.planned", object_id=reform.pk, facility_id=office.pk, data={"title": reform.title})
    return reform


def _title(former: Sequence[Facility], successors: Sequence[Facility]) -> str:
    ending = [each.name for each in former if each not in successors] or [each.name for each in former]
    return f"{', '.join(ending)} → {', '.join(each.name for each in successors)}"[:300]


def _stations(reform: Reform, former: Sequence[Facility], successors: Sequence[Facility]) -> None:
    proposed = proposals.of_unit({each.unit_id for each in former}, successors, reform.on)
    rows = []
    for facility in dict.fromkeys([*former, *successors]):
        if facility in successors:
            becomes, successor, unit = Becomes.GOES_ON, facility, facility.unit
            name = facility.name
        else:
            becomes, name = Becomes.POINT, proposals.point_name(facility.name)
            successor = proposed[facility.unit_id].station or successors[0]
            unit = successor.unit
        rows.append(
            ReformStation(
                reform=reform,
                facility=facility,
                successor=successor,
                becomes=becomes,
                name=name,
                unit=unit,
                was_name=facility.name,
            )
        )
        if becomes == Becomes.POINT and books.kept_by_points(reform.on):
            rows[-1].book_mark = books.free_mark(rows[-1], rows)
    ReformStation.objects.bulk_create(rows)


def _hamlets(reform: Reform, former: Sequence[Facility], successors: Sequence[Facility]) -> None:
    catchments = proposals.open_catchments(former)
    proposed = proposals.of_unit({row.hamlet.commune_id for row in catchments}, successors, reform.on)
    ReformHamlet.objects.bulk_create(
        ReformHamlet(
            reform=reform,
            hamlet=row.hamlet,
            station=proposed[row.hamlet.commune_id].station,
            doubtful=proposed[row.hamlet.commune_id].doubtful,
        )
        for row in catchments
    )


def _posts(reform: Reform) -> None:
    """Who leads a station that ends is asked about; of a closed one everybody needs a place."""
    ending = {row.facility_id: row for row in reform.stations.exclude(becomes=Becomes.GOES_ON)}
    known = set(reform.posts.values_list("post_id", flat=True))
    facilities = Facility.objects.filter(pk__in=ending)
    for post in proposals.lasting_posts(list(facilities)):
        closed = ending[post.facility_id].becomes == Becomes.CLOSED
        leads = proposals.must_be_decided(post)
        if post.pk not in known and (leads or closed):
            place = ending[post.facility_id].successor if closed else post.facility
            ReformPost.objects.create(
                reform=reform, post=post, facility=place, role=post.role, decided=not leads
            )


@transaction.atomic
def reform_update(*, reform: Reform, decisions: Decisions, expected_version: int) -> Reform:
    """Keep what the page decided. Raises Refused, StaleVersion; PermissionDenied for no part of it."""
    scope = planner()
    if reform.state not in CHANGEABLE:
        raise Refused("Phương án đã gửi duyệt nên không sửa được nữa.")
    reform.on, reform.legal_ref = decisions.on, clean(decisions.legal_ref)[:200]
    if not reform.legal_ref:
        raise Refused("Ghi căn cứ: số nghị quyết hoặc quyết định.", field="legal_ref")
    stations = {row.pk: row for row in reform.stations.select_related("facility")}
    going_on = {row.facility_id: row for row in stations.values() if row.becomes == Becomes.GOES_ON}
    for row in stations.values():
        if name := clean(decisions.names.get(row.pk, ""))[:200]:
            row.name = name
        if row.becomes == Becomes.GOES_ON:
            row.save()
            continue
        if (becomes := decisions.becomes.get(row.pk)) in (Becomes.POINT, Becomes.CLOSED):
            row.becomes = becomes
        if successor := decisions.successors.get(row.pk):
            if successor not in going_on:
                raise PermissionDenied("successor")
            row.successor_id, row.unit_id = successor, going_on[successor].unit_id
        if row.pk in decisions.books or row.becomes == Becomes.CLOSED:
            own = decisions.books.get(row.pk, False) and row.becomes == Becomes.POINT
            row.book_mark = (row.book_mark or books.free_mark(row, stations.values())) if own else ""
        row.save()
    for hamlet in reform.hamlets.all():
        if chosen := decisions.hamlets.get(hamlet.pk):
            if chosen not in going_on:
                raise PermissionDenied("hamlet")
            hamlet.station_id, hamlet.doubtful = chosen, False
            hamlet.save()
    _decide_posts(reform, decisions, stations)
    _posts(reform)
    save_versioned(reform, expected=expected_version)
    audit.record("reform.changed", object_id=reform.pk, facility_id=scope.workplace_id)
    return reform


def _decide_posts(reform: Reform, decisions: Decisions, stations: Mapping[UUID, ReformStation]) -> None:
    places = {row.facility_id for row in stations.values()}
    for row in reform.posts.all():
        if row.pk not in decisions.posts:
            continue
        facility, role_id = decisions.posts[row.pk]
        if facility not in places:
            raise PermissionDenied("post")
        role = Role.objects.filter(pk=role_id, level="station", is_active=True).first() if role_id else None
        if role_id and role is None:
            raise PermissionDenied("role")
        row.facility_id, row.role, row.decided = facility, role, True
        row.save()


@transaction.atomic
def reform_ask(*, reform: Reform) -> PendingChange:
    """Put the plan before a second person. Raises Refused with the first thing that stands against it."""
    scope = planner()
    if reform.state != ReformState.DRAFT:
        raise Refused("Phương án này đã gửi duyệt.")
    if problems := checks.problems(reform):
        raise Refused(problems[0])
    rows = list(reform.stations.select_related("successor"))
    change = approvals.ask(
        CHANGE,
        object_id=reform.pk,
        facility_id=reform.office_id if scope.reaches(reform.office_id) else None,
        title=f"Sắp xếp trạm từ {reform.on:%d/%m/%Y}: {reform.title}"[:300],
        lines=[
            (row.was_name, row.was_name, _after(row))
            for row in rows
            if row.becomes != Becomes.GOES_ON or row.name != row.was_name
        ]
        + [("Thôn, tổ được giao", "", str(reform.hamlets.count())), ("Căn cứ", "", reform.legal_ref)],
        args={"act": "do"},
    )
    _set(reform, ReformState.ASKED)
    return change


def _after(row: ReformStation) -> str:
    if row.becomes == Becomes.GOES_ON:
        return row.name
    word = "đóng cửa, hồ sơ giao" if row.becomes == Becomes.CLOSED else f"{row.name}, thuộc"
    own = f", giữ sổ số riêng ký hiệu {row.book_mark}" if row.book_mark else ""
    return f"{word} {row.successor.name}{own}"


@transaction.atomic
def reform_reopen(*, reform: Reform) -> Reform:
    """Back to the table: not yet approved, or approved for a day that has not come."""
    scope = planner()
    waiting = approvals.waiting_on(CHANGE, reform.pk)
    if reform.state == ReformState.ASKED:
        for change in waiting:
            if change.asked_by != scope.user_id:
                raise Refused("Phương án đang chờ duyệt; người gửi duyệt rút lại thì mới sửa được.")
            approvals.withdraw(change_id=change.pk)
    elif reform.state != ReformState.SCHEDULED:
        raise Refused("Phương án đã bắt đầu chuyển nên không sửa được nữa.")
    _set(reform, ReformState.DRAFT)
    audit.record("reform.reopened", object_id=reform.pk, facility_id=scope.workplace_id)
    return reform


@transaction.atomic
def reform_drop(*, reform: Reform) -> None:
    """Give a plan up that nobody has approved."""
    scope = planner()
    if reform.state != ReformState.DRAFT:
        raise Refused("Chỉ bỏ được phương án đang lập.")
    _set(reform, ReformState.DROPPED)
    audit.record("reform.dropped", object_id=reform.pk, facility_id=scope.workplace_id)


@transaction.atomic
def undo_ask(*, reform: Reform) -> PendingChange:
    """Ask to take a reform back. Refused with a sentence once something new depends on it."""
    planner()
    if reform.state != ReformState.DONE:
        raise Refused("Chỉ hoàn tác được phương án đã chuyển xong.")
    if newer := checks.newer_words(reform):
        raise Refused(newer)
    return approvals.ask(
        CHANGE,
        object_id=reform.pk,
        facility_id=reform.office_id if current().reaches(reform.office_id) else None,
        title=f"Hoàn tác sắp xếp trạm: {reform.title}"[:300],
        lines=[("Sắp xếp trạm", f"đã chuyển từ {reform.on:%d/%m/%Y}", "như trước khi chuyển")],
        args={"act": "undo"},
    )


def _set(reform: Reform, state: str) -> None:
    """The next state, unless somebody was quicker."""
    found = Reform.objects.filter(pk=reform.pk, state=reform.state, version=reform.version)
    if not found.update(state=state, version=reform.version + 1, updated_at=timezone.now()):
        raise Refused("Phương án vừa được người khác đổi; xin mở lại trang.")
    reform.state, reform.version = state, reform.version + 1

"""What this room itself moves: facilities with their past, hamlets, catchments, posts.

Rows that a step makes anew (pasts, heirs of hamlets, catchments, posts) are taken away again in `undo`; rows
that it changes go through the journal.
"""

import datetime as dt
from collections.abc import Collection, Mapping

from django.db.models import Exists, F, OuterRef, ProtectedError, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import ApiToken
from apps.core import dated
from apps.core.errors import Refused
from apps.core.journal import Journal
from apps.core.registry import Succession
from apps.facilities.models import (
    Becomes,
    Catchment,
    Facility,
    FacilityKind,
    FacilityLink,
    FacilityPast,
    Hamlet,
    Post,
    PostHamlet,
    ReformHamlet,
    ReformPost,
    ReformStation,
)

BATCH = 500
DAY = dt.timedelta(days=1)
Touched = Mapping[str, Collection[str]]


# --- facilities


def _stations(step: Succession) -> list[ReformStation]:
    """The plan's stations that are not yet what they become."""
    rows = ReformStation.objects.filter(reform=step.id).select_related("facility", "unit", "successor")
    return [row for row in rows if _changes(row)]


def _changes(row: ReformStation) -> bool:
    facility = row.facility
    if row.becomes == Becomes.GOES_ON:
        return (facility.name, facility.unit_id) != (row.name, row.unit_id)
    return facility.kind != FacilityKind.POINT


def stations(step: Succession) -> int:
    return len(_stations(step))


def change_stations(step: Succession, journal: Journal) -> int:
    """A former station becomes a point of its successor, its own points too; what it was is kept."""
    rows = _stations(step)
    for row in rows:
        facility = Facility.objects.select_for_update().get(pk=row.facility_id)
        _keep_past(facility, step)
        named = Facility(name=row.name, kcb_code=facility.kcb_code)
        named.set_keys()
        values = {"name": row.name, "sort_key": named.sort_key, "search_key": named.search_key}
        if row.becomes == Becomes.GOES_ON:
            journal.change(facility, **values, unit_id=row.unit_id)
            continue
        for point in Facility.objects.select_for_update().filter(part_of=facility):
            _keep_past(point, step)
            journal.change(point, part_of_id=row.successor_id)
        ended = (
            {"valid_to": max(step.on, timezone.localdate()) - DAY} if row.becomes == Becomes.CLOSED else {}
        )
        journal.change(
            facility,
            **values,
            **ended,
            kind=FacilityKind.POINT,
            part_of_id=row.successor_id,
            unit_id=row.unit_id,
            book_mark=row.book_mark,
        )
        for link in FacilityLink.objects.filter(facility=facility, valid_to__isnull=True):
            journal.change(link, valid_to=step.on - DAY)
    return len(rows)


def _keep_past(facility: Facility, step: Succession) -> None:
    FacilityPast.objects.create(
        facility=facility,
        reform_id=step.id,
        valid_from=facility.valid_from if (facility.valid_from or step.on) < step.on else None,
        valid_to=step.on - DAY,
        **{
            name: getattr(facility, name)
            for name in ("name", "kind", "unit_id", "part_of_id", "kcb_code", "code13", "address", "phone")
        },
    )


def forget_pasts(step: Succession, touched: Touched) -> None:
    FacilityPast.objects.filter(reform=step.id).delete()


# --- hamlets and who cares for them


def _hamlets(step: Succession) -> QuerySet[ReformHamlet]:
    """Those whose successor stands in another commune and that have no row there yet."""
    rows = ReformHamlet.objects.filter(reform=step.id, heir=None, station__isnull=False)
    return rows.exclude(hamlet__commune=F("station__unit")).select_related("hamlet", "station__unit")


def hamlets(step: Succession) -> int:
    return _hamlets(step).count()


def move_hamlets(step: Succession, journal: Journal) -> int:
    """Each hamlet gets its row under the new commune from the day; the old one ends, old facts keep it."""
    rows = list(_hamlets(step)[:BATCH])
    for row in rows:
        old, commune = row.hamlet, row.station.unit  # type: ignore[union-attr]  # chosen, see _hamlets
        dated.lock(commune)
        taken = set(Hamlet.objects.filter(commune=commune).values_list("code", flat=True))
        new = Hamlet(
            commune=commune,
            code=_free(old.code, taken),
            name=old.name,
            kind=old.kind,
            sort_order=old.sort_order,
            valid_from=step.on,
            came_from=old,
        )
        new.save(force_insert=True)
        journal.change(old, valid_to=step.on - DAY)
        ReformHamlet.objects.filter(pk=row.pk).update(heir=new)
    return len(rows)


def _free(code: str, taken: set[str]) -> str:
    """The hamlet's own code where the commune has it free, else the commune's next number."""
    if code not in taken:
        return code
    highest = max((int(each) for each in taken if each.isdecimal()), default=0)
    return f"{highest + 1:03d}"


def forget_hamlets(step: Succession, touched: Touched) -> None:
    rows = ReformHamlet.objects.filter(reform=step.id, heir__isnull=False)
    made = list(rows.values_list("heir_id", flat=True))
    rows.update(heir=None)
    try:
        Hamlet.objects.filter(pk__in=made).delete()
    except ProtectedError as held:
        raise Refused("Không hoàn tác được: đã có hồ sơ ghi theo thôn, tổ của xã mới.") from held


def _catchments(step: Succession) -> QuerySet[Catchment]:
    """Rows still open for a hamlet of the plan: at another station than it says, or of a row that ended."""
    wanted = ReformHamlet.objects.filter(reform=step.id, station__isnull=False, hamlet=OuterRef("hamlet"))
    stays = wanted.filter(heir=None, station=OuterRef("facility"))
    rows = Catchment.objects.filter(Exists(wanted), valid_to__isnull=True)
    return rows.filter(~Exists(stays)).order_by("pk")


def catchments(step: Succession) -> int:
    return _catchments(step).count()


def move_catchments(step: Succession, journal: Journal) -> int:
    """From the day the successor cares for the hamlet."""
    rows = list(_catchments(step).select_for_update()[:BATCH])
    for row in rows:
        heir = step.hamlets[row.hamlet_id]
        if row.valid_from is not None and row.valid_from >= step.on:
            # It began on the day or later: there is nothing before it that would have to be kept.
            journal.change(row, facility_id=heir.station_id, hamlet_id=heir.hamlet_id)
            continue
        journal.change(row, valid_to=step.on - DAY)
        Catchment.objects.create(facility_id=heir.station_id, hamlet_id=heir.hamlet_id, valid_from=step.on)
    return len(rows)


def forget_catchments(step: Succession, touched: Touched) -> None:
    """The rows that were made: of the plan's hamlets, from its day, and not of those that were put back."""
    heirs = [heir.hamlet_id for heir in step.hamlets.values()]
    made = Catchment.objects.filter(hamlet__in=heirs, valid_from=step.on, facility__in=step.successors)
    made.exclude(pk__in=touched.get("facilities.Catchment", ())).delete()


# --- who works where


def _posts(step: Succession) -> QuerySet[ReformPost]:
    """Decisions that are not carried out yet: the post is still open, and it changes."""
    rows = ReformPost.objects.filter(reform=step.id, decided=True, post__revoked_at=None)
    changes = Q(role=None) | ~Q(role=F("post__role")) | ~Q(facility=F("post__facility"))
    return rows.filter(changes).select_related("post", "role", "facility")


def posts(step: Succession) -> int:
    return _posts(step).count()


def move_posts(step: Succession, journal: Journal) -> int:
    """The post ends, and opens as was decided. Posts without a decision go on at the point."""
    rows = list(_posts(step)[:BATCH])
    now, today = timezone.now(), timezone.localdate()
    for row in rows:
        old = row.post
        if row.role is not None and row.facility is not None:
            same = Post.objects.filter(
                user=old.user_id, role=row.role, facility=row.facility, valid_to=None, revoked_at=None
            )
            if not same.exists():
                Post.objects.create(
                    user_id=old.user_id,
                    role=row.role,
                    facility=row.facility,
                    practitioner_id=old.practitioner_id,
                    valid_from=max(step.on, today),
                    valid_to=old.valid_to,
                )
            for token in ApiToken.objects.filter(owner=old.user_id, facility_id=old.facility_id):
                journal.change(token, facility_id=row.facility_id)
        journal.change(old, revoked_at=now)
    return len(rows)


def forget_posts(step: Succession, touched: Touched) -> None:
    """What was opened ends; the former posts, put back, are in force again."""
    for row in ReformPost.objects.filter(reform=step.id, role__isnull=False).select_related("post"):
        made = Post.objects.filter(
            user=row.post.user_id,
            role=row.role,
            facility=row.facility,
            revoked_at=None,
            created_at__gt=row.created_at,
        )
        made.exclude(pk=row.post_id).update(revoked_at=timezone.now())


def _given(step: Succession) -> QuerySet[PostHamlet]:
    """Hamlets given with posts whose row has ended."""
    moved = [old for old, heir in step.hamlets.items() if heir.hamlet_id != old]
    return PostHamlet.objects.filter(hamlet__in=moved, valid_to__isnull=True).order_by("pk")


def given(step: Succession) -> int:
    """How many hamlets are given with posts and change their row."""
    wanted = ReformHamlet.objects.filter(reform=step.id, station__isnull=False)
    changing = wanted.exclude(hamlet__commune=F("station__unit")).values("hamlet")
    return PostHamlet.objects.filter(hamlet__in=changing, valid_to__isnull=True).count()


def move_given(step: Succession, journal: Journal) -> int:
    """A village worker's hamlets are hers under the new commune too."""
    rows = list(_given(step).select_for_update()[:BATCH])
    for row in rows:
        heir = step.hamlets[row.hamlet_id].hamlet_id
        if row.valid_from is not None and row.valid_from >= step.on:
            journal.change(row, hamlet_id=heir)
            continue
        journal.change(row, valid_to=step.on - DAY)
        PostHamlet.objects.create(post_id=row.post_id, hamlet_id=heir, valid_from=step.on)
    return len(rows)


def forget_given(step: Succession, touched: Touched) -> None:
    heirs = [heir.hamlet_id for old, heir in step.hamlets.items() if heir.hamlet_id != old]
    made = PostHamlet.objects.filter(hamlet__in=heirs, valid_from=step.on)
    made.exclude(pk__in=touched.get("facilities.PostHamlet", ())).delete()

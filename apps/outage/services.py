"""Making and printing packs; entering, row by row, what was written on paper."""

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.core import audit, parameters
from apps.core.dates import parse_date
from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.text import clean
from apps.core.words import date_words, datetime_words, quantity_words
from apps.facilities import practice
from apps.facilities.models import Facility, FacilityKind, Practitioner
from apps.outage import rules
from apps.outage.kinds import BackEntryKind, Row, RowProblems, kinds
from apps.outage.models import BackEntry, Pack, Slip
from apps.outage.queries import held_a_post

MOST_SLIPS = "outage.most_slips"
REASON_AFTER = "outage.reason_after_days"


# --- packs


def slip_numbers(on: dt.date) -> tuple[dict[str, int], int]:
    """How many blank slips of each kind a pack usually has, and how many it may have at most. One query."""
    found = parameters.values([MOST_SLIPS, *{kind.usual_slips for kind in kinds}], on=on)
    return {kind.key: int(found[kind.usual_slips]) for kind in kinds}, int(found[MOST_SLIPS])


@transaction.atomic
def pack_make(*, facility_id: UUID, on: dt.date, slips: Mapping[str, int] | None = None) -> Pack:
    """A pack for a day: how many slips of each kind, the usual number without `slips`. Raises Refused."""
    scope = current()
    scope.require("outage.enter")
    if not scope.reaches(facility_id):
        raise PermissionDenied("outage.enter")
    usual, most = slip_numbers(on)
    wanted = slips if slips is not None else usual
    if any(count < 0 for count in wanted.values()) or sum(wanted.values()) > most:
        raise Refused(f"Một gói in từ 0 đến {most} phiếu trắng.", field="slips")
    pack = Pack.unscoped.create(  # unscoped: the facility is within reach
        facility_id=facility_id, on=on, made_by_name="" if scope.everything else scope.shown_name
    )
    keys = [kind.key for kind in kinds for _ in range(wanted.get(kind.key, 0))]
    # unscoped: of the pack just made
    Slip.unscoped.bulk_create(
        Slip(pack=pack, kind=key, number=number, code=rules.new_code(secrets.choice))
        for number, key in enumerate(keys, start=1)
    )
    audit.record("outage.pack_made", object_id=pack.pk, facility_id=facility_id, data={"slips": len(keys)})
    return pack


@transaction.atomic
def pack_printed(pack: Pack) -> None:
    """Somebody has the pack on paper now: who was first, how often."""
    scope = current()
    this = Pack.unscoped.filter(pk=pack.pk)  # unscoped: the view has found it within the scope
    this.filter(printed_at__isnull=True).update(printed_at=timezone.now(), printed_by_name=scope.shown_name)
    this.update(copies=F("copies") + 1)
    pack.refresh_from_db()
    audit.record(
        "outage.pack_printed",
        object_id=pack.pk,
        facility_id=pack.facility_id,
        data={"on": date_words(pack.on), "copy": pack.copies},
    )


@transaction.atomic
def slips_void(*, pack: Pack, numbers: Sequence[int], reason: str) -> int:
    """These slips hold nothing: written wrongly, not needed, lost. Their codes open nothing any more.

    Raises Refused for a slip that was entered, was voided or is not of the pack; then none is voided.
    """
    scope = current()
    scope.require("outage.enter")
    if not scope.reaches(pack.facility_id):
        raise PermissionDenied("outage.enter")
    reason = clean(reason)[:200]
    if not reason:
        raise Refused("Ghi vì sao hủy: viết hỏng, không dùng đến, mất phiếu.", field="reason")
    # unscoped: of a pack within reach; locked, so that nobody enters one meanwhile
    locked = Slip.unscoped.select_for_update(of=("self",)).filter(pack=pack, number__in=numbers)
    found = {slip.number: slip for slip in locked.order_by("number")}
    if not numbers or len(found) != len(numbers):
        raise Refused("Ghi số của các phiếu cần hủy, như 3, 5-8.", field="numbers")
    # unscoped: of slips of that pack
    entered = set(BackEntry.unscoped.filter(slip__in=found.values()).values_list("slip__number", flat=True))
    for no, why in ((entered, "đã nhập bù"), ({n for n in found if found[n].voided_at}, "đã hủy trước đó")):
        if no:
            which = ", ".join(str(number) for number in sorted(no))
            raise Refused(f"Phiếu số {which} {why}. Bỏ số đó ra rồi bấm lại.", field="numbers")
    locked.update(voided_at=timezone.now(), voided_by_name=scope.shown_name, void_reason=reason)
    audit.record(
        "outage.slips_voided",
        object_id=pack.pk,
        facility_id=pack.facility_id,
        data={"on": date_words(pack.on), "slips": len(found), "numbers": sorted(found), "reason": reason},
    )
    return len(found)


def packs_of_the_night(day: dt.date) -> str:
    """The day's pack for each station; packs of before that nobody printed go, with their codes."""
    # unscoped: the system's own work for every station
    Pack.unscoped.filter(on__lt=day, printed_at__isnull=True).delete()
    done = Pack.unscoped.filter(on=day).values("facility")
    stations = Facility.objects.on(day).filter(kind=FacilityKind.STATION).exclude(pk__in=done)
    made = 0
    for station in list(stations.values_list("pk", flat=True)):
        pack_make(facility_id=station, on=day)
        made += 1
    return f"Đã lập {quantity_words(made)} gói dự phòng."


# --- back-entry


def digest_of(cells: Mapping[str, str]) -> str:
    """What was typed, so that the same row sent again can be told from another."""
    return hashlib.sha256(json.dumps(sorted(cells.items()), ensure_ascii=False).encode()).hexdigest()


@transaction.atomic
def entry_save(*, kind: BackEntryKind, key: UUID, cells: Mapping[str, str]) -> BackEntry:
    """One row, whole or not at all. The same row again gives what it gave before.

    Raises RowProblems with a sentence for each wrong cell, Refused for a row that was saved as another.
    """
    scope = current()
    scope.require("outage.enter")
    scope.require(kind.right)
    if scope.workplace_id is None or scope.user_id is None:
        raise PermissionDenied("outage.enter")
    cells = {name: clean(text) for name, text in cells.items()}
    before = BackEntry.unscoped.filter(pk=key).first()  # unscoped: a foreign row's key is refused below
    if before is not None:
        if before.facility_id != scope.workplace_id:
            raise PermissionDenied("outage.enter")
        if before.recorded_by == scope.user_id and before.digest == digest_of(cells):
            return before
        raise Refused(f"Dòng này đã lưu: {before.message}. Muốn sửa, hãy mở bản ghi đó.", code="saved")
    errors: dict[str, str] = {}
    at = _moment(cells, errors)
    slip = _slip(kind, cells.get("slip", ""), errors)
    performer = _performer(kind, cells.get("who", ""), at, errors)
    reason = cells.get("reason", "")
    if not reason and (why := _asks_reason(at, slip, errors)):
        errors["reason"] = why
    if errors or at is None or performer is None:
        raise RowProblems(errors)
    entered = kind.enter(Row(at=at, practitioner=performer, cells=cells, reason=reason))
    entry = BackEntry.unscoped.create(  # unscoped: at the workplace of whoever enters
        id=key,
        facility_id=scope.workplace_id,
        kind=kind.key,
        object_id=entered.object_id,
        person_id=entered.person_id,
        slip=slip,
        performer=performer,
        occurred_at=at,
        recorded_by=scope.user_id,
        recorded_by_name=scope.shown_name,
        reason=reason[:300],
        digest=digest_of(cells),
        message=entered.message[:200],
    )
    audit.record(
        "outage.back_entered",
        person_id=entered.person_id,
        object_id=entered.object_id,
        facility_id=scope.workplace_id,
        data={"kind": kind.title, "late": entry.late, "slip": slip.number if slip else None},
    )
    return entry


def _moment(cells: Mapping[str, str], errors: dict[str, str]) -> dt.datetime | None:
    """When it happened, in Vietnam's time; not in the future."""
    on, time = None, None
    try:
        on = parse_date(cells.get("day", ""))
    except ValueError as error:
        errors["day"] = str(error) if cells.get("day") else "Ghi ngày trên phiếu."
    try:
        time = rules.read_time(cells.get("time", ""))
    except ValueError as error:
        errors["time"] = str(error) if cells.get("time") else "Ghi giờ trên phiếu."
    if on is None or time is None:
        return None
    at = timezone.make_aware(dt.datetime.combine(on, time))
    if at > timezone.now():
        errors["time" if on == timezone.localdate() else "day"] = (
            f"{datetime_words(timezone.localtime(at))} chưa tới. Nhập bù chỉ cho việc đã làm."
        )
        return None
    return at


def _slip(kind: BackEntryKind, text: str, errors: dict[str, str]) -> Slip | None:
    """The slip by its code, locked: of two who enter it at once the second is told."""
    if not text:
        return None
    code = rules.read_code(text)
    slip: Slip | None = None
    if code:
        found = Slip.objects.select_for_update(of=("self",)).select_related("pack")
        # a point's too: papers of a station that has become one are entered at its successor
        slip = found.filter(code=code, pack__facility_id__in=current().facility_ids).first()
    if slip is None:
        errors["slip"] = "Mã này không phải của phiếu nào do trạm in. Xem lại từng chữ dưới ô vuông QR."
        return None
    entry = BackEntry.unscoped.filter(slip=slip).first()  # of a slip of this station
    if entry is not None:
        at = datetime_words(timezone.localtime(entry.recorded_at))
        errors["slip"] = f"Phiếu này đã được {entry.recorded_by_name} nhập lúc {at}."
    elif slip.voided_at is not None:
        at = datetime_words(timezone.localtime(slip.voided_at))
        errors["slip"] = (
            f"Phiếu này {slip.voided_by_name} đã hủy lúc {at}: {slip.void_reason}. "
            "Nếu hủy nhầm, xóa mã ở ô này và ghi lý do ở ô cuối dòng."
        )
    elif slip.kind != kind.key:
        other = kinds.get(slip.kind)
        errors["slip"] = f"Đây là phiếu loại khác: {other.title if other else slip.kind}."
    return slip


def _performer(
    kind: BackEntryKind, chosen: str, at: dt.datetime | None, errors: dict[str, str]
) -> Practitioner | None:
    """Who did it: in practice at this station on that day, and free to do such a thing."""
    if not chosen:
        errors["who"] = "Chọn người đã làm, ghi trên phiếu."
        return None
    scope = current()
    try:
        found = Practitioner.objects.filter(pk=UUID(chosen), facility_id__in=scope.facility_ids).first()
    except ValueError:
        found = None
    if found is None:
        errors["who"] = "Không có người hành nghề này ở trạm."
        return None
    if at is None:
        return found
    on = timezone.localdate(at)
    if not found.in_force(on):
        errors["who"] = f"{found.full_name} không hành nghề tại trạm ngày {date_words(on)}."
    elif not found.licence_no and not held_a_post(found, on):
        errors["who"] = f"{found.full_name} không có giấy phép hay vị trí công tác ngày {date_words(on)}."
    elif kind.act:
        holder = practice.Holder(
            found.grade, found.get_grade_display(), bool(found.licence_no), found.can_sign
        )
        act = practice.ACTS[kind.act]
        grades: Any = parameters.value(practice.GRADES, on=on)
        if no := practice.why_not(kind.act, rights={act.right}, holder=holder, grades=grades):
            errors["who"] = no
    return found


def _asks_reason(at: dt.datetime | None, slip: Slip | None, errors: Mapping[str, str]) -> str:
    """Why a row needs a word of explanation; empty when it does not."""
    if at is not None:
        on = timezone.localdate(at)
        days = int(parameters.value(REASON_AFTER, on=timezone.localdate()))
        if on < timezone.localdate() - dt.timedelta(days=days):
            return f"Muộn hơn {days} ngày: ghi vì sao bây giờ mới nhập."
    if slip is None and "slip" not in errors:
        return "Không có mã phiếu: ghi rõ chép từ giấy nào."
    return ""

"""Programmes: who is taken in, ends, is transferred, goes on by correction. Each audited, with its event."""

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from apps.care.events import EnrolmentChanged
from apps.care.models import Enrolment, EnrolmentState
from apps.care.occasion import noon, occasion, refuse_day
from apps.catalogues import codes
from apps.core import audit, numbering
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.facilities import books
from apps.patients import closing, projections, restricted
from apps.patients.events import FollowUpClosed, FollowUpReopened
from apps.patients.models import Closing, LifeStatus, Person
from apps.patients.models.closing import ClosingKind

PROGRAMMES, OUTCOMES = "care_programme", "enrolment_outcome"  # the code lists
TIMELINE = "enrolment"
TRANSFERRED, DIED, MOVED, LOST = "transferred", "died", "moved", "lost"
# Books of the programmes that ship; one that a province adds is numbered in the book of the others.
BOOKS = {
    "hypertension": "Sổ quản lý tăng huyết áp",
    "diabetes": "Sổ quản lý đái tháo đường",
    "copd_asthma": "Sổ quản lý bệnh phổi tắc nghẽn mạn tính, hen",
    "mental": "Sổ quản lý sức khỏe tâm thần",
    "tb": "Sổ quản lý bệnh lao",
    "hiv": "Sổ quản lý HIV",
    "elderly": "Sổ quản lý người cao tuổi",
    "malnutrition": "Sổ quản lý trẻ suy dinh dưỡng",
}
OTHER = "other"


def book(programme: str) -> str:
    """The kind of number of a programme (core.numbering)."""
    return f"enrolment.{programme if programme in BOOKS else OTHER}"


def highest(programme: str, facility_id: UUID, period: str) -> int:
    """The highest number that a programme's rows of a year carry, however they came."""
    rows = Enrolment.unscoped.filter(  # unscoped: the book counts all its rows, restricted ones too
        facility_id=facility_id, number__startswith=f"{period}-"
    )
    rows = rows.exclude(programme__in=BOOKS) if programme == OTHER else rows.filter(programme=programme)
    found = rows.aggregate(last=Max("number"))["last"]  # of one width: the greatest text is the highest
    return int(found.rpartition("-")[2]) if found else 0


def is_restricted(programme: str, on: dt.date) -> bool:
    """Whether a programme's register is restricted data on that day."""
    row = codes.get(PROGRAMMES, programme, on)
    register = row.extra.get("register", "") if row else ""
    return bool(restricted.groups_of(restricted.rules_on(on), registers=[register]))


@transaction.atomic
def enrol(*, person: Person, programme: str, since: dt.date, note: str = "") -> Enrolment:
    """Take a person into a programme, with the next number of its book of that year."""
    scope = current()
    scope.require("care.enter")
    refuse_day(person, since, "since")
    if not codes.exists(PROGRAMMES, programme, since):
        raise Refused("Hãy chọn chương trình.", field="programme", code="programme")
    hidden = is_restricted(programme, since)
    if hidden and not scope.can(restricted.RIGHT):
        raise Refused("Chương trình này chỉ người được xem dữ liệu hạn chế mới ghi.", field="programme")
    if closing.standing(person.pk):
        raise Refused("Hồ sơ ghi người này đã mất hoặc đã chuyển đi.", code="closed")
    Person.unscoped.select_for_update().filter(pk=person.pk).first()  # unscoped: the person who was found
    already = _active(person.pk, programme)
    if already is not None:
        raise Refused(
            f"Người này đang được quản lý trong chương trình này từ {already.since:%d/%m/%Y}.",
            field="programme",
            code="twice",
        )
    made = Enrolment(
        **occasion(person, timezone.now() if since == timezone.localdate() else noon(since)),
        programme=programme,
        since=since,
        note=_text(note, "note", required=False),
    )
    made.restricted = hidden
    place = books.book_at(made.facility_id, made.point_id)
    made.number = numbering.take(
        book(programme), facility_id=place.facility_id, on=since, object_id=made.pk, mark=place.mark
    )
    made.save(force_insert=True)
    _tell("enrolment.begun", made)
    return made


@transaction.atomic
def discharge(
    *,
    enrolment_id: UUID,
    expected_version: int,
    until: dt.date,
    outcome: str,
    place: str = "",
    note: str = "",
) -> Enrolment:
    """She is not followed here any more: cured, transferred (to `place`), lost, gone."""
    current().require("care.edit")
    found = _open(enrolment_id)
    if found.state != EnrolmentState.ACTIVE:
        raise Refused("Lần quản lý này đã kết thúc.", code="ended")
    if until > timezone.localdate():
        raise Refused("Ngày này ở trong tương lai.", field="until", code="future")
    if until < found.since:
        raise Refused(
            f"Ngày kết thúc trước ngày bắt đầu ({found.since:%d/%m/%Y}).", field="until", code="before"
        )
    if not codes.exists(OUTCOMES, outcome, until):
        raise Refused("Hãy chọn kết quả.", field="outcome", code="outcome")
    place = clean(place)
    if outcome == TRANSFERRED and not place:
        raise Refused("Hãy ghi nơi chuyển đến.", field="place", code="no-place")
    if len(place) > 200:
        raise Refused("Nơi chuyển đến dài quá 200 ký tự.", field="place", code="long")
    found.state, found.until, found.outcome = EnrolmentState.ENDED, until, outcome
    found.place_text = place if outcome == TRANSFERRED else ""
    if note:
        found.note = _text(note, "note", required=False)
    save_versioned(found, expected=expected_version)
    _tell("enrolment.ended", found, outcome=outcome)
    return found


@transaction.atomic
def reopen(*, enrolment_id: UUID, expected_version: int, why: str) -> Enrolment:
    """The end was written by mistake: she has been followed all the time."""
    current().require("care.edit")
    found = _open(enrolment_id)
    why = _text(why, "why")
    if found.state != EnrolmentState.ENDED:
        raise Refused("Lần quản lý này đang mở.", code="active")
    if found.closed_by:
        raise Refused(
            "Lần quản lý này kết thúc do người đó mất hoặc chuyển đi: hãy sửa việc đó trong hồ sơ.",
            code="closed",
        )
    Person.unscoped.select_for_update().filter(pk=found.person_id).first()  # unscoped: of the row above
    if _active(found.person_id, found.programme) is not None:
        raise Refused("Người này đã được đưa vào lại chương trình này.", code="twice")
    _open_again(found)
    found.note = "; ".join(filter(None, (found.note, why)))[:300]
    save_versioned(found, expected=expected_version)
    _tell("enrolment.reopened", found)
    return found


@transaction.atomic
def in_error(*, enrolment_id: UUID, expected_version: int, why: str) -> Enrolment:
    """She never was in the programme. The row and its number stay, with the reason."""
    current().require("care.edit")
    found = _open(enrolment_id)
    found.error_reason = _text(why, "why")
    found.state, found.closed_by = EnrolmentState.ENTERED_IN_ERROR, None
    save_versioned(found, expected=expected_version)
    _tell("enrolment.in_error", found)
    return found


def close_by_event(event: FollowUpClosed) -> None:
    """She has died or left: what she is followed for ends, marked with the event's id.

    Unscoped, like its counterpart: the life event's own service has checked what may be written.
    """
    outcome = _outcome_of(event)
    rows = Enrolment.unscoped.select_for_update().filter(
        person_id=event.person_id, state=EnrolmentState.ACTIVE
    )
    for row in rows:
        row.state, row.closed_by = EnrolmentState.ENDED, event.event_id
        row.until, row.outcome = max(event.on, row.since), outcome
        _save_and_tell(row, "enrolment.ended", outcome=row.outcome)


def reopen_by_event(event: FollowUpReopened) -> None:
    """That was a mistake, or is over: exactly those go on, unless another event keeps them ended.

    Unscoped. Who was taken in again meanwhile stays in her new row.
    """
    rows = Enrolment.unscoped.select_for_update().filter(person_id=event.person_id, closed_by=event.event_id)
    if event.instead_id:
        rows.update(closed_by=event.instead_id)
        return
    for row in rows:
        row.closed_by = None
        if _active(row.person_id, row.programme) is None:
            _open_again(row)
        _save_and_tell(row, "enrolment.reopened")


def _outcome_of(event: FollowUpClosed) -> str:
    """How a life event ends a programme: death, departure, or whom nobody finds. Unscoped, as above."""
    kind = Closing.unscoped.filter(pk=event.event_id).values_list("kind", flat=True).first()
    status = Person.unscoped.filter(pk=event.person_id).values_list("life_status", flat=True).first()
    if kind == ClosingKind.DEATH or status == LifeStatus.DEAD:
        return DIED
    return LOST if status == LifeStatus.MISSING else MOVED


def _open_again(row: Enrolment) -> None:
    row.state, row.until, row.outcome, row.place_text = EnrolmentState.ACTIVE, None, "", ""


def _save_and_tell(row: Enrolment, action: str, **data: object) -> None:
    row.version += 1
    row.save()
    _tell(action, row, **data)


def _active(person_id: UUID, programme: str) -> Enrolment | None:
    # unscoped: one open row a person and programme, wherever it was made
    return Enrolment.unscoped.filter(
        person_id=person_id, programme=programme, state=EnrolmentState.ACTIVE
    ).first()


def _open(enrolment_id: UUID) -> Enrolment:
    """A row of these stations that was not entered in error, locked."""
    found = Enrolment.objects.select_for_update(of=("self",)).filter(pk=enrolment_id).first()
    if found is None or not current().reaches(found.facility_id):
        raise Refused("Không thấy lần quản lý này ở nơi làm việc đang chọn.", code="gone")
    if found.state == EnrolmentState.ENTERED_IN_ERROR:
        raise Refused("Lần quản lý này đã được ghi là nhập nhầm.", code="error")
    return found


def _text(text: str, field: str, *, required: bool = True) -> str:
    said = clean(text)
    if required and not said:
        raise Refused("Hãy ghi lý do.", field=field, code="no-reason")
    if len(said) > 300:
        raise Refused("Nội dung dài quá 300 ký tự.", field=field, code="long")
    return said


def title_of(row: Enrolment) -> str:
    """'Tăng huyết áp, số 2026-0012', as the timeline says it."""
    return f"{codes.label(PROGRAMMES, row.programme)}, số {row.number}"


def _tell(action: str, row: Enrolment, **data: object) -> None:
    if row.state == EnrolmentState.ENTERED_IN_ERROR:
        projections.drop_timeline(kind=TIMELINE, object_id=row.pk)
    else:
        ended = ""
        if row.until is not None:
            ended = f"; kết thúc {row.until:%d/%m/%Y}: {codes.label(OUTCOMES, row.outcome).lower()}"
        projections.put_timeline(
            person_id=row.person_id,
            at=row.occurred_at,
            kind=TIMELINE,
            title=f"Quản lý {title_of(row)}{ended}",
            object_id=row.pk,
            facility_id=row.facility_id,
            restricted=row.restricted,
        )
    # A restricted programme is not named in the book of acts.
    told = {} if row.restricted else {"programme": row.programme}
    audit.record(
        action,
        person_id=row.person_id,
        object_id=row.pk,
        facility_id=row.facility_id,
        data={"number": row.number, **told, **data},
    )
    publish(EnrolmentChanged(row.pk, row.person_id, row.facility_id, row.state))

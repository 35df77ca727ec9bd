"""Making, withdrawing, accepting and refusing a proposal. Each once: the first of two decides, the other is
told. Nothing here changes a person or a household: what follows from an accepted one is accepting.py.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.core import audit, dated, parameters, todo
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import Scope, current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.core.words import datetime_words
from apps.facilities.models import Hamlet
from apps.facilities.queries import hamlets_in
from apps.field.contraception import ADULT
from apps.field.events import ProposalDecided
from apps.field.models import Proposal, ProposalState
from apps.field.months import is_minor
from apps.field.said import KINDS, Birth, Cluster, Pregnancy, Said
from apps.households.models import Household
from apps.patients import kin
from apps.patients.models import LifeStatus, Person

TASK, CLUSTER_TASK = "field.proposal", "field.cluster"
CLUSTER_LEAST = "field.cluster_least"
OLDEST = "field.told_within_days"
HIDDEN = "tin hạn chế xem"


@transaction.atomic
def proposal_make(
    *,
    kind: str,
    said: Said,
    hamlet: Hamlet,
    household: Household | None = None,
    person: Person | None = None,
) -> Proposal:
    """Tell the station; it finds a task with its clock. Raises Refused."""
    scope = current()
    scope.require("field.enter")
    if scope.user_id is None or scope.workplace_id is None:
        raise PermissionDenied("field.enter")
    known = KINDS[kind]
    today = timezone.localdate()
    if not hamlets_in(scope, today).filter(pk=hamlet.pk).exists():
        raise Refused("Thôn này không thuộc phần phụ trách của anh/chị.", field="hamlet")
    _check_day(known.happened(said), today, known.day)
    _check_about(kind, said, household, person, today)
    if person is not None and kind != "birth":
        dated.lock(person)  # the same news from two phones at once waits once
        # unscoped: a colleague's waiting news too; the sentence tells nothing of it
        if Proposal.unscoped.filter(person=person, kind=kind, state=ProposalState.NEW).exists():
            raise Refused(f"Đã báo «{known.title}» cho người này, trạm chưa trả lời.", field="person")
    proposal = Proposal(
        station_id=scope.workplace_id,
        hamlet=hamlet,
        kind=kind,
        data=said.as_json(),
        household=household,
        person=person,
        restricted=_is_restricted(said, person, today),
        made_by=scope.user_id,
        made_by_name=scope.shown_name,
    )
    proposal.save(force_insert=True)
    task = CLUSTER_TASK if kind == "cluster" else TASK
    todo.task_open(
        task,
        facility_id=proposal.station_id,
        object_id=proposal.pk,
        happened_at=timezone.now(),
        title=hamlet.name if task == CLUSTER_TASK else f"{known.title} – {hamlet.name}",
        person_id=person.pk if person else None,
        restricted=proposal.restricted,
    )
    audit.record(
        "proposal.made",
        person_id=person.pk if person else None,
        object_id=proposal.pk,
        facility_id=proposal.station_id,
        data={"kind": _told_as(proposal)},
    )
    return proposal


def _is_restricted(said: Said, person: Person | None, today: dt.date) -> bool:
    """That somebody under age is pregnant or has given birth is read by few (patients/restricted.py), like
    section B.7.
    """
    if person is None or not isinstance(said, Birth | Pregnancy):
        return False
    if isinstance(said, Birth):
        return kin.born_of_minor(person, said.born_on or today)
    return is_minor(person.birth_date, today, int(parameters.value(ADULT, on=today)))


def _told_as(proposal: Proposal) -> str:
    """The kind of news in a sentence that more people read than the news itself."""
    return HIDDEN if proposal.restricted else proposal.get_kind_display()


def _check_day(day: dt.date | None, today: dt.date, field: str) -> None:
    if day is None:
        return
    if day > today:
        raise Refused("Ngày này còn ở tương lai.", field=field)
    within = int(parameters.value(OLDEST, on=today))
    if day < today - dt.timedelta(days=within):
        raise Refused(f"Ngày này đã quá {within} ngày. Hãy xem lại, hoặc báo thẳng cho trạm.", field=field)


def _check_about(
    kind: str, said: Said, household: Household | None, person: Person | None, today: dt.date
) -> None:
    about = KINDS[kind].about
    if about == "person" and person is None:
        raise Refused("Hãy chọn người.", field="person")
    if about in ("person", "mother") and household is None:
        raise Refused("Hãy chọn hộ trước.", field="person")
    if person is not None and kind != "birth" and person.life_status in (LifeStatus.DEAD, LifeStatus.MOVED):
        raise Refused(f"Người này đã ghi: {person.get_life_status_display().lower()}.", field="person")
    if isinstance(said, Cluster):
        least = int(parameters.value(CLUSTER_LEAST, on=today))
        if said.many is None or said.many < least:
            raise Refused(
                f"Từ {least} người trở lên mới báo ở đây. Một người ốm thì đưa đến trạm hoặc gọi trạm.",
                field="many",
            )
    if isinstance(said, Pregnancy):
        if person is not None and person.sex == "male":
            raise Refused("Người này là nam.", field="person")
        if said.last_period_on is None and said.due_on is None:
            raise Refused("Ghi ngày đầu kỳ kinh cuối hoặc ngày dự kiến sinh.", field="due_on")
        if said.last_period_on is not None and not _within(said.last_period_on, today, before=310, after=0):
            raise Refused("Ngày này không hợp với một thai đang mang. Hãy xem lại.", field="last_period_on")
        if said.due_on is not None and not _within(said.due_on, today, before=30, after=290):
            raise Refused("Ngày dự kiến sinh này không hợp với một thai đang mang.", field="due_on")


def _within(day: dt.date, today: dt.date, *, before: int, after: int) -> bool:
    return today - dt.timedelta(days=before) <= day <= today + dt.timedelta(days=after)


# --- the end of it


def may_decide(scope: Scope) -> bool:
    """Only who sees the whole station answers for it."""
    return scope.can("field.approve") and scope.hamlet_ids is None


@transaction.atomic
def proposal_withdraw(*, proposal_id: UUID) -> Proposal:
    """Its maker takes it back before the station has answered. Raises Refused, Proposal.DoesNotExist."""
    scope = current()
    scope.require("field.enter")
    proposal = _locked(proposal_id)
    if proposal.made_by != scope.user_id:
        raise PermissionDenied("proposal")
    _end(proposal, ProposalState.WITHDRAWN, "", "proposal.withdrawn")
    todo.withdraw(_task_of(proposal), object_id=proposal.pk, reason="Người báo đã rút lại.")
    return proposal


@transaction.atomic
def proposal_refuse(*, proposal_id: UUID, reason: str) -> Proposal:
    """The station does not take it, and says why: its maker reads it. Raises Refused."""
    proposal = _to_decide(proposal_id)
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do để người báo biết.", field="reason")
    _end(proposal, ProposalState.REFUSED, reason, "proposal.refused")
    todo.settle(_task_of(proposal), object_id=proposal.pk, result="Không nhận đề xuất.")
    return proposal


@transaction.atomic
def proposal_accept(
    *, proposal_id: UUID, note: str = "", result_kind: str = "", result_id: UUID | None = None
) -> Proposal:
    """The station takes it; `result` is what came of it. Raises Refused when somebody was first."""
    proposal = _to_decide(proposal_id)
    proposal.result_kind, proposal.result_id = result_kind, result_id
    _end(proposal, ProposalState.ACCEPTED, clean(note)[:300], "proposal.accepted")
    todo.settle(_task_of(proposal), object_id=proposal.pk, result="Đã nhận đề xuất.")
    return proposal


def proposals_settle(*, kind: str, result_kind: str, result_id: UUID, **which: Any) -> int:
    """The record was made on its own page: the news that waits for it is accepted. Returns how many."""
    scope = current()
    if not may_decide(scope):
        return 0  # whoever made the record is not asked about proposals: they wait for who is
    waiting = Proposal.visible(scope).filter(kind=kind, state=ProposalState.NEW, **which)
    ids = list(waiting.values_list("pk", flat=True))
    for pk in ids:
        proposal_accept(proposal_id=pk, result_kind=result_kind, result_id=result_id)
    return len(ids)


def _to_decide(proposal_id: UUID) -> Proposal:
    if not may_decide(current()):
        raise PermissionDenied("field.approve")
    return _locked(proposal_id)


def _locked(proposal_id: UUID) -> Proposal:
    """The proposal, held until the transaction ends; refused in words when it no longer waits."""
    proposal: Proposal = Proposal.objects.select_for_update(of=("self",)).get(pk=proposal_id)
    if proposal.state != ProposalState.NEW:
        word = {"accepted": "nhận", "refused": "trả lời không nhận", "withdrawn": "rút lại"}[proposal.state]
        who = proposal.decided_by_name
        at = datetime_words(timezone.localtime(proposal.decided_at)) if proposal.decided_at else ""
        raise Refused(f"Đề xuất này đã được {who} {word} lúc {at}.", code="decided")
    return proposal


def _task_of(proposal: Proposal) -> str:
    return CLUSTER_TASK if proposal.kind == "cluster" else TASK


def _end(proposal: Proposal, state: str, reason: str, action: str) -> None:
    scope = current()
    proposal.state, proposal.reason = state, reason
    proposal.decided_at, proposal.decided_by = timezone.now(), scope.user_id
    proposal.decided_by_name = scope.shown_name
    save_versioned(proposal, expected=proposal.version)
    audit.record(
        action,
        person_id=proposal.person_id,
        object_id=proposal.pk,
        facility_id=proposal.station_id,
        data={"kind": _told_as(proposal)},
    )
    if state != ProposalState.WITHDRAWN:
        publish(ProposalDecided(proposal.pk, proposal.person_id, proposal.kind, state, timezone.localdate()))

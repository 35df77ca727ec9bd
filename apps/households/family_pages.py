"""The pages on which families part and join: split, merged, a wedding, a divorce."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest

from apps.core.access import needs
from apps.core.errors import Refused
from apps.households import event_forms, families, marriages, queries, services, splitting
from apps.households.event_forms import AWAY, AWAY_OTHER, COMES, GOES, TO, TO_OTHER
from apps.households.event_pages import (
    Asked,
    family_event,
    happened,
    initial_of,
)
from apps.households.marriages import Move
from apps.households.models import Household, Membership, ResidenceEvent
from apps.patients.models import Person

# --- two families, or one


@needs("households.edit")
@family_event
def split(request: HttpRequest, household: Household) -> Asked:
    rows = families.open_rows(household)
    initial = initial_of(request, rows) | {
        "hamlet": str(household.hamlet_id),
        "address_text": household.address_text,
    }
    form = event_forms.SplitForm(request.POST or None, rows=rows, initial=initial)
    form.offer(rows)

    def act(form: Any) -> ResidenceEvent:
        head = form.head()
        if head is None:
            raise Refused("Hãy chọn ai là chủ hộ của hộ mới.", field="people")
        return splitting.household_split(
            household=household,
            joining=form.joining(),
            head=head,
            hamlet_id=form.cleaned_data["hamlet"],
            address_text=form.cleaned_data["address_text"],
            new_head=form.successor(),
            **happened(form),
        )

    return Asked(
        form,
        act,
        title=f"Tách hộ {household.code}",
        lead="Chọn những người ra ở riêng và quan hệ của họ với chủ hộ mới. Một người là “Chủ hộ”.",
        done="Đã tách hộ. Đây là hộ mới.",
        rows=rows,
        button="Tách hộ",
    )


@needs("households.edit")
@family_event
def merge(request: HttpRequest, household: Household) -> Asked:
    rows = families.open_rows(household)
    form = event_forms.MergeForm(request.POST or None, rows=rows, initial=initial_of(request))

    def act(form: Any) -> ResidenceEvent:
        return splitting.household_merge(
            household=household,
            into=form.cleaned_data["into"],
            joining=form.joining(),
            **happened(form),
        )

    return Asked(
        form,
        act,
        title=f"Nhập hộ {household.code} vào hộ khác",
        lead="Cả hộ về ở một hộ khác. Mã hộ này thôi dùng và chỉ sang hộ kia.",
        done="Đã nhập hộ.",
        rows=rows,
        button="Nhập hộ",
    )


@needs("households.edit")
@family_event
def head(request: HttpRequest, household: Household) -> Asked:
    """Another head from a day."""
    rows = families.open_rows(household)
    form = event_forms.HeadForm(request.POST or None, rows=rows, initial=initial_of(request))

    def act(form: Any) -> ResidenceEvent:
        said = form.cleaned_data
        event = services.head_change(
            household=household,
            person=form.chosen(),
            old_head_relation=said["relation"] or services.OTHER,
            **happened(form),
        )
        if event is None:
            raise Refused("Người này đang là chủ hộ.", field="becomes_head")
        return event

    return Asked(
        form,
        act,
        title=f"Đổi chủ hộ {household.code}",
        lead="Quan hệ của những người khác giữ nguyên; hãy xem lại sau khi đổi.",
        done="Đã đổi chủ hộ. Hãy xem lại quan hệ của các thành viên.",
        rows=rows,
    )


# --- marriage and divorce


@needs("households.edit")
@family_event
def marry(request: HttpRequest, household: Household, member: UUID) -> Asked:
    return _couple(request, household, member, wedding=True)


@needs("households.edit")
@family_event
def divorce(request: HttpRequest, household: Household, member: UUID) -> Asked:
    return _couple(request, household, member, wedding=False)


def _couple(request: HttpRequest, household: Household, member: UUID, *, wedding: bool) -> Asked:
    rows = families.open_rows(household)
    row = next((each for each in rows if each.pk == member), None)
    if row is None:
        raise Http404
    person = row.person
    form = event_forms.CoupleForm(
        request.POST or None,
        person=person,
        wedding=wedding,
        initial=initial_of(request) | {"moves": event_forms.STAYS} | _partner(rows, row, wedding),
    )
    form.offer([each for each in rows if each.pk != row.pk])

    def act(form: Any) -> ResidenceEvent:
        said = form.cleaned_data
        record = marriages.marriage_record if wedding else marriages.divorce_record
        return record(
            person=person,
            spouse=said["spouse"],
            spouse_text=said["spouse_text"],
            move=_move(form, person, household),
            reason=said["reason"],
            **happened(form),
        )

    return Asked(
        form,
        act,
        title=f"{'Kết hôn' if wedding else 'Ly hôn'}: {person.full_name}",
        lead="Tình trạng hôn nhân trong hồ sơ của hai người đổi theo.",
        done="Đã ghi kết hôn." if wedding else "Đã ghi ly hôn.",
        rows=rows,
    )


def _partner(rows: list[Membership], row: Membership, wedding: bool) -> dict[str, Any]:
    """Of a couple in the family, the other one, to be looked at."""
    if wedding:
        return {}
    head = next((each for each in rows if each.is_head), None)
    spouse = next((each for each in rows if each.relation in ("01", "02")), None)
    pair = {head.pk: spouse, spouse.pk: head} if head and spouse else {}
    other = pair.get(row.pk)
    return {"spouse": other.person.code} if other else {}


def _move(form: Any, person: Person, household: Household) -> Move | None:
    said = form.cleaned_data
    spouse, moves, relation = said["spouse"], said["moves"], said["relation"]
    successor = form.successor()
    if moves in (COMES, TO_OTHER, AWAY_OTHER) and spouse is None:
        raise Refused(
            "Người này chưa có hồ sơ: hãy thêm hồ sơ trước, hoặc chọn không đổi chỗ ở.", field="moves"
        )
    if moves == COMES:
        return Move(spouse, household, relation, place=form.place() if said["reach"] else None)
    if moves == GOES:
        home = families.open_of(spouse) if spouse else None
        if home is None:
            raise Refused("Vợ hoặc chồng chưa ở hộ nào của trạm; hãy chọn chuyển đi khỏi xã.", field="moves")
        target = queries.get_household(home.household_id)
        if target is None:
            raise Refused("Hộ của vợ hoặc chồng không thuộc địa bàn của trạm.", field="moves")
        return Move(person, target, relation, new_head=successor)
    if moves in (TO, TO_OTHER):
        if said["into"] is None:
            raise Refused("Hãy chọn hộ chuyển sang.", field="into")
        return Move(person if moves == TO else spouse, said["into"], relation, new_head=successor)
    if moves in (AWAY, AWAY_OTHER):
        return Move(person if moves == AWAY else spouse, place=form.place(), new_head=successor)
    return None

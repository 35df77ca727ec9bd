"""The pages of moves: in the commune, out of it and back, away for a time."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from apps.core.access import needs
from apps.households import absences, event_forms, families, moving
from apps.households.event_pages import (
    Asked,
    event_of,
    family_event,
    happened,
    initial_of,
)
from apps.households.models import EventKind, Household, ResidenceEvent
from apps.patients.models import Person

# --- moves


@needs("households.edit")
@family_event
def relocate(request: HttpRequest, household: Household) -> Asked:
    form = event_forms.RelocateForm(request.POST or None, initial=initial_of(request))

    def act(form: Any) -> ResidenceEvent:
        return moving.household_move(
            household=household,
            hamlet_id=form.cleaned_data["hamlet"],
            address_text=form.cleaned_data["address_text"],
            **happened(form),
        )

    return Asked(
        form,
        act,
        title=f"Hộ {household.code} đổi chỗ ở trong xã",
        lead="Cả hộ cùng chuyển; nơi ở trong hồ sơ mỗi người đổi theo.",
        done="Đã ghi cả hộ đổi chỗ ở.",
    )


@needs("households.edit")
@family_event
def move(request: HttpRequest, household: Household) -> Asked:
    """Several members at once to another family of the station."""
    rows = families.open_rows(household)
    form = event_forms.MoveForm(request.POST or None, rows=rows, initial=initial_of(request, rows))
    form.offer(rows)

    def act(form: Any) -> ResidenceEvent:
        return moving.members_move(
            joining=form.joining(),
            household=form.cleaned_data["into"],
            head=form.head(),
            new_head=form.successor(),
            **happened(form),
        )

    return Asked(
        form,
        act,
        title=f"Chuyển sang hộ khác, hộ {household.code}",
        lead="Chọn những người chuyển và quan hệ với chủ hộ bên kia. Cả hộ thì dùng “Nhập vào hộ khác”.",
        done="Đã chuyển hộ. Đây là hộ chuyển sang.",
        rows=rows,
        button="Chuyển hộ",
    )


@needs("households.edit")
@family_event
def depart(request: HttpRequest, household: Household) -> Asked:
    rows = families.open_rows(household)
    form = event_forms.DepartForm(request.POST or None, rows=rows, initial=initial_of(request, rows))
    form.offer(rows)

    def act(form: Any) -> ResidenceEvent:
        return moving.members_depart(
            household=household,
            people=form.chosen_people(),
            place=form.place(),
            new_head=form.successor(),
            **happened(form),
        )

    return Asked(
        form,
        act,
        title=f"Chuyển đi khỏi xã, hộ {household.code}",
        lead="Hồ sơ vẫn còn ở trạm; việc đến hạn và lịch hẹn tạm khép, chuyển về thì mở lại đúng như cũ.",
        done="Đã ghi chuyển đi.",
        rows=rows,
        button="Ghi chuyển đi",
    )


@needs("households.edit")
@family_event
def come_back(request: HttpRequest, household: Household, event: UUID) -> Asked:
    departure = event_of(event, household=household.pk, kind=EventKind.DEPARTED)
    away = moving.still_away(departure)
    rows = _with_people(away)
    initial = initial_of(request) | {"people": [str(row.pk) for row in rows]}
    form = event_forms.ReturnForm(request.POST or None, rows=rows, initial=initial)

    def act(form: Any) -> ResidenceEvent:
        return moving.members_return(
            departure=departure,
            household=household,
            joining=form.joining(),
            head=form.head(),
            **happened(form),
        )

    return Asked(
        form,
        act,
        title=f"Chuyển về hộ {household.code}",
        lead="Những gì đã khép khi chuyển đi được mở lại.",
        done="Đã ghi chuyển về.",
        rows=rows,
        button="Ghi chuyển về",
    )


# --- away for a time


@needs("households.edit")
@family_event
def absence(request: HttpRequest, household: Household) -> Asked:
    rows = families.open_rows(household)
    form = event_forms.AbsenceForm(request.POST or None, rows=rows, initial=initial_of(request, rows))

    def act(form: Any) -> ResidenceEvent:
        return absences.absence_open(
            household=household,
            people=form.chosen_people(),
            place=form.place(),
            until=form.cleaned_data["until"],
            **happened(form),
        )

    return Asked(
        form,
        act,
        title=f"Tạm vắng, hộ {household.code}",
        lead="Người tạm vắng vẫn thuộc hộ và vẫn được nhắc việc đến hạn.",
        done="Đã ghi tạm vắng.",
        rows=rows,
    )


@needs("households.edit")
@family_event
def back(request: HttpRequest, household: Household, event: UUID) -> Asked:
    away = event_of(event, household=household.pk, kind=EventKind.ABSENT)
    parts = list(away.people(manager="objects").all())
    rows = _with_people(
        [row for row in absences.open_absences([p.person_id for p in parts]) if row.event == away]
    )
    initial = initial_of(request) | {"people": [str(row.pk) for row in rows]}
    form = event_forms.BackForm(request.POST or None, rows=rows, initial=initial)

    def act(form: Any) -> ResidenceEvent:
        return absences.absence_close(
            absence=away,
            people=form.chosen_people(),
            **happened(form),
        )

    return Asked(
        form,
        act,
        title=f"Hết tạm vắng, hộ {household.code}",
        done="Đã ghi hết tạm vắng.",
        rows=rows,
    )


def _with_people(parts: list[Any]) -> list[Any]:
    # unscoped: the people of an event that was taken through the scope, wherever they live now.
    found = Person.unscoped.defer("tokens", "search").in_bulk([part.person_id for part in parts])
    for part in parts:
        part.person = found[part.person_id]
    return parts

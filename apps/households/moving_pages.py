"""The pages of moves: in the commune, out of it and back, away for a time."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from apps.core.access import needs
from apps.core.idempotency import idempotent
from apps.households import absences, event_forms, families, moving
from apps.households.event_pages import (
    METHODS,
    event_of,
    household_of,
    initial_of,
    page_of,
    people_of,
    replaced,
)
from apps.households.models import EventKind, ResidenceEvent
from apps.patients.models import Person

# --- moves


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def relocate(request: HttpRequest, pk: UUID) -> HttpResponse:
    household = household_of(pk)
    form = event_forms.RelocateForm(request.POST or None, initial=initial_of(request))

    def act(form: Any) -> ResidenceEvent:
        return moving.household_move(
            household=household,
            hamlet_id=form.cleaned_data["hamlet"],
            address_text=form.cleaned_data["address_text"],
            on=form.cleaned_data["on"],
            note=form.cleaned_data["note"],
            replaces=replaced(form),
        )

    return page_of(
        request,
        household,
        form,
        act,
        title=f"Hộ {household.code} đổi chỗ ở trong xã",
        lead="Cả hộ cùng chuyển; nơi ở trong hồ sơ mỗi người đổi theo.",
        done="Đã ghi cả hộ đổi chỗ ở.",
        shown=[],
    )


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def move(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Several members at once to another family of the station."""
    household = household_of(pk)
    rows = families.open_rows(household)
    form = event_forms.MoveForm(request.POST or None, rows=rows, initial=initial_of(request, rows))
    form.offer(rows)

    def act(form: Any) -> ResidenceEvent:
        return moving.members_move(
            joining=form.joining(),
            household=form.cleaned_data["into"],
            on=form.cleaned_data["on"],
            head=form.head(),
            new_head=form.successor(),
            note=form.cleaned_data["note"],
            replaces=replaced(form),
        )

    return page_of(
        request,
        household,
        form,
        act,
        title=f"Chuyển sang hộ khác, hộ {household.code}",
        lead="Chọn những người chuyển và quan hệ với chủ hộ bên kia. Cả hộ thì dùng “Nhập vào hộ khác”.",
        done="Đã chuyển hộ. Đây là hộ chuyển sang.",
        shown=people_of(rows),
        button="Chuyển hộ",
    )


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def depart(request: HttpRequest, pk: UUID) -> HttpResponse:
    household = household_of(pk)
    rows = families.open_rows(household)
    form = event_forms.DepartForm(request.POST or None, rows=rows, initial=initial_of(request, rows))
    form.offer(rows)

    def act(form: Any) -> ResidenceEvent:
        return moving.members_depart(
            household=household,
            people=form.chosen_people(),
            place=form.place(),
            on=form.cleaned_data["on"],
            new_head=form.successor(),
            note=form.cleaned_data["note"],
            replaces=replaced(form),
        )

    return page_of(
        request,
        household,
        form,
        act,
        title=f"Chuyển đi khỏi xã, hộ {household.code}",
        lead="Hồ sơ vẫn còn ở trạm; việc đến hạn và lịch hẹn tạm khép, chuyển về thì mở lại đúng như cũ.",
        done="Đã ghi chuyển đi.",
        shown=people_of(rows),
        button="Ghi chuyển đi",
    )


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def come_back(request: HttpRequest, pk: UUID, event: UUID) -> HttpResponse:
    household = household_of(pk)
    departure = event_of(event, household=pk, kind=EventKind.DEPARTED)
    away = moving.still_away(departure)
    rows = _with_people(away)
    initial = initial_of(request) | {"people": [str(row.pk) for row in rows]}
    form = event_forms.ReturnForm(request.POST or None, rows=rows, initial=initial)

    def act(form: Any) -> ResidenceEvent:
        return moving.members_return(
            departure=departure,
            household=household,
            joining=form.joining(),
            on=form.cleaned_data["on"],
            head=form.head(),
            note=form.cleaned_data["note"],
            replaces=replaced(form),
        )

    return page_of(
        request,
        household,
        form,
        act,
        title=f"Chuyển về hộ {household.code}",
        lead="Những gì đã khép khi chuyển đi được mở lại.",
        done="Đã ghi chuyển về.",
        shown=[row.person_id for row in rows],
        button="Ghi chuyển về",
    )


# --- away for a time


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def absence(request: HttpRequest, pk: UUID) -> HttpResponse:
    household = household_of(pk)
    rows = families.open_rows(household)
    form = event_forms.AbsenceForm(request.POST or None, rows=rows, initial=initial_of(request, rows))

    def act(form: Any) -> ResidenceEvent:
        return absences.absence_open(
            household=household,
            people=form.chosen_people(),
            place=form.place(),
            on=form.cleaned_data["on"],
            until=form.cleaned_data["until"],
            note=form.cleaned_data["note"],
            replaces=replaced(form),
        )

    return page_of(
        request,
        household,
        form,
        act,
        title=f"Tạm vắng, hộ {household.code}",
        lead="Người tạm vắng vẫn thuộc hộ và vẫn được nhắc việc đến hạn.",
        done="Đã ghi tạm vắng.",
        shown=people_of(rows),
    )


@require_http_methods(METHODS)
@needs("households.edit")
@idempotent
def back(request: HttpRequest, pk: UUID, event: UUID) -> HttpResponse:
    household = household_of(pk)
    away = event_of(event, household=pk, kind=EventKind.ABSENT)
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
            on=form.cleaned_data["on"],
            note=form.cleaned_data["note"],
            replaces=replaced(form),
        )

    return page_of(
        request,
        household,
        form,
        act,
        title=f"Hết tạm vắng, hộ {household.code}",
        done="Đã ghi hết tạm vắng.",
        shown=[row.person_id for row in rows],
    )


def _with_people(parts: list[Any]) -> list[Any]:
    # unscoped: the people of an event that was taken through the scope, wherever they live now.
    found = Person.unscoped.defer("tokens", "search").in_bulk([part.person_id for part in parts])
    for part in parts:
        part.person = found[part.person_id]
    return parts

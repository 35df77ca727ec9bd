"""What a death or departure closes, its correction opens again: exactly that."""

import dataclasses
import datetime as dt

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.care.models import Appointment
from apps.care.services import appointment_drop
from apps.core.ids import uuid7
from apps.patients import closing, projections
from apps.patients.models import DueItem
from apps.patients.services import person_update
from apps.patients.steps import data_of
from tests.factories import encounters as make
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 20)


def due(person, part="", state="open", record=None):
    """One due item of a record; what it became is read by `states`."""
    record = record or person.pk
    projections.put_due(
        person_id=person.pk, kind="test", title="Việc", due_on=DAY, object_id=record, part=part, state=state
    )
    return DueItem.unscoped.get(object_id=record, part=part)


def states(person):
    return {item.part: item.state for item in DueItem.unscoped.filter(person=person)}


def close(person, event, kind="death"):
    return closing.close(person_id=person.pk, event_id=event, kind=kind, on=DAY)


def reopen(person, event):
    return closing.reopen(person_id=person.pk, event_id=event)


def test_it_works(at_station):
    person, event = a_person(at_station), uuid7()
    due(person, "a")
    due(person, "b", "done")
    due(person, "c", "dropped")
    assert close(person, event) == 1
    assert states(person) == {"a": "dropped", "b": "done", "c": "dropped"}
    assert reopen(person, event) == 1
    assert states(person) == {"a": "open", "b": "done", "c": "dropped"}


def test_twice_is_once(at_station):
    person, event = a_person(at_station), uuid7()
    due(person, "a")
    close(person, event)
    assert close(person, event) == 0
    assert reopen(person, event) == 1
    assert reopen(person, event) == 0


def test_nobody_else_is_touched(at_station):
    person, other, event = a_person(at_station), a_person(at_station, "Trần Văn Nam"), uuid7()
    due(other, "a")
    close(person, event)
    assert reopen(other, event) == 0
    assert states(other) == {"a": "open"}


def test_what_comes_due_after_a_death_waits(at_station):
    person, event = a_person(at_station), uuid7()
    close(person, event)
    assert due(person, "late").state == "dropped"
    assert due(person, "done", "done").state == "done"
    reopen(person, event)
    assert states(person) == {"late": "open", "done": "done"}


def test_what_was_settled_meanwhile_stays_settled(at_station):
    person, event = a_person(at_station), uuid7()
    due(person, "a")
    due(person, "b")
    close(person, event)
    projections.close_due(kind="test", object_id=person.pk, part="a")
    projections.close_due(kind="test", object_id=person.pk, part="b", state="dropped")
    assert reopen(person, event) == 0
    assert states(person) == {"a": "done", "b": "dropped"}


@pytest.mark.parametrize("first", ["left", "died"])
def test_one_event_keeps_closed_what_the_other_lets_go(at_station, first):
    """She left, then died: whichever is corrected first, the items open with the second only."""
    person, left, died = a_person(at_station), uuid7(), uuid7()
    due(person, "a")
    close(person, left, "departure")
    close(person, died)
    order = [left, died] if first == "left" else [died, left]
    assert reopen(person, order[0]) == 0
    assert states(person) == {"a": "dropped"}
    assert reopen(person, order[1]) == 1
    assert states(person) == {"a": "open"}


def test_a_status_typed_into_the_form_closes_too(at_station):
    person = a_person(at_station)
    due(person, "a")
    dead = dataclasses.replace(data_of(person), life_status="dead", died_on=DAY)
    person = person_update(person=person, data=dead, expected_version=1)
    assert states(person) == {"a": "dropped"}
    back = dataclasses.replace(data_of(person), life_status="alive", died_on=None)
    person_update(person=person, data=back, expected_version=2)
    assert states(person) == {"a": "open"}


# Each example writes a station, a person and her items: 2,000 of them would be minutes.
@settings(max_examples=min(settings.default.max_examples, 300))
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["close", "reopen", "due", "done"]), st.integers(0, 2)), max_size=12
    )
)
def test_open_means_due_and_nothing_stands(steps):
    """Whatever the order: an item that nobody settled is open exactly while no event stands."""
    with transaction.atomic():
        person = a_person(a_station())
        events, standing, wanted = [uuid7() for _ in range(3)], set(), {}
        for what, which in steps:
            if what == "close":
                close(person, events[which])
                standing.add(which)
            elif what == "reopen":
                reopen(person, events[which])
                standing.discard(which)
            elif what == "due":
                due(person, str(which))
                wanted[str(which)] = "open"
            else:
                due(person, str(which), "done")
                wanted[str(which)] = "done"
            waiting = "dropped" if standing else "open"
            assert states(person) == {
                part: state if state == "done" else waiting for part, state in wanted.items()
            }
        transaction.set_rollback(True)  # every example begins anew


# --- appointments


@pytest.fixture
def expected(at_station):
    make.catalogues()
    doctor = make.a_practitioner(at_station)
    data = dataclasses.replace(
        make.USUAL, fields={**make.USUAL.fields, "follow_up_on": dt.date(2026, 12, 10)}
    )
    make.a_finished_visit(a_person(at_station), doctor, data=data)
    return Appointment.unscoped.get()


def look(appointment):
    appointment.refresh_from_db()
    item = DueItem.unscoped.get(object_id=appointment.pk)
    return appointment.state, item.state, appointment.closed_by == item.closed_by


def test_an_appointment_is_cancelled_and_planned_again(expected):
    event = uuid7()
    close(expected.person, event)
    assert look(expected) == ("cancelled", "dropped", True)
    assert reopen(expected.person, event) == 1
    assert look(expected) == ("planned", "open", True)
    assert expected.closed_by is None


def test_an_appointment_under_two_events(expected):
    left, died = uuid7(), uuid7()
    close(expected.person, left, "departure")
    close(expected.person, died)
    reopen(expected.person, left)
    assert look(expected) == ("cancelled", "dropped", True)
    assert expected.closed_by == died
    reopen(expected.person, died)
    assert look(expected) == ("planned", "open", True)


def test_an_appointment_that_its_visit_took_back_stays_cancelled(expected):
    event = uuid7()
    close(expected.person, event)
    appointment_drop(source_kind=expected.source_kind, source_id=expected.source_id)
    reopen(expected.person, event)
    assert look(expected) == ("cancelled", "dropped", True)
    assert expected.closed_by is None


def test_an_appointment_that_was_kept_stays_kept(expected):
    Appointment.unscoped.update(state="came")
    event = uuid7()
    close(expected.person, event)
    reopen(expected.person, event)
    expected.refresh_from_db()
    assert expected.state == "came"

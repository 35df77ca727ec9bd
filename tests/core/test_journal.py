"""What a piece of work changed is put back, and only what still says what the work wrote."""

import datetime as dt
import json

import pytest
from django.db import transaction

from apps.core.ids import uuid7
from apps.core.journal import Journal
from apps.core.models import Draft, Holiday, Task

pytestmark = pytest.mark.django_db

MAI, HOA, LAN = uuid7(), uuid7(), uuid7()


def a_task(person_id: object) -> Task:
    now = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
    return Task.unscoped.create(
        kind="case.report",
        facility_id=uuid7(),
        object_id=uuid7(),
        person_id=person_id,
        happened_at=now,
        due_at=now,
        escalate_at=now,
    )


def stored(journal: Journal) -> Journal:
    """As it comes back from the database."""
    return Journal(json.loads(json.dumps(journal.lines)))


def test_it_works() -> None:
    task, other = a_task(MAI), a_task(LAN)
    journal = Journal()
    assert journal.repoint("core.Task", "person_id", MAI, HOA) == 1
    task.refresh_from_db()
    other.refresh_from_db()
    assert (task.person_id, other.person_id) == (HOA, LAN)
    done = stored(journal).take_back()
    task.refresh_from_db()
    assert task.person_id == MAI
    assert (done.rows, done.left) == (1, [])


def test_versions_only_grow() -> None:
    """Whoever has the row open in a form learns that it was changed, also when it was put back."""
    task = a_task(MAI)
    journal = Journal()
    journal.repoint("core.Task", "person_id", MAI, HOA)
    journal.take_back()
    task.refresh_from_db()
    assert task.version == 3


def test_a_row_that_points_elsewhere_since_is_left_and_told() -> None:
    task, still = a_task(MAI), a_task(MAI)
    journal = Journal()
    journal.repoint("core.Task", "person_id", MAI, HOA)
    Task.unscoped.filter(pk=task.pk).update(person_id=LAN)
    done = stored(journal).take_back()
    task.refresh_from_db()
    still.refresh_from_db()
    assert (task.person_id, still.person_id) == (LAN, MAI)
    assert done.left == [("core.Task", str(task.pk))]


def test_rows_made_since_are_left() -> None:
    journal = Journal()
    a_task(MAI)
    journal.repoint("core.Task", "person_id", MAI, HOA)
    later = a_task(HOA)
    stored(journal).take_back()
    later.refresh_from_db()
    assert later.person_id == HOA


def test_nothing_to_move_writes_no_line() -> None:
    journal = Journal()
    assert journal.repoint("core.Task", "person_id", MAI, HOA) == 0
    assert journal.lines == []


def test_values_of_one_row_go_back_together_or_not_at_all() -> None:
    holiday = Holiday.objects.create(on=dt.date(2027, 2, 6), name="Tết", source="QĐ")
    journal = Journal()
    journal.change(holiday, on=dt.date(2027, 2, 7), name="Tết Đinh Mùi")
    assert holiday.on == dt.date(2027, 2, 7)
    Holiday.objects.filter(pk=holiday.pk).update(name="Tết Nguyên đán")
    done = stored(journal).take_back()
    holiday.refresh_from_db()
    assert (holiday.on, holiday.name) == (dt.date(2027, 2, 7), "Tết Nguyên đán")
    assert done.left == [("core.Holiday", str(holiday.pk))]
    Holiday.objects.filter(pk=holiday.pk).update(name="Tết Đinh Mùi")
    assert stored(journal).take_back().left == []
    holiday.refresh_from_db()
    assert (holiday.on, holiday.name) == (dt.date(2027, 2, 6), "Tết")


def test_a_change_to_the_same_writes_no_line() -> None:
    journal = Journal()
    journal.change(a_task(MAI), person_id=MAI)
    assert journal.lines == []


def test_lines_go_back_last_first() -> None:
    holiday = Holiday.objects.create(on=dt.date(2027, 2, 6), name="Một", source="QĐ")
    journal = Journal()
    journal.change(holiday, name="Hai")
    journal.change(holiday, name="Ba")
    assert stored(journal).take_back().left == []
    holiday.refresh_from_db()
    assert holiday.name == "Một"


def test_a_row_that_is_gone_is_told() -> None:
    holiday = Holiday.objects.create(on=dt.date(2027, 2, 6), name="Một", source="QĐ")
    journal = Journal()
    journal.change(holiday, name="Hai")
    holiday.delete()
    assert len(journal.take_back().left) == 1


def test_a_row_whose_place_is_taken_is_left_and_the_others_go_back() -> None:
    """A constraint says no to one of them: neither lost nor half done."""
    user = uuid7()

    def a_draft(kind: str, of: object) -> Draft:
        return Draft.unscoped.create(user_id=user, facility_id=uuid7(), kind=kind, object_id=of, data={})

    clash, free = a_draft("visit-open", MAI), a_draft("person-new", MAI)
    journal = Journal()
    journal.repoint("core.Draft", "object_id", MAI, HOA)
    a_draft("visit-open", MAI)  # typed since
    with transaction.atomic():
        done = stored(journal).take_back()
    clash.refresh_from_db()
    free.refresh_from_db()
    assert (clash.object_id, free.object_id) == (HOA, MAI)
    assert done.left == [("core.Draft", str(clash.pk))]


def test_what_was_touched() -> None:
    task = a_task(MAI)
    holiday = Holiday.objects.create(on=dt.date(2027, 2, 6), name="Một", source="QĐ")
    journal = Journal()
    journal.repoint("core.Task", "person_id", MAI, HOA)
    journal.change(holiday, name="Hai")
    assert journal.touched() == {"core.Task": {str(task.pk)}, "core.Holiday": {str(holiday.pk)}}

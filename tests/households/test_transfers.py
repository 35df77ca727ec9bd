"""People and families who move from one station of the house to another: nothing lost, nothing twice."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from apps.care.booking import appointment_make
from apps.care.enrolling import enrol
from apps.care.models import Appointment, Enrolment
from apps.core import scope
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import ReadEntry, Task
from apps.facilities.models import Catchment, Facility
from apps.households import history, transfers
from apps.households.correcting import event_withdraw
from apps.households.families import Joining
from apps.households.models import Household, Membership, ResidenceEvent, Transfer
from apps.households.moving import members_depart, members_return
from apps.households.places import Elsewhere
from apps.patients import projections
from apps.patients.models import DueItem, Identifier, Person, TreatingAccess
from apps.patients.queries import find_people
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import a_code
from tests.factories.deaths import a_death
from tests.factories.encounters import a_finished_visit, a_practitioner, catalogues
from tests.factories.households import a_household
from tests.factories.households import a_member as joins
from tests.factories.patients import a_hamlet, a_person, a_station, scope_at

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
DAY = TODAY - dt.timedelta(days=10)
SOON = TODAY + dt.timedelta(days=7)
THERE = Elsewhere("province", "23293", "Nhà ông ngoại")


@pytest.fixture
def here(db: None) -> Facility:
    return a_station()


@pytest.fixture
def there(here: Facility) -> Facility:
    return a_station("23293", "Trạm Y tế xã Đăk Cấm")


@pytest.fixture
def head(here: Facility) -> Person:
    return a_person(here, "Phạm Văn Ba", sex="male", birth_date=dt.date(1980, 1, 1))


@pytest.fixture
def wife(here: Facility, home: Household) -> Person:
    person = a_person(here, "Đinh Thị Tư", birth_date=dt.date(1982, 1, 1))
    joins(home, person, "01")
    return person


@pytest.fixture
def home(here: Facility, head: Person) -> Household:
    return a_household(here, head)


def at(station: Facility) -> Any:
    return scope.enter(scope_at(station))


def leave(home: Household, *people: Person, place: Elsewhere = THERE, **more: Any) -> ResidenceEvent:
    home.refresh_from_db()
    with at(home.station):
        return members_depart(household=home, people=people, place=place, on=DAY, **more)


def hamlet_of(station: Facility) -> Any:
    return Catchment.objects.filter(facility=station).values_list("hamlet", flat=True)[0]


def receive(event: ResidenceEvent, station: Facility, *joining: Joining, **said: Any) -> ResidenceEvent:
    said.setdefault("hamlet_id", hamlet_of(station))
    said.setdefault("head", joining[0].person if joining else None)
    said.setdefault("on", DAY + dt.timedelta(days=1))
    with at(station):
        return transfers.newcomers_receive(departure=event.pk, joining=joining, **said)


def withdraw(event: ResidenceEvent) -> None:
    """As it is stored, the way its page does."""
    stored = ResidenceEvent.objects.get(pk=event.pk)
    event_withdraw(event=stored, reason="ghi nhầm", expected_version=stored.version)


def fresh(person: Person) -> Person:
    return Person.unscoped.get(pk=person.pk)


def waiting(station: Facility) -> list[str]:
    from apps.households.newcomers import waiting as rows

    with at(station):
        return [row.part.person.full_name for row in rows(scope.current(), "").items]


def test_it_works(here: Facility, there: Facility, home: Household, head: Person, wife: Person) -> None:
    """A couple leaves, is told there, is taken in as a family of its own."""
    event = leave(home, head, wife)
    assert waiting(there) == ["Phạm Văn Ba", "Đinh Thị Tư"] and waiting(here) == []
    task = Task.unscoped.get(kind=transfers.TASK)
    assert (task.facility_id, task.title) == (there.pk, "2 người từ Xã Ba Tơ")
    assert fresh(head).station == here and fresh(head).life_status == "moved"

    arrival = receive(event, there, Joining(head, ""), Joining(wife, "01"), address_text="Số 5")
    new = arrival.household
    assert (arrival.kind, arrival.station, arrival.follows, arrival.unit) == (
        "arrived",
        there,
        event,
        here.unit,
    )
    assert new.station == there and new.hamlet_id == hamlet_of(there)
    assert {row.person: row.relation for row in Membership.unscoped.filter(household=new)} == {
        head: "00",
        wife: "01",
    }
    moved = fresh(wife)
    assert (moved.station, moved.hamlet_id, moved.address_text) == (there, hamlet_of(there), "Số 5")
    assert moved.life_status == "alive"
    task.refresh_from_db()
    assert task.state == "done" and waiting(there) == []
    assert Household.unscoped.get(pk=home.pk).closed == "departed"


def test_her_former_code_is_found_and_her_new_one_is_free(
    here: Facility, there: Facility, home: Household, head: Person
) -> None:
    a_person(there, "Người Đăk Cấm")  # has the code that Ba had at home
    code = head.code
    event = leave(home, head)
    receive(event, there, Joining(head, ""))
    former = Identifier.unscoped.get(person=head, kind="former")
    assert (former.value, former.issuer) == (code, here.name)
    assert fresh(head).code != code
    with at(there):
        found = {line.full_name for line in find_people(scope.current(), code)}
    assert found == {"Phạm Văn Ba", "Người Đăk Cấm"}


def test_what_is_due_and_appointed_goes_along(
    here: Facility, there: Facility, home: Household, head: Person
) -> None:
    """Due items open at the new station, days to come are planned there; the old station's stay cancelled."""
    with at(here):
        kept = appointment_make(person=head, on=SOON, reason="Khám lại", kind="follow_up")
        projections.put_due(
            person_id=head.pk, kind="other", title="Tiêm nhắc", due_on=SOON, object_id=uuid7()
        )
    event = leave(home, head)
    assert not DueItem.unscoped.filter(person=head, state="open").exists()
    receive(event, there, Joining(head, ""))
    kept.refresh_from_db()
    assert kept.state == "cancelled" and kept.facility == here
    made = Appointment.unscoped.exclude(pk=kept.pk).get()
    assert (made.facility, made.on, made.reason, made.state) == (there, SOON, "Khám lại", "planned")
    open_items = DueItem.unscoped.filter(person=head, state="open")
    assert sorted(open_items.values_list("kind", flat=True)) == ["appointment", "other"]
    assert open_items.get(kind="appointment").object_id == made.pk


def test_a_programme_of_the_former_station_stays_ended(
    here: Facility, there: Facility, home: Household, head: Person
) -> None:
    a_code("care_programme", "tang_huyet_ap", "Tăng huyết áp")
    with at(here):
        enrol(person=head, programme="tang_huyet_ap", since=DAY - dt.timedelta(days=5))
    event = leave(home, head)
    receive(event, there, Joining(head, ""))
    row = Enrolment.unscoped.get()
    assert (row.facility, row.state) == (here, "ended")
    with at(there):
        assert Enrolment.objects.get() == row  # read there, to take her in anew


def test_the_former_station_keeps_what_happened_there(
    here: Facility, there: Facility, home: Household, head: Person
) -> None:
    """Its visits for good, her page for the days of the parameter; the new one reads all."""
    from apps.encounters.models import Visit

    catalogues()
    visit = a_finished_visit(head, a_practitioner(here))
    event = leave(home, head)
    receive(event, there, Joining(head, ""), on=TODAY)
    visit.refresh_from_db()
    assert visit.facility == here
    with at(here):
        assert Visit.objects.filter(pk=visit.pk).exists()
        assert Person.objects.filter(pk=head.pk).exists()
        assert ResidenceEvent.objects.filter(pk=event.pk).exists()
    with at(there):
        assert Visit.objects.filter(pk=visit.pk).exists()
    later = TODAY + dt.timedelta(days=91)
    assert not TreatingAccess.objects.filter(person=head, facility=here, until__gte=later).exists()


def test_before_she_is_taken_in_nothing_but_who_she_is_is_told(
    here: Facility, there: Facility, home: Household, head: Person
) -> None:
    leave(home, head)
    with at(there):
        assert not Person.objects.filter(pk=head.pk).exists()
        assert find_people(scope.current(), "pham van ba") == []


def test_into_a_family_that_is_there(
    here: Facility, there: Facility, home: Household, head: Person, wife: Person
) -> None:
    theirs = a_household(there, a_person(there, "Đinh Văn Ông", sex="male"))
    event = leave(home, wife)
    receive(event, there, Joining(wife, "05"), into=theirs, head=None)
    row = Membership.unscoped.get(person=wife, valid_to=None)
    assert (row.household, row.relation, row.is_head) == (theirs, "05", False)
    assert Household.unscoped.filter(station=there).count() == 1


def test_one_of_two_comes_first(
    here: Facility, there: Facility, home: Household, head: Person, wife: Person
) -> None:
    event = leave(home, head, wife)
    first = receive(event, there, Joining(head, ""))
    assert waiting(there) == ["Đinh Thị Tư"]
    assert Task.unscoped.get(kind=transfers.TASK).state == "open"
    receive(event, there, Joining(wife, "01"), into=first.household, head=None)
    assert Task.unscoped.get(kind=transfers.TASK).state == "done"


def test_who_has_not_come_is_answered_with_the_reason(
    here: Facility, there: Facility, home: Household, head: Person
) -> None:
    event = leave(home, head)
    with at(there):
        with pytest.raises(Refused, match="vì sao"):
            transfers.newcomers_decline(departure=event.pk, people=[head.pk], reason=" ")
        transfers.newcomers_decline(departure=event.pk, people=[head.pk], reason="Về xã Đăk Blà")
    assert waiting(there) == [] and fresh(head).station == here
    with at(here):
        line = history.of_event(event, home)
    assert "Trạm Y tế xã Đăk Cấm: không về địa bàn (Về xã Đăk Blà)" in line.words


def test_a_departure_that_was_a_mistake_waits_no_more(
    here: Facility, there: Facility, home: Household, head: Person
) -> None:
    event = leave(home, head)
    with at(here):
        withdraw(event)
    assert waiting(there) == []
    assert Task.unscoped.get(kind=transfers.TASK).state == "done"
    assert fresh(head).life_status == "alive"


def test_who_comes_back_or_dies_waits_no_more(
    here: Facility, there: Facility, home: Household, head: Person, wife: Person
) -> None:
    event = leave(home, head, wife)
    home.refresh_from_db()
    with at(here):
        members_return(
            departure=event,
            household=home,
            joining=[Joining(fresh(head), "")],
            on=TODAY,
            head=fresh(head),
        )
    assert waiting(there) == ["Đinh Thị Tư"]
    a_death(fresh(wife), died_on=TODAY, maternal="no")
    assert waiting(there) == []


def test_an_arrival_taken_back_leaves_her_waiting_again(
    here: Facility, there: Facility, home: Household, head: Person
) -> None:
    with at(here):
        kept = appointment_make(person=head, on=SOON, reason="Khám lại", kind="follow_up")
    code, hamlet = head.code, head.hamlet_id
    event = leave(home, head)
    arrival = receive(event, there, Joining(head, ""))
    with at(there):
        withdraw(arrival)
    back = fresh(head)
    assert (back.station, back.code, back.hamlet_id) == (here, code, hamlet)
    assert back.life_status == "moved" and waiting(there) == ["Phạm Văn Ba"]
    assert not Identifier.unscoped.filter(person=head, kind="former").exists()
    assert not DueItem.unscoped.filter(person=head, state="open").exists()
    assert set(Appointment.unscoped.values_list("state", flat=True)) == {"cancelled"}
    again = receive(event, there, Joining(fresh(head), ""))
    assert again.household.station == there
    assert Appointment.unscoped.get(state="planned").facility == there
    with at(here):
        kept.refresh_from_db()
        assert kept.state == "cancelled"


def test_the_former_station_does_not_take_back_what_was_answered(
    here: Facility, there: Facility, home: Household, head: Person
) -> None:
    event = leave(home, head)
    receive(event, there, Joining(head, ""))
    with at(here), pytest.raises(Refused, match="Hãy rút lại trước: Chuyển đến"):
        withdraw(event)


def test_a_place_outside_the_house_is_told_to_nobody(here: Facility, home: Household, head: Person) -> None:
    leave(home, head, place=Elsewhere("country", "", "TP. Hồ Chí Minh"))
    assert not Transfer.unscoped.exists() and not Task.unscoped.exists()


def test_a_stranger_and_a_village_worker_see_nobody(
    here: Facility, there: Facility, home: Household, head: Person
) -> None:
    other = a_station("21520", "Trạm Y tế xã Ba Động")
    event = leave(home, head)
    assert waiting(other) == []
    client = client_of(a_member("nurse", other, "khac"))
    assert client.get(f"/ho/chuyen-den/{event.pk}/").status_code == 404
    assert client.get(f"/ho/chuyen-den/{event.pk}/khong-ve/").status_code == 404
    with scope.enter(scope_at(there, hamlet_ids=frozenset({hamlet_of(there)}))):
        assert not Transfer.objects.exists()


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"hamlet_id": None}, "chọn thôn, tổ"),
        ({"head": None}, "ai là chủ hộ"),
        ({"on": DAY - dt.timedelta(days=1)}, "từ ngày chuyển đi"),
        ({"on": TODAY + dt.timedelta(days=1)}, "tương lai"),
        ({"address_text": "x" * 201}, "dài quá 200"),
    ],
    ids=["hamlet", "head", "early", "future", "long"],
)
def test_bad_input(
    here: Facility, there: Facility, home: Household, head: Person, said: dict[str, Any], match: str
) -> None:
    event = leave(home, head)
    with pytest.raises(Refused, match=match):
        receive(event, there, Joining(head, ""), **said)
    assert waiting(there) == ["Phạm Văn Ba"]


def test_a_hamlet_of_another_station_is_refused(
    here: Facility, there: Facility, home: Household, head: Person
) -> None:
    event = leave(home, head)
    with pytest.raises(Refused, match="không thuộc địa bàn"):
        receive(event, there, Joining(head, ""), hamlet_id=head.hamlet_id)


# --- the pages


def test_the_pages(here: Facility, there: Facility, home: Household, head: Person, wife: Person) -> None:
    for code, words in (("00", "Chủ hộ"), ("01", "Vợ")):
        a_code("relationship_to_head", code, words)
    event = leave(home, head, wife)
    client = client_of(a_member("nurse", there, "dieuduong"))
    assert "Chuyển đến chờ nhận (2)" in client.get("/ho/").content.decode()
    shown = client.get("/ho/chuyen-den/").content.decode()
    assert "Phạm Văn Ba" in shown and "Nhà ông ngoại" in shown and "Trạm Y tế xã Ba Tơ" in shown
    parts = {part.person_id: part.pk for part in event.people(manager="unscoped").all()}
    address = f"/ho/chuyen-den/{event.pk}/"
    form = client.get(address).context["form"]
    assert form["people"].value() == [str(parts[head.pk]), str(parts[wife.pk])]
    assert form[f"relation_{parts[head.pk].hex}"].value() == "00"  # as they belonged together before
    assert form[f"relation_{parts[wife.pk].hex}"].value() == "01"
    said = {
        "form_key": str(uuid7()),
        "people": [str(pk) for pk in parts.values()],
        f"relation_{parts[head.pk].hex}": "00",
        f"relation_{parts[wife.pk].hex}": "01",
        "on": f"{TODAY:%d/%m/%Y}",
        "hamlet": "",
        "address_text": "",
        "into": "",
        "note": "",
    }
    wrong = client.post(address, said)
    assert wrong.status_code == 422
    assert "hamlet" in wrong.context["form"].errors
    done = client.post(address, said | {"form_key": str(uuid7()), "hamlet": str(hamlet_of(there))})
    household = Household.unscoped.get(station=there)
    assert done.headers["Location"] == f"/ho/{household.pk}/"
    assert ReadEntry.objects.filter(screen="household.newcomers", person_ids__contains=[head.pk]).exists()
    assert client.get(address).status_code == 404
    assert client.get(f"/nguoi/{head.pk}/").status_code == 200


def test_not_come_on_its_page(here: Facility, there: Facility, home: Household, head: Person) -> None:
    event = leave(home, head)
    client = client_of(a_member("nurse", there, "dieuduong"))
    address = f"/ho/chuyen-den/{event.pk}/khong-ve/"
    part = event.people(manager="unscoped").get()
    assert client.get(address).status_code == 200
    wrong = client.post(address, {"form_key": str(uuid7()), "reason": "x"})
    assert list(wrong.context["form"].errors) == ["people"]
    said = {"form_key": str(uuid7()), "people": [str(part.pk)], "reason": "Chưa về"}
    assert client.post(address, said).status_code == 302
    assert Transfer.unscoped.get().state == "declined"


def test_the_number_of_queries_does_not_grow(
    here: Facility, there: Facility, django_assert_max_num_queries: Any
) -> None:
    from apps.households.newcomers import waiting as rows

    def gone(count: int) -> None:
        for number in range(count):
            person = a_person(here, f"Phạm Văn {number}", sex="male")
            leave(a_household(here, person), person)

    gone(2)
    with at(there), django_assert_max_num_queries(2):
        rows(scope.current(), "")
    gone(18)
    with at(there), django_assert_max_num_queries(2):
        assert len(rows(scope.current(), "").items) == 20


def test_a_commune_that_has_become_another_is_told_to_the_station_of_now(
    here: Facility, there: Facility, home: Household, head: Person
) -> None:
    from apps.facilities.models import AdminUnit, UnitSuccession

    old = AdminUnit.objects.create(
        level="commune",
        code="23299",
        name="Đăk Cấm cũ",
        kind="xã",
        parent=there.unit.parent,
        valid_to=dt.date(2025, 6, 30),
    )
    UnitSuccession.objects.create(old=old, new=there.unit, on=dt.date(2025, 7, 1), share=1)
    home.refresh_from_db()
    with at(here):
        members_depart(
            household=home,
            people=[head],
            place=Elsewhere("province", f"{old.code}–2025", ""),
            on=dt.date(2025, 5, 5),
        )
    assert waiting(there) == ["Phạm Văn Ba"]


def test_a_second_hamlet_is_as_good(here: Facility, there: Facility, home: Household, head: Person) -> None:
    other = a_hamlet(there.unit, "Thôn Hai")
    Catchment.objects.create(facility=there, hamlet=other)
    event = leave(home, head)
    assert receive(event, there, Joining(head, ""), hamlet_id=other.pk).household.hamlet == other

"""What happens to families: split, merge, move, absence, marriage, divorce, and taking any of it back."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.core import scope
from apps.core.errors import NeedsReason, Refused
from apps.core.models import AuditEntry
from apps.core.versions import StaleVersion
from apps.facilities.models import AdminUnit, Catchment, Hamlet
from apps.households import services
from apps.households.absences import absence_close, absence_open, open_absences
from apps.households.correcting import event_withdraw
from apps.households.families import Joining, open_of
from apps.households.marriages import Move, divorce_record, marriage_record
from apps.households.models import Household, Membership, ResidenceEvent
from apps.households.moving import (
    household_move,
    member_arrive,
    members_depart,
    members_move,
    members_return,
    still_away,
)
from apps.households.places import Elsewhere, unit_key
from apps.households.services import HouseholdData
from apps.households.splitting import household_merge, household_split
from apps.patients import projections
from apps.patients.events import PersonDeparted, PersonReturned
from apps.patients.models import Person
from apps.patients.queries import due_items
from tests.factories.households import a_household, a_member
from tests.factories.patients import a_hamlet, a_person, a_station, scope_at

TODAY = timezone.localdate()
DAY = TODAY - dt.timedelta(days=30)
BEFORE = DAY - dt.timedelta(days=1)
OUT = Elsewhere("country", text="Phường Bến Nghé, TP. Hồ Chí Minh")


@pytest.fixture
def hearing(heard):
    """What was published about people leaving and coming back."""
    return heard(PersonDeparted, PersonReturned)


class Family:
    """Ba (head), his wife, a grown son and the son's wife, with a small child."""

    def __init__(self, station):
        self.head = a_person(station, "Phạm Văn Ba", sex="male", birth_date=dt.date(1960, 1, 1))
        self.home = a_household(station, self.head, address_text="Xóm 1")
        self.wife = self._joins(station, "Đinh Thị Tư", "01", dt.date(1962, 1, 1))
        self.son = self._joins(station, "Phạm Văn Năm", "05", dt.date(1990, 1, 1), "male")
        self.daughter = self._joins(station, "Phạm Thị Sáu", "05", dt.date(1995, 1, 1))

    def _joins(self, station, name, relation, born, sex="female"):
        person = a_person(station, name, sex=sex, birth_date=born)
        a_member(self.home, person, relation)
        return person

    def now(self):
        return names(self.home)


def names(household):
    rows = Membership.unscoped.filter(household=household, valid_to=None).select_related("person")
    return {row.person.full_name.split()[-1]: row.relation for row in rows}


@pytest.fixture
def family(at_station):
    return Family(at_station)


@pytest.fixture
def ages(db):
    call_command("load_catalogues", only=["parameters"])


def split(family, **changed):
    said = {
        "household": family.home,
        "joining": [Joining(family.son, ""), Joining(family.daughter, "15")],
        "head": family.son,
        "hamlet_id": family.home.hamlet_id,
        "address_text": "Xóm 2",
        "on": DAY,
    }
    return household_split(**said | changed)


def withdraw(event, reason="Ghi nhầm hộ"):
    event = ResidenceEvent.objects.get(pk=event.pk)
    return event_withdraw(event=event, reason=reason, expected_version=event.version)


# --- split and merge


def test_it_works(family):
    event = split(family)
    new = event.household
    assert family.now() == {"Ba": "00", "Tư": "01"}
    assert names(new) == {"Năm": "00", "Sáu": "15"}
    rows = Membership.unscoped.filter(person=family.son).order_by("valid_from")
    assert [(row.valid_from, row.valid_to) for row in rows] == [(DAY, None), (None, BEFORE)]
    family.son.refresh_from_db()
    assert family.son.address_text == "Xóm 2"
    assert new.code != family.home.code
    assert Household.unscoped.get(pk=new.pk).sort_key == family.son.sort_key
    entry = AuditEntry.objects.filter(action="household.event.split").get()
    assert entry.data == {"code": new.code, "event": str(event.pk)}


def test_a_split_is_taken_back_whole(family):
    event = withdraw(split(family))
    assert family.now() == {"Ba": "00", "Tư": "01", "Năm": "05", "Sáu": "05"}
    assert names(event.household) == {}
    assert Household.unscoped.get(pk=event.household_id).closed == "error"
    family.son.refresh_from_db()
    assert family.son.address_text == ""
    assert (event.state, event.error_reason) == ("entered_in_error", "Ghi nhầm hộ")
    assert event.changes, "what it had done can still be read"


def test_those_who_stay_keep_a_head(family):
    going = [Joining(family.head, ""), Joining(family.wife, "01")]
    with pytest.raises(Refused, match="chủ hộ mới") as refused:
        split(family, joining=going, head=family.head)
    assert refused.value.field == "new_head"
    assert family.now()["Ba"] == "00"
    event = split(family, joining=going, head=family.head, new_head=family.son)
    assert family.now() == {"Năm": "00", "Sáu": "05"}
    family.home.refresh_from_db()
    assert family.home.sort_key == family.son.sort_key
    withdraw(event)
    assert family.now() == {"Ba": "00", "Tư": "01", "Năm": "05", "Sáu": "05"}
    family.home.refresh_from_db()
    assert family.home.sort_key == family.head.sort_key


def test_a_split_refuses_nonsense(family):
    with pytest.raises(Refused, match="ít nhất một người"):
        split(family, joining=[])
    with pytest.raises(Refused, match="Cả hộ cùng đi"):
        everybody = [family.head, family.wife, family.son, family.daughter]
        split(family, joining=[Joining(person, "") for person in everybody])
    with pytest.raises(Refused, match="ai là chủ hộ"):
        split(family, head=family.wife)
    with pytest.raises(Refused, match="chỉ có một chủ hộ"):
        split(family, joining=[Joining(family.son, ""), Joining(family.daughter, "00")])
    with pytest.raises(Refused, match="tương lai"):
        split(family, on=TODAY + dt.timedelta(days=1))
    with pytest.raises(Refused, match="trước ngày sinh"):
        split(family, on=dt.date(1991, 1, 1))
    with pytest.raises(Refused, match="không còn ở trong hộ"):
        split(family, joining=[Joining(a_person(family.home.station, "Lê Lạ"), "")])
    assert Household.unscoped.count() == 1
    assert len(family.now()) == 4


def test_a_split_to_a_hamlet_that_did_not_exist_then(family, at_station):
    late = a_hamlet(at_station.unit, "Thôn Mới", valid_from=TODAY)
    Catchment.objects.create(facility=at_station, hamlet=late)
    with pytest.raises(Refused, match="Thôn Mới không có vào ngày") as refused:
        split(family, hamlet_id=late.pk)
    assert refused.value.field == "hamlet"


def test_a_family_joins_another(family, at_station):
    other = a_household(at_station, a_person(at_station, "Lê Bảy"))
    people = [family.head, family.wife, family.son, family.daughter]
    joining = [Joining(person, "99") for person in people]
    with pytest.raises(Refused, match="mọi người"):
        household_merge(household=family.home, into=other, joining=joining[:3], on=DAY)
    with pytest.raises(Refused, match="vào chính nó"):
        household_merge(household=family.home, into=family.home, joining=joining, on=DAY)
    event = household_merge(household=family.home, into=other, joining=joining, on=DAY)
    family.home.refresh_from_db()
    assert (family.home.closed, family.home.closed_on, family.home.merged_into) == ("merged", DAY, other)
    assert len(names(other)) == 5
    with pytest.raises(Refused, match="đã nhập vào hộ khác"):
        services.member_add(household=family.home, person=a_person(at_station, "Lê Tám"), relation="05")
    withdraw(event)
    family.home.refresh_from_db()
    assert (family.home.closed, family.home.merged_into) == ("", None)
    assert len(family.now()) == 4 and names(other) == {"Bảy": "00"}


# --- moves


def test_a_whole_family_moves_within_the_area(family, at_station):
    new = a_hamlet(at_station.unit, "Thôn Mới")
    Catchment.objects.create(facility=at_station, hamlet=new)
    event = household_move(household=family.home, hamlet_id=new.pk, address_text="Xóm 9", on=DAY)
    assert set(Person.unscoped.values_list("hamlet", flat=True)) == {new.pk}
    assert event.people.count() == 4
    with pytest.raises(Refused, match="trùng"):
        household_move(household=family.home, hamlet_id=new.pk, address_text="Xóm 9", on=DAY)
    withdraw(event)
    family.home.refresh_from_db()
    assert family.home.address_text == "Xóm 1"
    assert new.pk not in set(Person.unscoped.values_list("hamlet", flat=True))


def test_one_leaves_the_province_and_comes_back(family, hearing):
    event = members_depart(household=family.home, people=[family.son], place=OUT, on=DAY)
    family.son.refresh_from_db()
    assert family.son.life_status == "moved"
    part = event.people.get()
    assert hearing == [PersonDeparted(family.son.pk, part.pk, DAY)]
    assert (event.reach, event.place_text) == ("country", OUT.text)
    back = members_return(
        departure=event, household=family.home, joining=[Joining(family.son, "05")], on=TODAY
    )
    family.son.refresh_from_db()
    assert family.son.life_status == "alive"
    assert hearing[1:] == [PersonReturned(family.son.pk, part.pk, TODAY)]
    assert still_away(event) == []
    with pytest.raises(Refused, match=r"Hãy rút lại trước: Chuyển về ngày"):
        withdraw(event)
    withdraw(back)
    family.son.refresh_from_db()
    assert family.son.life_status == "moved" and open_of(family.son) is None
    withdraw(event)
    family.son.refresh_from_db()
    assert family.son.life_status == "alive" and open_of(family.son).household == family.home


def test_what_was_due_is_closed_by_leaving_and_opened_by_coming_back(family):
    for number, state in enumerate(["open", "done"]):
        projections.put_due(
            person_id=family.son.pk, kind="x", object_id=family.son.pk, part=str(number),
            title="Khám lại", due_on=TODAY, state=state,
        )  # fmt: skip
    event = members_depart(household=family.home, people=[family.son], place=OUT, on=DAY)
    assert due_items([family.son.pk]) == []
    withdraw(event)
    assert [item.part for item in due_items([family.son.pk])] == ["0"]


def test_a_whole_family_leaves_and_its_number_rests(family):
    people = [family.head, family.wife, family.son, family.daughter]
    event = members_depart(household=family.home, people=people, place=OUT, on=DAY)
    family.home.refresh_from_db()
    assert (family.home.closed, family.now()) == ("departed", {})
    with pytest.raises(Refused, match="ai là chủ hộ"):
        members_return(departure=event, household=family.home, joining=[Joining(family.wife, "")], on=TODAY)
    members_return(
        departure=event,
        household=family.home,
        joining=[Joining(family.wife, ""), Joining(family.son, "05")],
        head=family.wife,
        on=TODAY,
    )
    family.home.refresh_from_db()
    assert (family.home.closed, family.now()) == ("", {"Tư": "00", "Năm": "05"})
    assert {row.person_id for row in still_away(event)} == {family.head.pk, family.daughter.pk}


def test_a_move_to_a_unit_that_did_not_exist_then(family):
    province = AdminUnit.objects.get(level="province")
    new = AdminUnit.objects.create(
        level="commune",
        code="21490",
        name="Ba Vì",
        kind="xã",
        parent=province,
        valid_from=dt.date(2025, 7, 1),
    )
    old = AdminUnit.objects.create(
        level="commune", code="21490", name="Ba Tiêu", kind="xã", valid_to=dt.date(2025, 6, 30)
    )
    assert (unit_key(new), unit_key(old)) == ("21490", "21490–2025")

    def leave(unit, on, reach="province"):
        return members_depart(household=family.home, people=[family.son], place=Elsewhere(reach, unit), on=on)

    with pytest.raises(
        Refused, match=r"Xã Ba Vì có từ 01/07/2025.*Ngày đó mã 21490 là Xã Ba Tiêu"
    ) as refused:
        leave("21490", dt.date(2024, 3, 1))
    assert refused.value.field == "unit"
    with pytest.raises(Refused, match=r"Xã Ba Tiêu chỉ có đến 30/06/2025"):
        leave("21490–2025", DAY)
    with pytest.raises(Refused, match="Không có xã, phường mang mã"):
        leave("99999", DAY)
    with pytest.raises(Refused, match="ở trong tỉnh"):
        leave("21490", DAY, "country")
    with pytest.raises(Refused, match="là xã của trạm"):
        leave("21484", DAY)
    with pytest.raises(Refused, match="Hãy chọn chuyển trong tỉnh"):
        leave("21490", DAY, "moon")
    assert len(family.now()) == 4
    assert leave("21490–2025", dt.date(2024, 3, 1)).unit == old


def test_a_member_moves_to_another_family_and_the_later_event_is_named(family, at_station):
    other = a_household(at_station, a_person(at_station, "Lê Bảy"))
    first = members_move(joining=[Joining(family.daughter, "07")], household=other, on=DAY)
    members_depart(household=other, people=[family.daughter], place=OUT, on=TODAY)
    with pytest.raises(Refused, match=r"Hãy rút lại trước: Chuyển đi ngày"):
        withdraw(first)
    assert names(other) == {"Bảy": "00"}


def test_nobody_leaves_before_she_came(family, at_station):
    other = a_household(at_station, a_person(at_station, "Lê Bảy"))
    members_move(joining=[Joining(family.daughter, "07")], household=other, on=DAY)
    with pytest.raises(Refused, match="phải sau ngày đó") as refused:
        members_depart(household=other, people=[family.daughter], place=OUT, on=DAY)
    assert refused.value.field == "on"


def test_a_family_arrives(at_station):
    head, wife = a_person(at_station, "Hồ Văn Tám", hamlet=None), a_person(at_station, "Hồ Thị Chín")
    hamlet = Hamlet.objects.get()
    with pytest.raises(Refused, match="ngày chuyển đến"):
        services.household_create(data=HouseholdData(hamlet.pk), head=head, place=OUT)
    home = services.household_create(data=HouseholdData(hamlet.pk), head=head, since=DAY, place=OUT)
    event = ResidenceEvent.objects.get()
    assert (event.kind, event.reach, event.household) == ("arrived", "country", home)
    member_arrive(household=home, joining=Joining(wife, "01"), place=OUT, on=DAY)
    assert names(home) == {"Tám": "00", "Chín": "01"}
    with pytest.raises(Refused, match="Hãy rút lại trước: Chuyển đến"):
        withdraw(event)


def test_a_wrong_addition_is_taken_back(family, at_station):
    wrong = a_person(at_station, "Lê Lạ")
    services.member_add(household=family.home, person=wrong, relation="05")
    withdraw(ResidenceEvent.objects.get(kind="joined"))
    assert "Lạ" not in family.now()
    assert open_of(wrong) is None


# --- absence


def test_absence_and_return(family):
    event = absence_open(household=family.home, people=[family.son, family.daughter], place=OUT, on=DAY)
    assert len(family.now()) == 4
    with pytest.raises(Refused, match="đang tạm vắng từ"):
        absence_open(household=family.home, people=[family.son], place=OUT, on=TODAY)
    back = absence_close(absence=event, people=[family.son], on=TODAY)
    assert [row.person_id for row in open_absences([family.son.pk, family.daughter.pk])] == [
        family.daughter.pk
    ]
    with pytest.raises(Refused, match="không còn ghi là tạm vắng"):
        absence_close(absence=event, people=[family.son], on=TODAY)
    with pytest.raises(Refused, match="Hết tạm vắng"):
        withdraw(event)
    withdraw(back)
    withdraw(event)
    assert not open_absences([family.son.pk, family.daughter.pk])


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [({"until": BEFORE}, "dự kiến về"), ({"people": []}, "ít nhất một"), ({"on": dt.date(1800, 1, 1)}, "xa")],
)
def test_an_absence_refuses_nonsense(family, changed, sentence):
    said = {"household": family.home, "people": [family.son], "place": OUT, "on": DAY}
    with pytest.raises(Refused, match=sentence):
        absence_open(**said | changed)


# --- marriage and divorce


def test_a_daughter_marries_out_and_it_is_corrected(family, at_station, ages):
    groom = a_person(at_station, "Lê Văn Bảy", sex="male", birth_date=dt.date(1992, 1, 1))
    other = a_household(at_station, groom)
    event = marriage_record(
        person=family.daughter, spouse=groom, on=DAY, move=Move(family.daughter, other, "01")
    )
    family.daughter.refresh_from_db()
    groom.refresh_from_db()
    assert (family.daughter.marital_status, groom.marital_status) == ("2", "2")
    assert names(other) == {"Bảy": "00", "Sáu": "01"}
    assert [part.kind for part in event.parts.all()] == ["moved"]
    withdraw(event)
    family.daughter.refresh_from_db()
    assert (family.daughter.marital_status, family.daughter.life_status) == ("", "alive")
    assert "Sáu" in family.now() and names(other) == {"Bảy": "00"}
    assert set(ResidenceEvent.objects.values_list("state", flat=True)) == {"entered_in_error"}


def test_a_daughter_marries_away_and_a_bride_comes_in(family, at_station, ages):
    marriage_record(
        person=family.daughter,
        spouse=None,
        spouse_text="Trần Văn Xa",
        on=DAY,
        move=Move(family.daughter, place=OUT),
    )
    family.daughter.refresh_from_db()
    assert (family.daughter.marital_status, family.daughter.life_status) == ("2", "moved")
    bride = a_person(at_station, "Trần Thị Mười")
    marriage_record(person=family.son, spouse=bride, on=DAY, move=Move(bride, family.home, "07", place=OUT))
    assert family.now()["Mười"] == "07"
    assert ResidenceEvent.objects.filter(kind="arrived").count() == 1


def test_an_odd_marriage_asks_for_a_reason(family, at_station, ages):
    young = a_person(at_station, "Lê Thị Út", birth_date=TODAY - dt.timedelta(days=16 * 366))
    family.son.marital_status = "2"
    family.son.save()
    with pytest.raises(NeedsReason) as odd:
        marriage_record(person=family.son, spouse=young, on=DAY)
    assert {warning.code for warning in odd.value.warnings} == {"young", "married"}
    event = marriage_record(person=family.son, spouse=young, on=DAY, reason="Tảo hôn, đã báo xã")
    assert event.note == "Tảo hôn, đã báo xã"


def test_a_marriage_that_cannot_be(family, ages):
    with pytest.raises(Refused, match="người khác"):
        marriage_record(person=family.son, spouse=family.son, on=DAY)
    with pytest.raises(Refused, match="ghi họ tên"):
        marriage_record(person=family.son, spouse=None, spouse_text=" \u200b ", on=DAY)
    family.son.mother = family.wife
    family.son.save()
    with pytest.raises(Refused, match="cha mẹ và con"):
        marriage_record(person=family.son, spouse=family.wife, on=DAY)
    assert not ResidenceEvent.objects.exists()


def test_a_divorce_moves_one_of_them(family, at_station):
    Person.unscoped.update(marital_status="2")
    own = a_household(at_station, a_person(at_station, "Đinh Văn Cha"))
    for person in (family.head, family.wife):
        person.refresh_from_db()
    divorce_record(person=family.head, spouse=family.wife, on=DAY, move=Move(family.wife, own, "05"))
    family.wife.refresh_from_db()
    assert (family.wife.marital_status, names(own)["Tư"]) == ("4", "05")
    with pytest.raises(NeedsReason):
        divorce_record(person=family.head, spouse=family.wife, on=DAY)


# --- correction


def test_a_withdrawal_needs_its_reason_and_happens_once(family):
    event = split(family)
    with pytest.raises(Refused, match="vì sao"):
        withdraw(event, "  ")
    stored = ResidenceEvent.objects.get(pk=event.pk)
    withdraw(event)
    with pytest.raises(Refused, match="đã được ghi là nhập nhầm"):
        withdraw(event)
    with pytest.raises((StaleVersion, Refused)):
        event_withdraw(event=stored, reason="hai người cùng sửa", expected_version=1)


def test_the_right_event_points_back(family):
    wrong = withdraw(split(family))
    right = split(family, joining=[Joining(family.son, "")], replaces=wrong)
    wrong.refresh_from_db()
    assert wrong.replaced_by == right


def test_what_was_changed_otherwise_since_is_not_overwritten(family):
    event = split(family)
    family.son.refresh_from_db()
    Person.unscoped.filter(pk=family.son.pk).update(address_text="Xóm 77")
    with pytest.raises(Refused, match="đã được sửa sau đó"):
        withdraw(event)
    assert names(event.household) == {"Năm": "00", "Sáu": "15"}


def test_a_stranger_withdraws_nothing(family):
    event = split(family)
    with scope.enter(scope_at(a_station("21490", "Trạm Y tế xã Ba Vì"))):
        assert not ResidenceEvent.objects.filter(pk=event.pk).exists()

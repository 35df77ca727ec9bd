"""Newborns with their mother, people nobody can name, their names later."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.core.errors import NeedsReason, Refused
from apps.core.events import subscribers
from apps.core.ids import uuid7
from apps.core.scope import enter
from apps.households.models import Membership
from apps.patients import births, naming, queries
from apps.patients.births import Baby, BirthData
from apps.patients.events import PersonBorn
from apps.patients.models import Birth, BirthHistory, Identifier, Person
from apps.patients.naming import Carer, Found
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import a_code
from tests.factories.households import a_household
from tests.factories.households import a_member as joins
from tests.factories.patients import a_person, a_station, scope_at

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def mother(at_station):
    return a_person(at_station, "Đinh Thị Nhung", birth_date=dt.date(1998, 3, 5), ethnicity="12")


def birth(*babies, **fields):
    fields.setdefault("born_on", TODAY() - dt.timedelta(days=2))
    fields.setdefault("place", "home")
    return BirthData(babies=babies or (Baby("male", 3100),), **fields)


def record(mother, *babies, reason="", father=None, **fields):
    return births.newborns_record(mother=mother, data=birth(*babies, **fields), father=father, reason=reason)


def test_it_works(mother, at_station):
    father = a_person(at_station, "Phạm Văn Nam", sex="male", birth_date=dt.date(1995, 1, 1))
    (child,) = record(mother, Baby("female", 3100, "CS-12"), order=2, father=father, born_time=dt.time(2, 30))
    assert child.full_name == "Con bà Đinh Thị Nhung"
    assert (child.identity, child.mother_id, child.father_id) == ("newborn", mother.pk, father.pk)
    assert (child.ethnicity, child.hamlet_id) == ("12", mother.hamlet_id)
    told = Birth.objects.get(person=child)
    assert (told.order, told.twin, told.twins, told.notice_no) == (2, 1, 1, "CS-12")
    assert told.weight_g == 3100
    key = Identifier.objects.get(person=child)
    assert key.kind == "temporary" and key.value.startswith("TAM-")
    assert not key.value.isdigit()


def test_twins_in_one_go(mother):
    first, second = record(mother, Baby("male", 2400), Baby("female", 2300), order=1)
    assert [each.full_name for each in (first, second)] == [
        "Con bà Đinh Thị Nhung (1)",
        "Con bà Đinh Thị Nhung (2)",
    ]
    assert [Birth.objects.get(person=each).order for each in (first, second)] == [1, 2]
    assert len(set(Identifier.objects.values_list("value", flat=True))) == 2


def test_a_long_name_of_the_mother_keeps_the_number_of_the_twin():
    name = births.newborn_name("Ê" * 100, 2, 2)
    assert len(name) == 100
    assert name.endswith(" (2)")


@pytest.mark.parametrize(
    ("mothers", "relation"),
    [("head", "05"), ("01", "05"), ("07", "09"), ("05", "10"), ("15", "99")],
)
def test_the_newborn_joins_her_mothers_family(mother, at_station, mothers, relation):
    if mothers == "head":
        household = a_household(at_station, mother)
    else:
        household = a_household(at_station)
        joins(household, mother, mothers)
    (child,) = record(mother)
    row = Membership.objects.get(person=child)
    assert (row.household_id, row.relation, row.valid_from) == (
        household.pk,
        relation,
        TODAY() - dt.timedelta(days=2),
    )


def test_a_mother_without_a_family_leaves_the_child_without(mother):
    (child,) = record(mother)
    assert not Membership.unscoped.filter(person=child).exists()


def test_others_are_told(mother, monkeypatch):
    told = []
    monkeypatch.setitem(subscribers(), PersonBorn, [])
    monkeypatch.setattr(births, "publish", told.append)
    (child,) = record(mother)
    assert told == [PersonBorn(child.pk, mother.pk, TODAY() - dt.timedelta(days=2))]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"born_on": dt.date(2999, 1, 1)}, "born_on"),
        ({"place": "moon"}, "place"),
        ({"order": 99}, "order"),
        ({"order": 0}, "order"),
    ],
)
def test_what_cannot_be_is_refused(mother, fields, field):
    with pytest.raises(Refused) as raised:
        record(mother, **fields)
    assert raised.value.field == field
    assert not Birth.unscoped.exists()


def test_a_weight_in_kilograms_is_refused_and_nothing_half_saved(mother):
    with pytest.raises(Refused) as raised:
        record(mother, Baby("male", 3000), Baby("female", 3))
    assert raised.value.field == "weight_g"


def test_a_man_and_a_strangers_woman_have_no_child_here(mother, at_station):
    with pytest.raises(Refused):
        record(a_person(at_station, sex="male"))
    other = a_station("23293", "Trạm Y tế xã Đăk Cấm")
    with enter(scope_at(other)), pytest.raises(Refused):
        record(mother)


def test_the_same_birth_twice_is_asked_about(mother):
    record(mother)
    with pytest.raises(NeedsReason) as raised:
        record(mother)
    assert raised.value.warnings[0].code == "close_births"
    assert "trùng" in raised.value.warnings[0].sentence
    assert len(record(mother, reason="hai bé khác nhau")) == 1


def test_a_birth_five_months_after_another_is_asked_about(mother):
    record(mother, born_on=TODAY() - dt.timedelta(days=150))
    with pytest.raises(NeedsReason) as raised:
        record(mother)
    assert "25 tuần" in raised.value.warnings[0].sentence


def test_a_small_child_is_nobodys_mother_whatever_the_reason(at_station):
    girl = a_person(at_station, "Hồ Thị Bé", birth_date=TODAY() - dt.timedelta(days=29 * 30))
    with pytest.raises(Refused) as raised:
        record(girl, reason="đúng rồi")
    assert "không thể là mẹ" in str(raised.value)
    assert not Birth.unscoped.exists()


def test_a_mother_of_twelve_asks_for_a_reason(at_station):
    girl = a_person(at_station, "Hồ Thị Út", birth_date=TODAY() - dt.timedelta(days=12 * 365 + 100))
    with pytest.raises(NeedsReason) as raised:
        record(girl)
    assert [warning.code for warning in raised.value.warnings] == ["young_parent"]
    assert len(record(girl, reason="đã xác minh với công an xã")) == 1


# --- names


def name(person, reason="", number="", **said):
    said.setdefault("full_name", "Phạm Đinh Minh Khôi")
    return naming.name_give(
        person=person,
        data=naming.named(person, **said),
        expected_version=person.version,
        number=number,
        reason=reason,
    )


def test_a_name_and_a_number_come_later(mother, at_station):
    (child,) = record(mother, born_on=dt.date(2026, 11, 20))
    named = name(child, number="051226000111")
    assert (named.identity, named.former_names) == ("", ["Con bà Đinh Thị Nhung"])
    rows = {row.kind: row for row in Identifier.objects.filter(person=child)}
    assert rows["cccd"].valid_to is None
    assert rows["temporary"].valid_to is not None
    for asked in ("minh khoi", "con ba dinh thi nhung", "051226000111", rows["temporary"].value.lower()):
        found = queries.find_people(scope_at(at_station), asked, 10)
        assert child.pk in [line.id for line in found], asked


def test_a_name_without_a_number_keeps_the_temporary_key(mother):
    (child,) = record(mother)
    name(child)
    assert Identifier.objects.get(person=child).valid_to is None


def test_the_temporary_name_is_no_name(mother):
    (child,) = record(mother)
    with pytest.raises(Refused, match="tên thật"):
        name(child, full_name=child.full_name)
    named = name(Person.objects.get(pk=child.pk))
    with pytest.raises(Refused, match="đã có tên"):
        name(named, full_name="Khác Hẳn")


def test_a_corrected_name_is_found_by_the_old_one(at_station):
    person = a_person(at_station, "Y Bhiu")  # a family of the Hrê may have one syllable only
    from apps.patients.services import person_update

    person_update(person=person, data=naming.named(person, full_name="Y Nhiu"), expected_version=1)
    assert [line.id for line in queries.find_people(scope_at(at_station), "bhiu", 5)] == [person.pk]


# --- people nobody can name


def test_an_unknown_patient_has_a_record_at_once(at_station):
    found = Found("male", years=40, marks="sẹo dài ở má trái", where="Quốc lộ 24", brought_by="Công an xã")
    person = naming.unknown_record(found=found)
    assert person.full_name == f"Chưa rõ tên, nam, khoảng 40 tuổi, {TODAY():%d/%m/%Y}"
    assert (person.identity, person.birth_precision) == ("unknown", "year")
    assert person.birth_date == dt.date(TODAY().year - 40, 1, 1)
    assert "sẹo dài ở má trái" in person.note
    assert Identifier.objects.get(person=person).kind == "temporary"


def test_an_abandoned_child_needs_her_carers_number(at_station):
    found = Found("female", months=3, marks="quấn khăn trắng")
    for number in ("", "123", "00000000000"):
        with pytest.raises(Refused) as raised:
            naming.unknown_record(found=found, carer=Carer("Lê Thị Bảy", "", number))
        assert raised.value.field == "carer_number"
    child = naming.unknown_record(found=found, carer=Carer("Lê Thị Bảy", "", "051170000222"))
    assert (child.identity, child.guardian_number) == ("abandoned", "051170000222")
    assert (child.birth_precision, child.age_days(TODAY()) < 130) == ("month", True)
    assert not Identifier.objects.filter(person=child, kind="cccd").exists()


@pytest.mark.parametrize(("years", "months", "field"), [(None, None, "months"), (30, None, "years")])
def test_an_abandoned_child_is_a_child(at_station, years, months, field):
    found = Found("female", years, months, marks="áo đỏ")
    with pytest.raises(Refused) as raised:
        naming.unknown_record(found=found, carer=Carer("Lê Thị Bảy", "", "051170000222"))
    assert raised.value.field == field


def test_without_marks_nobody_is_told_apart(at_station):
    with pytest.raises(Refused) as raised:
        naming.unknown_record(found=Found("male", years=40, marks=" "))
    assert raised.value.field == "marks"


def test_a_key_for_somebody_without_any_paper(at_station):
    person = a_person(at_station)
    naming.temporary_key_give(person=person)
    with pytest.raises(Refused):
        naming.temporary_key_give(person=person)


# --- pages


@pytest.fixture
def nurse(station):
    a_code("ethnic_groups", "12", "Hrê")
    return client_of(a_member("nurse", station))


def newborn_form(**fields):
    return {
        "form_key": str(uuid7()),
        "born_on": f"{TODAY():%d/%m/%Y}",
        "place": "station",
        "sex_1": "male",
        "weight_1": "3200",
    } | fields


def wrong(response):
    assert response.status_code == 422
    return set(response.context["form"].errors)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"born_on": ""}, {"born_on"}),
        ({"born_on": "31/02/2026"}, {"born_on"}),
        ({"born_on": "1/1/2199"}, {"born_on"}),
        ({"place": ""}, {"place"}),
        ({"sex_1": ""}, {"sex_1"}),
        ({"weight_1": "3,2"}, {"weight_1"}),
        ({"weight_1": "3"}, {"weight_1"}),
        ({"weight_2": "2000"}, {"sex_2"}),
        ({"sex_3": "male"}, {"sex_2"}),
        ({"father": "P9999999"}, {"father"}),
        ({"order": "x"}, {"order"}),
        ({"place_text": "😀" * 201}, {"place_text"}),
    ],
)
def test_nonsense_comes_back_beside_its_field(nurse, mother, fields, where):
    response = nurse.post(f"/nguoi/{mother.pk}/tre-moi-sinh/", newborn_form(notice_1="CS-77", **fields))
    assert wrong(response) == where
    assert "CS-77" in response.content.decode()
    assert not Birth.unscoped.exists()


def test_twins_on_the_page(nurse, mother):
    said = newborn_form(sex_2="female", weight_2="2300")
    nurse.post(f"/nguoi/{mother.pk}/tre-moi-sinh/", said)
    nurse.post(f"/nguoi/{mother.pk}/tre-moi-sinh/", said)  # sent twice
    assert Birth.unscoped.count() == 2
    # The nurse may write health records: section B.1 has it too.
    assert sorted(BirthHistory.unscoped.values_list("weight_g", flat=True)) == [2300, 3200]


def test_the_page_of_a_man_and_of_a_stranger_is_none(nurse, mother, station):
    man = a_person(station, sex="male")
    assert nurse.get(f"/nguoi/{man.pk}/tre-moi-sinh/").status_code == 404
    other = client_of(a_member("nurse", a_station("23293", "Trạm Y tế xã Đăk Cấm"), username="khac"))
    for rest in ("tre-moi-sinh/", "dat-ten/"):
        assert other.get(f"/nguoi/{mother.pk}/{rest}").status_code == 404


def test_naming_on_the_page(nurse, mother):
    nurse.post(f"/nguoi/{mother.pk}/tre-moi-sinh/", newborn_form())
    child = Person.unscoped.get(identity="newborn")
    shown = nurse.get(f"/nguoi/{child.pk}/").content.decode()
    assert "Chưa đặt tên" in shown and "Ghi tên thật" in shown
    address = f"/nguoi/{child.pk}/dat-ten/"
    said = {
        "form_key": str(uuid7()),
        "version": child.version,
        "full_name": "Phạm Minh Khôi",
        "birth_date": f"{TODAY():%d/%m/%Y}",
        "sex": "male",
        "ethnicity": "12",
        "cccd": "12",
    }
    assert wrong(nurse.post(address, said)) == {"cccd"}
    assert Person.unscoped.get(pk=child.pk).identity == "newborn"
    nurse.post(address, said | {"form_key": str(uuid7()), "cccd": ""})
    child.refresh_from_db()
    assert (child.full_name, child.identity) == ("Phạm Minh Khôi", "")
    assert "Con bà" in nurse.get(f"/nguoi/{child.pk}/").content.decode()


def test_an_unknown_person_on_the_page(nurse):
    said = {
        "form_key": str(uuid7()),
        "kind": "abandoned",
        "sex": "female",
        "months": "2",
        "hamlet": "outside",
    }
    assert wrong(nurse.post("/nguoi/chua-ro/", said)) == {"marks"}
    said |= {"form_key": str(uuid7()), "marks": "quấn khăn trắng", "carer_name": "Lê Thị Bảy"}
    assert wrong(nurse.post("/nguoi/chua-ro/", said)) == {"carer_number"}
    nurse.post("/nguoi/chua-ro/", said | {"form_key": str(uuid7()), "carer_number": "051170000222"})
    assert Person.unscoped.get().identity == "abandoned"

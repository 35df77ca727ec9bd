import datetime as dt
from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core import scope
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, ReadEntry
from apps.core.ports import HouseholdOf
from apps.core.versions import StaleVersion
from apps.facilities.models import Catchment, Hamlet
from apps.households import queries, services
from apps.households.models import Household, Membership
from apps.households.services import HouseholdData
from apps.patients import facts, projections
from apps.patients import services as people
from apps.patients.models import Person
from apps.patients.steps import data_of
from tests.factories.accounts import a_member as a_user_of
from tests.factories.accounts import client_of
from tests.factories.catalogues import a_code
from tests.factories.households import a_household, a_member
from tests.factories.patients import a_card, a_hamlet, a_person, a_station, scope_at

TODAY = timezone.localdate()


def another_hamlet(station):
    hamlet = a_hamlet(station.unit, "Thôn Mới")
    Catchment.objects.create(facility=station, hamlet=hamlet)
    return hamlet


def test_it_works(at_station):
    head = a_person(at_station, hamlet=None)
    hamlet = Hamlet.objects.get()
    household = services.household_create(data=HouseholdData(hamlet.pk, " Xóm  3 ", "poor"), head=head)
    head.refresh_from_db()
    assert (household.code, household.address_text) == ("H0000001", "Xóm 3")
    assert (head.hamlet, head.address_text) == (hamlet, "Xóm 3")
    assert Membership.objects.get().is_head
    line = queries.Households().of([head.pk])[head.pk]
    assert (line.code, line.head_name, line.poverty) == ("H0000001", "Nguyễn Thị Hòa", "poor")
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == [
        "household.created", "person.moved", "household.event.created",
    ]  # fmt: skip


def test_a_fact_takes_the_poverty_of_the_household(at_station):
    head = a_person(at_station)
    a_household(at_station, head, poverty="poor")
    assert facts.snapshot(head, timezone.now())["poverty"] == "poor"


def test_a_member_joins_and_cannot_join_twice(at_station):
    household = a_household(at_station)
    son = a_person(at_station, "Nguyễn Văn Con", sex="male")
    services.member_add(household=household, person=son, relation="05")
    with pytest.raises(Refused, match="đã ở trong hộ này"):
        services.member_add(household=household, person=son, relation="05")
    with pytest.raises(Refused, match="đánh dấu chuyển sang hộ này"):
        services.member_add(
            household=a_household(at_station, a_person(at_station, "Lê Ba")), person=son, relation="05"
        )
    with pytest.raises(Refused, match="đã có chủ hộ"):
        services.member_add(household=household, person=a_person(at_station, "Lê Tư"), relation="00")


def test_the_database_holds_one_open_membership_and_one_head(at_station):
    household = a_household(at_station)
    person = household.memberships(manager="unscoped").get().person
    with pytest.raises(IntegrityError), transaction.atomic():
        a_member(a_household(at_station, a_person(at_station, "Lê Ba")), person)
    with pytest.raises(IntegrityError), transaction.atomic():
        a_member(household, a_person(at_station, "Lê Tư"), is_head=True)


def test_a_move_ends_one_membership_the_day_before_and_brings_her_home(at_station):
    old = a_household(at_station)
    son = a_person(at_station, "Nguyễn Văn Con", sex="male")
    a_member(old, son)
    new = a_household(at_station, a_person(at_station, "Lê Ba"), hamlet=another_hamlet(at_station))
    services.member_move(person=son, household=new, relation="08", on=TODAY)
    rows = list(Membership.objects.filter(person=son).order_by("valid_to"))
    assert [(row.household, row.valid_to) for row in rows] == [
        (old, TODAY - dt.timedelta(days=1)),
        (new, None),
    ]
    son.refresh_from_db()
    assert son.hamlet == new.hamlet


def test_a_head_goes_only_last(at_station):
    household = a_household(at_station)
    head = household.memberships(manager="unscoped").get()
    son = a_person(at_station, "Nguyễn Văn Con", sex="male")
    services.member_add(household=household, person=son, relation="05")
    with pytest.raises(Refused, match="chủ hộ"):
        services.member_leave(membership=head, on=TODAY)
    services.head_change(household=household, person=son)
    household.refresh_from_db()
    assert household.sort_key == son.sort_key
    head.refresh_from_db()
    assert (head.is_head, head.relation) == (False, "99")
    services.member_leave(membership=head, on=TODAY)
    assert queries.Households().of([head.person_id]) == {}


def test_relations_are_corrected_but_the_head_is_not_made_so(at_station):
    household = a_household(at_station)
    row = a_member(household, a_person(at_station, "Nguyễn Văn Con"))
    services.member_relation(membership=row, relation="06", expected_version=1)
    with pytest.raises(Refused):
        services.member_relation(membership=row, relation="00", expected_version=2)
    with pytest.raises(StaleVersion):
        services.member_relation(membership=row, relation="07", expected_version=1)


def test_a_household_that_moves_takes_its_members_along(at_station):
    household = a_household(at_station)
    hamlet = another_hamlet(at_station)
    services.household_update(
        household=household, data=HouseholdData(hamlet.pk, "Xóm Cầu", ""), expected_version=1
    )
    assert Person.objects.get().hamlet == hamlet
    with pytest.raises(StaleVersion):
        services.household_update(household=household, data=HouseholdData(hamlet.pk), expected_version=1)


def test_the_order_follows_the_heads_corrected_name(at_station):
    head = a_person(at_station)
    household = a_household(at_station, head)
    data = data_of(head)
    people.person_update(person=head, data=replace(data, full_name="Nguyễn Thị Ánh"), expected_version=1)
    household.refresh_from_db()
    assert household.sort_key.startswith("anh5")


@pytest.mark.parametrize(
    "data", [{"poverty": "rich"}, {"address_text": "x" * 201}, {"note": "x" * 1001}, {"hamlet_id": uuid7()}]
)
def test_nonsense_is_refused(at_station, data):
    given = {"hamlet_id": Hamlet.objects.get().pk} | data
    with pytest.raises(Refused):
        services.household_create(data=HouseholdData(**given), head=a_person(at_station))
    assert not Household.objects.exists()


def test_a_stranger_sees_no_household(at_station):
    household = a_household(at_station)
    head = household.memberships(manager="unscoped").get().person
    other = a_station("21490", "Trạm Y tế xã Ba Vì")
    with scope.enter(scope_at(other)):
        assert queries.get_household(household.pk) is None
        assert queries.Households().of([head.pk]) == {}
        hamlet = Hamlet.objects.get(catchments__facility=at_station)
        with pytest.raises(Refused):
            services.household_create(data=HouseholdData(hamlet.pk), head=a_person(other))


def test_the_port_is_offered():
    from apps.core import ports

    assert isinstance(ports.get(HouseholdOf), queries.Households)


# --- pages


@pytest.fixture
def head_of_station(station):
    a_code("relationship_to_head", "00", "Chủ hộ")
    a_code("relationship_to_head", "05", "Con đẻ")
    a_code("ethnic_groups", "01", "Kinh")
    a_code("nationalities", "VN", "Việt Nam")
    return client_of(a_user_of("station_head", station))


def key():
    return {"form_key": str(uuid7())}


def test_a_family_is_one_page(head_of_station, station):
    head = a_person(station)
    household = a_household(station, head, poverty="poor")
    son = a_person(station, "Nguyễn Văn Con", sex="male", birth_date=dt.date(2020, 1, 1))
    a_member(household, son)
    a_card(son, valid_to=dt.date(2099, 12, 31))
    projections.put_due(
        person_id=son.pk, kind="x", object_id=son.pk, title="Sởi mũi 2", due_on=dt.date(2026, 1, 1)
    )
    page = head_of_station.get(f"/ho/{household.pk}/").content.decode()
    for words in (
        "Nguyễn Thị Hòa",
        "Nguyễn Văn Con",
        "Con đẻ",
        "31/12/2099",
        "Không có thẻ còn hạn",
        "Sởi mũi 2",
        "Hộ nghèo",
    ):
        assert words in page
    assert f"/nguoi/{head.pk}/tre-moi-sinh/" in page
    assert f"/nguoi/{son.pk}/tre-moi-sinh/" not in page
    assert page.count("/ket-hon/") == 1, "no wedding is offered to a small child"
    assert set(ReadEntry.objects.get(screen="household.page").person_ids) == {head.pk, son.pk}


def test_a_small_girl_is_offered_neither_child_nor_wedding(head_of_station, station):
    girl = a_person(station, "Nguyễn Thị Bé", birth_date=timezone.localdate() - dt.timedelta(days=29 * 30))
    household = a_household(station, a_person(station))
    a_member(household, girl)
    page = head_of_station.get(f"/ho/{household.pk}/").content.decode()
    assert f"/nguoi/{girl.pk}/tre-moi-sinh/" not in page
    assert page.count("/ket-hon/") == page.count("/ly-hon/") == 1


@pytest.mark.parametrize("number", [2, 12])
def test_a_family_costs_the_same_whatever_its_size(head_of_station, station, number):
    household = a_household(station)
    for each in range(number):
        a_card(a_member(household, a_person(station, f"Con {each}")).person, f"TE15151000000{each:02d}")
    head_of_station.get(f"/ho/{household.pk}/")
    with CaptureQueriesContext(connection) as queries_made:
        head_of_station.get(f"/ho/{household.pk}/")
    assert len(queries_made) <= 11, [query["sql"][:90] for query in queries_made]


@pytest.mark.parametrize("number", [2, 20])
def test_the_list_costs_the_same_at_any_length(head_of_station, station, number):
    for each in range(number):
        a_household(station, a_person(station, f"Nguyễn Văn {'ABCDEFGHIKLMNOPQRSTU'[each]}"))
    head_of_station.get("/ho/")
    with CaptureQueriesContext(connection) as queries_made:
        response = head_of_station.get("/ho/")
    assert len(response.context["page"].items) == number
    assert len(queries_made) <= 8, [query["sql"][:90] for query in queries_made]


def test_the_list_is_in_the_order_of_names_and_by_hamlet(head_of_station, station):
    hamlet = another_hamlet(station)
    a_household(station, a_person(station, "Nguyễn Thị Ý"))
    a_household(station, a_person(station, "Nguyễn Văn An"), hamlet=hamlet)
    found = head_of_station.get("/ho/").context["page"].items
    assert [row.heads[0].person.full_name for row in found] == ["Nguyễn Văn An", "Nguyễn Thị Ý"]
    assert len(head_of_station.get("/ho/", {"thon": str(hamlet.pk)}).context["page"].items) == 1
    assert len(head_of_station.get("/ho/", {"thon": "x"}).context["page"].items) == 2


def test_who_may_be_stored_already_is_told_before_anything_else(head_of_station, station):
    """At the top of the form, where the cursor then stands: at its foot nobody saw why nothing was saved."""
    person = a_person(station, "Phạm Văn Hrê", sex="male")
    said = key() | {"hamlet": str(Hamlet.objects.get().pk), "head-full_name": person.full_name}
    said |= {"head-birth_date": f"{person.birth_date:%d/%m/%Y}", "head-sex": "male"}
    response = head_of_station.post("/ho/moi/", said)
    text = response.content.decode()
    assert response.status_code == 422
    assert text.index("có thể người này đã có hồ sơ") < text.index('name="hamlet"')


def test_a_household_is_entered_with_a_stored_head(head_of_station, station):
    head = a_person(station)
    said = key() | {"hamlet": str(Hamlet.objects.get().pk), "head": head.code}
    response = head_of_station.post("/ho/moi/", said)
    household = Household.unscoped.get()
    assert response.url == f"/ho/{household.pk}/"
    assert head_of_station.post("/ho/moi/", said).url == response.url


def test_a_household_is_entered_with_a_new_head(head_of_station, station):
    said = key() | {
        "hamlet": str(Hamlet.objects.get().pk), "address_text": "Xóm 1", "head-full_name": "Nguyễn Thị Hòa",
        "head-birth_date": "1990", "head-sex": "female", "head-ethnicity": "01", "head-nationality": "VN",
    }  # fmt: skip
    assert head_of_station.post("/ho/moi/", said).status_code == 302
    person = Person.unscoped.get()
    assert (person.address_text, person.birth_precision) == ("Xóm 1", "year")


def test_nothing_is_half_saved(head_of_station, station):
    a_person(station)
    said = key() | {
        "hamlet": str(Hamlet.objects.get().pk), "head-full_name": "Nguyễn Thị Hòa", "head-sex": "female",
        "head-birth_date": "5/3/1990", "head-nationality": "VN",
    }  # fmt: skip
    response = head_of_station.post("/ho/moi/", said)
    assert response.status_code == 422
    assert "có thể người này đã có hồ sơ" in response.content.decode()
    assert not Household.unscoped.exists()
    assert head_of_station.post("/ho/moi/", said | {"head-another": "on"}).status_code == 302


@pytest.mark.parametrize("said", [{}, {"hamlet": "x"}, {"hamlet": "outside"}])
def test_a_household_needs_a_hamlet_of_ours(head_of_station, said):
    response = head_of_station.post("/ho/moi/", key() | said)
    assert response.status_code == 422
    assert "hamlet" in response.context["form"].errors


def test_members_come_move_and_go_on_pages(head_of_station, station):
    household = a_household(station)
    url = f"/ho/{household.pk}/"
    son = a_person(station, "Nguyễn Văn Con", sex="male")
    a_household(station, son)
    said = key() | {"person": son.code, "relation": "05"}
    assert head_of_station.post(url + "thanh-vien/", said).status_code == 422
    assert head_of_station.post(url + "thanh-vien/", said | {"move": "on"}).url == url
    row = Membership.unscoped.get(person=son, valid_to=None)
    assert head_of_station.get(f"{url}thanh-vien/{row.pk}/quan-he/").status_code == 200
    assert head_of_station.post(f"{url}thanh-vien/{row.pk}/chu-ho/", key()).url == url
    head = Membership.unscoped.get(household=household, is_head=False, valid_to=None)
    leaves = key() | {"on": TODAY.strftime("%d/%m/%Y")}
    assert head_of_station.post(f"{url}thanh-vien/{head.pk}/roi/", leaves).url == url
    assert "Đã rời hộ (1)" in head_of_station.get(url).content.decode()


def test_a_newborn_is_entered_into_the_family(head_of_station, station):
    household = a_household(station)
    born = TODAY - dt.timedelta(days=2)
    said = key() | {
        "full_name": "Con bà Hòa", "birth_date": born.strftime("%d%m%Y"), "sex": "unknown", "relation": "05",
        "nationality": "VN", "hamlet": str(household.hamlet_id),
    }  # fmt: skip
    assert head_of_station.post(f"/ho/{household.pk}/nguoi-moi/", said).status_code == 302
    assert Membership.unscoped.filter(household=household).count() == 2


@pytest.mark.parametrize("address", ["", "sua/", "thanh-vien/", "nguoi-moi/"])
def test_a_household_of_another_station_is_not_there(head_of_station, address):
    stranger = a_household(a_station("21490", "Trạm Y tế xã Ba Vì"))
    assert head_of_station.get(f"/ho/{stranger.pk}/{address}").status_code == 404
    row = stranger.memberships(manager="unscoped").get()
    assert head_of_station.post(f"/ho/{stranger.pk}/thanh-vien/{row.pk}/chu-ho/", key()).status_code == 404


def test_the_second_editor_of_a_household_sees_both(head_of_station, station):
    household = a_household(station)
    url = f"/ho/{household.pk}/sua/"
    said = {"hamlet": str(household.hamlet_id), "version": 1}
    assert head_of_station.post(url, key() | said | {"address_text": "Xóm 1"}).status_code == 302
    response = head_of_station.post(url, key() | said | {"address_text": "Xóm 2"})
    assert response.status_code == 409
    assert "Xóm 1" in response.content.decode()

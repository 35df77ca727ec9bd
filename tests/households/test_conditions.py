"""What families and people are entitled to, and how they live: dated, ended, withdrawn, printed."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import Role
from apps.core import scope
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import PaperCode, ReadEntry
from apps.core.versions import StaleVersion
from apps.facilities.models import Hamlet
from apps.households import queries, services, statuses
from apps.households.models import Household, HouseholdStatus, LivingSurvey, PersonStatus
from apps.households.services import HouseholdData
from apps.households.statuses import Conditions, household_status_put, person_status_put, survey_put
from apps.patients import facts, projections
from tests.factories.accounts import a_member as a_user_of
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.households import a_household, a_member, a_person_status, a_status, a_survey
from tests.factories.patients import a_person, a_station, scope_at

TODAY = timezone.localdate()
SINCE = dt.date(2025, 1, 1)
DAY = dt.timedelta(days=1)


@pytest.fixture
def lists(db):
    call_command("load_catalogues", only=["code_lists", "ethnic_groups"], verbosity=0)


def poverty(person, on):
    at = timezone.make_aware(dt.datetime.combine(on, dt.time(9)))
    return facts.snapshot(person, at)["poverty"]


# --- the household


def test_it_works(at_station):
    head = a_person(at_station)
    home = a_household(at_station, head)
    household_status_put(household=home, poverty="poor", since=SINCE, document="QĐ 12/QĐ-UBND")
    household_status_put(household=home, poverty="near_poor", since=TODAY)
    rows = HouseholdStatus.objects.order_by("valid_from")
    assert [(row.poverty, row.valid_from, row.valid_to) for row in rows] == [
        ("poor", SINCE, TODAY - DAY),
        ("near_poor", TODAY, None),
    ]
    assert Household.objects.get().poverty == "near_poor"
    assert [poverty(head, on) for on in (SINCE - DAY, SINCE, TODAY - DAY, TODAY)] == [
        "", "poor", "poor", "near_poor",
    ]  # fmt: skip
    household_status_put(household=home, poverty="", since=TODAY + DAY)
    assert Household.objects.get().poverty == "near_poor", "until tomorrow"
    assert queries.Households().of([head.pk], TODAY + DAY)[head.pk].poverty == ""


def test_what_a_household_was_entered_as_holds_for_the_days_before(at_station):
    head = a_person(at_station)
    home = a_household(at_station, head, poverty="poor")
    assert poverty(head, SINCE) == "poor"
    household_status_put(household=home, poverty="", since=TODAY)
    assert (poverty(head, TODAY - DAY), poverty(head, TODAY)) == ("poor", "")
    assert Household.objects.get().poverty == ""


def test_a_fact_follows_the_household_of_its_day(at_station):
    son = a_person(at_station, "Nguyễn Văn Con")
    old = a_household(at_station, a_person(at_station, "Lê Ba"), poverty="poor")
    a_member(old, son)
    new = a_household(at_station, a_person(at_station, "Lê Tư"))
    services.member_move(person=son, household=new, relation="08", on=TODAY)
    assert (poverty(son, TODAY - DAY), poverty(son, TODAY)) == ("poor", "")


def test_the_form_of_a_household_ends_and_begins_by_today(at_station):
    home = a_household(at_station, poverty="poor")
    data = HouseholdData(home.hamlet_id, "", "near_poor")
    services.household_update(household=home, data=data, expected_version=1)
    assert Household.objects.get().poverty == "near_poor"
    assert [row.poverty for row in HouseholdStatus.objects.order_by("valid_to")] == ["poor", "near_poor"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"poverty": "rich"}, "poverty"),
        ({"since": dt.date(1800, 1, 1)}, "since"),
        ({"since": TODAY + dt.timedelta(days=800)}, "since"),
        ({"until": SINCE - DAY}, "until"),
        ({"document": "x" * 101}, "document"),
        ({"since": dt.date(2024, 6, 1), "until": dt.date(2024, 7, 1)}, "since"),
    ],
)
def test_a_status_that_cannot_be(at_station, said, field):
    home = a_household(at_station)
    a_status(home, "poor", valid_from=dt.date(2024, 1, 1), valid_to=dt.date(2024, 12, 31))
    with pytest.raises(Refused) as refused:
        household_status_put(**{"household": home, "poverty": "poor", "since": SINCE} | said)
    assert refused.value.field == field
    assert HouseholdStatus.objects.count() == 1


def test_a_status_is_ended_or_withdrawn(at_station):
    home = a_household(at_station)
    row = household_status_put(household=home, poverty="poor", since=SINCE)
    with pytest.raises(Refused, match="01/01/2025 trở đi"):
        statuses.status_end(row=row, last=SINCE - DAY, expected_version=1)
    with pytest.raises(StaleVersion):
        statuses.status_end(row=row, last=TODAY - DAY, expected_version=7)
    row.refresh_from_db()
    statuses.status_end(row=row, last=TODAY - DAY, expected_version=1)
    assert Household.objects.get().poverty == ""
    with pytest.raises(Refused, match="vì sao"):
        statuses.status_withdraw(row=row, reason=" ", expected_version=2)
    statuses.status_withdraw(row=row, reason="Nhầm hộ", expected_version=2)
    assert poverty(home.memberships.get().person, SINCE) == ""
    with pytest.raises(Refused, match="đã được ghi là nhập nhầm"):
        statuses.status_withdraw(row=row, reason="Nhầm hộ", expected_version=3)


def test_the_database_holds_one_open_status(at_station):
    home = a_household(at_station)
    a_status(home, valid_from=SINCE)
    with pytest.raises(IntegrityError), transaction.atomic():
        a_status(home, "near_poor", valid_from=TODAY)


def test_the_night_makes_the_word_of_the_day(at_station):
    home = a_household(at_station, poverty="poor")
    a_status(home, "poor", valid_to=TODAY - DAY)
    other = a_household(at_station, a_person(at_station, "Lê Ba"), poverty="near_poor")
    assert "1 hộ" in statuses.statuses_of_the_day(TODAY)
    assert "0 hộ" in statuses.statuses_of_the_day(TODAY)
    assert Household.objects.get(pk=home.pk).poverty == ""
    assert Household.objects.get(pk=other.pk).poverty == "near_poor"


# --- people


def test_a_persons_status(at_station, lists):
    person = a_person(at_station)
    person_status_put(person=person, kind="disability", category="1", degree="2", since=SINCE)
    person_status_put(person=person, kind="disability", category="1", degree="1", since=TODAY)
    assert PersonStatus.objects.filter(valid_to=TODAY - DAY).count() == 1
    person_status_put(person=person, kind="merit", category="9", since=None)
    for said, field in (
        ({"kind": "hero"}, "kind"),
        ({"category": "77"}, "category"),
        ({"kind": "merit", "degree": "1"}, "degree"),
        ({"since": dt.date(1980, 1, 1)}, "since"),
        ({"since": SINCE}, "since"),
    ):
        with pytest.raises(Refused) as refused:
            person_status_put(
                **{"person": person, "kind": "disability", "category": "1", "since": TODAY} | said
            )
        assert refused.value.field == field


def test_a_stranger_gives_and_sees_no_status(at_station, lists):
    person = a_person(at_station)
    a_person_status(person)
    with scope.enter(scope_at(a_station("21490", "Trạm Y tế xã Ba Vì"))):
        assert not PersonStatus.objects.exists()
        with pytest.raises(Refused):
            person_status_put(person=person, kind="merit", category="4", since=TODAY)


# --- how they live


def test_a_survey_stands_beside_the_last(at_station, lists):
    home = a_household(at_station)
    survey_put(household=home, on=SINCE, conditions=Conditions(water="1", latrine="0"))
    survey_put(household=home, on=TODAY, conditions=Conditions(latrine="1", latrine_hygienic=True))
    assert LivingSurvey.objects.count() == 2
    for said, field in (
        ({"on": TODAY}, "on"),
        ({"on": TODAY + DAY}, "on"),
        ({"conditions": Conditions()}, "water"),
        ({"conditions": Conditions(stove="77")}, "stove"),
        ({"conditions": Conditions(note="x" * 301)}, "note"),
        ({"conditions": Conditions(latrine="0", latrine_hygienic=True)}, "latrine_hygienic"),
    ):
        with pytest.raises(Refused) as refused:
            survey_put(**{"household": home, "on": TODAY - DAY, "conditions": Conditions(water="1")} | said)
        assert refused.value.field == field
    last = LivingSurvey.objects.get(on=TODAY)
    statuses.survey_withdraw(survey=last, reason="Nhầm nhà", expected_version=1)
    survey_put(household=home, on=TODAY, conditions=Conditions(water="2"))


# --- pages and papers


@pytest.fixture
def nurse(station, lists):
    return client_of(a_user_of("nurse", station))


@pytest.fixture
def home(station):
    return a_household(station, a_person(station), address_text="Xóm 3")


def key():
    return {"form_key": str(uuid7())}


def test_statuses_and_conditions_on_pages(nurse, home):
    url = f"/ho/{home.pk}/"
    member = home.memberships(manager="unscoped").get()
    said = key() | {"poverty": "poor", "since": "01/01/2026", "document": "QĐ 5"}
    assert nurse.post(f"{url}dien/ho/", said).status_code == 302
    said = key() | {"member": str(member.pk), "what": "merit:4", "since": "01/01/2020"}
    assert nurse.post(f"{url}dien/nguoi/", said).status_code == 302
    assert "since" in nurse.post(f"{url}dien/nguoi/", said | key()).context["form"].errors
    survey = key() | {"on": "01/02/2026", "water": "3", "latrine": "1", "latrine_hygienic": "yes"}
    assert nurse.post(f"{url}dieu-kien-song/", survey).status_code == 302
    page = nurse.get(url).content.decode()
    for words in (
        "Hộ nghèo",
        "Người có công: Thương binh",
        "Người có công</span>",
        "Giếng đào",
        "01/02/2026",
    ):
        assert words in page
    listed = nurse.get(f"{url}dien/").content.decode()
    assert "QĐ 5" in listed and "từ 01/01/2020" in listed
    row = PersonStatus.unscoped.get()
    end = f"{url}dien/{row.pk}/"
    assert "last" in nurse.post(end, key() | {"version": 1}).context["form"].errors
    assert nurse.post(end, key() | {"version": 1, "reason": "Nhầm người"}).status_code == 302
    assert "Người có công" not in nurse.get(url).content.decode()
    assert "Nhầm người" in nurse.get(f"{url}dien/").content.decode()
    assert nurse.post(end, key() | {"version": 1, "last": "01/01/2026"}).status_code in (409, 422)
    wrong = LivingSurvey.unscoped.get()
    out = f"{url}dieu-kien-song/{wrong.pk}/rut-lai/"
    assert nurse.post(out, key() | {"version": 1, "reason": "Nhầm nhà"}).status_code == 302
    assert "Chưa xem lần nào" in nurse.get(url).content.decode()


def test_a_mind_that_is_ill_is_told_to_those_who_may_know(nurse, home, station):
    row = a_person_status(home.memberships(manager="unscoped").get().person, "disability", "4")
    doctor = client_of(a_user_of("doctor", station))
    for path in ("", "dien/", "phieu-ho.pdf"):
        assert "tâm thần" not in nurse.get(f"/ho/{home.pk}/{path}").content.decode(errors="replace")
    assert nurse.get(f"/ho/{home.pk}/dien/{row.pk}/").status_code == 404
    assert "tâm thần" in doctor.get(f"/ho/{home.pk}/dien/").content.decode()


def test_what_is_restricted_is_due_to_nobody_on_a_familys_page(home, station, lists):
    person = home.memberships(manager="unscoped").get().person
    for title, restricted in (("Khám lại", False), ("Lấy thuốc ARV", True)):
        projections.put_due(
            person_id=person.pk, kind="x", object_id=uuid7(), title=title, due_on=TODAY, restricted=restricted
        )  # fmt: skip
    page = client_of(a_user_of("doctor", station)).get(f"/ho/{home.pk}/").content.decode()
    assert f"- {person.full_name}: Khám lại, hẹn {TODAY:%d/%m/%Y}, đã đến hạn" in page
    assert "ARV" not in page


def test_the_sheet_of_a_family(nurse, home):
    response = nurse.get(f"/ho/{home.pk}/phieu-ho.pdf")
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")
    code = PaperCode.objects.get(kind="household", object_id=home.pk)
    assert nurse.get(f"/giay/{code.code}/", follow=True).redirect_chain[-1][0] == f"/ho/{home.pk}/"
    nurse.get(f"/ho/{home.pk}/phieu-ho.pdf")
    code.refresh_from_db()
    assert code.copies == 2
    assert ReadEntry.objects.filter(screen="household.paper").count() == 2


def test_the_list_of_a_hamlet(nurse, home, station):
    hamlet = Hamlet.objects.get(catchments__facility=station)
    response = nurse.get("/ho/danh-sach.pdf", {"thon": str(hamlet.pk)})
    assert response.content.startswith(b"%PDF")
    assert ReadEntry.objects.filter(screen="household.hamlet_paper").exists()
    other = Hamlet.objects.get(catchments__facility=a_station("21490", "Trạm Y tế xã Ba Vì"))
    for said in ("", "x", str(other.pk)):
        assert nurse.get("/ho/danh-sach.pdf", {"thon": said}).status_code == 404


def test_whoever_sees_families_alone_prints_no_list_of_people(home, station):
    Role.objects.create(code="xem_ho", name="Xem hộ", level="station", rights=["households.view"])
    reader = a_user("xem.ho", "Phạm Thị Xem")
    a_post(reader, "xem_ho", station)
    hamlet = Hamlet.objects.get(catchments__facility=station)
    who = client_of(reader)
    assert "In danh sách thôn" not in who.get("/ho/", {"thon": str(hamlet.pk)}).content.decode()
    assert who.get("/ho/danh-sach.pdf", {"thon": str(hamlet.pk)}).status_code == 403
    assert not ReadEntry.objects.filter(screen="household.hamlet_paper").exists()


@pytest.mark.parametrize(
    "path", ["dien/", "dien/ho/", "dien/nguoi/", "dieu-kien-song/", "phieu-ho.pdf", "dien/{}/"]
)
def test_strangers_find_nothing(nurse, home, path):
    there = a_household(a_station("21490", "Trạm Y tế xã Ba Vì"))
    row = a_status(there)
    survey = a_survey(there)
    assert nurse.get(f"/ho/{there.pk}/{path.format(row.pk)}").status_code == 404
    assert nurse.get(f"/ho/{home.pk}/dien/{row.pk}/").status_code == 404
    assert nurse.get(f"/ho/{home.pk}/dieu-kien-song/{survey.pk}/rut-lai/").status_code == 404

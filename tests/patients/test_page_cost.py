"""What a person's page costs, and that it tells everything, when every room has something to tell of her."""

import datetime as dt
import math

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.care.models import Enrolment
from apps.catalogues import codes
from apps.core.ids import uuid7
from apps.core.scope import enter
from apps.facilities.models import Hamlet
from apps.patients import projections
from apps.patients.models import HealthRecord, Identifier, OwnDisease, Person
from tests.factories.accounts import a_member, client_of
from tests.factories.care import a_measurement, an_enrolment
from tests.factories.catalogues import a_code
from tests.factories.deaths import a_death
from tests.factories.encounters import a_practitioner, a_visit
from tests.factories.field import a_proposal
from tests.factories.households import a_household, a_person_status
from tests.factories.households import a_member as a_membership
from tests.factories.merging import merge, merger_at
from tests.factories.ncd import a_plain_form
from tests.factories.patients import a_card, a_person, an_allergy

pytestmark = pytest.mark.django_db

MOST = 14  # what the page may cost
GOOD_TO = timezone.localdate() + dt.timedelta(days=400)


@pytest.fixture
def person(station):
    call_command("load_catalogues", only=["code_lists", "restricted_data"], verbosity=0)
    mother = a_person(station, "Trần Thị Lan", birth_date=dt.date(1960, 1, 1))
    father = a_person(station, "Đinh Văn Hải", sex="male", birth_date=dt.date(1958, 1, 1))
    person = a_person(
        station, "Đinh Thị Vân Kiều", birth_date=dt.date(1986, 5, 1), mother=mother, father=father,
        ethnicity="20", permanent_unit=station.unit,
    )  # fmt: skip
    a_membership(a_household(station, mother), person)
    a_person_status(person)
    a_card(person, valid_from=dt.date(2026, 1, 1), valid_to=GOOD_TO)
    a_card(person, "DN4515112345679", valid_from=dt.date(2019, 1, 1), valid_to=dt.date(2019, 12, 31))
    Identifier.unscoped.create(
        person=person, kind="cccd", value="051186000111", issued_on=dt.date(2021, 4, 5)
    )
    HealthRecord.unscoped.create(person=person)
    an_allergy(person, "Hải sản", state="resolved")
    for each in range(3):
        an_allergy(person, f"Thuốc {each}", noted_on=dt.date(2024, 2, 29))
        OwnDisease.unscoped.create(person=person, text=f"Bệnh riêng {each}")
        a_measurement(person, at=timezone.now() - dt.timedelta(days=each))
        shared = {"person_id": person.pk, "kind": "lab", "object_id": uuid7()}
        projections.put_timeline(**shared, at=timezone.now(), title=f"Lượt {each}", facility_id=station.pk)
        projections.put_due(**shared, title=f"Tái khám {each}", due_on=dt.date(2026, 1, 1))
    for programme in ("hypertension", "diabetes"):
        an_enrolment(person, programme)
    worker = a_member("village_worker", station, username="thon", hamlets=[person.hamlet])
    a_proposal(
        station, person.hamlet, "pregnancy", made_by=worker, person=person, state="accepted",
        decided_at=timezone.now(),
    )  # fmt: skip
    visit = a_visit(person, a_practitioner(station))
    a_plain_form(visit, Enrolment.unscoped.get(person=person, programme="hypertension"))
    return person


def cost(client, person):
    """Of the request in which the process looks, as each some seconds, whether a catalogue has changed."""
    client.get(f"/nguoi/{person.pk}/")
    codes._looked_at = -math.inf
    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"/nguoi/{person.pk}/")
    assert response.status_code == 200
    assert sum("catalogues_cataloguestate" in each["sql"] for each in queries) == 1
    return len(queries), response.content.decode()


@pytest.mark.parametrize("role", ["nurse", "doctor", "station_head"])
def test_it_works(station, person, role):
    many, page = cost(client_of(a_member(role, station)), person)
    assert many <= MOST
    for words in (
        "Trần Thị Lan", "Đinh Văn Hải", "/ho/", "Thôn báo có thai",
        f"BHYT DN4515112345678, đến {GOOD_TO:%d/%m/%Y}",
        "DN4515112345679", "từ 01/01/2019", "051186000111", "cấp 05/04/2021", "Thuốc 2", "29/02/2024",
        "<s>Hải sản</s>", "Bệnh riêng 2", "Tái khám 2", "Lượt 2", "52", "Lượt khám chưa xong",
        "Quản lý theo chương trình", "-0002", "Theo dõi huyết áp, đường huyết", "148/92",
        "<dt>Thường trú</dt>",
    ):  # fmt: skip
        assert words in page, words


def test_of_who_has_died_and_holds_a_merged_record(station, person):
    old = a_person(station, "Đinh Thị Vân Kiều", birth_date=dt.date(1986, 5, 1))
    with enter(merger_at(station)):
        merge(person, old)
    a_death(Person.unscoped.get(pk=person.pk))
    many, page = cost(client_of(a_member("station_head", station)), person)
    assert many <= MOST
    assert old.code in page and "Ghi nhận tử vong" in page


def test_a_new_person_with_card_and_number(station):
    a_code("ethnic_groups", "01", "Kinh")
    a_code("nationalities", "VN", "Việt Nam")
    client = client_of(a_member("nurse", station))
    hamlet = Hamlet.objects.get()

    def post(name, cccd, bhyt):
        return client.post(
            "/nguoi/moi/",
            {
                "form_key": str(uuid7()), "full_name": name, "birth_date": "5/3/1990", "sex": "female",
                "ethnicity": "01", "nationality": "VN", "hamlet": hamlet.pk, "cccd": cccd, "bhyt": bhyt,
                "bhyt_from": "1/1/2026", "bhyt_to": f"{GOOD_TO:%d/%m/%Y}",
            },
        )  # fmt: skip

    assert post("Đinh Thị Một", "051190000111", "DN4515112345678").status_code == 302
    with CaptureQueriesContext(connection) as queries:
        assert post("Phạm Thị Hai", "051190000333", "DN4515112345699").status_code == 302
    assert len(queries) <= 18
    assert set(Identifier.unscoped.values_list("value", flat=True)) == {"051190000111", "051190000333"}

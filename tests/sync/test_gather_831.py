"""What of a real person's health record goes into QĐ 831 XML, and what stays in the house."""

import xml.etree.ElementTree as ET

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalogues import codes
from apps.catalogues.models import CodeEntry
from apps.core import scope
from apps.facilities.models import Facility
from apps.patients import restricted
from apps.patients.health_record import saving
from apps.patients.health_record.parts import PARTS
from apps.patients.models import OwnDisease, RiskFactors
from apps.sync import kinds, services, worker
from apps.sync.models import OutboxRow
from apps.sync.receivers import tokens
from apps.sync.receivers.base import Form
from tests.factories.encounters import a_finished_visit, a_practitioner, catalogues
from tests.factories.households import a_household, a_member
from tests.factories.patients import a_person, a_station, an_allergy
from tests.factories.sync import warehouse_831

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(db, liar):
    yield warehouse_831(liar.root)
    tokens._kept.clear()


@pytest.fixture
def doctor():
    catalogues()
    CodeEntry.objects.create(
        list=restricted.LIST, scope="word", code="HIV", name="x", extra={"group": "hiv", "send": "no"}
    )
    codes.forget()
    station = a_station()
    Facility.objects.filter(pk=station.pk).update(kcb_code="99001")
    station.refresh_from_db()
    return a_practitioner(station)


@pytest.fixture
def hoa(doctor):
    mother = a_person(doctor.facility, "Trần Thị Mẹ")
    hoa = a_person(doctor.facility, "Nguyễn Thị Hòa", mother=mother, ethnicity="01", blood_group="O+")
    a_member(a_household(doctor.facility, mother), hoa)
    an_allergy(hoa, "Penicillin", reaction="Nổi ban")
    RiskFactors.objects.create(person=hoa, tobacco="0", drugs="1", drugs_quantity="bí mật")
    OwnDisease.objects.create(person=hoa, code="02", icd_code="I10", text="từ trẻ")
    return hoa


@pytest.fixture(autouse=True)
def inside(db):
    with scope.system("test"):
        yield


def told(liar, visit):
    worker.drain()
    row = OutboxRow.unscoped.first()
    assert row.state == "accepted", (row.reason, row.issues)
    (record,) = [each for code, each in liar.warehouse.records.items() if code == str(visit.pk)]
    return record


def test_it_works(receiver, liar, doctor, hoa):
    held = told(liar, a_finished_visit(hoa, doctor))
    assert OutboxRow.unscoped.get().state == "accepted"
    general = held.root.find("BODY/HOSOSUCKHOE/THONGTINCHUNG")
    assert general.findtext("HOTEN") == "Nguyễn Thị Hòa"
    assert general.findtext("MAHOGIADINH") and general.findtext("MANHANKHAU") == hoa.code
    assert (general.findtext("NHOMMAU"), general.findtext("RH")) == ("O", "+")
    assert general.findtext("NGUOITHAN/HOTEN") == "Trần Thị Mẹ"
    assert held.texts("MOTA") == ["Penicillin: Nổi ban", "từ trẻ"]
    assert liar.warehouse.state(held.tracking)["status"] == "VALID"


def test_drugs_and_pregnancies_stay_here(receiver, liar, doctor, hoa):
    held = told(liar, a_finished_visit(hoa, doctor))
    assert held.texts("MAYEUTO") == ["1"]
    assert "bí mật" not in ET.tostring(held.root, encoding="unicode")


def test_a_restricted_line_and_all_that_was_typed_of_her_stay_here(receiver, liar, doctor, hoa):
    OwnDisease.objects.create(
        person=hoa, code="15", icd_code="B20", text="tên bệnh", restricted=True, restricted_by=["hiv"]
    )
    held = told(liar, a_finished_visit(hoa, doctor))
    assert [node.findtext("MABENH") for node in held.root.iter("DSBENHTAT")] == ["I10"]
    text = ET.tostring(held.root, encoding="unicode")
    assert "tên bệnh" not in text and "từ trẻ" not in text and "Nổi ban" not in text


def test_a_word_of_the_rules_in_a_line_stays_here(receiver, liar, doctor, hoa):
    OwnDisease.objects.update(text="nghi HIV")
    held = told(liar, a_finished_visit(hoa, doctor))
    assert "HIV" not in ET.tostring(held.root, encoding="unicode")


def test_what_is_written_into_the_record_later_is_told_where_it_is_wanted(
    receiver, liar, doctor, hoa, django_capture_on_commit_callbacks
):
    from tests.factories.sync import warehouse

    warehouse(liar.base_url, code="fhir")
    told(liar, a_finished_visit(hoa, doctor))
    with django_capture_on_commit_callbacks(execute=True):
        saving.line_add(person=hoa, part=PARTS["phau-thuat"], values={"text": "Mổ ruột thừa", "year": 2010})
    waiting = OutboxRow.unscoped.filter(state="pending")
    assert [(row.kind, row.receiver.kind) for row in waiting] == [("person", "qd831")]
    worker.drain()
    assert "Mổ ruột thừa" in liar.warehouse.records[str(hoa.pk)].texts("MOTA")


def test_several_are_read_in_as_many_queries_as_one(doctor, hoa):
    lan = a_person(doctor.facility, "Phạm Thị Lan", blood_group="A+")
    an_allergy(lan, "Tôm")
    OwnDisease.objects.create(person=lan, code="15", icd_code="B20", restricted=True, restricted_by=["hiv"])
    visits = [a_finished_visit(each, doctor).pk for each in (hoa, lan)]
    with CaptureQueriesContext(connection) as one:
        kinds.several("visit", visits[:1], form=Form.QD831)
    with CaptureQueriesContext(connection) as two:
        found = kinds.several("visit", visits, form=Form.QD831)
    assert len(two) <= len(one)
    for each in visits:
        assert found[each] == kinds.gather("visit", each, form=Form.QD831)
    hers, other = (found[each].person.health for each in visits)
    assert (hers.blood_group, other.blood_group) == ("O+", "A+")
    assert [line["icd_code"] for line in hers.said["benh-tat"]["lines"]] == ["I10"]
    assert other.said["benh-tat"]["lines"] == []


def test_a_look_at_the_payload_covers_who_it_is(receiver, liar, doctor, hoa):
    a_finished_visit(hoa, doctor)
    row = OutboxRow.unscoped.select_related("receiver").get()
    text, problems, by_hand = services.payload(row=row)
    assert (problems, by_hand) == ((), ()) and "<MABENH>" in text
    assert "Nguyễn Thị Hòa" not in text and "Penicillin" not in text
    assert "Nguyễn Thị Hòa" in services.payload(row=row, whole=True)[0]

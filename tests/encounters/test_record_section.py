"""Section D of the health record: finished visits, a page at a time, restricted ones by right."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.care.models import Measurement
from apps.core.models import AuditEntry, PaperCode, ReadEntry
from apps.encounters import health_record
from apps.encounters.models import Diagnosis, Visit
from tests.factories.accounts import a_member, client_of
from tests.factories.encounters import a_finished_visit, a_practitioner, a_visit, catalogues
from tests.factories.patients import a_person, a_station, scope_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor(db):
    catalogues()
    return a_practitioner(a_station())


@pytest.fixture
def person(doctor):
    return a_person(doctor.facility, "Đinh Thị Vân Kiều")


def stored(person, doctor, number, **fields):
    """A finished visit, stored directly."""
    at = timezone.now() - dt.timedelta(days=number)
    given = {
        "person": person, "facility": doctor.facility, "occurred_at": at, "on": at.date(),
        "state": "finalised",
        "number": f"2026-{number:06d}", "reason": f"Lý do {number}", "performer": doctor,
    }  # fmt: skip
    visit = Visit.unscoped.create(**given | fields)
    Diagnosis.unscoped.create(
        visit=visit, role="main", icd_edition="tt06", icd_code="J06.9", icd_name="Viêm họng", position=1
    )
    Measurement.unscoped.create(
        person=person, facility=doctor.facility, occurred_at=at, code="8867-4", value=80, unit="/min",
        source_kind="visit", source_id=visit.pk,
    )  # fmt: skip
    return visit


@pytest.fixture
def nurse(doctor):
    return client_of(a_member("nurse", doctor.facility))


def page(client, person, **query):
    return client.get(f"/nguoi/{person.pk}/ho-so/", query).content.decode()


def test_it_works(nurse, person, doctor):
    a_finished_visit(person, doctor)
    shown = page(nurse, person)
    assert "J06.9 - Nhiễm trùng đường hô hấp trên cấp" in shown and "Trần Văn Bình" in shown


def test_a_visit_under_way_is_not_told(nurse, person, doctor):
    visit = a_visit(person, doctor)
    stored(person, doctor, 5, state="entered_in_error")
    assert visit.number not in page(nurse, person) and "Chưa có lượt khám nào" in page(nurse, person)


def test_a_restricted_visit_is_told_by_right(nurse, person, doctor):
    stored(person, doctor, 1, reason="Điều riêng", restricted=True, restricted_by=["hiv"])
    assert "Điều riêng" not in page(nurse, person)
    head = client_of(a_member("station_head", doctor.facility))
    assert "Điều riêng" in page(head, person)
    told = health_record.printed(scope_at(doctor.facility), person, 1)["examinations"]
    assert told == []


def test_who_may_see_no_visits_is_told_so(person, doctor):
    from apps.accounts.models import Role

    member = a_member("nurse", doctor.facility)
    Role.objects.filter(code="nurse").update(rights=["people.view", "records.view"])
    stored(person, doctor, 1, reason="Đau đầu")
    shown = page(client_of(member), person)
    assert "Đau đầu" not in shown and "Bạn không có quyền xem mục này" in shown


def test_pages_by_key_at_the_same_cost(nurse, person, doctor):
    def cost():
        with CaptureQueriesContext(connection) as found:
            page(nurse, person)
        return len(found)

    for number in range(2):
        stored(person, doctor, number)
    page(nurse, person)
    few = cost()
    for number in range(2, 20):
        stored(person, doctor, number)
    assert cost() == few
    told = health_record.provide(scope_at(doctor.facility), person, "")
    rest = health_record.provide(scope_at(doctor.facility), person, told["page"].next_cursor)
    numbers = [each.visit.number for part in (told, rest) for each in part["examinations"]]
    assert numbers == [f"2026-{number:06d}" for number in range(20)]


def test_the_paper_is_logged_and_its_copies_counted(nurse, person, doctor):
    a_finished_visit(person, doctor)
    for _ in range(2):
        answer = nurse.get(f"/nguoi/{person.pk}/ho-so/in.pdf")
        assert answer.content.startswith(b"%PDF") and "no-store" in answer["Cache-Control"]
    assert ReadEntry.objects.filter(screen="record.paper", person_ids=[person.pk]).count() == 2
    assert AuditEntry.objects.filter(action="paper.printed", person_id=person.pk).count() == 2
    paper = PaperCode.objects.get(kind="health_record")
    assert nurse.get(f"/giay/{paper.code}/").url == f"/nguoi/{person.pk}/ho-so/"


def test_very_many_visits_are_printed_in_sheets(nurse, person, doctor, monkeypatch):
    monkeypatch.setattr(health_record, "SHEET", 3)
    for number in range(7):
        stored(person, doctor, number)
    scope = scope_at(doctor.facility)
    sheets = [health_record.printed(scope, person, sheet) for sheet in (1, 2, 3)]
    numbers = [each.visit.number for sheet in sheets for each in sheet["examinations"]]
    assert numbers == [f"2026-{number:06d}" for number in range(7)]
    shown = page(nurse, person)
    assert "?phan=2" in shown and "?phan=3" in shown and "?phan=4" not in shown
    assert nurse.get(f"/nguoi/{person.pk}/ho-so/in.pdf?phan=3").status_code == 200
    assert nurse.get(f"/nguoi/{person.pk}/ho-so/in.pdf?phan=4").status_code == 404
    assert nurse.get(f"/nguoi/{person.pk}/ho-so/in.pdf?phan=x").status_code == 200

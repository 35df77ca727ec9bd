"""Reported missing, found again."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.scope import enter
from apps.core.versions import StaleVersion
from apps.patients import missing
from apps.patients.models import DueItem, MissingReport
from apps.patients.projections import put_due
from tests.factories.accounts import a_member, client_of
from tests.factories.deaths import a_death
from tests.factories.patients import a_person, a_station, scope_at

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def hoa(at_station):
    return a_person(at_station, sex="male")


def gone(person, days=30):
    return missing.missing_record(
        person=person, since=TODAY() - dt.timedelta(days=days), last_seen="chợ", told_by="vợ"
    )


def test_it_works(hoa):
    put_due(person_id=hoa.pk, kind="test", title="Việc", due_on=TODAY(), object_id=hoa.pk)
    report = gone(hoa)
    hoa.refresh_from_db()
    assert hoa.life_status == "missing"
    assert DueItem.objects.get().state == "open"  # she may come back any day
    missing.missing_found(report=report, on=TODAY(), note="về nhà", expected_version=1)
    hoa.refresh_from_db()
    assert hoa.life_status == "alive"
    assert gone(hoa, 0).pk != report.pk  # and may go missing again


@pytest.mark.parametrize("since", [dt.date(2199, 1, 1), dt.date(1900, 1, 1)])
def test_impossible_days_are_refused(hoa, since):
    with pytest.raises(Refused) as raised:
        missing.missing_record(person=hoa, since=since)
    assert raised.value.field == "since"


def test_the_missing_and_the_dead_are_not_reported(hoa, at_station):
    gone(hoa)
    with pytest.raises(Refused, match="đã được báo"):
        gone(hoa)
    dead = a_person(at_station, "Phạm Văn Hrê", sex="male")
    a_death(dead)
    with pytest.raises(Refused, match="đã mất"):
        gone(dead)


def test_found_before_she_went_or_by_the_second_of_two(hoa):
    report = gone(hoa)
    for on in (report.since - dt.timedelta(days=1), TODAY() + dt.timedelta(days=1)):
        with pytest.raises(Refused):
            missing.missing_found(report=report, on=on, note="", expected_version=1)
    with pytest.raises(StaleVersion):
        missing.missing_found(report=report, on=TODAY(), note="", expected_version=9)


def test_a_stranger_reports_nobody(hoa):
    other = a_station("23293", "Trạm Y tế xã Đăk Cấm")
    with enter(scope_at(other)), pytest.raises(Refused):
        gone(hoa)


def test_on_the_page(hoa, at_station):
    nurse = client_of(a_member("nurse", at_station))
    address = f"/nguoi/{hoa.pk}/mat-tich/"
    assert "Báo mất tích" in nurse.get(f"/nguoi/{hoa.pk}/").content.decode()
    said = {"form_key": str(uuid7()), "since": "31/02/2026", "last_seen": "chợ phiên"}
    response = nurse.post(address, said)
    assert response.status_code == 422
    assert "chợ phiên" in response.content.decode()
    nurse.post(address, said | {"form_key": str(uuid7()), "since": "1/11/2026"})
    shown = nurse.get(f"/nguoi/{hoa.pk}/").content.decode()
    assert "Mất tích" in shown and "Đã tìm thấy" in shown
    nurse.post(address, {"form_key": str(uuid7()), "version": 1, "on": f"{TODAY():%d/%m/%Y}"})
    assert MissingReport.unscoped.get().found_on == TODAY()
    assert nurse.get(f"/nguoi/{hoa.pk}/sua/").content.decode().count('value="missing"') == 0

"""A notifiable diagnosis opens a task with the clock of its disease."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.catalogues import notifiable
from apps.catalogues.models import CommunicableDisease
from apps.core.models import Task
from apps.encounters import services
from apps.encounters.inputs import DiagnosisInput, VisitInput
from tests.factories import encounters as make
from tests.factories.catalogues import an_icd10


@pytest.mark.parametrize(
    ("pattern", "code", "covered"),
    [
        ("B05", "B05.9", True),
        ("B05", "B05", True),
        ("B05", "B050", False),
        ("A92.0", "A92.0", True),
        ("A92.0", "A92.3", False),
        ("B50-B54", "B52.8", True),
        ("B50-B54", "B54", True),
        ("B50-B54", "B55.0", False),
        ("B50-B54", "B49", False),
        ("A33-A35", "A34", True),
    ],
)
def test_a_code_or_a_range_covers(pattern, code, covered):
    assert notifiable.covers(pattern, code) is covered


@pytest.fixture
def measles(station):
    an_icd10("B05.9", "Sởi không biến chứng")
    for key, name, icd, report in (
        ("measles", "Bệnh sởi", ["B05"], "24h"),
        ("hiv", "Bệnh do HIV", ["B20-B24"], "week"),
        ("flu", "Cúm theo tháng", ["J06"], "month"),
    ):
        CommunicableDisease.objects.create(
            regime="thử", key=key, name=name, icd=icd, report_class=report, deadline="thử"
        )


def ended(hoa, doctor, code):
    data = VisitInput(fields={"reason": "Sốt phát ban"}, diagnoses=[DiagnosisInput(code, "main")])
    visit = make.an_examined_visit(hoa, doctor, data)
    return services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)


def test_it_works(measles, hoa, doctor, as_doctor):
    visit = ended(hoa, doctor, "B05.9")
    task = Task.unscoped.get()
    assert (task.object_id, task.person_id, task.title) == (visit.pk, hoa.pk, "Bệnh sởi")
    assert task.due_at == visit.occurred_at + dt.timedelta(hours=24)


def test_what_is_only_counted_asks_for_nothing(measles, hoa, doctor, as_doctor):
    ended(hoa, doctor, "J06.9")
    assert not Task.unscoped.exists()


def test_an_amended_diagnosis_takes_the_task_back(measles, hoa, doctor, as_doctor):
    visit = ended(hoa, doctor, "B05.9")
    data = VisitInput(diagnoses=[DiagnosisInput("J06.9", "main")])
    services.visit_amend(
        visit_id=visit.pk, expected_version=visit.version, data=data, reason="Không phải sởi"
    )
    assert Task.unscoped.get().state == "cancelled"


def test_a_visit_in_error_takes_the_task_back(measles, hoa, doctor, as_doctor):
    visit = ended(hoa, doctor, "B05.9")
    services.visit_entered_in_error(visit_id=visit.pk, expected_version=visit.version, reason="Nhầm người")
    assert Task.unscoped.get().state == "cancelled"


def test_hiv_is_restricted_and_due_before_wednesday(measles, hoa, doctor, as_doctor):
    an_icd10("B24", "Bệnh do HIV không đặc hiệu")
    ended(hoa, doctor, "B24")
    task = Task.unscoped.get()
    assert task.restricted
    assert timezone.localtime(task.due_at).isoweekday() == 2

"""A notifiable diagnosis opens a task with the clock of its disease."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.catalogues import notifiable
from apps.catalogues.models import CommunicableDisease
from apps.core.models import Task
from apps.encounters import services
from apps.encounters.inputs import DiagnosisInput, VisitInput
from apps.encounters.models import Visit
from apps.encounters.writing import Problems
from tests.encounters.test_pages import at, typed
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
    return services.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override="chưa rõ")


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


@pytest.fixture
def flu(measles):
    an_icd10("J09", "Cúm do vi rút cúm động vật hoặc đại dịch")
    an_icd10("A83.0", "Viêm não Nhật Bản")
    for key, name, icd, report in (
        ("flu_h5n1", "Cúm A(H5N1)", ["J09"], "24h"),
        ("flu_h7n9", "Cúm A(H7N9)", ["J09"], "24h"),
        ("jev", "Viêm não Nhật Bản", ["A83.0"], "48h"),
        ("enceph", "Viêm não vi rút khác", ["A83-A86"], "week"),
        ("emerging", "Bệnh mới nổi", [], "24h"),
    ):
        CommunicableDisease.objects.create(
            regime="thử", key=key, name=name, icd=icd, report_class=report, deadline="thử"
        )


def amended(visit, *diagnoses):
    return services.visit_amend(
        visit_id=visit.pk,
        expected_version=visit.version,
        data=VisitInput(diagnoses=diagnoses),
        reason="Sửa",
        override="chưa rõ",
    )


def test_the_closest_code_says_which_disease(flu):
    day = timezone.localdate()
    assert [row.key for row in notifiable.of(["A83.0"], day)] == ["jev"]
    assert [row.key for row in notifiable.of(["A85"], day)] == ["enceph"]
    listed = notifiable.reportable(["J09", "J06.9"], day)
    assert listed.open_to_choice("J09") and not listed.open_to_choice("J06.9")
    assert [row.key for row in listed.of("J09", "flu_h7n9")] == ["flu_h7n9"]
    assert [row.key for row in listed.of("J06.9", "emerging")] == ["emerging"]


def test_a_disease_of_hiv_is_reported_beside_it(measles):
    CommunicableDisease.objects.create(
        regime="thử", key="candida", name="Nấm Candida", icd=["B20.4"], report_class="week", deadline="thử"
    )
    listed = notifiable.reportable(["B20.4"], timezone.localdate())
    assert {row.key for row in listed.of("B20.4")} == {"hiv", "candida"}
    assert not listed.open_to_choice("B20.4")


def test_another_disease_takes_another_clock(flu, hoa, doctor, as_doctor):
    visit = ended(hoa, doctor, "B05.9")
    visit = amended(visit, DiagnosisInput("A83.0", "main"))
    old, new = Task.unscoped.order_by("created_at")
    assert (old.state, old.title) == ("cancelled", "Bệnh sởi")
    assert (new.state, new.title) == ("open", "Viêm não Nhật Bản")
    assert new.due_at == visit.occurred_at + dt.timedelta(hours=48)


def test_an_amendment_of_something_else_leaves_the_task(measles, hoa, doctor, as_doctor):
    visit = ended(hoa, doctor, "B05.9")
    task = Task.unscoped.get()
    services.visit_amend(
        visit_id=visit.pk, expected_version=visit.version, data=VisitInput(fields={"advice": "Nghỉ"}),
        reason="Dặn thêm",
    )  # fmt: skip
    assert Task.unscoped.get().version == task.version


def test_what_was_reported_is_not_asked_for_again(measles, hoa, doctor, as_doctor):
    visit = ended(hoa, doctor, "B05.9")
    Task.unscoped.update(state="done", outcome="Đã báo qua cổng", closed_at=timezone.now())
    visit = amended(visit, DiagnosisInput("B05.9", "main", "ban toàn thân"))
    assert Task.unscoped.count() == 1
    # what it is now known to be is
    amended(visit, DiagnosisInput("B05.9", "main", certainty="confirmed"))
    assert Task.unscoped.get(state="open").title == "Bệnh sởi (xác định)"


def test_a_diagnosis_that_comes_back_asks_again(measles, hoa, doctor, as_doctor):
    visit = ended(hoa, doctor, "B05.9")
    visit = amended(visit, DiagnosisInput("J06.9", "main"))
    amended(visit, DiagnosisInput("B05.9", "main"))
    assert Task.unscoped.get(state="open").title == "Bệnh sởi"


def test_of_several_diseases_the_chosen_one_is_reported(flu, client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    page = client.post(at("cases", visit.pk), {"main": "J09"}).content.decode()
    assert "phải báo cáo ca bệnh" in page and "Cúm A(H7N9)" in page
    said = {"case-J09-certainty": "suspected", "case-J09-disease_key": "flu_h7n9"}
    answer = client.post(at("visit", visit.pk), typed(visit, main="J09", action="finalise", **said))
    assert answer.status_code == 302
    assert Task.unscoped.get().title == "Cúm A(H7N9) (nghi ngờ)"


def test_who_says_neither_how_sure_nor_which_is_asked(flu, client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    answer = client.post(at("visit", visit.pk), typed(visit, main="J09", action="finalise"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "chọn nghi ngờ hay xác định" in page
    assert "chọn bệnh nào phải báo cáo" in page


def test_a_disease_without_a_code_is_reported_by_its_name(flu, hoa, doctor, as_doctor):
    data = VisitInput(
        fields={"reason": "Sốt, khó thở"},
        diagnoses=[DiagnosisInput("J06.9", "main", certainty="suspected", disease_key="emerging")],
    )
    visit = make.an_examined_visit(hoa, doctor, data)
    services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    assert Task.unscoped.get().title == "Bệnh mới nổi (nghi ngờ)"


def test_a_disease_that_the_code_is_not_is_refused(flu, hoa, doctor, as_doctor):
    for key in ("jev", "flu_h5n1", "xyz"):
        data = VisitInput(diagnoses=[DiagnosisInput("B05.9", "main", disease_key=key)])
        with pytest.raises(Problems):
            make.an_examined_visit(hoa, doctor, data)


def test_a_case_of_a_restricted_visit_is_told_to_few(measles, hoa, doctor, as_doctor):
    visit = make.an_examined_visit(
        hoa, doctor, VisitInput(fields={"reason": "Sốt"}, diagnoses=[DiagnosisInput("B05.9", "main")])
    )
    Visit.unscoped.update(restricted=True, restricted_by=["violence"])
    services.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override="xem rồi")
    assert Task.unscoped.get().restricted

"""Templates of a station: filled in by one key, looked at anew."""

import datetime as dt
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.catalogues.models import Drug, Icd10
from apps.core.errors import NeedsReason, Refused
from apps.core.scope import enter
from apps.encounters import services, templating
from apps.encounters.inputs import DiagnosisInput, LineInput, VisitInput
from apps.encounters.models import ExamTemplate, PrescriptionLine, Visit
from tests.encounters.conftest import signed_in
from tests.encounters.test_pages import at, typed
from tests.factories import encounters as make
from tests.factories.catalogues import an_icd10, shipped
from tests.factories.patients import a_person, an_allergy

TWO = VisitInput(
    fields={"reason": "Ho", "advice": "Uống nước ấm", "examination": "Họng đỏ", "history": "Ho từ hôm qua"},
    diagnoses=[DiagnosisInput("J06.9", "main"), DiagnosisInput("I10", "secondary")],
    lines=[LineInput("TD001.1", Decimal(1), 2, 5), LineInput("TD028.1", Decimal(1), 3, 5, note="sau ăn")],
)


@pytest.fixture
def template(station, doctor, hoa, as_doctor):
    other = a_person(station, "Đinh Văn Mẫu")
    visit = make.an_examined_visit(other, doctor, TWO, at=timezone.now() - dt.timedelta(days=30))
    visit = services.visit_save(
        visit_id=visit.pk, expected_version=visit.version,
        data=VisitInput(fields={"follow_up_on": visit.on + dt.timedelta(days=7)}),
    )  # fmt: skip
    return templating.template_make(visit=visit, name="Viêm họng người lớn")


def apply(visit, template):
    return templating.template_apply(
        visit_id=visit.pk, expected_version=visit.version, template_id=template.pk
    )


def drugs_of(visit):
    rows = PrescriptionLine.unscoped.filter(prescription__visit=visit).order_by("position")
    return list(rows.values_list("drug__code", flat=True))


def test_it_works(client, template, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    page = client.post(at("cases", visit.pk), {"main": "J06.9"}).content.decode()
    assert f'value="template:{template.pk}" data-key="F7"' in page
    # Before a diagnosis it may be chosen; no key fills in what may be another disease's.
    page = client.get(at("visit", visit.pk)).content.decode()
    assert f'value="template:{template.pk}"' in page and 'data-key="F7"' not in page
    blank = {"line": [], "advice": "", "examination": "", "follow_up_on": ""}
    posted = typed(visit, action=f"template:{template.pk}", **blank)
    assert client.post(at("visit", visit.pk), posted).status_code == 302
    visit.refresh_from_db()
    assert (visit.state, visit.advice, visit.examination) == ("in_progress", "Uống nước ấm", "Họng đỏ")
    assert visit.history == ""
    assert visit.follow_up_on == visit.on + dt.timedelta(days=7)
    assert drugs_of(visit) == ["TD001.1", "TD028.1"]
    assert "Đã lưu và điền" in client.get(at("visit", visit.pk)).content.decode()


def test_what_was_typed_stays(template, hoa, doctor, as_doctor):
    visit = make.an_examined_visit(hoa, doctor)
    filled = apply(visit, template)
    assert filled.left == []
    assert (filled.visit.advice, filled.visit.reason) == ("Uống nhiều nước", "Ho, sốt 2 ngày")
    assert drugs_of(visit) == ["TD001.1", "TD028.1"]
    assert PrescriptionLine.unscoped.get(prescription__visit=visit, drug__code="TD001.1").quantity == 10
    roles = dict(visit.diagnoses(manager="unscoped").values_list("icd_code", "role"))
    assert roles == {"J06.9": "main", "I10": "secondary"}
    template.refresh_from_db()
    assert template.used == 1


def test_another_main_diagnosis_is_not_pushed_aside(template, hoa, doctor, as_doctor):
    an_icd10("M54.5", "Đau lưng")
    data = VisitInput(fields={"reason": "Đau"}, diagnoses=[DiagnosisInput("M54.5", "main")])
    visit = apply(make.an_examined_visit(hoa, doctor, data), template).visit
    roles = dict(visit.diagnoses(manager="unscoped").values_list("icd_code", "role"))
    assert roles == {"M54.5": "main", "I10": "secondary"}


def test_what_is_out_of_force_is_left_out_and_told(client, template, hoa, doctor, as_doctor):
    Drug.objects.filter(code="TD028.1").update(valid_to=dt.date(2020, 1, 1))
    Icd10.objects.filter(code="I10").delete()
    visit = make.a_visit(hoa, doctor)
    filled = apply(visit, template)
    assert filled.left == [
        "Không điền mã bệnh I10: không còn trong danh mục ngày khám.",
        "Không điền thuốc Amoxicilin 500mg: không còn trong danh mục ngày khám.",
    ]
    assert drugs_of(visit) == ["TD001.1"]


def test_organs_are_those_of_the_person(template, station, doctor, as_doctor):
    shipped("exam_organs")
    template.data["findings"] = {"heart": "Bình thường", "gynaecology": "Bình thường", "gone": "x"}
    template.save()
    man = a_person(station, "Phạm Văn Nam", sex="male")
    assert apply(make.a_visit(man, doctor), template).visit.findings == {"heart": "Bình thường"}


def test_nothing_of_the_person_is_kept(template):
    assert "Ho từ hôm qua" not in str(template.data)
    assert "Mẫu" not in str(template.data)


def test_a_restricted_visit_becomes_none(client, hoa, doctor, as_doctor):
    """Everybody of the station reads its templates."""
    visit = make.a_finished_visit(hoa, doctor)
    Visit.unscoped.filter(pk=visit.pk).update(restricted=True, restricted_by=["hiv"])
    with pytest.raises(Refused, match="hạn chế xem"):
        templating.template_make(visit=Visit.objects.get(pk=visit.pk), name="Mẫu")
    assert not ExamTemplate.unscoped.exists()


def test_a_name_stands_once_at_a_station(template, hoa, doctor, as_doctor):
    visit = make.an_examined_visit(hoa, doctor)
    for name, words in (("Viêm họng người lớn", "đã có"), ("  ", "Đặt tên")):
        with pytest.raises(Refused, match=words):
            templating.template_make(visit=visit, name=name)
    templating.template_retire(template_id=template.pk, expected_version=template.version)
    assert templating.template_make(visit=visit, name="Viêm họng người lớn")


def test_a_retired_one_is_offered_and_filled_no_longer(client, template, hoa, doctor):
    said = {"form_key": uuid4(), "version": template.version}
    assert client.post(at("template_retire", template.pk), said).status_code == 302
    visit = make.a_visit(hoa, doctor)
    assert "template:" not in client.get(at("visit", visit.pk)).content.decode()
    posted = typed(visit, action=f"template:{template.pk}")
    client.post(at("visit", visit.pk), posted)
    page = client.get(at("visit", visit.pk)).content.decode()
    assert "Mẫu khám này không còn" in page
    visit.refresh_from_db()
    assert visit.advice == "Uống nhiều nước"


def test_own_code_first_then_most_used(template, station, as_doctor):
    for name, code, used in (("Chung", "", 9), ("Nhóm", "J06.0", 5), ("Khác", "K29", 99)):
        ExamTemplate.unscoped.create(station=station, name=name, icd_code=code, used=used, data={})
    names = [row.name for row in templating.offered(as_doctor, "J06.9")]
    assert names == ["Viêm họng người lớn", "Chung", "Nhóm"]
    assert [row.name for row in templating.offered(as_doctor, "")][:2] == ["Khác", "Chung"]


def test_what_is_filled_is_checked_when_the_visit_ends(client, template, station, doctor):
    allergic = a_person(station, "Trần Thị Dị")
    an_allergy(allergic, "Amoxicilin")
    visit = make.a_visit(allergic, doctor)
    client.post(at("visit", visit.pk), typed(visit, action=f"template:{template.pk}", line=[]))
    visit.refresh_from_db()
    with enter(make.scope_of(doctor)), pytest.raises(NeedsReason) as asked:
        services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    assert "dị ứng" in asked.value.warnings[0].sentence


def test_a_visit_is_kept_as_a_template_from_its_page(client, hoa, doctor):
    visit = make.a_finished_visit(hoa, doctor)
    assert "Lưu làm mẫu khám" in client.get(at("visit", visit.pk)).content.decode()
    client.post(at("template_make", visit.pk), {"form_key": uuid4(), "name": "Ho thường"})
    assert ExamTemplate.unscoped.get().name == "Ho thường"
    page = client.get(at("templates")).content.decode()
    assert "Ho thường" in page and "J06.9" in page


def test_a_page_costs_the_same_at_2_and_20_templates(client, station):
    def count():
        with CaptureQueriesContext(connection) as found:
            assert client.get(at("templates")).status_code == 200
        return len(found)

    for n in range(2):
        ExamTemplate.unscoped.create(station=station, name=f"Mẫu {n}", data={})
    client.get(at("templates"))
    two = count()
    for n in range(2, 20):
        ExamTemplate.unscoped.create(station=station, name=f"Mẫu {n}", data={})
    assert count() == two


def test_strangers(client, elsewhere, template, hoa, doctor, station):
    visit = make.a_finished_visit(hoa, doctor)
    assert (
        elsewhere.post(at("template_make", visit.pk), {"form_key": uuid4(), "name": "x"}).status_code == 404
    )
    said = {"form_key": uuid4(), "version": template.version}
    assert elsewhere.post(at("template_retire", template.pk), said).status_code == 404
    assert "Viêm họng" not in elsewhere.get(at("templates")).content.decode()
    keeper = signed_in("population", make.a_practitioner(station, "Lý Thị Mai", grade="other"), "mai.lt")
    assert keeper.get(at("templates")).status_code == 403
    assert Visit.unscoped.count() == 2

"""The sick-child form on a visit: filled in, judged with its figures, kept by version, shown and printed."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.errors import NeedsReason
from apps.core.ids import uuid7
from apps.core.models import ReadEntry
from apps.core.scope import enter
from apps.encounters import checking, moving, printing, queries, revisions, services
from apps.encounters.certificates import clinical
from apps.encounters.inputs import VisitInput
from apps.encounters.models import Visit
from apps.encounters.sick_child import sheet
from apps.encounters.writing import Problems
from tests.encounters.test_pages import at, typed
from tests.factories import encounters as make
from tests.factories.catalogues import an_icd10, shipped
from tests.factories.patients import a_person

COUGH = {"no_danger": "yes", "cough": "yes", "cough_days": "3"}
FIGURES = {"breathing": Decimal(46), "temperature": Decimal("38.2"), "weight": Decimal("11.5")}


@pytest.fixture
def listed(station):
    shipped("imci_classes")
    an_icd10("J18.9", "Viêm phổi, không xác định")


@pytest.fixture
def bao(station):
    """A boy of two."""
    born = timezone.localdate() - dt.timedelta(days=760)
    return a_person(station, "Phạm Gia Bảo", sex="male", birth_date=born)


def saved(child, doctor, answers=COUGH, **more):
    fields = {**make.USUAL.fields, "sick_child": answers} | more
    data = VisitInput(fields=fields, vitals=FIGURES, diagnoses=make.USUAL.diagnoses)
    return make.an_examined_visit(child, doctor, data)


def classes(visit):
    return [one["code"] for one in visit.sick_judged["classes"]]


def test_it_works(listed, client, bao, doctor):
    visit = make.a_visit(bao, doctor)
    page = client.get(at("visit", visit.pk)).content.decode()
    assert "Phiếu xử trí lồng ghép trẻ bệnh" in page and '<details class="sick-fold">' in page
    posted = typed(visit, breathing="46", weight="11,5", pressure="", line=[],
                   **{f"imci-{key}": value for key, value in COUGH.items()})  # fmt: skip
    assert client.post(at("visit", visit.pk), posted).status_code == 302
    visit.refresh_from_db()
    assert visit.sick_child == COUGH
    assert classes(visit) == ["pneumonia", "fever"]
    page = client.get(at("visit", visit.pk)).content.decode()
    assert '<details class="sick-fold" open>' in page
    assert "Viêm phổi" in page and "thở nhanh 46 lần/phút" in page and "Kháng sinh uống 5 ngày" in page
    again = posted | {"version": visit.version, "form_key": uuid7(), "action": "finalise"}
    assert client.post(at("visit", visit.pk), again).status_code == 302
    record = client.get(at("visit", visit.pk)).content.decode()
    assert "ho hoặc khó thở; 3 ngày" in record and "Phân loại trẻ bệnh" in record


@pytest.mark.parametrize(("days", "shown"), [(40, "dưới 2 tháng"), (760, "từ 2 tháng"), (1900, "")])
def test_whose_form_it_is_goes_by_age(listed, client, station, doctor, days, shown):
    child = a_person(station, "Đinh Thị Na", birth_date=timezone.localdate() - dt.timedelta(days=days))
    page = client.get(at("visit", make.a_visit(child, doctor).pk)).content.decode()
    assert ("sick-fold" in page) is bool(shown)
    assert shown in page


def test_a_year_of_birth_tells_no_months(listed, client, station, doctor):
    child = a_person(station, "Đinh Văn Y", birth_date=dt.date(2024, 1, 1), birth_precision="year")
    assert "sick-fold" not in client.get(at("visit", make.a_visit(child, doctor).pk)).content.decode()


def test_a_danger_sign_is_told_while_it_is_ticked_and_offers_the_referral(listed, client, bao, doctor):
    visit = make.a_visit(bao, doctor)
    page = client.post(
        at("sick_child", visit.pk), {"imci-lethargic": "yes", "imci-cough": "yes", "breathing": "30"}
    ).content.decode()
    assert 'role="alert"' in page and "chuyển tuyến gấp" in page
    assert 'data-choose="outcome" data-value="2"' in page
    assert "Bệnh rất nặng" in page and "li bì hoặc khó đánh thức" in page
    visit.refresh_from_db()
    assert visit.sick_child == {}


def test_nothing_answered_says_nothing_and_costs_little(
    listed, client, bao, doctor, django_assert_max_num_queries
):
    visit = make.a_visit(bao, doctor)
    client.post(at("sick_child", visit.pk), {})
    with django_assert_max_num_queries(9):
        assert b"sick-class" not in client.post(at("sick_child", visit.pk), {"weight": "11"}).content


def test_who_may_not_enter_is_not_told(listed, elsewhere, bao, doctor):
    visit = make.a_visit(bao, doctor)
    assert elsewhere.post(at("sick_child", visit.pk), {"imci-cough": "yes"}).status_code == 404


def test_pink_without_a_referral_asks_for_a_reason(listed, bao, doctor, as_doctor):
    visit = saved(bao, doctor, {"vomits_all": "yes"})
    with pytest.raises(NeedsReason) as asked:
        services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    assert [one.code for one in asked.value.warnings] == ["sick-child-referral"]
    visit = services.visit_save(
        visit_id=visit.pk, expected_version=visit.version, data=VisitInput(fields={"outcome": "2"})
    )
    services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)


def test_the_saved_page_warns_above_all(listed, client, bao, doctor):
    visit = saved(bao, doctor, {"convulsing": "yes"})
    page = client.get(at("visit", visit.pk)).content.decode()
    assert "Trẻ bệnh cần chuyển tuyến gấp: Bệnh rất nặng" in page


def test_figures_changed_afterwards_are_judged_again(listed, bao, doctor, as_doctor):
    visit = saved(bao, doctor)
    assert "pneumonia" in classes(visit)
    visit = services.visit_save(
        visit_id=visit.pk, expected_version=visit.version, data=VisitInput(vitals={"breathing": Decimal(30)})
    )
    assert "cough_cold" in classes(visit)


def test_malnutrition_comes_from_the_growth_rules(listed, bao, doctor):
    data = VisitInput(fields={"sick_child": {"no_danger": "yes"}},
                      vitals={"weight": Decimal("8.1"), "length": Decimal(85)})  # fmt: skip
    visit = make.an_examined_visit(bao, doctor, data)
    assert classes(visit) == ["sam"]
    assert "Chưa đo nhiệt độ." in visit.sick_judged["missing"]


@pytest.mark.parametrize(
    ("answers", "box"),
    [
        ({"wings": "yes"}, "imci-wings"),
        ({"cough_days": "ba"}, "imci-cough_days"),
        ({"no_danger": "yes", "lethargic": "yes"}, "imci-no_danger"),
        ({"grunting": "yes"}, "imci-grunting"),
    ],
)
def test_what_cannot_be_is_refused(listed, bao, doctor, as_doctor, answers, box):
    with pytest.raises(Problems) as refused:
        saved(bao, doctor, answers)
    assert refused.value.problems[0].field == box


def test_nobody_of_age_has_the_form(listed, hoa, doctor, as_doctor):
    with pytest.raises(Problems):
        saved(hoa, doctor)


def test_a_wrong_number_of_days_is_told_beside_its_box(listed, client, bao, doctor):
    visit = make.a_visit(bao, doctor)
    answer = client.post(at("visit", visit.pk), typed(visit, **{"imci-cough_days": "x"}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Số ngày “x” không đọc được" in page and '<details class="sick-fold" open>' in page


def test_what_is_taken_out_of_the_form_is_gone(listed, client, bao, doctor):
    visit = saved(bao, doctor)
    client.post(at("visit", visit.pk), typed(visit, weight="11,5", pressure=""))
    visit.refresh_from_db()
    assert (visit.sick_child, visit.sick_judged) == ({}, {})


def test_an_amendment_keeps_the_earlier_form(listed, bao, doctor, as_doctor):
    visit = saved(bao, doctor)
    visit = services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    data = VisitInput(fields={"sick_child": {"no_danger": "yes", "ear_pain": "yes"}})
    visit = services.visit_amend(
        visit_id=visit.pk, expected_version=visit.version, data=data, reason="Ghi nhầm", override="đã xem"
    )
    before = queries.revisions(visit)[0].data
    rows = {row.label: row for row in revisions.side_by_side(before, revisions.snapshot(visit))}
    row = rows["phiếu trẻ bệnh"]
    assert "Viêm phổi (vàng)" in row.before and "Viêm tai cấp (vàng)" in row.after


def test_two_editors_choose_sign_by_sign(listed, client, bao, doctor):
    visit = saved(bao, doctor)
    with enter(make.scope_of(doctor)):
        theirs = VisitInput(fields={"sick_child": COUGH | {"wheeze": "yes"}})
        services.visit_save(visit_id=visit.pk, expected_version=visit.version, data=theirs)
    mine = typed(visit, **{"imci-no_danger": "yes", "imci-cough": "yes", "imci-cough_days": "5"})
    answer = client.post(at("visit", visit.pk), mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "5 ngày" in page and "3 ngày" in page and "Khò khè" in page
    assert 'name="imci-wheeze" value="yes"' in page


def test_moved_to_a_grown_up_the_form_stays_behind(listed, hoa, bao, doctor, as_doctor):
    visit = saved(bao, doctor)
    new = moving.visit_move(
        visit_id=visit.pk, expected_version=visit.version, person=hoa, reason="Nhầm mẹ với con", override="x"
    )
    assert (new.sick_child, new.sick_judged) == ({}, {})
    visit.refresh_from_db()
    assert visit.sick_child == COUGH


def test_the_slip_prints_it(listed, bao, doctor, as_doctor):
    visit = saved(bao, doctor)
    services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    said = printing.exam_slip(Visit.unscoped.select_related("person", "doctor", "facility", "hamlet").get())
    assert said["sick_classes"][0].startswith("Viêm phổi (vàng): thở nhanh 46 lần/phút")
    assert ("Ho hoặc khó thở", "ho hoặc khó thở; 3 ngày") in said["sick_signs"]


def test_a_class_whose_row_was_withdrawn_keeps_its_name(listed, bao, doctor, as_doctor):
    from apps.catalogues import codes
    from apps.catalogues.models import CodeEntry
    from apps.encounters.sick_child import reading

    visit = saved(bao, doctor)
    CodeEntry.objects.filter(list="imci_class").update(valid_to=dt.date(2020, 1, 1))
    codes.forget()
    assert reading.lines(visit.sick_judged, visit.on)[0].startswith("Viêm phổi (vàng)")


def test_the_page_of_a_sick_child_leaves_its_look_in_the_log(listed, client, bao, doctor):
    visit = saved(bao, doctor)
    client.get(at("visit", visit.pk))
    assert ReadEntry.objects.filter(screen="visit.page").exists()


def test_a_draft_and_a_form_sent_back_say_what_they_come_to(listed, client, bao, doctor):
    visit = make.a_visit(bao, doctor)
    data = typed(visit, **{"imci-vomits_all": "yes"})
    client.post(reverse("core:draft_keep", args=["visit", visit.pk]), data)
    page = client.get(at("visit", visit.pk)).content.decode()
    assert "Trẻ bệnh cần chuyển tuyến gấp: Bệnh rất nặng" in page
    assert 'data-choose="outcome" data-value="2"' in page and "nôn tất cả mọi thứ" in page
    sent_back = client.post(at("visit", visit.pk), data | {"temperature": "375"})
    assert sent_back.status_code == 422
    assert "Trẻ bệnh cần chuyển tuyến gấp: Bệnh rất nặng" in sent_back.content.decode()


def test_what_the_chart_asks_first_leads_its_box(listed, client, bao, doctor):
    """No cough, no diarrhoea, no trouble of the ear: Enter goes to the next box. Fever is asked through."""
    for groups in sheet.GROUPS.values():
        for group in groups:
            assert not group.asks_first or group.signs[0].kind == "tick"
    page = client.get(at("visit", make.a_visit(bao, doctor).pk)).content.decode()
    assert page.count("data-asks-first") == 3
    assert "data-asks-first" not in page.partition("<legend>Sốt</legend>")[0].rpartition("<fieldset")[2]


def test_the_papers_of_a_child_begin_with_what_her_form_says(listed, bao, doctor):
    visit = saved(bao, doctor, COUGH | {"indrawing": "yes", "vomits_all": "yes", "no_danger": ""})
    said = clinical.found(visit, checking.parts(visit))
    assert "3 ngày; rút lõm lồng ngực" in said and "nôn tất cả mọi thứ" in said
    assert "Phân loại trẻ bệnh: Bệnh rất nặng" in said


def test_it_is_warned_once_and_the_question_stands_on_the_button(listed, client, bao, doctor):
    visit = make.a_visit(bao, doctor)
    data = typed(visit, **{"imci-vomits_all": "yes"}, action="finalise", weight="9,6", line=[])
    page = client.post(at("visit", visit.pk), data).content.decode()
    assert page.count("Trẻ bệnh cần chuyển tuyến gấp") == 1
    button = page[page.index("data-choose") : page.index("Chọn ra về")]
    assert 'data-key="F10"' in button and "autofocus" in button
    assert "autofocus" not in re.search('<input[^>]*name="override"[^>]*>', page)[0]

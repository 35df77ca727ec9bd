"""The examination organ by organ: what was written is kept, shown and printed, and nothing else."""

import datetime as dt

import pytest

from apps.catalogues import codes
from apps.catalogues.models import CodeEntry
from apps.core.ids import uuid7
from apps.core.scope import enter
from apps.encounters import health_record, organs, queries, revisions, services
from apps.encounters.inputs import VisitInput
from apps.encounters.models import Visit
from apps.encounters.organs import Organ
from apps.encounters.writing import Problems
from tests.encounters.test_pages import at, typed
from tests.factories import encounters as make
from tests.factories.catalogues import shipped
from tests.factories.patients import a_person

ON = dt.date(2026, 11, 20)


@pytest.fixture
def listed(station):
    shipped("exam_organs")


def saved(hoa, doctor, **findings):
    data = VisitInput(fields={**make.USUAL.fields, "findings": findings}, diagnoses=make.USUAL.diagnoses)
    return make.an_examined_visit(hoa, doctor, data)


def test_it_works(listed, client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    page = client.get(at("visit", visit.pk)).content.decode()
    assert "Tim mạch" in page and 'data-fill-with="Bình thường"' in page
    posted = typed(visit, **{"find-lungs": "Ran ẩm đáy phổi phải", "find-heart": "Bình thường",
                             "find-teeth": " ", "find-sight_right": "8/10", "course": "Ổn định"})  # fmt: skip
    assert client.post(at("visit", visit.pk), posted).status_code == 302
    visit.refresh_from_db()
    assert visit.findings == {
        "heart": "Bình thường",
        "lungs": "Ran ẩm đáy phổi phải",
        "sight_right": "8/10",
    }
    assert "Ran ẩm đáy phổi phải" in client.get(at("visit", visit.pk)).content.decode()
    client.post(at("visit", visit.pk), posted | {"version": visit.version, "form_key": uuid7(),
                                                 "action": "finalise"})  # fmt: skip
    record = client.get(at("visit", visit.pk)).content.decode()
    assert "Hô hấp: Ran ẩm đáy phổi phải" in record
    assert "Tim mạch: bình thường" in record
    assert "Diễn biến" in record


def test_the_order_is_that_of_the_paper_and_normal_ones_stand_together(listed):
    found = {"lungs": "Ran rít", "heart": "Bình thường", "skin": "Bình thường", "gone": "cũ"}
    assert organs.said(found, ON)[-1] == ("gone", "cũ")
    assert organs.told(found, ON) == ["Hô hấp: Ran rít", "gone: cũ", "Da, niêm mạc, tim mạch: bình thường"]
    assert organs.told({}, ON) == []


@pytest.mark.parametrize(
    ("sex", "months", "keys"),
    [
        ("female", 400, ["a", "g"]),
        ("male", 400, ["a"]),
        ("unknown", 400, ["a", "g"]),
        ("male", 20, ["a", "d"]),
        ("male", 72, ["a"]),
        ("male", None, ["a", "d"]),
    ],
)
def test_whose_form_shows_what(sex, months, keys):
    known = [Organ("a", "A"), Organ("g", "G", sex="female"), Organ("d", "D", under_months=72)]
    shown = organs.offered(known, sex=sex, age_months=months, written={})
    assert [organ.key for organ in shown] == keys


def test_what_was_written_is_shown_whoever_she_is():
    known = [Organ("g", "G", sex="female")]
    assert organs.offered(known, sex="male", age_months=400, written={"g": "đã ghi"}) == known


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("8/10", False), ("10 / 10", False), ("12/10", False), ("ĐNT 3 m", False), ("ST (+)", False),
        ("1,0", False), ("8/100", True), ("80/10", True), ("8/1", True),
    ],
)  # fmt: skip
def test_an_acuity_stands_on_the_chart(words, wrong):
    assert bool(organs.sight_problem(words)) is wrong


def test_bad_acuity_is_told_beside_its_box_and_the_fold_stands_open(listed, client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    answer = client.post(at("visit", visit.pk), typed(visit, **{"find-sight_left": "80/10"}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "không có trên bảng" in page
    assert '<details class="organs-fold" open>' in page


def test_an_organ_that_no_list_knows_is_refused(listed, hoa, doctor, as_doctor):
    with pytest.raises(Problems) as refused:
        saved(hoa, doctor, wings="đủ lông")
    assert refused.value.problems[0].field == "find-wings"


def test_an_organ_withdrawn_from_the_list_keeps_what_was_written(listed, client, hoa, doctor):
    visit = saved(hoa, doctor, motion="Đi lại được")
    CodeEntry.objects.filter(list="exam_organs", code="motion").update(valid_to=dt.date(2020, 1, 1))
    codes.forget()
    page = client.get(at("visit", visit.pk)).content.decode()
    assert 'name="find-motion"' not in page
    assert client.post(at("visit", visit.pk), typed(visit, **{"find-heart": "Đều"})).status_code == 302
    visit.refresh_from_db()
    assert visit.findings == {"motion": "Đi lại được", "heart": "Đều"}
    assert organs.said(visit.findings, visit.on)[-1] == ("Vận động", "Đi lại được")


def test_what_is_taken_out_of_the_form_is_gone(listed, client, hoa, doctor):
    visit = saved(hoa, doctor, heart="Đều")
    client.post(at("visit", visit.pk), typed(visit, **{"find-heart": ""}))
    visit.refresh_from_db()
    assert visit.findings == {}


def test_a_save_that_says_nothing_of_organs_leaves_them(listed, hoa, doctor, as_doctor):
    visit = saved(hoa, doctor, heart="Đều")
    services.visit_save(
        visit_id=visit.pk, expected_version=visit.version, data=VisitInput(fields={"advice": "Nghỉ"})
    )
    assert Visit.unscoped.get().findings == {"heart": "Đều"}


def test_an_amendment_keeps_the_earlier_findings(listed, hoa, doctor, as_doctor):
    visit = saved(hoa, doctor, lungs="Ran ẩm")
    visit = services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    data = VisitInput(fields={"findings": {"lungs": "Phổi trong"}})
    visit = services.visit_amend(
        visit_id=visit.pk, expected_version=visit.version, data=data, reason="Ghi nhầm bên"
    )
    before = queries.revisions(visit)[0].data
    rows = {row.label: row for row in revisions.side_by_side(before, revisions.snapshot(visit))}
    row = rows["khám từng cơ quan"]
    assert (row.before, row.after) == ("Hô hấp: Ran ẩm", "Hô hấp: Phổi trong")


def test_a_version_of_before_has_no_organs(listed, hoa, doctor, as_doctor):
    visit = saved(hoa, doctor, lungs="Ran ẩm")
    now = revisions.snapshot(visit)
    before = {name: value for name, value in now.items() if name != "findings"}
    rows = {row.label: row for row in revisions.side_by_side(before, now)}
    assert rows["khám từng cơ quan"].before == ""


def test_two_editors_choose_organ_by_organ(listed, client, hoa, doctor):
    visit = saved(hoa, doctor, heart="Đều", lungs="Trong")
    with enter(make.scope_of(doctor)):
        theirs = VisitInput(fields={"findings": {"heart": "Loạn nhịp", "lungs": "Trong"}})
        services.visit_save(visit_id=visit.pk, expected_version=visit.version, data=theirs)
    mine = typed(visit, **{"find-heart": "Đều rõ", "find-lungs": "Trong"})
    answer = client.post(at("visit", visit.pk), mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert 'name="find-heart" value="Đều rõ"' in page
    assert 'name="find-heart" value="Loạn nhịp"' in page
    assert "conflict-find-lungs" not in page


def test_section_d_of_the_health_record_tells_them(listed, hoa, doctor, as_doctor):
    visit = saved(hoa, doctor, lungs="Ran ẩm", heart="Bình thường")
    services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    told = health_record.provide(as_doctor, hoa, "")["examinations"][0].findings
    assert told == ["Hô hấp: Ran ẩm", "Tim mạch: bình thường"]


def test_the_slip_prints_what_was_written(listed, client, hoa, doctor):
    visit = saved(hoa, doctor, lungs="Ran ẩm")
    with enter(make.scope_of(doctor)):
        services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    assert client.get(at("exam_slip", visit.pk)).status_code == 200


def test_a_small_boys_form_asks_for_development_and_no_gynaecology(listed, client, station, doctor):
    visit = make.a_visit(
        a_person(station, "Phạm Gia Bảo", sex="male", birth_date=ON.replace(year=2024)), doctor
    )
    page = client.get(at("visit", visit.pk)).content.decode()
    assert "find-development" in page
    assert "find-gynaecology" not in page

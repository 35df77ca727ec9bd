"""Diagnoses: of which catalogue, what goes with them, what brought an injury about, the traditional one."""

import datetime as dt
from dataclasses import replace

import pytest

from apps.catalogues import icd
from apps.catalogues.models import Icd10Rule
from apps.encounters import leaving, queries, services
from apps.encounters.inputs import DiagnosisInput, VisitInput
from apps.encounters.models import Diagnosis, Visit
from apps.encounters.writing import Problems
from tests.encounters.test_pages import at, typed
from tests.factories import encounters as make
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.catalogues import an_icd10, shipped
from tests.factories.dispensing import in_days
from tests.factories.patients import a_person

ON = dt.date(2026, 11, 20)


@pytest.fixture
def listed(station):
    shipped("injury_causes", "yhct_diseases")
    an_icd10("S52.5", "Gãy đầu dưới xương quay")
    an_icd10("W01", "Ngã cùng mức do trượt, vấp")
    an_icd10("W38", "Nổ, vỡ các thiết bị có áp lực khác")
    an_icd10("M54.5", "Đau vùng thắt lưng")


def saved(hoa, doctor, *diagnoses, **fields):
    data = VisitInput(fields={"reason": "Đau", **fields}, diagnoses=diagnoses)
    return make.an_examined_visit(hoa, doctor, data)


def test_it_works(listed, client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    posted = typed(visit, main="S52.5", external="W01", injury_cause="4", traditional=["U62.392.3"],
                   action="finalise")  # fmt: skip
    assert client.post(at("visit", visit.pk), posted).status_code == 302
    visit.refresh_from_db()
    assert (visit.state, visit.injury_cause) == ("finalised", "4")
    rows = Diagnosis.unscoped.order_by("position").values_list("role", "icd_edition", "icd_code")
    assert list(rows) == [
        ("main", "tt06", "S52.5"),
        ("external", "tt06", "W01"),
        ("traditional", "yhct", "U62.392.3"),
    ]
    page = client.get(at("visit", visit.pk)).content.decode()
    assert "U62.392.3 - Yêu thống [Đau lưng]" in page
    assert "Nguyên nhân tai nạn" in page and "Ngã" in page
    assert client.get(at("exam_slip", visit.pk)).status_code == 200


def test_what_was_chosen_stands_in_the_form_again(listed, client, hoa, doctor):
    visit = saved(
        hoa, doctor, DiagnosisInput("S52.5", "main"), DiagnosisInput("U62.392.3", "traditional"),
        injury_cause="4",
    )  # fmt: skip
    page = client.get(at("visit", visit.pk)).content.decode()
    assert 'name="traditional" value="U62.392.3"' in page
    assert '<option value="4" selected>' in page
    assert f'data-on="{visit.on.isoformat()}"' in page


def test_an_external_cause_without_doubt_is_taken(listed, hoa, doctor, as_doctor):
    visit = saved(hoa, doctor, DiagnosisInput("S52.5", "main"), DiagnosisInput("W01", "external"))
    assert Visit.unscoped.get(pk=visit.pk).injury_cause == "4"


def test_of_two_causes_a_person_decides_and_is_asked(listed, client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    answer = client.post(at("visit", visit.pk), typed(visit, main="S52.5", external="W38", action="finalise"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "chưa chọn nguyên nhân" in page
    assert "Bỏng hoặc Tai nạn lao động" in page


def test_a_chosen_cause_is_not_overruled(listed, hoa, doctor, as_doctor):
    visit = saved(
        hoa, doctor, DiagnosisInput("S52.5", "main"), DiagnosisInput("W01", "external"), injury_cause="2"
    )
    assert visit.injury_cause == "2"


def test_a_cause_that_no_list_knows_is_refused(listed, hoa, doctor, as_doctor):
    with pytest.raises(Problems) as refused:
        saved(hoa, doctor, DiagnosisInput("S52.5", "main"), injury_cause="99")
    assert refused.value.problems[0].field == "injury_cause"


@pytest.mark.parametrize(
    ("code", "role", "sentence"),
    [
        ("U51.631.2", "traditional", "bệnh y học cổ truyền"),  # withdrawn on 30/06/2026
        ("U99.999", "traditional", "bệnh y học cổ truyền"),
        ("M54.5", "traditional", "bệnh y học cổ truyền"),
        ("U62.392.3", "main", "ICD-10"),
    ],
)
def test_a_code_of_the_other_catalogue_or_day_is_refused(
    listed, hoa, doctor, as_doctor, code, role, sentence
):
    with pytest.raises(Problems) as refused:
        saved(hoa, doctor, DiagnosisInput(code, role))
    assert f"không có trong danh mục {sentence}" in refused.value.problems[0].sentence


def test_a_traditional_code_is_no_usual_one_of_icd_and_does_not_travel(listed, hoa, doctor, as_doctor):
    visit = saved(hoa, doctor, DiagnosisInput("M54.5", "main"), DiagnosisInput("U62.392.3", "traditional"))
    assert list(queries.UsualCodes().top("icd10", visit.facility_id, 9)) == ["M54.5"]
    assert [row.icd_code for row in leaving.visit_for_sync(visit.pk).diagnoses] == ["M54.5"]


def test_a_suspected_disease_says_so(hoa, doctor, as_doctor):
    visit = saved(hoa, doctor, DiagnosisInput("J06.9", "main", "do vi rút", certainty="suspected"))
    assert visit.summary == "J06.9 - Nhiễm trùng đường hô hấp trên cấp (do vi rút, nghi ngờ)"
    assert leaving.visit_for_sync(visit.pk).diagnoses[0].certainty == "suspected"


@pytest.fixture
def paired(station):
    an_icd10("A17.0", "Lao màng não")
    an_icd10("G01", "Viêm màng não trong bệnh nhiễm khuẩn phân loại nơi khác")
    Icd10Rule.objects.create(edition="qd4469", rule="pair", code="G01", other="A17.0")


def test_both_halves_of_a_pair_are_proposed(paired):
    assert icd.pairs(["G01"], on=ON) == [("G01", "A17.0", "Lao màng não")]
    assert [code for _, code, _ in icd.pairs(["A17.0"], on=ON)] == ["G01"]
    assert icd.pairs(["A17.0", "G01"], on=ON) == []
    assert icd.pairs(["J06.9"], on=ON) == []


def test_the_other_half_is_one_press_away(paired, client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    page = client.post(at("cases", visit.pk), {"secondary": ["G01"]}).content.decode()
    assert 'data-pick-into="secondary" data-code="A17.0"' in page
    assert "đi cùng mã bệnh nguyên nhân" in page


def test_only_who_prescribes_has_a_place_for_what_fills_a_visit(client, hoa, doctor, station):
    """A nurse's form has no box of templates: an answer that names it would be an error in her console."""
    visit = make.a_visit(hoa, doctor)
    assert 'id="fill"' in client.post(at("cases", visit.pk), {"main": "J06.9"}).content.decode()
    nurse = a_user("lan.nurse", "Trần Thị Lan")
    a_post(nurse, "nurse", station)
    assert 'id="fill"' not in client_of(nurse).post(at("cases", visit.pk), {"main": "J06.9"}).content.decode()


def test_a_traditional_name_is_offered_for_its_disease(listed, client, hoa, doctor):
    an_icd10("A97", "Bệnh sốt xuất huyết Dengue")
    visit = make.a_visit(hoa, doctor)
    page = client.post(at("cases", visit.pk), {"main": "A97"}).content.decode()
    assert 'data-pick-into="traditional" data-code="U50.351"' in page
    again = client.post(at("cases", visit.pk), {"main": "A97", "traditional": ["U50.351"]}).content.decode()
    assert "U50.351" not in again


def test_the_rules_of_a_code_are_said_when_it_is_chosen(client, hoa, doctor):
    an_icd10("N40", "Tăng sản tuyến tiền liệt", flags={"sex": "M"})
    an_icd10("Z37.9", "Kết quả đẻ", flags={"not_principal": True})
    visit = make.a_visit(hoa, doctor)
    page = client.post(at("cases", visit.pk), {"main": "N40"}).content.decode()
    assert "chỉ dùng cho nam" in page
    page = client.post(at("cases", visit.pk), {"main": "Z37.9"}).content.decode()
    assert "không được dùng làm bệnh chính" in page
    assert "<p" not in client.post(at("cases", visit.pk), {}).content.decode()


def test_what_no_code_can_be_asks_no_database(client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    said = {"main": "J\0", "secondary": ["x" * 500], "case-x-certainty": "\0"}
    assert client.post(at("cases", visit.pk), said).status_code == 200
    assert client.post(at("visit", visit.pk), typed(visit, main="J\0")).status_code == 422


def test_a_stranger_is_told_nothing(elsewhere, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    assert elsewhere.post(at("cases", visit.pk), {"main": "J06.9"}).status_code == 404


def test_a_visit_of_before_is_coded_by_the_edition_of_its_day(station, hoa, doctor, as_doctor):
    an_icd10("A90", "Sốt dengue", edition="qd4469")
    before = dt.datetime(2026, 5, 4, 8, tzinfo=dt.UTC)
    data = VisitInput(fields={"reason": "Sốt"}, diagnoses=[DiagnosisInput("A90", "main")])
    visit = make.an_examined_visit(hoa, doctor, data, at=before)
    assert Diagnosis.unscoped.get(visit=visit).icd_edition == "qd4469"
    with pytest.raises(Problems) as refused:
        saved(hoa, doctor, DiagnosisInput("A90", "main"))
    assert "không có trong danh mục ICD-10 dùng ngày" in refused.value.problems[0].sentence


def test_the_edition_of_the_day_is_amended_with(station, hoa, doctor, as_doctor):
    an_icd10("A90", "Sốt dengue", edition="qd4469")
    an_icd10("A91", "Sốt xuất huyết dengue", edition="qd4469")
    data = VisitInput(fields={"reason": "Sốt"}, diagnoses=[DiagnosisInput("A90", "main")])
    before = dt.datetime(2026, 5, 4, 8, tzinfo=dt.UTC)
    visit = make.an_examined_visit(hoa, doctor, data, at=before)
    visit = services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    visit = services.visit_amend(
        visit_id=visit.pk, expected_version=visit.version, reason="Có xuất huyết",
        data=VisitInput(diagnoses=[DiagnosisInput("A91", "main")]),
    )  # fmt: skip
    assert Diagnosis.unscoped.get(visit=visit).icd_edition == "qd4469"


def test_the_usual_codes_of_children_are_those_of_children(station, hoa, doctor):
    child = a_person(station, "Nguyễn Bé", birth_date=in_days(-2000))
    make.an_examined_visit(hoa, doctor, data=replace(make.USUAL, diagnoses=[DiagnosisInput("I10", "main")]))
    visit = make.an_examined_visit(child, doctor)
    usual = queries.UsualCodes()
    assert list(usual.top("icd10", visit.facility_id, 9, child=True)) == ["J06.9"]
    assert list(usual.top("icd10", visit.facility_id, 9, child=False)) == ["I10"]
    assert list(usual.top("icd10", visit.facility_id, 9)) == ["I10", "J06.9"]


def test_the_form_says_for_whom_a_disease_is_looked_for(client, station, hoa, doctor):
    child = a_person(station, "Nguyễn Bé", sex="male", birth_date=in_days(-2000))
    for person, whom in ((hoa, "F grown"), (child, "M child")):
        page = client.get(at("visit", make.a_visit(person, doctor).pk)).content.decode()
        assert page.count(f'data-whom="{whom}"') == 2

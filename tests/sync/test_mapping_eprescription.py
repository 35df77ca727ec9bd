"""A prescription as the national system takes it: what is told, what stops before it leaves."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from apps.sync.mappings import jsonform, records
from apps.sync.mappings.eprescription.options import options_from
from apps.sync.mappings.eprescription.sheet import sheets
from tests.factories.sync import AT, person, prescribed, visit


def options(**more):
    return options_from(more)


def told(record, **more):
    (sheet,) = sheets(record, options(**more))
    assert sheet.problems == ()
    return json.loads(sheet.body)


def wrong(record, **more):
    (sheet,) = sheets(record, options(**more))
    return [each.expression.removeprefix("prescription.") for each in sheet.problems]


def small(**more):
    """A child of five."""
    return person("Lê Bé", birth_date=date(2021, 5, 3), **more)


WEIGHT = records.Measurement("29463-7", Decimal("17.50"), "kg", AT, "Cân nặng")


def test_it_works():
    numbers = (records.Identifier("cccd", "051190000001"), records.Identifier("bhyt", "DN4515112345678"))
    who = person(identifiers=numbers, phone="0960000002", address="Thôn Làng Teng", commune="Xã Ba Tơ")
    said = told(prescribed(who, advice="Uống nhiều nước", follow_up_on=date(2026, 11, 25)))
    assert said == {
        "loai_don_thuoc": "c",
        "ma_don_thuoc": "99001abcdefg-c",
        "ho_ten_benh_nhan": "Nguyễn Thị Hoa",
        "ma_dinh_danh_y_te": "051190000001",
        "ma_dinh_danh_cong_dan": "051190000001",
        "ngay_sinh_benh_nhan": "03/05/1990",
        "can_nang": "",
        "gioi_tinh": 3,
        "ma_so_the_bao_hiem_y_te": "DN4515112345678",
        "thong_tin_nguoi_giam_ho": "",
        "dia_chi": "Thôn Làng Teng, Xã Ba Tơ",
        "chan_doan": [
            {"ma_chan_doan": "J06.9", "ten_chan_doan": "Nhiễm trùng hô hấp trên cấp", "ket_luan": ""}
        ],
        "luu_y": "",
        "hinh_thuc_dieu_tri": 1,
        "dot_dung_thuoc": {
            "dot": 1,
            "tu_ngay": "20/11/2026",
            "den_ngay": "24/11/2026",
            "so_thang_thuoc": "",
        },
        "thong_tin_don_thuoc": [
            {
                "ma_thuoc": "PARA500",
                "biet_duoc": "Paracetamol",
                "ten_thuoc": "Paracetamol 500 mg",
                "don_vi_tinh": "viên",
                "so_luong": 10,
                "cach_dung": "Ngày uống 2 lần, mỗi lần 1 viên",
            }
        ],
        "loi_dan": "Uống nhiều nước",
        "so_dien_thoai_nguoi_kham_benh": "0960000002",
        "ngay_tai_kham": 5,
        "ngay_gio_ke_don": "2026-11-20 08:20:00",
        "signature": "",
    }


def test_the_last_letter_of_the_code_is_the_kind():
    record = prescribed(code="99001ABCDEFG-H")
    said = told(record)
    assert (said["loai_don_thuoc"], said["ma_don_thuoc"]) == ("h", "99001abcdefg-h")


@pytest.mark.parametrize(
    ("precision", "said"), [("day", "03/05/1990"), ("month", "01/05/1990"), ("year", "01/01/1990")]
)
def test_a_birth_known_in_part_is_told_as_the_settings_say(precision, said):
    record = prescribed(person(birth_precision=precision))
    assert told(record)["ngay_sinh_benh_nhan"] == said
    assert told(record, births={"year": "%Y", "month": "%m/%Y"})["ngay_sinh_benh_nhan"] in said


@pytest.mark.parametrize(("sex", "code"), [("male", 2), ("female", 3), ("unknown", 1)])
def test_sexes_have_their_codes(sex, code):
    assert told(prescribed(person(sex=sex)))["gioi_tinh"] == code
    assert told(prescribed(person(sex=sex)), sexes={sex: "x"})["gioi_tinh"] == "x"


def test_a_small_child_needs_a_weight_and_is_told_with_it():
    record = prescribed(small())
    assert wrong(record) == ["weight"]
    assert told(replace(record, measurements=(WEIGHT,)))["can_nang"] == 17.5
    assert wrong(record, weight_months=0) == []
    older = prescribed(replace(small(), birth_date=date(2020, 11, 20)))
    assert wrong(older) == [], "72 months today"
    assert wrong(replace(older, person=replace(older.person, birth_date=date(2020, 11, 21)))) == ["weight"]


def test_who_answers_for_a_child_is_asked_for_where_it_is_wanted():
    record = replace(prescribed(small()), measurements=(WEIGHT,))
    assert wrong(record, guardian_months=72) == ["guardian"]
    known = replace(record, person=replace(record.person, guardian="Trần Thị Mẹ, 0960000001"))
    assert told(known, guardian_months=72)["thong_tin_nguoi_giam_ho"] == "Trần Thị Mẹ, 0960000001"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"of": person("")}, "name"),
        ({"of": person(birth_date=None)}, "born"),
        ({"of": person(sex="other")}, "sex"),
        ({"diagnoses": ()}, "diagnosis"),
        ({"code": ""}, "code"),
        ({"code": "99001abc-c"}, "code"),
        ({"advice": "x" * 4001}, "advice"),
        ({"lines": ()}, "line"),
    ],
)
def test_what_it_cannot_take_is_found_before(changed, field):
    assert field in wrong(prescribed(**changed))


def test_the_same_prescription_is_the_same_and_how_she_is_reached_is_not_part_of_it():
    record = prescribed()
    one, again = sheets(record, options())[0], sheets(record, options())[0]
    assert (one.body, one.content) == (again.body, again.content)
    moved = sheets(replace(record, person=replace(record.person, phone="0960000009")), options())[0]
    assert moved.content == one.content and moved.body != one.body
    named = sheets(replace(record, person=replace(record.person, full_name="Khác")), options())[0]
    assert named.content != one.content


def test_names_codes_and_forms_are_the_receivers():
    known = {("icd10", "J06.9"): "J06", ("drug", "PARA500"): "DQG001"}
    wanted = replace(options(mapped=["icd10", "drug"], elements={"prescription.name": "ho_ten"}), codes=known)
    (sheet,) = sheets(prescribed(follow_up_on=date(2026, 11, 25)), replace(wanted, follow_up="date"))
    said = json.loads(sheet.body)
    assert said["ho_ten"] == "Nguyễn Thị Hoa" and "ho_ten_benh_nhan" not in said
    assert said["chan_doan"][0]["ma_chan_doan"] == "J06"
    assert said["thong_tin_don_thuoc"][0]["ma_thuoc"] == "DQG001"
    assert said["ngay_tai_kham"] == "25/11/2026"


def test_members_without_a_value_are_left_out_where_it_wants_none():
    said = told(prescribed(), empty=False)
    assert "luu_y" not in said and "can_nang" not in said and said["loai_don_thuoc"] == "c"


def test_a_visit_with_two_forms_has_two_prescriptions():
    record = prescribed()
    second = replace(record.prescriptions[0], code="99001hhhhhhh-h", kind="h")
    both = sheets(replace(record, prescriptions=(*record.prescriptions, second)), options())
    assert [each.code for each in both] == ["99001abcdefg-c", "99001hhhhhhh-h"]
    assert sheets(visit(), options()) == ()


def test_a_look_covers_who_it_is_about():
    numbers = (records.Identifier("cccd", "051190000001"),)
    said = told(prescribed(person(identifiers=numbers, phone="0960000002")))
    shown = json.dumps(jsonform.covered(options().forms.fields, said), ensure_ascii=False)
    for named in ("Nguyễn Thị Hoa", "051190000001", "0960000002", "03/05/1990"):
        assert named not in shown
    assert "J06.9" in shown and "•••" in shown and "99001abcdefg-c" in shown


@pytest.mark.parametrize(
    "said",
    [
        {"sexes": {"male": True}},
        {"sexes": {"other": 1}},
        {"sexes": []},
        {"treatment": None},
        {"births": {"day": "%d"}},
        {"births": {"year": 1}},
        {"mapped": ["lab"]},
        {"elements": {"prescription.nothing": "X"}},
        {"elements": {"prescription.name": "two words"}},
        {"follow_up": "weeks"},
        {"weight_months": -1},
        {"weight_months": True},
        {"datetime_format": "%x"},
    ],
)
def test_settings_that_cannot_be(said):
    with pytest.raises(ValueError, match=r"Thiết lập|Loại mã"):
        options(**said)

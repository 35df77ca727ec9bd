"""A visit and its person as XML of QĐ 831: what is told, what is left out, what stops before it leaves."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from apps.sync.mappings import records
from apps.sync.mappings.qd831.document import covered, message
from apps.sync.mappings.qd831.options import options_from
from tests.factories.sync import AT, glucose, person, visit

ACTIONS = {"new": "1", "changed": "2", "withdrawn": "3"}
HEALTH = records.Health(
    said={
        "hanh-chinh": {"religion": "1", "home_phone": "02963123456"},
        "luc-sinh": {"method": "1", "preterm": False, "weight_g": 3100, "length_cm": Decimal("49.50")},
        "nguy-co": {"tobacco": "2", "tobacco_a_day": 10, "tobacco_quit": False, "exposure": ["1", "3"]},
        "benh-tat": {
            "asked_none": False,
            "lines": [
                {"code": "02", "icd_code": "I10", "text": "", "since_year": 2019, "state": "active"},
                {
                    "code": "03",
                    "icd_code": "E11",
                    "text": "",
                    "since_year": None,
                    "state": "entered_in_error",
                },
            ],
        },
        "khac": {"asked_none": False, "lines": [{"text": "Ở một mình", "state": "active"}]},
    },
    household="H000012",
    relation="1",
    blood_group="AB-",
    ethnicity="01",
    relatives=(records.Relative("Mẹ", "Trần Thị Mẹ", "0960000001"),),
)


def options(**more):
    return options_from({"actions": ACTIONS, **more})


def xml(record, **more):
    built = message(record, options(**more))
    assert built.problems == ()
    return parsed(built.body)


def parsed(body):
    return ET.fromstring(body)  # noqa: S314 - our own


def at(root, path):
    found = root.find(f"BODY/HOSOSUCKHOE/{path}")
    return None if found is None else found.text


def test_it_works():
    root = xml(visit(person(health=HEALTH), findings=(("skin", "Da, niêm mạc", "Ban đỏ"),)))
    head = {node.tag: node.text for node in root.find("HEADER")}
    assert (head["SENDER_CODE"], head["ACTION_TYPE"], head["MESSAGE_VERSION"]) == ("99001", "1", "1.0")
    assert head["TRANSACTION_DATE"] == "20/11/2026 08:21:00"
    assert at(root, "THONGTINCHUNG/HOTEN") == "Nguyễn Thị Hoa"
    assert at(root, "THONGTINCHUNG/NGAYSINH") == "03/05/1990"
    assert at(root, "THONGTINCHUNG/GIOITINH") == "2"
    assert (at(root, "THONGTINCHUNG/NHOMMAU"), at(root, "THONGTINCHUNG/RH")) == ("AB", "-")
    assert at(root, "THONGTINCHUNG/NGUOITHAN/HOTEN") == "Trần Thị Mẹ"
    assert at(root, "TIENSU/TINHTRANG_LUCSINH/CHIEUDAI") == "49.5"
    assert at(root, "TIENSU/TINHTRANG_LUCSINH/DETHIEUTHANG") == "0"
    assert at(root, "TIENSU/YEUTO_SUCKHOE/DSYEUTO/SOLUONG") == "10"
    assert at(root, "TIENSU/YEUTO_SUCKHOE/TIEPXUC") == "1;3"
    diseases = root.findall(".//DSBENHTAT")
    assert [each.findtext("MABENH") for each in diseases] == ["I10"], "an error is not told"
    assert at(root, "TIENSU/VANDEKHAC/MOTA") == "Ở một mình"
    assert at(root, "KHAMBENH/LYDOKHAM") == "Ho, sốt"
    assert at(root, "KHAMBENH/DAUHIEUSINHTON/NHIETDO") == "38.2"
    assert at(root, "KHAMBENH/KHAMLAMSANG/DA_NIEMMAC") == "Ban đỏ"
    assert at(root, "KHAMBENH/CHANDOANBENH/MABENH") == "J06.9"
    assert at(root, "TIENSU/KHUYETTAT") is None, "what nobody was asked for is no empty group"


def test_the_same_record_is_the_same_message_and_another_is_not():
    first = visit()
    one, again = message(first, options()), message(first, options())
    other = message(replace(first, reason="Khác"), options())
    assert (one.body, one.request_id) == (again.body, again.request_id)
    assert one.request_id != other.request_id
    assert len(one.request_id) <= 100 and one.request_id.startswith(str(first.id))
    assert one.request_id in one.body.decode()
    assert one.body.startswith(b"<?xml")


@pytest.mark.parametrize(
    ("precision", "told"), [("day", "03/05/1990"), ("month", "05/1990"), ("year", "1990")]
)
def test_a_birth_is_told_as_far_as_it_is_known(precision, told):
    root = xml(visit(person(birth_precision=precision, birth_date=date(1990, 5, 3))))
    assert at(root, "THONGTINCHUNG/NGAYSINH") == told


def test_a_result_is_told_in_one_line_a_test():
    first = visit()
    root = xml(replace(first, orders=(glucose(first, 6),)))
    assert [node.text for node in root.find(".//XETNGHIEM")] == [
        *("23.0075.1494", "1", "Định lượng Glucose", "Glucose: 6 mmol/L")
    ]


def test_a_visit_entered_in_error_tells_nothing_but_which_it_was():
    gone = visit(person(health=HEALTH), state="entered_in_error", advice="Nghỉ ngơi")
    root = xml(gone)
    assert root.findtext("HEADER/ACTION_TYPE") == "3"
    assert at(root, "KHAMBENH/MA_LK") == str(gone.id)
    assert at(root, "TIENSU") is None
    assert not set("".join(root.itertext()).split()) & {"Ho,", "J06.9", "Nghỉ"}


def test_an_amended_visit_is_a_change_and_a_person_alone_too():
    assert xml(visit(amended=True)).findtext("HEADER/ACTION_TYPE") == "2"
    alone = xml(person(health=HEALTH))
    assert alone.findtext("HEADER/ACTION_TYPE") == "2"
    assert at(alone, "KHAMBENH") is None
    assert xml(person(replaced_by=visit().id)).findtext("HEADER/ACTION_TYPE") == "3"


def test_allergies_hold_and_a_hidden_one_is_not_named():
    kept = records.Allergy(visit().id, "drug", "", reaction="Ban", hidden=True)
    wrong = records.Allergy(visit().id, "food", "Tôm", state="entered_in_error")
    root = xml(visit(person(allergies=(kept, wrong))))
    assert [node.text for node in root.find(".//DSDIUNG")] == ["A1", "Không gửi tên: Ban"]
    assert len(root.findall(".//DSDIUNG")) == 1


def test_what_xml_cannot_hold_and_what_looks_like_xml():
    words = "Ho \x0b\ufffe</LYDOKHAM><!-- & ]]> 👋"
    root = xml(visit(reason=words))
    assert at(root, "KHAMBENH/LYDOKHAM") == "Ho </LYDOKHAM><!-- & ]]> 👋"


def test_names_are_the_receivers():
    path = "message.body.record.examination"
    root = xml(visit(), elements={f"{path}.reason": "LY_DO", f"{path}.diagnosis": "", path: "LUOTKHAM"})
    assert at(root, "LUOTKHAM/LY_DO") == "Ho, sốt"
    assert at(root, "LUOTKHAM/CHANDOANBENH") is None
    assert root.find(".//MABENH") is None


def test_empty_elements_are_left_out_where_it_wants_none():
    assert at(xml(visit()), "THONGTINCHUNG/MATHE") is None  # empty
    assert xml(visit()).find(".//MATHE") is not None
    assert xml(visit(), empty=False).find(".//MATHE") is None


def test_codes_are_the_receivers():
    first = visit()
    known = {("facility", "99001"): "TYT-01", ("icd10", "J06.9"): "J06"}
    wanted = replace(options(mapped=["facility", "icd10"]), codes=known)
    root = parsed(message(first, wanted).body)
    assert root.findtext("HEADER/SENDER_CODE") == "TYT-01"
    assert at(root, "KHAMBENH/CHANDOANBENH/MABENH") == "J06"


def test_one_account_for_all_stations():
    root = xml(visit(), sender={"code": "SYT", "name": "Sở Y tế"})
    assert (root.findtext("HEADER/SENDER_CODE"), root.findtext("HEADER/SENDER_NAME")) == ("SYT", "Sở Y tế")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"facility": records.Organization(visit().facility.id, "Trạm chưa có mã")}, "header.sender_code"),
        ({"reason": "x" * 1001}, "examination.reason"),
        ({"of": person("")}, "general.full_name"),
        ({"of": person(health=records.Health(ethnicity="Kinh!"))}, "general.ethnicity"),
    ],
)
def test_what_the_receiver_cannot_take_is_found_before(changed, field):
    found = message(visit(**changed), options()).problems
    assert [each.expression.endswith(field) for each in found] == [True]


def test_a_number_that_she_has_not_stops_where_it_is_the_match():
    found = message(visit(), options(match_patient="cccd")).problems
    assert [each.expression for each in found] == ["message.body.record.general.number"]
    cccd = (records.Identifier("cccd", "001190000001"),)
    root = xml(visit(person(identifiers=cccd)), match_patient="cccd")
    assert at(root, "THONGTINCHUNG/MADINHDANH") == "001190000001"


def test_a_look_covers_who_it_is_about():
    wanted = options()
    shown = covered(message(visit(person(health=HEALTH)), wanted).body, wanted).decode()
    for named in ("Nguyễn Thị Hoa", "03/05/1990", "Trần Thị Mẹ", "Ở một mình", "H000012", "02963123456"):
        assert named not in shown
    assert "J06.9" in shown and "•••" in shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"actions": {"new": "1"}},
        {"actions": {"new": "1", "changed": "2", "withdrawn": 3}},
        {"actions": {**ACTIONS, "other": "4"}},
        {"mapped": ["drug"]},
        {"elements": {"message.body.record.nothing": "X"}},
        {"elements": {"message.header.version": "two words"}},
        {"elements": []},
        {"match_patient": "name"},
        {"date_format": "%x"},
        {"sender": {"code": 1}},
    ],
)
def test_settings_that_cannot_be(wrong):
    with pytest.raises(ValueError, match=r"Thiết lập|Loại mã"):
        options(**wrong)


def test_everything_of_the_visit_at_once():
    """Nothing of a full visit falls outside the table: a member that no field has would be lost unseen."""
    from apps.sync.mappings.qd831 import document

    full = visit(
        person(health=HEALTH, phone="0960000002", identifiers=(records.Identifier("bhyt", "DN401"),)),
        history="Ho 3 ngày",
        examination="Phổi thô",
        course="Đỡ",
        treatment_text="Kháng sinh",
        advice="Uống nước",
        follow_up_on=date(2026, 12, 1),
        findings=(("sight_right", "Thị lực", "8/10"), ("heart", "Tim", "Đều")),
    )
    full = replace(
        full,
        orders=(glucose(full, 6),),
        measurements=(
            *(
                records.Measurement(code, Decimal(value), "x", AT)
                for code, value in (("29463-7", 50), ("8302-2", 160))
            ),
            *(
                records.Measurement(code, Decimal(value), "x", AT)
                for code, value in (("8480-6", 120), ("8462-4", 80))
            ),
        ),
    )
    lost = []

    def look(value, field):
        known = {child.key: child for child in field.children}
        for key, inner in value.items():
            if key not in known:
                lost.append(f"{field.path}.{key}")
            for each in inner if isinstance(inner, list) else [inner]:
                if isinstance(each, dict):
                    look(each, known[key])

    look(document._document(full, options()), options().fields)
    assert lost == []
    root = xml(full)
    assert at(root, "KHAMBENH/DAUHIEUSINHTON/HUYETAP") == "120/80"
    assert at(root, "KHAMBENH/DAUHIEUSINHTON/BMI") == "19.5"
    assert at(root, "KHAMBENH/THILUC/MATPHAI") == "8/10"
    assert "Hẹn khám lại ngày 01/12/2026" in at(root, "KHAMBENH/LOIDAN")

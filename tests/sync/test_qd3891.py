"""The 44 fields of QĐ 3891: which are asked for, what a session says for each, and the workbook of them."""

import io
from dataclasses import replace
from datetime import date

import pytest
from openpyxl import load_workbook

from apps.core.errors import Refused
from apps.sync.mappings import qd3891, records
from apps.sync.models import Receiver
from apps.sync.receivers.base import Telling
from apps.sync.receivers.vaccination.adapter import VaccinationAdapter
from tests.factories.sync import STATION
from tests.factories.vaccinations import CIVIL, child, dose, session

FORM = qd3891.Form()
KNOWN = {("vaccine", "PENTA"): "dpt-hepb-hib"}


def adapter(**settings) -> VaccinationAdapter:
    return VaccinationAdapter(Receiver(kind="vaccination", settings=settings))


def prepared(record, **settings):
    return adapter(**settings).prepare(Telling(record, known=KNOWN))


def sheet(record, **settings):
    """The workbook's rows, as a spreadsheet opens them."""
    own = adapter(**settings)
    found = own.prepare(Telling(record, known=KNOWN))
    book = load_workbook(io.BytesIO(own.as_file(record, found, KNOWN)))
    return list(book.active.iter_rows())


def lacking(record, form=FORM):
    return [field.key for field, _ in qd3891.missing(record, form)]


def test_it_works():
    fields = qd3891.shipped()
    assert len(fields) == 44 and len({each.key for each in fields}) == 44
    required = [each for each in fields if each.required]
    assert [sum(each.group == group for each in required) for group in ("person", "dose")] == [15, 5]
    (row,) = qd3891.rows(session(), FORM)
    assert row.keys() >= {each.key for each in fields if not each.key.startswith("travel_")} - {
        "guardian_relation"
    }
    assert {name: row[name] for name in ("person_number", "document_type", "full_name", "birth_date")} == {
        "person_number": "051226000101",
        "document_type": "CCCD/Số định danh",
        "full_name": "Nguyễn Văn Tí",
        "birth_date": "01/09/2026",
    }
    assert (row["sex"], row["ethnicity"], row["life_state"]) == ("Nam", "01", "1")
    assert (row["current_commune"], row["home_province"]) == ("21484", "51")
    assert (row["given_on"], row["dose_number"]) == ("20/11/2026", "1")
    assert row["antigens"] == "Bạch hầu; Uốn ván; Ho gà; Viêm gan B; Hib"
    assert row["facility"] == f"99001 - {STATION.name}"
    assert (row["mother_name"], row["mother_birth_date"]) == ("Nguyễn Thị Mẹ", "01/02/1995")


def test_the_workbook_is_read_as_it_was_written():
    head, row = sheet(session())
    assert [cell.value for cell in head] == [each.word for each in qd3891.shipped()]
    values = [cell.value for cell in row]
    assert values[0] == "051226000101" and values[15] == "dpt-hepb-hib - DPT-VGB-Hib (SII)"
    assert {cell.data_type for cell in row if cell.value is not None} == {"s"}, (
        "no number, no date, no formula"
    )
    assert {cell.number_format for cell in row} == {"@"}


@pytest.mark.parametrize("typed", ["=1+1", "+84", "-2", "@SUM(A1)", "\t=1+1"])
def test_what_a_spreadsheet_would_compute_is_text(typed):
    _, row = sheet(session(child(typed)))
    assert row[1].value.startswith("'") and row[1].data_type == "s"


def test_only_given_doses_stand_in_it():
    record = session(
        immunizations=(
            dose(),
            dose(state="not_given", vaccine="OPV"),
            dose(state="entered_in_error", vaccine="BCG"),
            dose(vaccine_code="IPV", vaccine="IPV"),
        )
    )
    assert [row[15].value for row in sheet(record)[1:]] == ["dpt-hepb-hib - DPT-VGB-Hib (SII)", "IPV - IPV"]


def test_a_session_without_a_given_dose_has_no_workbook():
    record = session(immunizations=(dose(state="not_given"),))
    own = adapter()
    with pytest.raises(Refused, match="chỉ ghi được mũi đã tiêm"):
        own.as_file(record, prepared(record), KNOWN)


def test_of_a_person_alone_one_row_without_a_dose():
    own, who = adapter(), child()
    found = own.prepare(Telling(who))
    assert found.problems == ()
    book = load_workbook(io.BytesIO(own.as_file(who, found, {})))
    _, row = book.active.iter_rows()
    assert row[1].value == who.full_name and row[15].value is None


def test_what_is_required_and_missing_is_all_told_at_once():
    bare = child(identifiers=(), birth_date=None, sex="unknown", civil=None)
    record = session(bare, immunizations=(dose(antigens=(), dose_number=None),))
    found = [f"{problem.field}: {problem.text}" for problem in prepared(record).problems]
    assert len(found) == 16, "all but the name, the vaccine, the day and the place"
    assert "Dân tộc" not in found[0] and found[0].startswith("Số định danh cá nhân")
    assert any("mũi PENTA - DPT-VGB-Hib (SII)" in line for line in found[-2:])
    targets = {problem.target for problem in prepared(record).problems}
    assert targets == {"person", "vaccination"}


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"full_name": ""}, "full_name"),
        ({"birth_date": None}, "birth_date"),
        ({"sex": "unknown"}, "sex"),
        ({"identifiers": (records.Identifier("bhyt", "TE1515100000001"),)}, "person_number"),
        ({"civil": replace(CIVIL, ethnicity="")}, "ethnicity"),
    ],
)
def test_each_field_of_a_person(more, key):
    assert lacking(session(replace(child(), **more))) == [key]
    assert lacking(replace(child(), **more)) == [key]


@pytest.mark.parametrize("place", ["birth", "registered", "home", "permanent", "current"])
def test_each_address_has_two_levels(place):
    places = {name: found for name, found in CIVIL.places.items() if name != place}
    record = session(child(civil=replace(CIVIL, places=places)))
    assert lacking(record) == [f"{place}_commune", f"{place}_province"]


def test_a_foreigner_is_known_by_the_passport():
    passport = records.Identifier(
        "passport", "C1234567", valid_to=date(2030, 1, 1), issued_on=date(2020, 1, 1), issuer="Hà Nội"
    )
    (row,) = qd3891.rows(session(child(identifiers=(passport,))), FORM)
    assert (row["person_number"], row["document_type"]) == ("C1234567", "Hộ chiếu")
    assert (row["travel_issued_on"], row["travel_until"]) == ("01/01/2020", "01/01/2030")


def test_a_dose_of_elsewhere_needs_its_place():
    told = dose(historical=True, at=date(2025, 3, 1), precision="month")
    assert lacking(session(immunizations=(told,))) == ["facility"]
    (row,) = qd3891.rows(session(immunizations=(replace(told, facility_text="Bệnh viện"),)), FORM)
    assert (row["facility"], row["given_on"]) == ("Bệnh viện", "03/2025")


def test_what_was_not_given_asks_for_no_dose():
    assert lacking(session(immunizations=(dose(state="not_given", dose_number=None),))) == []


def test_a_withdrawn_session_asks_for_nothing():
    bare = child(identifiers=(), civil=None)
    assert lacking(session(bare, immunizations=())) == []


def test_a_receiver_takes_some_empty_and_calls_some_otherwise():
    bare = child(civil=replace(CIVIL, ethnicity=""))
    settings = {"may_lack": ["ethnicity"], "columns": {"full_name": "HO_TEN", "father_phone": ""}}
    assert prepared(session(bare), **settings).problems == ()
    head, _ = sheet(session(bare), **settings)
    assert head[1].value == "HO_TEN" and len(head) == 43


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"columns": ["x"]}, "columns"),
        ({"columns": {"full_name": 1}}, "columns"),
        ({"columns": {"full_name": "x" * 201}}, "columns"),
        ({"columns": {"lạ": "x"}}, "không có trường lạ"),
        ({"may_lack": "sex"}, "may_lack"),
        ({"may_lack": ["lạ"]}, "không có trường lạ"),
        ({"transport": "soap"}, "Không có cách truyền 'soap'"),
        ({"guide": "x"}, "Không có bộ chuẩn"),
        ({"systems": []}, "systems"),
    ],
)
def test_settings_that_cannot_be(settings, said):
    with pytest.raises(ValueError, match=said):
        adapter(**settings)


@pytest.mark.parametrize("by", ["defence", "public_security"])
def test_who_is_managed_elsewhere_is_not_told_of_and_is_taken_back(by):
    record = session(managed_by=by)
    assert prepared(record) is None
    key = f"Immunization/{record.immunizations[0].id}"
    taken_back = adapter().prepare(Telling(record, sent=frozenset({key}), known=KNOWN))
    assert taken_back.version == records.WITHDRAWN and taken_back.problems == ()
    assert b'"entered-in-error"' in taken_back.parts[0].body
    assert b"SII-0001" not in taken_back.parts[0].body
    assert adapter().cells(record, KNOWN) == [] != adapter().cells(session(), KNOWN)
    who = child(managed_by=by)
    assert adapter().prepare(Telling(who, sent=frozenset({f"Patient/{who.id}"}))) is None


def test_a_vaccine_without_its_code_stops_here():
    record = session(immunizations=(dose(vaccine_code="JEV"),))
    found = adapter().prepare(Telling(record, known=KNOWN))
    assert found.parts == () and found.problems[0].text == "Vắc xin JEV chưa có mã của nơi nhận."
    assert found.problems[0].target == "codes"
    assert adapter(mapped=[]).prepare(Telling(record)).problems == ()

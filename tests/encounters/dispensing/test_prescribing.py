"""What is told at a line while it is prescribed: what the desk has, whether the insurance pays."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalogues.models import Drug
from apps.core.scope import enter
from apps.encounters import checking, insured
from apps.encounters.dispensing import stocked
from tests.encounters.conftest import signed_in
from tests.encounters.test_pages import at
from tests.factories import dispensing as give
from tests.factories import encounters as make
from tests.factories.patients import a_card, a_person, an_allergy


@pytest.fixture
def client(doctor):
    return signed_in("doctor", doctor, "binh.tv")


def asked(client, visit, drug="TD001.1", days="5"):
    said = {
        "key": "0",
        "line": "0",
        "line-0-drug": drug,
        "line-0-dose": "1",
        "line-0-times": "2",
        "line-0-days": days,
    }
    return client.post(at("line", visit.pk), said).content.decode()


@pytest.fixture
def open_visit(hoa, doctor):
    return make.an_examined_visit(hoa, doctor)


def test_it_works(client, open_visit, desk, lot):
    assert "còn 1 hộp, hạn" in asked(client, open_visit)
    assert "không đủ: Quầy cấp phát còn 1 hộp" in asked(client, open_visit, days="60")
    assert "Quầy cấp phát không có" in asked(client, open_visit, "TD028.1")


def test_a_station_that_gives_nothing_out_is_told_nothing(client, open_visit):
    said = asked(client, open_visit)
    assert "không có" not in said and "còn" not in said


@pytest.mark.parametrize("state", ["usable", "held", "blocked"])
def test_what_may_not_be_used_is_not_there(client, open_visit, desk, state):
    give.a_stock(desk, 50, state=state, expiry=give.in_days(-1 if state == "usable" else 90))
    assert "Quầy cấp phát không có" in asked(client, open_visit)


def test_another_place_is_another_shelf(client, open_visit, desk, station):
    """One truth: what the place has that the page of dispensing opens with, and what lies elsewhere."""
    store = give.a_place(station, "Kho chính")
    lot = give.a_stock(store, 500)
    assert "Quầy cấp phát không có; kho khác còn 5 hộp" in asked(client, open_visit)
    give.a_stock(desk, 8, item=lot.item)
    give.a_stock(give.a_desk(station, "Quầy hai"), 100, item=lot.item)
    assert "không đủ: Quầy cấp phát còn 8 viên" in asked(client, open_visit)
    assert "; kho khác còn 6 hộp" in asked(client, open_visit)


def test_the_same_queries_for_two_medicines_as_for_one(hoa, doctor, desk, lot, open_visit):
    def cost(codes):
        with (
            enter(give.a_scope(doctor)) as scope,
            CaptureQueriesContext(
                connection,
            ) as counted,
        ):
            stocked.shelves(scope, codes, open_visit.on)
        return len(counted)

    assert cost([]) == 0
    assert cost(["TD001.1"]) == cost(["TD001.1", "TD028.1", "TD300"]) == 1


def test_the_stored_page_tells_it_too(client, open_visit, desk, lot):
    assert "còn 1 hộp, hạn" in client.get(at("visit", open_visit.pk)).content.decode()


# ---- the insurance


def test_the_rule():
    rule = insured.CoverRule.read({"kinds": ["commune"], "payers": ["bhyt"]})
    same = {"rule": rule, "payer": "bhyt", "kind": "commune", "code": "40.48"}
    assert insured.cover(**same) == ""
    assert insured.cover(**same | {"kind": "product"}) == "list"
    assert insured.cover(**same | {"code": ""}) == "code"
    assert insured.cover(**same | {"payer": "fee", "kind": "product"}) == ""
    assert insured.cover(None, payer="bhyt", kind="product", code="") == ""


@pytest.fixture
def insured_visit(hoa, doctor):
    card = a_card(hoa, valid_from=None, valid_to=None)
    return make.an_examined_visit(hoa, doctor, payer="bhyt", card_id=card.pk)


def test_outside_the_stations_list_asks_why(client, insured_visit):
    assert "chưa có mã BHYT" in asked(client, insured_visit)
    Drug.objects.filter(code="TD001.1").update(bhyt_code="40.48")
    assert "BHYT" not in asked(client, insured_visit)
    assert not [one for one in checking.remarks(insured_visit) if one.code == "line-1-insured"]
    Drug.objects.filter(code="TD001.1").update(kind="product")
    assert "ngoài danh mục thuốc BHYT" in asked(client, insured_visit)
    stored = client.get(at("visit", insured_visit.pk)).content.decode()
    assert "BHYT: ngoài danh mục thuốc BHYT" in stored
    (remark,) = [one for one in checking.remarks(insured_visit) if one.code == "line-1-insured"]
    assert not remark.blocks


def test_who_pays_herself_is_not_asked(client, hoa, doctor):
    Drug.objects.filter(code="TD001.1").update(kind="product")
    visit = make.an_examined_visit(hoa, doctor, payer="fee")
    assert "BHYT" not in asked(client, visit)


# ---- the other warnings of a prescription stand


def test_the_warnings_stand_together(station, doctor):
    child = a_person(station, "Nguyễn Bé", birth_date=give.in_days(-900))
    an_allergy(child, "Amoxicilin", drug_code="TD028.1")
    lines = [
        replace(make.PARACETAMOL, dose=make.Decimal(3), times_per_day=6),
        replace(make.PARACETAMOL, days=2),
        give.SIX_TABLETS,
    ]
    data = replace(make.USUAL, lines=lines, vitals={"temperature": make.Decimal("38.2")})
    visit = make.an_examined_visit(child, doctor, data=data)
    codes = {one.code for one in checking.remarks(visit)}
    assert {"child-weight", "line-2-twice", "line-3-allergy"} <= codes
    assert any(code.endswith(("at-once", "a-day", "count")) for code in codes)

"""Which commune a text means: by its code on the day, then by its names; splits are not decided silently."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.registry import LoadReport
from apps.facilities.load.units import CHANGE, LAST_BEFORE, load_units
from apps.facilities.models import AdminUnit, UnitSuccession
from apps.facilities.queries import Resolver, heirs, resolve_unit, same_commune_on, unit_on
from tests.factories.accounts import ROOT

pytestmark = pytest.mark.django_db
NOW = dt.date(2026, 11, 22)


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        load_units(ROOT / "fixtures/admin_units", LoadReport())
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM facilities_unitsuccession; DELETE FROM facilities_adminunit")


@pytest.fixture(autouse=True)
def units(loaded: None, db: None) -> None:
    return None


def old(code: str) -> AdminUnit:
    unit = unit_on("commune", code, LAST_BEFORE)
    assert unit is not None
    return unit


def a_split() -> AdminUnit:
    return UnitSuccession.objects.filter(share=None).order_by("old__code").first().old


def test_it_works():
    """The same code is Trúc Bạch the day before and Ba Đình the day after."""
    before = resolve_unit(code="00004", on=LAST_BEFORE, to=NOW)
    assert (before.way, before.was.full_name) == ("code", "Phường Trúc Bạch")
    assert before.unit.full_name == "Phường Ba Đình" and before.unit.valid_from == CHANGE
    after = resolve_unit(code="00004", on=CHANGE, to=NOW)
    assert (after.way, after.was, after.sentence) == ("code", after.unit, "")


@pytest.mark.parametrize("code", ["4", "00004", " 00004 ", "4.0", "004"])
def test_zeros_that_a_spreadsheet_ate(code):
    assert resolve_unit(code=code, on=LAST_BEFORE, to=NOW).unit.code == "00004"


@pytest.mark.parametrize("code", ["", "x", "123456", "٠٠٠٠٤", "00\x00004x", "-4", "99999"])
def test_what_is_no_code_finds_nothing(code):
    found = resolve_unit(code=code, on=LAST_BEFORE, to=NOW)
    assert (found.way, found.unit) == ("none", None)
    assert found.sentence.startswith("Không tìm thấy")


def test_the_code_of_another_day_is_told_by_its_name():
    """A list of today that is dated before the reform, and the other way round."""
    found = resolve_unit(code="00004", names=["Ba Đình"], on=LAST_BEFORE, to=NOW)
    assert (found.way, found.unit.full_name) == ("code_of_other_day", "Phường Ba Đình")
    found = resolve_unit(code="00004", names=["Trúc Bạch"], on=NOW, to=NOW)
    assert (found.way, found.was.full_name) == ("code_of_other_day", "Phường Trúc Bạch")


def test_a_code_and_a_name_that_are_two_communes_are_asked_about():
    found = resolve_unit(code="21484", names=["Ba Dinh", "", "Quảng Ngãi"], on=CHANGE, to=NOW)
    assert (found.way, found.unit) == ("several", None)
    assert [unit.name for unit in found.candidates] == ["Ba Tơ", "Ba Dinh"]
    assert "Xã Ba Tơ" in found.sentence


def test_a_misspelt_name_beside_a_good_code_is_only_told():
    found = resolve_unit(code="21484", names=["Ba Tơơ"], on=CHANGE, to=NOW)
    assert (found.way, found.unit.name, found.name_differs) == ("code", "Ba Tơ", True)
    assert found.sentence == "Mã 21484 là Xã Ba Tơ, khác tên ghi trong tệp."


@pytest.mark.parametrize(
    "names",
    [
        ["Xã Ba Thành", "Huyện Ba Tơ", "Tỉnh Quảng Ngãi"],
        ["ba thanh", "ba to", "quang ngai"],
        ["X. Ba Thành", "H. Ba Tơ", "T. Quảng Ngãi"],
        ["Ba Thành", "", "Quảng Ngãi"],
    ],
)
def test_by_the_names_of_three_levels(names):
    found = resolve_unit(names=names, on=LAST_BEFORE, to=NOW)
    assert found.way == "names"
    assert found.was.parent.name == "Ba Tơ" and found.was.valid_to == LAST_BEFORE
    assert found.unit.valid_from == CHANGE and found.unit.parent.name == "Quảng Ngãi"


def test_the_district_tells_two_communes_of_one_name_apart():
    alone = resolve_unit(names=["Phường 1"], on=LAST_BEFORE, to=NOW)
    assert (alone.way, alone.unit) == ("several", None)
    assert len(alone.candidates) <= 20
    told = resolve_unit(names=["P. 01", "TP. Vĩnh Long", "Vĩnh Long"], on=LAST_BEFORE, to=NOW)
    assert told.was.full_name in ("Phường 1", "Phường 01") and told.was.parent.name == "Vĩnh Long"


def test_old_names_in_a_list_of_today_are_found_too():
    found = resolve_unit(names=["Ba Thành", "Ba Tơ", "Quảng Ngãi"], on=NOW, to=NOW)
    assert found.way == "names_of_other_day" and found.was.valid_to == LAST_BEFORE


def test_the_province_of_before_is_understood_beside_a_commune_of_now():
    now = unit_on("commune", "23293", CHANGE) or AdminUnit.objects.on(CHANGE).get(name="Đăk Tô")
    found = resolve_unit(names=[now.name, "", "Kon Tum"], on=NOW, to=NOW)
    assert found.unit is not None and found.unit.parent.name == "Quảng Ngãi"


def test_a_split_commune_is_never_decided():
    split = a_split()
    found = resolve_unit(code=split.code, on=LAST_BEFORE, to=NOW)
    assert (found.way, found.unit) == ("split", None)
    assert len(found.candidates) == split.became.count() > 1
    assert found.usual in found.candidates
    assert "Hãy chọn theo thôn, tổ" in found.sentence


def test_a_commune_that_ended_before_the_mapping_is_said_to_have_ended():
    gone = AdminUnit.objects.filter(level="commune", valid_to__lt=LAST_BEFORE, became=None).first()
    found = resolve_unit(code=gone.code, names=[gone.name], on=dt.date(2024, 6, 1), to=NOW)
    assert (found.way, found.was, found.unit) == ("ended", gone, None)
    assert gone.full_name in found.sentence


def test_before_the_reform_the_old_unit_stands():
    found = resolve_unit(code="00004", on=LAST_BEFORE, to=LAST_BEFORE)
    assert found.unit == found.was == old("00004")


def test_a_renamed_kind_is_known_by_the_name_of_its_day():
    found = resolve_unit(code="", names=["Xã Hòa Hiệp"], on=dt.date(2026, 5, 1), to=NOW)
    assert found.way in ("names", "several")


@pytest.mark.parametrize("name", ["x" * 200, "👶", "\x00", "‮Ba Tơ", "%", "'; DROP TABLE", "31/02"])
def test_hostile_names(name):
    found = resolve_unit(names=[name, name, name], on=NOW, to=NOW)
    assert found.way in ("none", "names", "several")


def test_a_file_asks_each_commune_once():
    resolver = Resolver(on=LAST_BEFORE, to=NOW)
    resolver.find("00004", ["Trúc Bạch"])
    with CaptureQueriesContext(connection) as found:
        for _ in range(50):
            resolver.find("00004", [" Trúc  Bạch "])
    assert len(found) == 0


def test_two_former_communes_that_are_one_now():
    new = unit_on("commune", "00004", CHANGE)
    whole = [row.old for row in new.came_from.filter(share=1)][:2]
    assert same_commune_on(whole[0], whole[1], NOW)
    assert same_commune_on(whole[0].pk, new.pk, NOW)
    assert not same_commune_on(whole[0], whole[1], LAST_BEFORE)
    assert not same_commune_on(whole[0], unit_on("commune", "21484", CHANGE), NOW)


def test_of_a_split_commune_nothing_is_said():
    split = a_split()
    heir = split.became.first().new
    assert not same_commune_on(split, heir, NOW)
    assert same_commune_on(split, split, NOW)


def test_heirs_cost_the_same_for_two_and_twenty():
    ids = list(AdminUnit.objects.filter(valid_to=LAST_BEFORE, level="commune").values_list("pk", flat=True))
    counts = []
    for many in (2, 20):
        with CaptureQueriesContext(connection) as found:
            assert len(heirs(ids[:many], NOW)) == many
        counts.append(len(found))
    assert counts[0] == counts[1]

"""The commune that the address on a scanned card names is proposed at registration, and only proposed."""

import datetime as dt

import pytest

from apps.core.scope import system
from apps.facilities.models import AdminUnit, UnitSuccession
from apps.patients import scan_commune
from apps.patients.models import Person
from apps.patients.unit_codes import CHANGE
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import a_code
from tests.factories.facilities import a_commune, a_province
from tests.factories.patients import a_station
from tests.patients.test_pages import form
from tests.patients.test_scan import insurance

pytestmark = pytest.mark.django_db
BEFORE = CHANGE - dt.timedelta(days=1)
OLD, NEW = dt.date(2021, 5, 10), dt.date(2026, 3, 1)
CARD = "001088000101||Nguyễn Văn An|05031988|Nam|{}|{}"


@pytest.fixture
def units(db):
    """Ba Tơ was a district, and is a commune now; Ba Vinh went into one commune, Ba Khâm into two."""
    now = {name: a_commune(code, name) for code, name in (("21484", "Ba Tơ"), ("21490", "Ba Vinh"))}
    province = AdminUnit.objects.create(
        level="province", code="51", name="Quảng Ngãi", kind="tỉnh", valid_to=BEFORE
    )
    UnitSuccession.objects.create(old=province, new=a_province(), on=CHANGE)
    district = AdminUnit.objects.create(
        level="district", code="535", name="Ba Tơ", kind="huyện", parent=province, valid_to=BEFORE
    )
    for code, name, heirs in (("21500", "Ba Vinh", ["Ba Vinh"]), ("21503", "Ba Khâm", ["Ba Vinh", "Ba Tơ"])):
        old = AdminUnit.objects.create(
            level="commune", code=code, name=name, kind="xã", parent=district, valid_to=BEFORE
        )
        for heir in heirs:
            UnitSuccession.objects.create(old=old, new=now[heir], on=CHANGE)
    return now


@pytest.mark.parametrize(
    ("address", "issued", "commune"),
    [
        ("Thôn 2, Xã Ba Tơ, Quảng Ngãi", NEW, "Ba Tơ"),
        ("Thôn 2, Ba Tơ, Tỉnh Quảng Ngãi", NEW, "Ba Tơ"),
        ("Thôn 2, Ba Vinh, Ba Tơ, Quảng Ngãi", OLD, "Ba Vinh"),
        ("Thôn 2, xã Ba Vinh, huyện Ba Tơ, tỉnh Quảng Ngãi", OLD, "Ba Vinh"),
        ("thon 2, xa ba vinh, quang ngai", OLD, "Ba Vinh"),  # a card that left the district out
        ("Thôn 2, Ba Vinh, Ba Tơ, Quảng Ngãi", None, "Ba Vinh"),
    ],
)
def test_it_works(units, address, issued, commune):
    with system("test"):
        assert scan_commune.proposed(address, issued) == units[commune]


@pytest.mark.parametrize(
    ("address", "issued"),
    [
        ("", OLD),
        ("Quảng Ngãi", NEW),
        ("Thôn 2, Ba Khâm, Ba Tơ, Quảng Ngãi", OLD),  # split: nobody knows into which
        ("Thôn Lạ, Ba Tơ, Quảng Ngãi", OLD),  # the district, whose name a commune has now
        ("Thôn Lạ, Ba Tơ, Quảng Ngãi", None),
        ("Thôn 2, Xã Không Có, Quảng Ngãi", NEW),
        ("Thôn 2, Xã Ba Tơ, Tỉnh Không Có", NEW),
        (", , ,", NEW),
        ("x" * 300, NEW),
    ],
)
def test_what_is_not_sure_is_not_proposed(units, address, issued):
    with system("test"):
        assert scan_commune.proposed(address, issued) is None


@pytest.fixture
def nurse(units):
    a_code("ethnic_groups", "01", "Kinh")
    a_code("nationalities", "VN", "Việt Nam")
    return client_of(a_member("nurse", a_station()))


def scanned(nurse, card):
    return nurse.post("/tim/", {"q": card}, follow=True).content.decode()


@pytest.mark.parametrize(
    "card",
    [
        CARD.format("Thôn 2, Xã Ba Vinh, Quảng Ngãi", "01032026"),
        insurance(address="Thôn 2, Xã Ba Vinh, Huyện Ba Tơ, Tỉnh Quảng Ngãi".encode().hex()),
    ],
)
def test_the_form_shows_it_and_fills_nothing(nurse, card):
    page = scanned(nurse, card)
    assert 'data-pick-into="permanent_unit" data-code="21490" data-name="Xã Ba Vinh"' in page
    assert 'name="permanent_unit" value="21490"' not in page
    said = form(full_name="Nguyễn Văn An", birth_date="5/3/1988", sex="male", scanned="1")
    again = nurse.post("/nguoi/moi/", said | {"phone": "1"})
    assert 'data-pick-into="permanent_unit"' in again.content.decode(), "a refused form still offers it"
    assert nurse.post("/nguoi/moi/", said).status_code == 302
    assert Person.unscoped.get().permanent_unit is None
    assert 'data-pick-into="permanent_unit"' not in nurse.get("/nguoi/moi/").content.decode()


def test_what_was_taken_is_stored(nurse, units):
    scanned(nurse, CARD.format("Thôn 2, Xã Ba Vinh, Quảng Ngãi", "01032026"))
    said = form(full_name="Nguyễn Văn An", scanned="1", permanent_unit="21490")
    assert nurse.post("/nguoi/moi/", said).status_code == 302
    assert Person.unscoped.get().permanent_unit == units["Ba Vinh"]


def test_a_card_whose_address_names_nothing_offers_nothing(nurse):
    assert 'data-pick-into="permanent_unit"' not in scanned(nurse, CARD.format("Số 5", "01032026"))

"""The household's number of the social insurance: checked, of one holder, found, printed, given up."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from apps.core import paper, scope
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.facilities.models import Facility
from apps.households import services
from apps.households.correcting import event_withdraw
from apps.households.models import Household, ResidenceEvent
from apps.households.moving import members_depart
from apps.households.places import Elsewhere
from apps.households.search import search
from apps.households.services import HouseholdData
from apps.patients.models import Person
from tests.factories.accounts import a_member, client_of
from tests.factories.households import a_household
from tests.factories.patients import a_person, a_station, scope_at
from tests.households.lists import as_csv, bring_in, check, exported

pytestmark = pytest.mark.django_db

CODE = "4812345678"


def data_of(household: Household, code: str) -> HouseholdData:
    return HouseholdData(household.hamlet_id, household.address_text, bhxh_code=code)


def put(household: Household, code: str) -> Household:
    household.refresh_from_db()
    return services.household_update(
        household=household, data=data_of(household, code), expected_version=household.version
    )


@pytest.fixture
def home(at_station: Facility) -> Household:
    return a_household(at_station, a_person(at_station, "Phạm Văn Ba", sex="male"))


@pytest.fixture
def other(at_station: Facility) -> Household:
    return a_household(at_station, a_person(at_station, "Đinh Văn Bên", sex="male"))


def test_it_works(station: Facility, monkeypatch: pytest.MonkeyPatch) -> None:
    """Typed with blanks, shown on the page, found in the search box, printed on the sheet."""
    home = a_household(station, a_person(station, "Phạm Văn Ba", sex="male"))
    client = client_of(a_member("nurse", station))
    form = client.get(f"/ho/{home.pk}/sua/").context["form"]
    said = {name: form[name].value() or "" for name in form.fields}
    said |= {"form_key": str(uuid7()), "bhxh_code": " 48 1234 5678 "}
    assert client.post(f"/ho/{home.pk}/sua/", said).status_code == 302
    assert f"mã hộ BHXH {CODE}" in client.get(f"/ho/{home.pk}/").content.decode()
    assert client.post("/tim/", {"q": CODE}).headers["Location"] == f"/ho/{home.pk}/"
    drawn: list[dict[str, Any]] = []
    monkeypatch.setattr(paper, "pdf", lambda template, context: drawn.append(context) or b"%PDF")
    client.get(f"/ho/{home.pk}/phieu-ho.pdf")
    assert drawn[0]["page"].household.bhxh_code == CODE


@pytest.mark.parametrize("code", ["48123456", "481234567x", "48123456789"])
def test_bad_input(home: Household, code: str) -> None:
    with pytest.raises(Refused, match="10 chữ số") as refused:
        put(home, code)
    assert refused.value.field == "bhxh_code"


def test_one_household_at_a_time(home: Household, other: Household) -> None:
    put(home, CODE)
    with pytest.raises(Refused, match="đang thuộc một hộ khác"):
        put(other, CODE)
    with pytest.raises(Refused, match="đang thuộc một hộ khác"):
        head = a_person(home.station, "Lê Văn Mới", sex="male")
        services.household_create(data=data_of(home, CODE), head=head)
    put(home, CODE)  # its own is no clash
    put(home, "")
    put(other, CODE)


def test_a_household_far_away_counts_too(home: Household) -> None:
    far = a_station("23293", "Trạm Y tế xã Đăk Cấm")
    a_household(far, a_person(far, "Người Xa", sex="male"), bhxh_code=CODE)
    with pytest.raises(Refused, match="đang thuộc một hộ khác"):
        put(home, CODE)
    with scope.enter(scope_at(home.station)) as here:
        assert search(here or scope.current(), CODE, 5) == []


def test_a_closed_household_gives_it_up(home: Household, other: Household) -> None:
    """Taken by another meanwhile, it is not taken back with the departure."""
    put(home, CODE)
    head = Person.unscoped.get(full_name="Phạm Văn Ba")
    home.refresh_from_db()
    event = members_depart(
        household=home,
        people=[head],
        place=Elsewhere("country", "", "Đắk Lắk"),
        on=timezone.localdate() - dt.timedelta(days=3),
    )
    put(other, CODE)
    stored = ResidenceEvent.objects.get(pk=event.pk)
    with pytest.raises(Refused, match="không rút lại được"):
        event_withdraw(event=stored, reason="nhầm", expected_version=stored.version)
    put(other, "")
    stored.refresh_from_db()
    event_withdraw(event=stored, reason="nhầm", expected_version=stored.version)
    home.refresh_from_db()
    assert (home.closed, home.bhxh_code) == ("", CODE)


# --- lists and programs

HEADS = ["Mã hộ", "Họ và tên", "Ngày sinh", "Giới tính", "Quan hệ với chủ hộ", "Thôn", "Mã hộ BHXH"]


def line(home: str, name: str, code: str, relation: str = "Chủ hộ", born: str = "5/3/1980") -> list[str]:
    return [home, name, born, "Nam", relation, "Thôn Làng Teng", code]


def listed(*rows: list[str]) -> bytes:
    return as_csv(*rows, heads=HEADS)


@pytest.mark.usefixtures("code_lists")
def test_it_comes_with_a_list_and_goes_out_with_one(at_station: Facility) -> None:
    """Of a new family by whichever line says it; the same list again, or our own export, changes nothing."""
    rows = listed(
        line("1", "Phạm Văn Một", ""),
        line("1", "Phạm Văn Con", CODE, "Con đẻ", "2010"),
        line("2", "Phạm Văn Hai", "112345678"),
    )
    bring_in(rows)
    codes_of = dict(Household.objects.values_list("code", "bhxh_code"))
    assert sorted(codes_of.values()) == ["0112345678", CODE]
    _, found = check(rows)
    assert [row.state for row in found] == ["same"] * 3
    _, found = check(exported(), "danh-sach.xlsx")
    assert [row.state for row in found] == ["same"] * 3


@pytest.mark.usefixtures("code_lists")
def test_a_list_gives_a_stored_family_its_number(at_station: Facility) -> None:
    bring_in(listed(line("1", "Phạm Văn Một", "")))
    _, (row,) = check(listed(line("1", "Phạm Văn Một", CODE)))
    assert (row.state, row.changes) == ("changed", ["mã hộ gia đình (BHXH)"])
    bring_in(listed(line("1", "Phạm Văn Một", CODE)))
    household = Household.objects.get()
    assert household.bhxh_code == CODE
    assert household.poverty == "" and household.hamlet.name == "Thôn Làng Teng"


@pytest.mark.usefixtures("code_lists")
@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ([line("1", "Phạm Văn Một", "12")], "10 chữ số"),
        (
            [line("1", "Phạm Văn Một", CODE), line("2", "Phạm Văn Hai", CODE)],
            "của hai hộ trong tệp",
        ),
        (
            [line("1", "Phạm Văn Một", CODE), line("1", "Phạm Con", "4812345679", "Con đẻ", "2010")],
            "có hơn một mã hộ",
        ),
        ([line("5", "Phạm Văn Năm", "4899999999")], "một hộ khác trong trạm"),
    ],
    ids=["form", "two-families", "two-numbers", "stored"],
)
def test_a_list_that_says_it_wrongly(at_station: Facility, rows: list[list[str]], match: str) -> None:
    a_household(at_station, a_person(at_station, "Lê Văn Có", sex="male"), bhxh_code="4899999999")
    _, judged = check(listed(*rows))
    last = judged[-1]
    assert last.state == "rejected" and match in " ".join(last.reasons)


@pytest.mark.usefixtures("code_lists")
def test_a_number_of_a_family_far_away_is_refused_when_it_is_written(at_station: Facility) -> None:
    far = a_station("23293", "Trạm Y tế xã Đăk Cấm")
    a_household(far, a_person(far, "Người Xa", sex="male"), bhxh_code=CODE)
    batch = bring_in(listed(line("1", "Phạm Văn Một", CODE), line("2", "Phạm Văn Hai", "")))
    assert (batch.counts["added"], batch.counts["refused"]) == (1, 1)
    (failed,) = batch.rows.all()
    assert "đang thuộc một hộ khác" in " ".join(failed.reasons)


def test_ten_other_figures_find_no_household(home: Household) -> None:
    put(home, CODE)
    assert search(scope.current(), "0112345678", 5) == []

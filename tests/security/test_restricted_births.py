"""That a minor gave birth is read by few: her name stands in no channel of her child's record."""

import csv
import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.backup import exporting
from apps.catalogues import codes
from apps.catalogues.models import CodeEntry
from apps.core.scope import RESTRICTED_RIGHT, enter
from apps.facilities.models import Facility, Hamlet
from apps.facilities.posts import scope_for
from apps.field import preparing, proposals
from apps.field.models import Proposal
from apps.field.said import Birth as BirthNews
from apps.households import exports
from apps.households.models import Membership
from apps.patients import births, kin
from apps.patients.births import Baby, BirthData
from apps.patients.models import Person
from apps.patients.restricted import minor_mother
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import a_code
from tests.factories.households import a_household
from tests.factories.households import a_member as joins
from tests.factories.patients import RIGHTS, a_person, a_station, scope_at
from tests.security.conftest import Attacker

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
GIRL = "Đinh Thị Nhỏ Tuổi"


@pytest.fixture
def station() -> Facility:
    a_code(
        "restricted_data",
        "18",
        "Mẹ chưa đủ 18 tuổi",
        scope="mother",
        valid_from=dt.date(2017, 6, 1),
        extra={"group": "minor"},
    )
    return a_station()


@pytest.fixture
def girl(station: Facility) -> Person:
    return a_person(station, GIRL, birth_date=TODAY() - dt.timedelta(days=16 * 365))


def born_to(mother: Person, *babies: Baby) -> list[Person]:
    said = BirthData(born_on=TODAY() - dt.timedelta(days=3), place="home", babies=babies or (Baby("female"),))
    with enter(scope_at(mother.station)):
        return births.newborns_record(mother=mother, data=said)


def who(role: str, station: Facility) -> Attacker:
    return Attacker(client_of(a_member(role, station, f"{role}.doc")))


DAY = dt.date(2026, 6, 15)


@pytest.mark.parametrize(
    ("mother", "child", "kept"),
    [
        ((dt.date(2009, 6, 15), "day"), (DAY, "day"), True),
        ((dt.date(2008, 6, 15), "day"), (DAY, "day"), False),
        ((dt.date(2008, 6, 16), "day"), (DAY, "day"), True),
        ((dt.date(2008, 6, 1), "month"), (DAY, "day"), True),
        ((dt.date(2008, 5, 1), "month"), (DAY, "day"), False),
        ((dt.date(2008, 1, 1), "year"), (DAY, "day"), True),
        ((dt.date(2007, 1, 1), "year"), (DAY, "day"), False),
        ((dt.date(2007, 1, 1), "year"), (dt.date(2026, 1, 1), "year"), False),
        ((dt.date(2008, 1, 1), "year"), (dt.date(2026, 1, 1), "year"), True),
        ((dt.date(1960, 1, 1), "day"), (dt.date(1976, 1, 1), "day"), False),
        ((None, "day"), (DAY, "day"), False),
        ((dt.date(2009, 6, 15), "day"), (None, "day"), False),
    ],
)
def test_whose_birth_it_is(station: Facility, mother: Any, child: Any, kept: bool) -> None:
    """She may have been under age: then it is kept; before the rule's first day it was not."""
    assert minor_mother(mother, child) is kept


def test_the_child_is_called_by_nobodys_name(girl: Person) -> None:
    (child,) = born_to(girl)
    assert (child.full_name, child.mother_id) == (births.UNNAMED, girl.pk)
    assert [each.full_name for each in born_to(a_person(girl.station, "Hai", birth_date=girl.birth_date),
            Baby("male"), Baby("female"))] == [f"{births.UNNAMED} (1)", f"{births.UNNAMED} (2)"]  # fmt: skip


def test_a_grown_mothers_child_is(station: Facility) -> None:
    (child,) = born_to(a_person(station, "Đinh Thị Lớn"))
    assert child.full_name == "Con bà Đinh Thị Lớn"


def test_its_place_in_the_family_does_not_tell(girl: Person) -> None:
    home = a_household(girl.station, a_person(girl.station, "Đinh Văn Ông", sex="male"))
    joins(home, girl, relation="05")
    (child,) = born_to(girl)
    assert Membership.unscoped.get(person=child).relation == "99"


PAGES = ("/nguoi/{pk}/", "/nguoi/{pk}/ho-so/", "/nguoi/{pk}/sua/")


@pytest.mark.parametrize("page", PAGES)
def test_a_page(girl: Person, page: str) -> None:
    (child,) = born_to(girl)
    word = girl.code if page.endswith("/sua/") else GIRL
    assert word in who("midwife", girl.station).get(page.format(pk=child.pk)).content.decode()
    for role in ("nurse", "population"):
        seen = who(role, girl.station).get(page.format(pk=child.pk))
        assert seen.status_code in (200, 403) and word not in seen.content.decode().replace(f"TAM-{word}", "")


def test_a_grown_mother_is_told_to_everybody(station: Facility) -> None:
    (child,) = born_to(a_person(station, "Đinh Thị Lớn"))
    assert "Đinh Thị Lớn" in who("nurse", station).get(f"/nguoi/{child.pk}/").content.decode()


EDITED = {"full_name": "Đinh Thị Có Tên", "sex": "female", "life_status": "alive", "version": 1}


def edited(child: Person, **more: Any) -> dict[str, Any]:
    said = {"hamlet": str(child.hamlet_id), "birth_date": f"{child.birth_date:%d/%m/%Y}", "nationality": "VN"}
    return EDITED | said | more


def test_whoever_does_not_see_her_keeps_her_when_saving(girl: Person) -> None:
    (child,) = born_to(girl)
    answer = who("nurse", girl.station).post(f"/nguoi/{child.pk}/sua/", **edited(child))
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    child.refresh_from_db()
    assert (child.full_name, child.mother_id) == ("Đinh Thị Có Tên", girl.pk)


def test_nor_does_she_put_somebody_in_her_place(girl: Person) -> None:
    (child,) = born_to(girl)
    other = a_person(girl.station, "Đinh Thị Khác")
    answer = who("nurse", girl.station).post(f"/nguoi/{child.pk}/sua/", **edited(child, mother=other.code))
    assert answer.status_code == 422 and GIRL not in answer.content.decode()
    child.refresh_from_db()
    assert child.mother_id == girl.pk


@pytest.mark.parametrize("address", ["/api/people/", "/api/people/{pk}/", "/api/people/{pk}/record/"])
def test_the_api(girl: Person, address: str) -> None:
    (child,) = born_to(girl)
    path = address.format(pk=child.pk)
    nurse = who("nurse", girl.station).get(path)
    assert nurse.status_code == 200
    told = [row for row in nurse.json().get("results", [nurse.json()]) if row.get("id") == str(child.pk)]
    assert all(row["mother"] is None for row in told)
    assert GIRL not in nurse.content.decode() or address == "/api/people/"
    if told:
        seen = who("midwife", girl.station).get(path).json()
        assert str(girl.pk) in [row.get("mother") for row in seen.get("results", [seen])]


@pytest.mark.parametrize("may", [True, False])
def test_the_list_of_people(girl: Person, may: bool) -> None:
    (child,) = born_to(girl)
    rights = RIGHTS | {"people.export"} | ({RESTRICTED_RIGHT} if may else set())
    with enter(scope_at(girl.station, rights=frozenset(rights))):
        sheet = exports.sheet({})
        place = list(exports.EXPORTED).index("mother")
        mothers = {pk: cells[place] for pk, cells in sheet.rows}
    assert mothers[child.pk] == (girl.code if may else "")


@pytest.mark.parametrize("may", [True, False])
def test_the_stations_own_data(girl: Person, may: bool, settings: Any, tmp_path: Path) -> None:
    (child,) = born_to(girl)
    settings.EXPORT_DIR = tmp_path / "exports"
    rights = RIGHTS | ({RESTRICTED_RIGHT} if may else set())
    done = exporting.export(tmp_path / "e.zip", scope_at(girl.station, rights=frozenset(rights)), reason="x")
    with zipfile.ZipFile(done.path) as zipped:
        text = zipped.read("patients_person.csv").decode("utf-8-sig")
    mothers = {row["id"]: row["mother_id"] for row in csv.DictReader(io.StringIO(text))}
    assert mothers[str(child.pk)] == (str(girl.pk) if may else "")


def news(girl: Person) -> Proposal:
    """A village worker tells that she has a child."""
    worker = scope_for(a_member("village_worker", girl.station, "thon.hai"), girl.station.pk)
    assert worker is not None
    with enter(worker):
        return proposals.proposal_make(
            kind="birth",
            said=BirthNews(born_on=TODAY() - dt.timedelta(days=2), sex="female"),
            hamlet=Hamlet.objects.get(pk=girl.hamlet_id),
            household=a_household(girl.station, girl),
            person=girl,
        )


def test_news_of_it(girl: Person) -> None:
    made = news(girl)
    assert made.restricted
    nurse, midwife = who("nurse", girl.station), who("midwife", girl.station)
    assert nurse.get(f"/thon/de-xuat/{made.pk}/").status_code == 404
    assert midwife.get(f"/thon/de-xuat/{made.pk}/").status_code == 200
    for path in ("/", "/thon/de-xuat/", "/viec-can-lam/"):
        assert GIRL not in nurse.get(path).content.decode(), path


def test_the_form_that_answers_it_names_nobody(girl: Person) -> None:
    made = news(girl)
    midwife = scope_for(a_member("midwife", girl.station, "ho.sinh"), girl.station.pk)
    assert midwife is not None
    with enter(midwife):
        assert preparing._newborns_name(girl, BirthNews(born_on=TODAY())) == births.UNNAMED
        assert preparing.prepare(made)


def test_the_rule_is_dated(girl: Person) -> None:
    (child,) = born_to(girl)
    CodeEntry.objects.filter(list="restricted_data").update(valid_to=TODAY() - dt.timedelta(days=30))
    codes.forget()
    child = Person.unscoped.get(pk=child.pk)
    assert not kin.keeps_mother(scope_at(girl.station), child)

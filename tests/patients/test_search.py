import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core import scope
from apps.core.ids import uuid7
from apps.core.models import ReadEntry
from apps.core.search import find
from apps.patients import queries
from apps.patients.models import Identifier, ScannedCard, TreatingAccess
from tests.factories.households import a_household, a_member
from tests.factories.patients import a_person, a_station, scope_at
from tests.patients.test_scan import CARD, insurance


@pytest.fixture
def hoa(at_station):
    return a_person(
        at_station, "Nguyễn Thị Hòa", phone="0912345678", cccd="051190000111", bhyt="DN4515112345678"
    )


def names(text):
    return [hit.title for hit in find(scope.current(), text)]


@pytest.mark.parametrize(
    "text",
    [
        "Nguyễn Thị Hòa", "nguyễn thị hoà", "nguyen thi hoa", "HOA NGUYEN", "hoa", "hoa 1990", "hoa 90",
        "nth", "nguyenthihoa", "5678", "345678", "0912 345 678", "+84912345678", "051190000111",
        "051 190 000 111",
        "DN4515112345678", "dn 4515112345678", "5112345678", "p1", "P0000001", "5/3/1990", "hoa 05/03/1990",
        "thị h", "ng thi h",
    ],
)  # fmt: skip
def test_a_person_is_found_by(hoa, text):
    a_person(hoa.station, "Trần Văn Bình", sex="male", birth_date=dt.date(1971, 2, 2))
    assert names(text) == ["Nguyễn Thị Hòa"]


@pytest.mark.parametrize(
    "text", ["hoa 1991", "6/3/1990", "999999", "051190000112", "xyz", "", " ", "5", "' | !"]
)
def test_and_not_by(hoa, text):
    assert names(text) == []


def test_whole_words_come_first_then_the_order_of_names(at_station):
    for name in ("Lê Văn Anh", "Trần Thị An", "Lê An Bình", "Bùi Văn An"):
        a_person(at_station, name)
    assert names("an") == ["Bùi Văn An", "Trần Thị An", "Lê An Bình", "Lê Văn Anh"]


def test_the_living_come_before_the_dead(at_station):
    a_person(at_station, "Nguyễn Văn An", life_status="dead", died_on=dt.date(2020, 1, 1))
    a_person(at_station, "Nguyễn Văn An", birth_date=dt.date(2000, 1, 1))
    first, second = find(scope.current(), "nguyen van an")
    assert "2000" in first.subtitle
    assert "Đã mất" in second.subtitle


def test_two_of_one_name_can_be_told_apart(at_station):
    head = a_person(at_station, "Trần Văn Bình", sex="male")
    family = a_household(at_station, head)
    a_member(
        family, a_person(at_station, "Nguyễn Thị Hòa", birth_date=dt.date(1990, 1, 1), birth_precision="year")
    )
    a_person(at_station, "Nguyễn Thị Hòa", birth_date=dt.date(2024, 12, 1))
    hits = find(scope.current(), "nguyen thi hoa")
    assert {hit.note for hit in hits} == {"Hộ Trần Văn Bình", ""}
    assert {hit.subtitle.split(" · ")[1] for hit in hits} == {"Nữ"}
    assert all("Thôn Làng Teng" in hit.subtitle for hit in hits)
    assert [hit.note for hit in find(scope.current(), "tran van binh")] == ["Chủ hộ"]


def test_a_household_code_opens_the_family(at_station):
    a_household(at_station)
    hits = find(scope.current(), "h1")
    assert [hit.title for hit in hits] == ["Hộ H0000001"]
    assert hits[0].note == "Chủ hộ Nguyễn Thị Hòa"


def test_a_stranger_finds_nobody(hoa):
    with scope.enter(scope_at(a_station("21490", "Trạm Y tế xã Ba Vì"))):
        for text in ("hoa", "051190000111", "DN4515112345678", "p1"):
            assert names(text) == []


def test_somebody_under_treatment_here_is_found(hoa):
    other = a_station("21490", "Trạm Y tế xã Ba Vì")
    TreatingAccess.objects.create(person=hoa, facility=other, until=timezone.localdate())
    with scope.enter(scope_at(other)):
        assert names("hoa") == ["Nguyễn Thị Hòa"]


def test_ones_own_catchment_comes_before_who_is_only_treated_here(hoa):
    elsewhere = a_station("21490", "Trạm Y tế xã Ba Vì")
    guest = a_person(elsewhere, "Lê Thị Ho")  # the whole word that is typed
    TreatingAccess.objects.create(person=guest, facility=hoa.station, until=timezone.localdate())
    assert names("ho") == ["Nguyễn Thị Hòa", "Lê Thị Ho"]


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Nguyễn Thị Hòa", "nguyễn thị hoà"), ("Nguyễn Thị Hoà", "Nguyễn Thị Hòa"), ("Đặng Đức", "dang duc"),
        ("Lý Thị Mỹ", "li thi mi"), ("Nguye\u0302\u0303n Văn An", "nguyễn an"), ("Trần  Thuý", "tran thuy"),
        ("H'Hen Niê", "hhen nie"), ("NGUYỄN VĂN AN", "nguyen van an"), ("Huỳnh Quý", "HUYNH QUI"),
    ],
)  # fmt: skip
def test_spellings_of_one_name_find_each_other(at_station, stored, typed):
    a_person(at_station, stored)
    assert names(typed) == [stored]


def test_a_search_is_one_read_row_with_the_ids_and_no_text(hoa):
    find(scope.current(), "hoa")
    entry = ReadEntry.objects.get()
    assert (entry.screen, entry.person_ids) == ("search", [hoa.pk])


@pytest.mark.parametrize("number", [2, 20])
def test_a_search_costs_the_same_at_any_number_of_hits(at_station, number):
    for each in range(number):
        a_household(at_station, a_person(at_station, f"Nguyễn Thị Hòa {'ABCDEFGHIKLMNOPQRSTU'[each]}"))
    with CaptureQueriesContext(connection) as queries:
        assert len(find(scope.current(), "hoa")) == number
    assert len(queries) == 3


# --- scanned cards


@pytest.fixture
def nurse(station):
    with scope.enter(
        scope_at(station).__class__(**{**scope_at(station).__dict__, "user_id": uuid7()})
    ) as found:
        yield found


def test_a_scanned_card_finds_its_owner(station, nurse):
    an = a_person(station, "Nguyễn Văn An", sex="male", birth_date=dt.date(1988, 3, 5), cccd="001088000101")
    assert [hit.person_id for hit in find(nurse, CARD)] == [an.pk]


def test_a_new_card_finds_her_by_the_old_number_on_it(station, nurse):
    an = a_person(station, "Nguyễn Văn An", sex="male", birth_date=dt.date(1988, 3, 5))
    Identifier.unscoped.create(person=an, kind="cmnd", value="012345678")
    an.set_keys(["012345678"])
    an.save()
    assert [hit.person_id for hit in find(nurse, CARD)] == [an.pk]


def test_an_insurance_card_finds_its_owner(station, nurse):
    lan = a_person(station, "Lê Thị Bưởi", bhyt="DN4484812345678", birth_date=dt.date(1990, 8, 9))
    assert [hit.person_id for hit in find(nurse, insurance())] == [lan.pk]


AN = {"sex": "male", "birth_date": dt.date(1988, 3, 5), "cccd": "001088000101"}
ADDRESS = "Thôn 2, Xã Ba Tơ, Quảng Ngãi"


def test_a_card_that_says_the_same_keeps_nothing(station, nurse):
    an = a_person(station, "NGUYỄN VĂN AN", permanent_text=ADDRESS.upper(), **AN)
    Identifier.unscoped.create(person=an, kind="cmnd", value="012345678")
    (hit,) = find(nurse, CARD)
    assert hit.url == f"/nguoi/{an.pk}/" and not ScannedCard.objects.exists()


def test_a_card_that_says_more_opens_her_page_with_the_way_to_both(station, nurse):
    an = a_person(station, "Nguyễn Văn An", **AN)
    (hit,) = find(nurse, CARD)
    assert hit.url == f"/nguoi/{an.pk}/?the=khac"
    assert hit.note == "Thẻ khác hồ sơ: số cmnd cũ, nơi thường trú"
    assert ScannedCard.objects.get().fields["of"] == str(an.pk)


@pytest.mark.parametrize(
    "other", [{"full_name": "Trần Văn Bình"}, {"birth_date": dt.date(1989, 3, 5)}, {"sex": "female"}]
)
def test_a_card_that_may_be_anothers_stands_beside_the_record_first(station, nurse, other):
    an = a_person(station, **{"full_name": "Nguyễn Văn An", "permanent_text": ADDRESS, **AN, **other})
    compare, owner = find(nurse, CARD)
    assert compare.url == f"/nguoi/{an.pk}/the-vua-quet/" and owner.person_id == an.pk


def test_who_may_not_edit_is_shown_the_owner_alone(station, nurse):
    an = a_person(station, "Trần Văn Bình", **AN)
    rights = nurse.rights - {"people.edit"}
    with scope.enter(nurse.__class__(**{**nurse.__dict__, "rights": rights})) as reader:
        assert [hit.person_id for hit in find(reader, CARD)] == [an.pk]
    assert not ScannedCard.objects.exists()


def test_an_unknown_card_leads_to_the_form_that_it_fills(station, nurse):
    (hit,) = find(nurse, CARD)
    assert (hit.kind, hit.url) == ("action", "/nguoi/moi/the/")
    kept = ScannedCard.objects.get()
    assert kept.fields["cccd"] == "001088000101"
    assert "|" not in str(kept.fields)


def test_a_spoilt_scan_says_what_to_do(station, nurse):
    (hit,) = find(nurse, CARD.replace("Nguyễn Văn An", "Nguyeenx Vawn An"))
    assert (hit.title, hit.url) == ("Bộ gõ tiếng Việt làm sai chữ quét được. Tắt bộ gõ rồi quét lại.", "")
    assert not ScannedCard.objects.exists()


def test_a_station_names_itself_alone_so_that_a_broad_word_walks_its_names(at_station):
    with CaptureQueriesContext(connection) as asked:
        queries.find_people(scope.current(), "thi")
    assert f"\"station_id\" = '{scope.current().workplace_id.hex}'::uuid" in asked[0]["sql"].split("UNION")[0]

"""A scanned card and its owner's record side by side, taken or left; scans in a wrong field."""

import datetime as dt

import pytest

from apps.core.ids import uuid7
from apps.core.models import AuditEntry, ReadEntry
from apps.patients.models import Identifier, InsuranceCard, Person, ScannedCard
from tests.factories.accounts import a_member, client_of
from tests.factories.patients import a_card, a_person, a_station
from tests.patients.test_scan import CARD, insurance

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse(station):
    return client_of(a_member("nurse", station))


@pytest.fixture
def an(station):
    """Known by the number of CARD; her name and year were typed otherwise."""
    return a_person(
        station,
        "Nguyễn Văn Anh",
        sex="male",
        birth_date=dt.date(1989, 3, 5),
        cccd="001088000101",
        phone="0912345678",
    )


def scan(nurse, card=CARD):
    return nurse.post("/tim/", {"q": card})


def decide(nurse, person, **choices):
    said = {"form_key": str(uuid7()), "version": person.version, **choices}
    return nurse.post(f"/nguoi/{person.pk}/the-vua-quet/", said)


def test_it_works(nurse, an):
    page = scan(nurse).content.decode()
    assert f"/nguoi/{an.pk}/the-vua-quet/" in page and "Chưa sửa gì" in page
    page = nurse.get(f"/nguoi/{an.pk}/the-vua-quet/").content.decode()
    for words in (
        "Nguyễn Văn Anh",
        "Nguyễn Văn An<",
        "05/03/1989",
        "05/03/1988",
        "012345678",
        "Thôn 2, Xã Ba Tơ",
    ):
        assert words in page
    response = decide(nurse, an, full_name="take", birth_date="take", cmnd="take", permanent_text="leave")
    assert response.url == f"/nguoi/{an.pk}/"
    an.refresh_from_db()
    assert (an.full_name, an.birth_date, an.permanent_text, an.phone) == (
        "Nguyễn Văn An", dt.date(1988, 3, 5), "", "0912345678",
    )  # fmt: skip
    assert set(Identifier.unscoped.values_list("kind", "value", "source")) >= {("cmnd", "012345678", "qr")}
    assert not ScannedCard.objects.exists()
    assert {"person.changed", "identifier.added"} <= set(AuditEntry.objects.values_list("action", flat=True))


def test_looking_and_leaving_changes_nothing(nurse, an):
    scan(nurse)
    nurse.get(f"/nguoi/{an.pk}/the-vua-quet/")
    page = nurse.post(
        f"/nguoi/{an.pk}/the-vua-quet/", {"form_key": str(uuid7()), "full_name": "leave"}, follow=True
    ).content.decode()
    assert "Hồ sơ được giữ nguyên" in page
    stored = Person.unscoped.get(pk=an.pk)
    assert (stored.full_name, stored.version) == ("Nguyễn Văn Anh", an.version)
    assert ReadEntry.objects.filter(screen="person.edit", person_ids=[an.pk]).exists()


def test_an_insurance_card_is_taken_with_its_days(nurse, station):
    lan = a_person(station, "Lê Thị Bưởi", birth_date=dt.date(1990, 8, 9))
    old = a_card(lan, "DN4484812345678", valid_from=dt.date(2025, 1, 1), valid_to=dt.date(2025, 12, 31))
    lan.set_keys([old.number, old.number[-10:]])
    lan.save()
    assert scan(nurse, insurance()).url == f"/nguoi/{lan.pk}/?the=khac"
    assert "Xem hai bên" in nurse.get(f"/nguoi/{lan.pk}/?the=khac").content.decode()
    page = nurse.get(f"/nguoi/{lan.pk}/the-vua-quet/").content.decode()
    assert "đến 31/12/2025" in page and "đến 31/12/2026" in page
    decide(nurse, lan, card="take")
    new = InsuranceCard.unscoped.exclude(pk=old.pk).get()
    assert (new.valid_to, new.registered_facility_code, new.source) == (dt.date(2026, 12, 31), "48123", "qr")
    assert scan(nurse, insurance()).url == f"/nguoi/{lan.pk}/"


def test_a_number_that_is_another_womans_is_refused_and_nothing_half_written(nurse, an, station):
    other = a_person(station, "Trần Thị Khác")
    Identifier.unscoped.create(person=other, kind="cmnd", value="012345678")
    Identifier.unscoped.filter(person=an).update(value="001088000999")
    an.set_keys(["012345678"])
    an.save()
    a_person(a_station("21490", "Trạm Y tế xã Ba Vì"), "Lê Xa", cccd="001088000101")
    scan(nurse)
    response = decide(nurse, an, full_name="take", cccd="take")
    assert response.status_code == 422 and "đang thuộc về một người khác" in response.content.decode()
    assert Person.unscoped.get(pk=an.pk).full_name == "Nguyễn Văn Anh"


def test_a_record_that_another_has_edited_meanwhile_is_shown_again(nurse, an):
    scan(nurse)
    Person.unscoped.filter(pk=an.pk).update(version=7)
    response = decide(nurse, an, full_name="take")
    assert response.url == f"/nguoi/{an.pk}/the-vua-quet/"
    assert Person.unscoped.get(pk=an.pk).full_name == "Nguyễn Văn Anh"


def test_without_a_card_just_scanned_there_is_nothing_to_compare(nurse, an, station):
    response = nurse.get(f"/nguoi/{an.pk}/the-vua-quet/", follow=True)
    assert "Hãy quét lại" in response.content.decode()
    scan(nurse)
    other = a_person(station, "Trần Thị Khác")
    assert nurse.get(f"/nguoi/{other.pk}/the-vua-quet/").url == f"/nguoi/{other.pk}/"
    assert nurse.get("/nguoi/moi/the/").url == "/nguoi/moi/"  # a known person's card fills no new form


def test_a_stranger_and_a_colleague_see_nothing_of_the_scan(nurse, an):
    scan(nurse)
    stranger = client_of(a_member("nurse", a_station("21490", "Trạm Y tế xã Ba Vì"), "xa"))
    assert stranger.get(f"/nguoi/{an.pk}/the-vua-quet/").status_code == 404
    colleague = client_of(a_member("nurse", an.station, "ban"))
    assert colleague.get(f"/nguoi/{an.pk}/the-vua-quet/").url == f"/nguoi/{an.pk}/"


# --- scanned into a wrong field


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (CARD, "Đây là mã quét từ thẻ, không phải họ và tên"),
        (CARD[:100], "Đây là mã quét từ thẻ"),
        (CARD.replace("Nguyễn Văn An", "Nguyeenx Vawn An"), "Tắt bộ gõ rồi quét lại"),
        (insurance(), "Đây là mã quét từ thẻ"),
    ],
)
def test_a_scan_in_the_name_is_told_as_one(nurse, text, sentence):
    said = {"form_key": str(uuid7()), "full_name": text, "sex": "male", "hamlet": "outside"}
    response = nurse.post("/nguoi/moi/", said)
    assert response.status_code == 422
    assert sentence in response.context["form"].errors["full_name"][0]
    assert not Person.unscoped.exists()


@pytest.mark.parametrize("page", ["giay-to", "the-bhyt"])
def test_a_scan_in_a_number_is_told_as_one(nurse, an, page):
    field = {"giay-to": "value", "the-bhyt": "number"}[page]
    response = nurse.post(f"/nguoi/{an.pk}/{page}/", {"form_key": str(uuid7()), "kind": "cccd", field: CARD})
    assert "mã quét từ thẻ" in response.context["form"].errors[field][0]

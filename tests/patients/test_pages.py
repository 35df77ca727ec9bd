import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.ids import uuid7
from apps.core.models import AuditEntry, ReadEntry
from apps.facilities.models import AdminUnit, Hamlet
from apps.patients import projections
from apps.patients.models import Person, ScannedCard
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import a_code
from tests.factories.households import a_household
from tests.factories.patients import a_card, a_person, a_station, an_allergy
from tests.patients.test_scan import CARD, insurance

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse(station):
    for code, name in (("01", "Kinh"), ("12", "Hrê")):
        a_code("ethnic_groups", code, name)
    a_code("nationalities", "VN", "Việt Nam")
    return client_of(a_member("nurse", station))


def form(**fields):
    return {
        "form_key": str(uuid7()),
        "full_name": "Nguyễn Thị Hòa",
        "birth_date": "5/3/1990",
        "sex": "female",
        "ethnicity": "01",
        "nationality": "VN",
        "hamlet": "outside",
    } | fields


def wrong(response):
    assert response.status_code == 422
    return {name: list(errors) for name, errors in response.context["form"].errors.items()}


# --- creating


def test_it_works(nurse, station):
    assert nurse.get("/nguoi/moi/").status_code == 200
    hamlet = Hamlet.objects.get()
    said = form(
        hamlet=hamlet.pk,
        cccd="051 190 000 111",
        bhyt="DN4515112345678",
        bhyt_from="1/1/2026",
        bhyt_to="31/12/2026",
    )
    response = nurse.post("/nguoi/moi/", said)
    person = Person.unscoped.get()
    assert response.url == f"/nguoi/{person.pk}/"
    page = nurse.get(response.url).content.decode()
    for words in (
        "Nguyễn Thị Hòa",
        "05/03/1990",
        "DN4515112345678",
        "051190000111",
        "Thôn Làng Teng",
        "Kinh",
    ):
        assert words in page
    assert [entry.screen for entry in ReadEntry.objects.all()] == ["person.page"]


def test_the_same_form_saves_once(nurse):
    said = form()
    first, second = nurse.post("/nguoi/moi/", said), nurse.post("/nguoi/moi/", said)
    assert first.url == second.url
    assert Person.unscoped.count() == 1


def test_without_a_form_key_nothing_is_saved(nurse):
    assert nurse.post("/nguoi/moi/", form(form_key="x")).status_code == 400
    assert not Person.unscoped.exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"full_name": ""}, "full_name"),
        ({"full_name": "Ă" * 200}, "full_name"),
        ({"full_name": "😀"}, "full_name"),
        ({"full_name": "\u202e\u200b"}, "full_name"),
        ({"birth_date": "31/02/1990"}, "birth_date"),
        ({"birth_date": "xyz"}, "birth_date"),
        ({"birth_date": "1/1/2199"}, "birth_date"),
        ({"sex": ""}, "sex"),
        ({"sex": "x"}, "sex"),
        ({"ethnicity": "zz"}, "ethnicity"),
        ({"hamlet": "not-a-uuid"}, "hamlet"),
        ({"hamlet": ""}, "hamlet"),
        ({"phone": "abc"}, "phone"),
        ({"email": "abc"}, "email"),
        ({"cccd": "123"}, "cccd"),
        ({"cmnd": "123"}, "cmnd"),
        ({"bhyt": "123"}, "bhyt"),
        ({"bhyt": "DN4515112345678", "bhyt_from": "1/1/2026", "bhyt_to": "1/1/2025"}, None),
        ({"mother": "P9999999"}, "mother"),
        ({"nationality": "x" * 50}, "nationality"),
    ],
)
def test_wrong_input_is_answered_beside_its_field(nurse, fields, field):
    errors = wrong(nurse.post("/nguoi/moi/", form(**fields)))
    assert set(errors) == {field or "__all__"}
    for sentences in errors.values():
        assert all(
            not any(word in text for word in (" the ", "valid", "Null", "Ensure")) for text in sentences
        )
    assert not Person.unscoped.exists()


def test_all_that_is_wrong_is_told_at_once(nurse):
    errors = wrong(
        nurse.post("/nguoi/moi/", form(full_name="😀", phone="1", cccd="2", birth_date="1/1/2190"))
    )
    assert set(errors) == {"full_name", "phone", "cccd", "birth_date"}


def test_odd_marks_are_dropped_before_storing(nurse):
    assert nurse.post("/nguoi/moi/", form(full_name="Nguyễn\x00 \u202eThị\u200b  Hòa")).status_code == 302
    assert Person.unscoped.get().full_name == "Nguyễn Thị Hòa"


def test_another_stations_hamlet_cannot_be_chosen(nurse):
    other = a_station("21490", "Trạm Y tế xã Ba Vì")
    hamlet = Hamlet.objects.get(catchments__facility=other)
    assert set(wrong(nurse.post("/nguoi/moi/", form(hamlet=hamlet.pk)))) == {"hamlet"}


def test_an_odd_number_asks_for_a_reason(nurse):
    said = form(cccd="051090000111")
    response = nurse.post("/nguoi/moi/", said)
    assert set(wrong(response)) == {"cccd"}
    assert 'name="reason"' in response.content.decode()
    assert nurse.post("/nguoi/moi/", said | {"reason": "Thẻ ghi như vậy"}).status_code == 302


def test_duplicates_are_shown_before_creating(nurse, station):
    stored = a_person(station)
    said = form(full_name="nguyen thi hoa")
    response = nurse.post("/nguoi/moi/", said)
    assert response.status_code == 422
    page = response.content.decode()
    assert f"/nguoi/{stored.pk}/" in page
    assert "trùng ngày sinh" in page
    assert ReadEntry.objects.get().person_ids == [stored.pk]
    assert nurse.post("/nguoi/moi/", said | {"another": "on"}).status_code == 302
    assert Person.unscoped.count() == 2


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (CARD, ('value="Nguyễn Văn An"', 'value="05/03/1988"', 'value="001088000101"', 'value="012345678"')),
        (
            insurance(),
            ('value="Lê Thị Bưởi"', 'value="DN4484812345678"', 'value="31/12/2026"', 'value="48123"'),
        ),
    ],
)
def test_a_scanned_card_opens_the_filled_form(nurse, card, expected):
    response = nurse.post("/tim/", {"q": card}, follow=True)
    assert response.redirect_chain == [("/nguoi/moi/the/", 302)]
    page = response.content.decode()
    for words in expected:
        assert words in page
    born = {"birth_date": "5/3/1988", "sex": "male"}
    assert nurse.post("/nguoi/moi/", form(full_name="Nguyễn Văn An", scanned="1", **born)).status_code == 302
    assert not ScannedCard.objects.exists()
    assert nurse.get("/nguoi/moi/the/").url == "/nguoi/moi/"


def test_a_spoilt_scan_is_told_on_the_page(nurse):
    response = nurse.post("/tim/", {"q": CARD.replace("Văn An", "Vawns An")})
    assert "Tắt bộ gõ rồi quét lại" in response.content.decode()


# --- the page


def test_the_page_shows_what_matters(nurse, station):
    person = a_person(station, phone="0912345678")
    an_allergy(person, reaction="mày đay")
    a_card(person)
    a_household(station, person)
    shared = {"person_id": person.pk, "kind": "lab", "object_id": uuid7()}
    projections.put_timeline(**shared, at=timezone.now(), title="Viêm họng cấp", facility_id=station.pk)
    projections.put_due(**shared, title="Tái khám", due_on=dt.date(2026, 1, 1))
    page = nurse.get(f"/nguoi/{person.pk}/").content.decode()
    for words in (
        "Penicillin",
        "mày đay",
        "DN4515112345678",
        "Viêm họng cấp",
        "Tái khám",
        "/ho/",
        "0912345678",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("due_in", "overdue_in", "word"),
    [(-9, -1, "Quá hạn"), (-9, 9, "Đến hạn"), (0, 9, "Đến hạn"), (9, 20, "Sắp đến")],
)
def test_what_is_due_is_told_by_the_day(nurse, station, due_in, overdue_in, word):
    person = a_person(station)
    today = timezone.localdate()
    projections.put_due(
        person_id=person.pk, kind="x", object_id=uuid7(), title="Tái khám",
        due_on=today + dt.timedelta(days=due_in), overdue_on=today + dt.timedelta(days=overdue_in),
    )  # fmt: skip
    page = nurse.get(f"/nguoi/{person.pk}/").content.decode()
    told = [each for each in ("Quá hạn", "Đến hạn", "Sắp đến") if f"{each}</span>" in page]
    assert told == [word]


def test_restricted_lines_are_read_by_right(station, nurse):
    person = a_person(station)
    projections.put_timeline(
        person_id=person.pk, kind="lab", object_id=uuid7(), at=timezone.now(), title="Xét nghiệm HIV",
        facility_id=station.pk, restricted=True,
    )  # fmt: skip
    doctor = client_of(a_member("doctor", station))
    assert "HIV" in doctor.get(f"/nguoi/{person.pk}/").content.decode()
    assert "HIV" not in nurse.get(f"/nguoi/{person.pk}/").content.decode()


@pytest.mark.parametrize("number", [2, 25])
def test_the_page_costs_the_same_whatever_it_shows(nurse, station, number):
    person = a_person(station)
    a_household(station, person)
    for each in range(number):
        an_allergy(person, f"Thuốc {each}")
        projections.put_timeline(
            person_id=person.pk, kind="lab", object_id=uuid7(), at=timezone.now(), title="Khám",
            facility_id=station.pk,
        )  # fmt: skip
    nurse.get(f"/nguoi/{person.pk}/")
    with CaptureQueriesContext(connection) as queries:
        response = nurse.get(f"/nguoi/{person.pk}/")
    assert len(queries) <= 14, [query["sql"][:90] for query in queries]
    assert len(response.context["timeline"]) == min(number, 20)


def test_the_timeline_pages_by_key(nurse, station):
    person = a_person(station)
    for each in range(25):
        projections.put_timeline(
            person_id=person.pk, kind="lab", object_id=uuid7(), facility_id=station.pk,
            at=timezone.now() - dt.timedelta(days=each), title=f"Lượt {each}",
        )  # fmt: skip
    first = nurse.get(f"/nguoi/{person.pk}/")
    second = nurse.get(f"/nguoi/{person.pk}/", {"c": first.context["page"].timeline.next_cursor})
    assert [line["title"] for line in second.context["timeline"]] == [
        f"Lượt {each}" for each in range(20, 25)
    ]


# --- strangers


@pytest.mark.parametrize("address", ["", "sua/", "giay-to/", "the-bhyt/", "di-ung/"])
def test_a_person_of_another_station_is_not_there(nurse, address):
    stranger = a_person(a_station("21490", "Trạm Y tế xã Ba Vì"))
    assert nurse.get(f"/nguoi/{stranger.pk}/{address}").status_code == 404
    assert not ReadEntry.objects.exists()


def test_somebody_signed_out_is_asked_to_sign_in(client, station):
    assert "/nguoi/" not in client.get(f"/nguoi/{a_person(station).pk}/").headers.get("X", "")
    assert client.get("/nguoi/moi/").status_code == 302


def test_who_may_only_look_cannot_change(station, nurse):
    worker = client_of(a_member("pharmacist", station))
    person = a_person(station)
    assert worker.get(f"/nguoi/{person.pk}/").status_code == 200
    for address in ("sua/", "giay-to/", "the-bhyt/", "di-ung/"):
        assert worker.get(f"/nguoi/{person.pk}/{address}").status_code == 403
    assert worker.get("/nguoi/moi/").status_code == 403


# --- editing


def test_editing_keeps_what_the_form_does_not_show(nurse, station):
    mother = a_person(station, "Trần Thị Lan", birth_date=dt.date(1960, 1, 1))
    person = a_person(station, mother=mother, permanent_unit=station.unit)
    page = nurse.get(f"/nguoi/{person.pk}/sua/")
    initial = page.context["form"].initial
    said = form(
        version=1, phone="0912345678", mother=initial["mother"], hamlet=person.hamlet_id, life_status="alive",
        permanent_unit=initial["permanent_unit"],
    )  # fmt: skip
    assert nurse.post(f"/nguoi/{person.pk}/sua/", said).status_code == 302
    person.refresh_from_db()
    assert (person.phone, person.mother, person.permanent_unit) == ("0912345678", mother, station.unit)
    assert AuditEntry.objects.get(action="person.changed").data["fields"] == ["phone"]


def test_the_second_editor_sees_both_versions(nurse, station):
    person = a_person(station)
    said = form(version=1, life_status="alive", hamlet=person.hamlet_id)
    assert nurse.post(f"/nguoi/{person.pk}/sua/", said | {"phone": "0912345678"}).status_code == 302
    response = nurse.post(
        f"/nguoi/{person.pk}/sua/", said | {"form_key": str(uuid7()), "phone": "0987654321"}
    )
    assert response.status_code == 409
    page = response.content.decode()
    assert "0912345678" in page and "0987654321" in page
    again = said | {"form_key": str(uuid7()), "phone": "0987654321", "version": response.context["version"]}
    assert nurse.post(f"/nguoi/{person.pk}/sua/", again).status_code == 302


def test_what_the_first_editor_wrote_can_be_kept(nurse, station):
    """Each box of the choice holds what the form reads: a year stays a year, a mother her code."""
    mother = a_person(station, "Trần Thị Lan", birth_date=dt.date(1960, 1, 1))
    person = a_person(
        station, birth_date=dt.date(1984, 1, 1), birth_precision="year", mother=mother,
        permanent_unit=station.unit, hamlet=None,
    )  # fmt: skip
    said = form(version=99, life_status="alive", birth_date="5/3/1984", hamlet=Hamlet.objects.get().pk)
    response = nurse.post(f"/nguoi/{person.pk}/sua/", said)
    assert response.status_code == 409
    rows = {row["name"]: row for row in response.context["rows"]}
    assert (rows["birth_date"]["mine"], rows["birth_date"]["theirs"]) == ("05/03/1984", "1984")
    assert (rows["mother"]["mine"], rows["mother"]["theirs"]) == ("", "Trần Thị Lan")
    assert rows["permanent_unit"]["theirs"] == station.unit.full_name
    theirs = {name: row["theirs_value"] for name, row in rows.items()}
    again = said | theirs | {"form_key": str(uuid7()), "version": response.context["version"]}
    assert nurse.post(f"/nguoi/{person.pk}/sua/", again).status_code == 302
    person.refresh_from_db()
    assert (person.birth_date, person.birth_precision) == (dt.date(1984, 1, 1), "year")
    assert (person.mother, person.permanent_unit, person.hamlet) == (mother, station.unit, None)


def test_the_commune_where_she_is_registered_is_picked(nurse, station):
    """By its code of today; one that has ended by its code and year; no other."""
    person = a_person(station)
    old = AdminUnit.objects.create(
        level="commune", code="21001", name="Ba Động", kind="xã", parent=station.unit.parent,
        valid_to=dt.date(2025, 6, 30),
    )  # fmt: skip
    said = form(version=1, life_status="alive", hamlet=person.hamlet_id, permanent_text="Xóm 3")
    page = f"/nguoi/{person.pk}/sua/"
    assert set(wrong(nurse.post(page, said | {"permanent_unit": "21001"}))) == {"permanent_unit"}
    said |= {"form_key": str(uuid7()), "permanent_unit": "21001–2025"}
    assert nurse.post(page, said).status_code == 302
    person.refresh_from_db()
    assert person.permanent_unit == old
    assert "Xóm 3, Xã Ba Động" in nurse.get(f"/nguoi/{person.pk}/").content.decode()
    assert "Ba Động" in nurse.get(page).content.decode(), "its name stands in the box"


def test_death_before_birth_is_refused(nurse, station):
    """A death that was entered before deaths had their own record: its day may still be corrected here."""
    person = a_person(station, life_status="dead", died_on=dt.date(2020, 1, 1))
    said = form(version=1, life_status="dead", died_on="1/1/1980")
    assert set(wrong(nurse.post(f"/nguoi/{person.pk}/sua/", said))) == {"died_on"}


def test_nobody_is_made_dead_by_the_edit_form(nurse, station):
    person = a_person(station)
    said = form(version=1, life_status="dead", died_on="1/1/2020")
    assert set(wrong(nurse.post(f"/nguoi/{person.pk}/sua/", said))) == {"life_status"}


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("giay-to/", {"kind": "cccd", "value": "051190000111"}),
        ("the-bhyt/", {"number": "DN4515112345678", "valid_from": "1/1/2026", "valid_to": "31/12/2026"}),
        ("di-ung/", {"substance": "Penicillin", "kind": "drug", "certainty": "suspected"}),
    ],
)
def test_papers_cards_and_allergies_are_added(nurse, station, address, fields):
    person = a_person(station)
    url = f"/nguoi/{person.pk}/{address}"
    assert nurse.get(url).status_code == 200
    assert set(wrong(nurse.post(url, {"form_key": str(uuid7())})))
    assert nurse.post(url, {"form_key": str(uuid7()), **fields}).url == f"/nguoi/{person.pk}/"
    said = next(value for key, value in fields.items() if key in ("value", "number", "substance"))
    assert said in nurse.get(f"/nguoi/{person.pk}/").content.decode()


def test_an_allergy_is_closed(nurse, station):
    person = a_person(station)
    allergy = an_allergy(person)
    said = {"form_key": str(uuid7()), "state": "resolved"}
    assert nurse.post(f"/nguoi/{person.pk}/di-ung/{allergy.pk}/", said).status_code == 302
    allergy.refresh_from_db()
    assert allergy.state == "resolved"


def test_no_known_allergy_takes_one_click_and_stands_in_the_banner(nurse, station):
    person = a_person(station)
    page = f"/nguoi/{person.pk}/"
    assert "Chưa ghi dị ứng nào" in nurse.get(page).content.decode()
    assert nurse.post(f"{page}di-ung/khong/", {"form_key": str(uuid7())}).url == page
    shown = nurse.get(page).content.decode()
    assert "Không có dị ứng đã biết (" in shown
    assert f"hỏi {timezone.localdate():%d/%m/%Y} · Nguyễn Thị Hòa" in shown
    assert "Chưa ghi dị ứng nào" not in shown
    assert "Đã hỏi, không có dị ứng" not in shown
    an_allergy(person)
    nurse.post(f"{page}di-ung/khong/", {"form_key": str(uuid7())})
    assert "Hồ sơ đang có dị ứng" in nurse.get(page).content.decode()


def test_a_stranger_cannot_tell_that_there_is_no_allergy(nurse, station):
    stranger = a_person(a_station("21490", "Trạm Y tế xã Ba Vì"))
    answer = nurse.post(f"/nguoi/{stranger.pk}/di-ung/khong/", {"form_key": str(uuid7())})
    assert answer.status_code == 404

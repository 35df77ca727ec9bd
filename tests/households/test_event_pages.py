"""The pages on which a split, a move, a marriage is entered, read back and withdrawn."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.ids import uuid7
from apps.core.models import ReadEntry
from apps.households.models import EventKind, Household, Membership, ResidenceEvent
from apps.patients.models import Person
from tests.factories.accounts import a_member as a_user_of
from tests.factories.accounts import client_of
from tests.factories.catalogues import a_code
from tests.factories.households import a_household, a_member, an_event
from tests.factories.patients import a_person, a_station

DAY = timezone.localdate() - dt.timedelta(days=20)
SAID = DAY.strftime("%d/%m/%Y")


def key():
    return {"form_key": str(uuid7()), "on": SAID}


@pytest.fixture
def nurse(station):
    for code, name in (("00", "Chủ hộ"), ("01", "Vợ"), ("05", "Con đẻ"), ("07", "Con dâu")):
        a_code("relationship_to_head", code, name)
    return client_of(a_user_of("nurse", station))


@pytest.fixture
def home(station):
    household = a_household(station, a_person(station, "Phạm Văn Ba", sex="male"))
    for name, born in (("Phạm Văn Năm", 1990), ("Phạm Thị Sáu", 1995)):
        a_member(household, a_person(station, name, birth_date=dt.date(born, 1, 1)), "05")
    return household


def row(name):
    return Membership.unscoped.get(person__full_name=name, valid_to=None)


def relation(name):
    return f"relation_{row(name).pk.hex}"


def test_it_works(nurse, home):
    url = f"/ho/{home.pk}/tach/"
    assert nurse.get(url).status_code == 200
    said = key() | {
        "people": [str(row("Phạm Văn Năm").pk), str(row("Phạm Thị Sáu").pk)],
        relation("Phạm Văn Năm"): "00",
        relation("Phạm Thị Sáu"): "05",
        "hamlet": str(home.hamlet_id),
        "address_text": "Xóm 9",
    }
    response = nurse.post(url, said)
    new = Household.unscoped.exclude(pk=home.pk).get()
    assert response.url == f"/ho/{new.pk}/"
    assert nurse.post(url, said).url == response.url, "sent twice, split once"
    assert "Đã tách hộ" in nurse.get(response.url).content.decode()

    # Read back, withdrawn, and entered again in its place.
    history = nurse.get(f"/ho/{home.pk}/lich-su/").content.decode()
    assert "Tách hộ" in history and f"sang hộ {new.code}" in history
    event = ResidenceEvent.unscoped.get()
    out = f"/ho/{home.pk}/lich-su/{event.pk}/rut-lai/"
    assert nurse.post(out, key() | {"version": 1}).status_code == 422
    assert nurse.post(out, key() | {"version": 1, "reason": "Nhầm người"}).status_code == 302
    history = nurse.get(f"/ho/{home.pk}/lich-su/").content.decode()
    assert "Nhầm người" in history and f"{url}?thay={event.pk}" in history
    assert "Lập nhầm" in nurse.get(f"/ho/{new.pk}/").content.decode()
    again = key() | {
        "people": str(row("Phạm Văn Năm").pk),
        relation("Phạm Văn Năm"): "00",
        "hamlet": str(home.hamlet_id),
        "replaces": str(event.pk),
    }
    assert nurse.post(url, again).status_code == 302
    event.refresh_from_db()
    assert event.replaced_by is not None


def test_two_heads_are_told_at_the_field(nurse, home):
    said = key() | {
        "people": [str(row("Phạm Văn Năm").pk), str(row("Phạm Thị Sáu").pk)],
        relation("Phạm Văn Năm"): "00",
        relation("Phạm Thị Sáu"): "00",
        "hamlet": str(home.hamlet_id),
    }
    response = nurse.post(f"/ho/{home.pk}/tach/", said)
    assert response.status_code == 422
    errors = response.context["form"].errors
    assert list(errors) == [relation("Phạm Thị Sáu")]
    assert "Một hộ chỉ có một chủ hộ; Phạm Văn Năm cũng" in errors[relation("Phạm Thị Sáu")][0]
    assert f'value="{row("Phạm Văn Năm").pk}" checked' in response.content.decode(), "nothing typed is lost"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "people"),
        ({"people": "x"}, "people"),
        ({"people": str(uuid7())}, "people"),
        ({"on": "31/02/2026"}, "on"),
        ({"on": "01/01/2999"}, "on"),
        ({"note": "x" * 501}, "note"),
        ({"reach": "moon"}, "reach"),
        ({"place_text": "😀" * 201}, "place_text"),
        ({"unit": "99999"}, "unit"),
        ({"unit": "\u202e\u200b😀"}, "unit"),
    ],
)
def test_bad_input_is_a_sentence_at_its_field(nurse, home, said, field):
    full = key() | {"reach": "country"}
    if field != "people":
        full["people"] = str(row("Phạm Văn Năm").pk)
    response = nurse.post(f"/ho/{home.pk}/chuyen-di/", full | said)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not ResidenceEvent.unscoped.exists()


def test_nul_bytes_do_not_break_a_page(nurse, home):
    said = key() | {"people": str(row("Phạm Văn Năm").pk), "reach": "country", "place_text": "a\x00b"}
    assert nurse.post(f"/ho/{home.pk}/chuyen-di/", said).status_code in (302, 400, 422)


def test_one_goes_away_and_comes_back_on_pages(nurse, home):
    son = row("Phạm Văn Năm")
    page = nurse.get(f"/ho/{home.pk}/chuyen-di/?nguoi={son.pk}").content.decode()
    assert f'value="{son.pk}" checked' in page
    said = key() | {"people": str(son.pk), "reach": "abroad", "place_text": "Nhật Bản"}
    assert nurse.post(f"/ho/{home.pk}/chuyen-di/", said).status_code == 302
    page = nurse.get(f"/ho/{home.pk}/").content.decode()
    event = ResidenceEvent.unscoped.get()
    assert f"/ho/{home.pk}/chuyen-ve/{event.pk}/" in page and "đã chuyển đi" in page
    part = event.people(manager="unscoped").get()
    said = {"form_key": str(uuid7()), "on": timezone.localdate().strftime("%d/%m/%Y")}
    said |= {"people": str(part.pk), f"relation_{part.pk.hex}": "05"}
    assert nurse.post(f"/ho/{home.pk}/chuyen-ve/{event.pk}/", said).status_code == 302
    assert row("Phạm Văn Năm").household == home


def test_absence_on_pages(nurse, home):
    son = row("Phạm Văn Năm")
    said = key() | {"people": str(son.pk), "reach": "country", "until": "01/01/2030"}
    assert nurse.post(f"/ho/{home.pk}/tam-vang/", said).status_code == 302
    assert "Tạm vắng</span>" in nurse.get(f"/ho/{home.pk}/").content.decode()
    event = ResidenceEvent.unscoped.get()
    page = nurse.get(f"/ho/{home.pk}/het-tam-vang/{event.pk}/")
    key_of = next(iter(page.context["form"].by_key))
    assert (
        nurse.post(f"/ho/{home.pk}/het-tam-vang/{event.pk}/", key() | {"people": key_of}).status_code == 302
    )
    assert "Tạm vắng</span>" not in nurse.get(f"/ho/{home.pk}/").content.decode()


def test_a_family_moves_joins_another_and_arrives_on_pages(nurse, home, station):
    said = key() | {"hamlet": str(home.hamlet_id), "address_text": "Xóm 8"}
    assert nurse.post(f"/ho/{home.pk}/doi-cho-o/", said).status_code == 302
    assert set(Person.unscoped.values_list("address_text", flat=True)) == {"Xóm 8"}
    other = a_household(station, a_person(station, "Lê Văn Bảy"))
    said = key() | {"into": other.code} | {
        relation(name): "05" for name in ("Phạm Văn Ba", "Phạm Văn Năm", "Phạm Thị Sáu")
    }  # fmt: skip
    assert nurse.post(f"/ho/{home.pk}/nhap-vao/", said | {"into": "H9999999"}).status_code == 422
    assert nurse.post(f"/ho/{home.pk}/nhap-vao/", said | {"into": home.code}).status_code == 422
    assert nurse.post(f"/ho/{home.pk}/nhap-vao/", said).url == f"/ho/{other.pk}/"
    page = nurse.get(f"/ho/{home.pk}/").content.decode()
    assert "Đã nhập vào hộ khác" in page and other.code in page
    assert home not in nurse.get("/ho/").context["page"].items

    head = a_person(station, "Hồ Văn Tám")
    said = {"form_key": str(uuid7()), "hamlet": str(home.hamlet_id), "head": head.code, "reach": "country"}
    response = nurse.post("/ho/moi/", said)
    assert response.status_code == 422
    assert "since" in response.context["form"].errors
    assert nurse.post("/ho/moi/", said | {"form_key": str(uuid7()), "since": SAID}).status_code == 302
    assert ResidenceEvent.unscoped.filter(kind="arrived", on=DAY).count() == 1


def test_a_wedding_on_pages(nurse, home, station):
    from django.core.management import call_command

    call_command("load_catalogues", only=["parameters"])
    bride = a_person(station, "Đinh Thị Mười", birth_date=dt.date(1996, 1, 1))
    son = row("Phạm Văn Năm")
    Person.unscoped.filter(pk=son.person_id).update(sex="male")
    url = f"/ho/{home.pk}/thanh-vien/{son.pk}/ket-hon/"
    said = key() | {"spouse": bride.code, "moves": "comes", "relation": "07"}
    response = nurse.post(url, said)
    assert response.status_code == 422
    assert "chuyển đến từ đâu" in response.context["form"].errors["reach"][0]
    assert not ResidenceEvent.unscoped.exists()
    assert nurse.post(url, said | key() | {"reach": "province"}).status_code == 302
    assert row("Đinh Thị Mười").household == home
    url = url.replace("ket-hon", "ly-hon")
    said = key() | {"spouse": bride.code, "moves": "away_other"}
    assert "reach" in nurse.post(url, said).context["form"].errors
    assert nurse.post(url, key() | said | key() | {"moves": "stays"}).status_code == 302
    bride.refresh_from_db()
    assert bride.marital_status == "4"


@pytest.mark.parametrize("number", [2, 20])
def test_the_history_costs_the_same_at_any_length(nurse, home, number):
    for each in range(number):
        an_event(home, "head", *(row(n).person for n in ("Phạm Văn Ba", "Phạm Văn Năm")[: each % 2 + 1]))
    url = f"/ho/{home.pk}/lich-su/"
    nurse.get(url)
    with CaptureQueriesContext(connection) as made:
        assert len(nurse.get(url).context["lines"]) == number
    assert len(made) <= 9, [query["sql"][:90] for query in made]
    assert ReadEntry.objects.filter(screen="household.history").exists()


def test_strangers_find_nothing(nurse, home):
    there = a_household(a_station("21490", "Trạm Y tế xã Ba Vì"))
    foreign = an_event(there, "departed")
    own = an_event(home, "departed")
    for path in (
        f"{there.pk}/tach/", f"{there.pk}/nhap-vao/", f"{there.pk}/lich-su/", f"{there.pk}/chuyen-di/",
        f"{home.pk}/chuyen-ve/{foreign.pk}/", f"{there.pk}/chuyen-ve/{own.pk}/",
        f"{home.pk}/het-tam-vang/{own.pk}/", f"{home.pk}/lich-su/{foreign.pk}/rut-lai/",
        f"{there.pk}/lich-su/{own.pk}/rut-lai/", f"{home.pk}/thanh-vien/{uuid7()}/ket-hon/",
    ):  # fmt: skip
        assert nurse.get(f"/ho/{path}").status_code == 404, path
        assert nurse.post(f"/ho/{path}", key()).status_code in (404, 405), path
    response = nurse.post(f"/ho/{home.pk}/nhap-vao/", key() | {"into": there.code + "9"})
    assert "into" in response.context["form"].errors


def test_the_household_picker_knows_members_and_codes(nurse, home):
    other = a_household(a_station("21490", "Trạm Y tế xã Ba Vì"), None)
    for typed in ("pham thi sau", home.code, home.code.lower()):
        page = nurse.post("/danh-muc/chon/household/", {"q": typed}).content.decode()
        assert home.code in page and "Hộ Phạm Văn Ba" in page
    page = nurse.post("/danh-muc/chon/household/", {"q": "nguyen thi hoa"}).content.decode()
    assert "Nguyễn Thị Hòa" not in page and other.hamlet.name not in page.replace(home.hamlet.name, "")


def test_who_may_only_look_changes_nothing(station, home):
    worker = client_of(a_user_of("pharmacist", station))
    for path in ("tach/", "nhap-vao/", "doi-cho-o/", "chuyen-di/", "tam-vang/"):
        assert worker.post(f"/ho/{home.pk}/{path}", key()).status_code == 403


# --- several at once to another family


@pytest.fixture
def beside(station):
    """Another family of the station."""
    return a_household(station, a_person(station, "Đinh Văn Bên", sex="male"))


def test_several_move_at_once(nurse, home, beside):
    url = f"/ho/{home.pk}/chuyen-ho/"
    page = nurse.get(f"{url}?nguoi={row('Phạm Thị Sáu').pk}")
    assert page.context["form"]["people"].value() == [str(row("Phạm Thị Sáu").pk)]
    said = key() | {
        "people": [str(row("Phạm Văn Năm").pk), str(row("Phạm Thị Sáu").pk)],
        relation("Phạm Văn Năm"): "05",
        relation("Phạm Thị Sáu"): "05",
        "into": beside.code,
    }
    assert nurse.post(url, said).url == f"/ho/{beside.pk}/"
    moved = Membership.unscoped.filter(household=beside, valid_to=None, is_head=False)
    assert {each.person.full_name for each in moved} == {"Phạm Văn Năm", "Phạm Thị Sáu"}
    event = ResidenceEvent.unscoped.get()
    assert event.kind == "moved" and event.people(manager="unscoped").count() == 2


def test_a_head_who_moves_names_who_stays_in_his_place(nurse, home, beside):
    head = Membership.unscoped.get(household=home, is_head=True)
    said = key() | {
        "people": [str(head.pk)],
        f"relation_{head.pk.hex}": "05",
        "into": beside.code,
    }
    response = nurse.post(f"/ho/{home.pk}/chuyen-ho/", said)
    assert response.status_code == 422 and list(response.context["form"].errors) == ["new_head"]
    said = said | key() | {"new_head": str(row("Phạm Văn Năm").pk)}
    assert nurse.post(f"/ho/{home.pk}/chuyen-ho/", said).status_code == 302
    assert row("Phạm Văn Năm").is_head


def test_into_ones_own_or_an_unknown_family_nobody_moves(nurse, home):
    said = key() | {"people": [str(row("Phạm Thị Sáu").pk)], relation("Phạm Thị Sáu"): "05"}
    for code in (home.code, "H9999999", ""):
        response = nurse.post(f"/ho/{home.pk}/chuyen-ho/", said | key() | {"into": code})
        assert response.status_code == 422, code
    assert not ResidenceEvent.unscoped.exists()


def test_a_new_head_from_a_day(nurse, home):
    url = f"/ho/{home.pk}/chu-ho/"
    assert nurse.get(url).status_code == 200
    said = key() | {
        "becomes_head": str(row("Phạm Văn Năm").pk),
        "relation": "",
        "on": "01/03/2026",
        "note": "Già yếu",
    }
    assert nurse.post(url, said).status_code == 302
    event = ResidenceEvent.unscoped.get()
    assert (event.kind, event.on, event.note) == ("head", dt.date(2026, 3, 1), "Già yếu")
    assert row("Phạm Văn Năm").is_head


# --- every kind of event is entered anew from its mistaken one


def mistaken(household, kind, *people, **fields):
    return an_event(
        household,
        kind,
        *people,
        state="entered_in_error",
        error_reason="nhầm",
        error_at=timezone.now(),
        **fields,
    )


def again(nurse, household, event):
    lines = nurse.get(f"/ho/{household.pk}/lich-su/").context["lines"]
    return next(line.again_url for line in lines if line.event.pk == event.pk)


@pytest.mark.parametrize("kind", [kind.value for kind in EventKind])
def test_each_kind_is_entered_again(nurse, home, beside, kind):
    """The page of a mistaken event leads to the form of the right one, which opens with it in its place."""
    son = row("Phạm Văn Năm")
    fields = {"from_household": home} if kind in ("split", "merged", "moved") else {}
    if kind in ("returned", "back"):
        fields["follows"] = an_event(home, {"returned": "departed", "back": "absent"}[kind], son.person)
    household = beside if kind in ("split", "merged", "moved") else home
    event = mistaken(household, kind, son.person, **fields)
    url = again(nurse, home, event)
    assert url.endswith(f"?thay={event.pk}"), url
    page = nurse.get(url)
    assert page.status_code == 200
    if kind != "died":
        assert str(page.context["form"]["replaces"].value()) == str(event.pk)


def test_who_has_gone_is_entered_nowhere_again(nurse, home):
    son = row("Phạm Văn Năm")
    event = mistaken(home, "married", son.person)
    Membership.unscoped.filter(pk=son.pk).update(valid_to=dt.date(2026, 3, 1))
    assert again(nurse, home, event) == ""


def test_the_right_departure_from_a_family_points_back(nurse, home):
    event = mistaken(home, "left", row("Phạm Thị Sáu").person)
    said = key() | {"on": "01/03/2026", "replaces": str(event.pk)}
    assert nurse.post(again(nurse, home, event), said).status_code == 302
    event.refresh_from_db()
    assert ResidenceEvent.unscoped.get(pk=event.replaced_by_id).kind == "left"


def test_reading_many_mistakes_costs_no_more(nurse, home):
    son = row("Phạm Văn Năm").person

    def ask():
        with CaptureQueriesContext(connection) as queries:
            nurse.get(f"/ho/{home.pk}/lich-su/")
        return len(queries)

    for _ in range(2):
        mistaken(home, "married", son)
    ask()
    few = ask()
    for _ in range(18):
        mistaken(home, "married", son)
    assert ask() == few


@pytest.mark.parametrize("page", ["tach/", "chuyen-di/", "tam-vang/", "dien/", "dieu-kien-song/", "lich-su/"])
def test_a_family_goes_by_the_name_of_its_head(nurse, home, page):
    """In headings; in no title, which the browser keeps in its history."""
    content = nurse.get(f"/ho/{home.pk}/{page}").content.decode()
    back = content.split('class="back"')[1].split("</a>")[0]
    assert "Hộ Phạm Văn Ba" in back
    assert "Phạm Văn Ba" not in content.split("<title>")[1].split("</title>")[0]

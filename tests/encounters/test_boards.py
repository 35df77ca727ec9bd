"""The waiting room's screen and the ticket: numbers, names only where the station says so."""

import datetime as dt
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.models import PaperCode
from apps.encounters.desk import tickets
from apps.encounters.models import BoardScreen, QueueSetting, Room, Visit
from tests.factories import encounters as make
from tests.factories.patients import a_person

URL = "/kham/bang-so/man-hinh/"


def at(name, *args):
    return reverse(f"encounters:{name}", args=args)


@pytest.fixture
def screen(client):
    """A browser that was made a screen, with nobody signed in at it."""
    answer = client.post(at("screen_open"), {"form_key": uuid4()})
    cookie = answer.cookies["board"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", URL)
    alone = Client()
    alone.cookies["board"] = cookie.value
    return alone


def called(station, doctor, name="Đinh Thị Mai", room="Phòng 1", **fields):
    visit = make.a_visit(a_person(station, name), doctor, reason="Ho ra máu")
    place = Room.unscoped.create(facility=station, name=room)
    Visit.unscoped.filter(pk=visit.pk).update(call="called", called_at=timezone.now(), room=place, **fields)
    return visit


def test_it_works(screen, station, doctor):
    called(station, doctor)
    make.a_visit(a_person(station, "Hồ Văn Rin"), doctor)
    page = screen.get(URL).content.decode()
    assert '<b class="board-number">1</b>' in page
    assert "Phòng 1" in page
    assert "<li>2</li>" in page
    for secret in ("Mai", "Đinh", "Rin", "Ho ra máu"):
        assert secret not in page


def test_names_only_where_the_station_says_so(screen, client, station, doctor):
    called(station, doctor)
    client.post(at("board_settings"), {"form_key": uuid4(), "what": "names", "shown": "1"})
    assert QueueSetting.unscoped.get().shows_names
    page = screen.get(URL).content.decode()
    assert "Mai" in page
    assert "Đinh Thị" not in page


def test_a_restricted_visit_is_a_number_always(screen, station, doctor):
    QueueSetting.unscoped.create(facility=station, shows_names=True)
    called(station, doctor, restricted=True)
    page = screen.get(URL).content.decode()
    assert '<b class="board-number">1</b>' in page
    assert "Mai" not in page


def test_without_the_key_nothing_is_shown(station, doctor):
    called(station, doctor)
    stranger = Client()
    for key in ("", "x", "a" * 43):
        stranger.cookies["board"] = key
        answer = stranger.get(URL)
        assert answer.status_code == 403
        assert "Phòng 1" not in answer.content.decode()


def test_a_screen_of_another_station_shows_its_own(elsewhere, station, doctor):
    called(station, doctor)
    elsewhere.post(at("screen_open"), {"form_key": uuid4()})
    page = elsewhere.get(URL).content.decode()
    assert "Chưa gọi số nào" in page
    assert "Phòng 1" not in page


def test_a_closed_screen_goes_dark(screen, client):
    assert screen.get(URL).status_code == 200
    client.post(at("screen_close", BoardScreen.unscoped.get().pk), {"form_key": uuid4()})
    assert screen.get(URL).status_code == 403
    again = screen.get(URL, headers={"HX-Request": "true"})
    assert again.headers["HX-Refresh"] == "true"


def test_an_old_screen_goes_dark(screen):
    BoardScreen.unscoped.update(expires_at=timezone.now() - dt.timedelta(minutes=1))
    assert screen.get(URL).status_code == 403


def test_nobody_closes_anothers_screen(screen, elsewhere):
    row = BoardScreen.unscoped.get()
    assert elsewhere.post(at("screen_close", row.pk), {"form_key": uuid4()}).status_code == 404
    assert screen.get(URL).status_code == 200


def test_the_key_is_not_kept(screen):
    assert screen.cookies["board"].value not in BoardScreen.unscoped.get().key_hash


def test_a_screen_that_asks_again_is_told_nothing_while_nothing_changes(screen, station, doctor):
    called(station, doctor)
    page = screen.get(URL).content.decode()
    mark = page.split("?mark=")[1].split('"')[0]
    assert screen.get(f"{URL}?mark={mark}", headers={"HX-Request": "true"}).status_code == 204
    called(station, doctor, "Hồ Văn Rin", "Phòng 2")
    answer = screen.get(f"{URL}?mark={mark}", headers={"HX-Request": "true"})
    assert "Phòng 2" in answer.content.decode()


def test_the_key_opens_nothing_else(screen):
    assert screen.get("/kham/hang-cho/").status_code == 302


def test_the_page_costs_the_same_for_many(screen, station, doctor, django_assert_max_num_queries):
    for n in range(12):
        make.a_visit(a_person(station, f"Hồ Văn {n}"), doctor)
    screen.get(URL)
    with django_assert_max_num_queries(7):
        screen.get(URL)


# ---- rooms


def test_rooms_are_named_and_ended(client, station):
    client.post(
        at("board_settings"), {"form_key": uuid4(), "what": "room", "name": "Phòng 1", "position": "1"}
    )
    room = Room.unscoped.get()
    again = client.post(
        at("board_settings"), {"form_key": uuid4(), "what": "room", "name": "Phòng 1", "position": "2"}
    )
    assert again.status_code == 422
    assert "Đã có phòng, bàn tên Phòng 1" in again.content.decode()
    client.post(at("room_end", room.pk), {"form_key": uuid4()})
    room.refresh_from_db()
    assert not room.is_active


def test_nobody_ends_anothers_room(elsewhere, station):
    room = Room.unscoped.create(facility=station, name="Phòng 1")
    assert elsewhere.post(at("room_end", room.pk), {"form_key": uuid4()}).status_code == 404


def test_who_may_not_settle_leaves_the_names_alone(nurse_client, station):
    answer = nurse_client.post(at("board_settings"), {"form_key": uuid4(), "what": "names", "shown": "1"})
    assert answer.status_code == 403
    assert not QueueSetting.unscoped.exists()


# ---- the ticket


def ticket_of(visit, rf):
    row = Visit.unscoped.select_related("person", "room", "facility__unit", "point").get(pk=visit.pk)
    return tickets.tickets([row], rf.get("/"))[0]


def test_the_ticket_tells_no_more_than_it_must(client, station, doctor, rf, as_doctor):
    visit = called(station, doctor)
    found = ticket_of(visit, rf)
    assert (found["number"], found["facility"], found["room"], found["name"]) == (
        1,
        station.name,
        "Phòng 1",
        "",
    )
    assert "Ho ra máu" not in str({key: value for key, value in found.items() if key != "qr"})
    assert PaperCode.objects.get(kind="ticket").copies == 1


def test_the_ticket_is_a_pdf(client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    answer = client.get(f"{at('tickets')}?luot={visit.pk}&luot={uuid4()}&luot=x")
    assert answer.content.startswith(b"%PDF")
    assert answer.headers["Content-Disposition"] == 'inline; filename="phieu-so.pdf"'


def test_a_stranger_prints_nothing(elsewhere, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    assert elsewhere.get(f"{at('tickets')}?luot={visit.pk}").status_code == 404

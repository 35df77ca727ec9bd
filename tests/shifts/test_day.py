"""The day's end: each count with the page that shows exactly these; as many queries whatever is left."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.core import registry
from apps.core.models import ReadEntry
from apps.core.registry import DayEndFigure, DayEndLine
from apps.core.scope import enter
from apps.encounters import states
from apps.encounters.models import ProcedureSheet, Visit
from apps.facilities.models import Practitioner
from apps.facilities.posts import scope_for
from apps.shifts import queries, rules
from apps.shifts.rules import Line
from tests.encounters.money.test_ordered import an_order
from tests.factories import encounters as make
from tests.factories.accounts import a_member, client_of
from tests.factories.patients import a_person
from tests.factories.stock import a_lot, a_place, an_item
from tests.shifts.conftest import Ward, a_paid_receipt


def lines(user: User, ward: Ward) -> dict[str, Line]:
    scope = scope_for(User.objects.get(pk=user.pk), ward.station.pk)
    assert scope is not None
    with enter(scope):
        return {line.key: line for line in queries.lines(scope)}


def visits(ward: Ward, doctor: Practitioner, many: int) -> None:
    """So many left of each kind: waiting today, left waiting, begun, unsigned."""
    yesterday = timezone.now() - dt.timedelta(days=1)
    for number in range(many):
        make.a_visit(a_person(ward.station, f"Đinh Văn Chờ {number}"), doctor)
        make.a_visit(a_person(ward.station, f"Đinh Văn Sót {number}"), doctor, at=yesterday)
        make.an_examined_visit(a_person(ward.station, f"Đinh Văn Dở {number}"), doctor)
        ended = make.a_finished_visit(a_person(ward.station, f"Đinh Văn Ký {number}"), doctor)
        Visit.unscoped.filter(pk=ended.pk).update(state=states.AWAITING_SIGNATURE)


def test_it_works(ward: Ward) -> None:
    doctor = make.a_practitioner(ward.station)
    visits(ward, doctor, 2)
    found = lines(ward.nurse, ward)
    counts = {key: found[key].count for key in ("queue", "unfinished", "unsigned", "observed")}
    assert counts == {"queue": 2, "unfinished": 4, "unsigned": 2, "observed": 0}
    assert "cash" not in found, "no money was ever taken here"
    page = ward.giver.get("/cuoi-ngay/").content.decode()
    assert "còn 3 mục chưa xong" in page and "Đinh Văn" not in page
    shown = ward.giver.get(found["unfinished"].url).content.decode()
    assert shown.count("Đinh Văn Dở") == 2 and shown.count("Đinh Văn Sót") == 2
    assert "Đinh Văn Chờ" not in shown and "Đinh Văn Ký" not in shown
    assert ward.giver.get(found["unsigned"].url).content.decode().count("Đinh Văn Ký") == 2
    assert ReadEntry.objects.filter(screen="visit.left").count() == 2
    assert len(ReadEntry.objects.filter(screen="visit.left").order_by("seq").first().person_ids) == 4


def test_each_line_leads_to_a_page_that_its_reader_may_open(ward: Ward) -> None:
    head = a_member("station_head", ward.station, "truong.tt", "Đinh Văn Trưởng")
    for user in (ward.nurse, ward.midwife, head, a_member("pharmacist", ward.station, "duoc", "Lê Thị Dược")):
        client = client_of(user)
        for line in lines(user, ward).values():
            assert client.get(line.url).status_code == 200, (user.username, line.key)


def test_the_same_queries_for_2_and_for_20(ward: Ward) -> None:
    doctor, costs = make.a_practitioner(ward.station), []
    item, place = an_item(ward.station, controlled="narcotic"), a_place(ward.station)
    for many in (2, 18):
        visits(ward, doctor, many)
        a_lot(item, place, 5, f"L{many}")
        scope = scope_for(User.objects.get(pk=ward.nurse.pk), ward.station.pk)
        assert scope is not None
        with enter(scope), CaptureQueriesContext(connection) as asked:
            queries.lines(scope)
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 40


def test_who_lies_in_a_bed(ward: Ward) -> None:
    doctor = make.a_practitioner(ward.station)
    visit = make.a_finished_visit(a_person(ward.station, "Đinh Văn Nằm"), doctor)
    make.a_finished_visit(a_person(ward.station, "Đinh Văn Về"), doctor)
    order = an_order(visit, kind="procedure", name="Giường lưu", form="observation")
    sheet = ProcedureSheet.unscoped.create(order=order, form="observation", started_at=timezone.now())
    line = lines(ward.nurse, ward)["observed"]
    assert (line.count, line.state) == (1, "danger")
    shown = ward.giver.get(line.url).content.decode()
    assert "Đinh Văn Nằm" in shown and "Đinh Văn Về" not in shown
    ProcedureSheet.unscoped.filter(pk=sheet.pk).update(state="final", ended_at=timezone.now())
    assert lines(ward.nurse, ward)["observed"].count == 0


def test_cash_that_nobody_counted(ward: Ward) -> None:
    a_paid_receipt(ward)
    line = lines(ward.nurse, ward)["cash"]
    assert line.count == 1 and line.state == "danger" and "36.500" in line.words and "chưa khóa" in line.asks


def test_controlled_drugs_that_nobody_counted(ward: Ward) -> None:
    assert "controlled" not in lines(ward.nurse, ward), "a station without them is not asked"
    item, place = an_item(ward.station, "Morphin 10mg", controlled="narcotic"), a_place(ward.station)
    a_lot(item, place, 5)
    a_lot(an_item(ward.station), place, 5)
    line = lines(ward.nurse, ward)["controlled"]
    assert line.count == 1 and "1 thuốc" in line.asks
    shown = ward.giver.get(line.url).content.decode()
    assert "Morphin" in shown and "Paracetamol" not in shown


def test_who_lacks_a_right_is_not_told(ward: Ward) -> None:
    officer = a_member("population", ward.station, "ds", "Cán bộ dân số")
    assert not {"cash", "queue", "stock_short"} & lines(officer, ward).keys()
    worker = a_member("village_worker", ward.station, "thon", "Y tế thôn")
    assert client_of(worker).get("/cuoi-ngay/").status_code == 403
    assert client_of(worker).get("/kham/con-do/").status_code == 403


def test_a_room_plugs_in_its_line(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry.day_end, "_items", dict(registry.day_end._items))
    registry.day_end.add(
        DayEndLine(
            "fridge", "Tủ lạnh chưa ghi", registry.STORE, "stock.view", lambda scope: DayEndFigure(1, "/kho/")
        ),
        DayEndLine("none", "Không có", registry.STORE, "stock.view", lambda scope: None),
    )
    page = ward.giver.get("/cuoi-ngay/").content.decode()
    assert "Tủ lạnh chưa ghi" in page and "Không có" not in page


def test_it_is_printed(ward: Ward) -> None:
    answer = ward.giver.get("/cuoi-ngay/in.pdf")
    assert answer.content.startswith(b"%PDF") and "no-store" in answer["Cache-Control"]


def test_the_home_page_leads_there(ward: Ward) -> None:
    assert 'href="/cuoi-ngay/"' in ward.giver.get("/").content.decode()


# --- pure


def a_line(key: str, group: str, count: int, **fields: Any) -> Line:
    return Line(key=key, title=key, group=group, right="", count=count, state="warning", **fields)


def test_lines_under_their_headings() -> None:
    found = [a_line("a", "Kho", 1), a_line("b", "Tiền", 0, asks="?"), a_line("c", "Khác", 2, asks="Vẫn?")]
    grouped = rules.grouped(found, ("Người bệnh", "Tiền", "Kho"))
    assert [(group, [line.key for line in each]) for group, each in grouped] == [
        ("Tiền", ["b"]),
        ("Kho", ["a"]),
        ("Khác", ["c"]),
    ]
    assert rules.left(found) == 2 and rules.questions(found) == [("c", "Vẫn?")]


def test_a_kept_line_is_read_again() -> None:
    line = a_line("a", "Kho", 3, words="chữ", url="/x/", asks="?")
    kept = line.stored()
    assert "url" not in kept and rules.read(kept | {"new": 1}) == a_line("a", "Kho", 3, words="chữ")
    assert rules.read({}).count == 0

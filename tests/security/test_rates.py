"""What can be tried again and again is bounded, by account and by machine, with a sentence."""

from typing import Any

import pytest
from django.test import Client

from apps.core import rates
from apps.core.models import RateCount
from apps.core.rates import Limit, over
from tests.security.conftest import Attacker, Here

WHO = {"user": "u1", "address": "10.0.0.1"}


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    tight = {("search", "user"): Limit(2, 60), ("search", "address"): Limit(3, 60)}
    tight |= {("look_up", "user"): Limit(1, 60), ("api", "user"): Limit(1, 60)}
    tight |= {("password", "user"): Limit(2, 300)}
    tight |= {("sign_in", "name"): Limit(2, 300), ("sign_in", "address"): Limit(4, 300)}
    monkeypatch.setattr(rates, "LIMITS", tight)


def test_it_works(db: None, tight: None) -> None:
    assert [over("search", WHO, now=600.0) for _ in range(3)] == [0, 0, 60]
    assert over("search", WHO, now=650.0) == 10
    assert over("search", WHO, now=660.0) == 0, "a new window"


def test_one_account_does_not_use_up_another(db: None, tight: None) -> None:
    for _ in range(3):
        over("search", {"user": "u1"}, now=0.0)
    assert over("search", {"user": "u2"}, now=0.0) == 0


def test_many_accounts_of_one_machine_are_bounded(db: None, tight: None) -> None:
    waits = [over("search", {"user": f"u{n}", "address": "10.0.0.1"}, now=0.0) for n in range(4)]
    assert waits == [0, 0, 0, 60]


def test_one_statement_counts_all(db: None, tight: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        over("search", WHO, now=0.0)
    assert RateCount.objects.count() == 2


def test_the_table_waits_for_no_disk(db: None) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'core_ratecount'")
        assert cursor.fetchone()[0] in ("u", b"u")


def test_a_shared_cache_counts_as_the_table_does(settings: Any, tight: None) -> None:
    from django.core.cache import cache

    cache.clear()
    settings.REDIS_URL = "redis://somewhere"  # the cache itself stays the tests' own
    assert [over("search", {"user": "u9"}, now=0.0) for _ in range(3)] == [0, 0, 60]
    cache.clear()


@pytest.mark.parametrize("path", ["/tim/", "/tim/nhanh/"])
def test_searching_without_end(own: Here, nurse: Attacker, tight: None, path: str) -> None:
    answers = [nurse.post(path, q="zzz") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert "Hãy chờ" in answers[-1].content.decode()


def test_a_part_of_a_page_gets_no_page(own: Here, nurse: Attacker, tight: None) -> None:
    for _ in range(2):
        nurse.post("/tim/nhanh/", q="zzz")
    answer = nurse.client.post("/tim/nhanh/", {"q": "zzz"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.content) == (429, b"")


def test_looking_up_without_end(own: Here, nurse: Attacker, tight: None) -> None:
    assert [nurse.post("/danh-muc/chon/icd10/", q="a").status_code for _ in range(2)] == [200, 429]


def test_codes_of_slips_are_not_tried_without_end(own: Here, nurse: Attacker, tight: None) -> None:
    answers = [nurse.get(f"/nhap-bu/phieu/23456789B{last}/") for last in "BC"]
    assert [answer.status_code for answer in answers] == [404, 429]


@pytest.mark.parametrize(
    ("path", "field"), [("/doi-mat-khau/", "old"), ("/ma-pin/", "password"), ("/ma-xac-thuc/", "code")]
)
def test_the_own_password_is_not_guessed_at_an_open_screen(
    own: Here, nurse: Attacker, tight: None, path: str, field: str
) -> None:
    answers = [nurse.post(path, **{field: f"doan-{n}"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [422, 422, 429]
    assert nurse.get(path).status_code == 200


def test_the_api_without_end(own: Here, nurse: Attacker, tight: None) -> None:
    answers = [nurse.get("/api/people/") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert int(answers[1]["Retry-After"]) > 0
    assert "Request" not in answers[1].content.decode()


def test_one_name_is_not_tried_from_many_machines(db: None, tight: None) -> None:
    def tried(machine: int, name: str) -> int:
        data = {"username": name, "password": "x"}
        return Client().post("/dang-nhap/", data, REMOTE_ADDR=f"10.0.0.{machine}").status_code

    assert [tried(n, name) for n, name in enumerate(("lan", "LAN ", "lan"))] == [422, 422, 429]
    assert tried(9, "hoa") == 422
    assert not RateCount.objects.filter(key__contains="lan").exists(), "a typed name is kept as a hash"


def test_many_names_are_not_tried_from_one_machine(db: None, tight: None) -> None:
    answers = [Client().post("/dang-nhap/", {"username": f"n{n}", "password": "x"}) for n in range(5)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 429]


def test_opening_the_door_is_not_counted(db: None, tight: None) -> None:
    assert {Client().get("/dang-nhap/").status_code for _ in range(6)} == {200}

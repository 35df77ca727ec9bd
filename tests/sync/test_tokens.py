"""Tokens that a receiver gives for an hour, and all it may answer instead."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.sync import worker
from apps.sync.models import Receiver
from apps.sync.receivers import adapter_for, http, tokens
from apps.sync.receivers.base import Answer
from tests.factories.sync import row_of, visit

pytestmark = pytest.mark.django_db
SECRET = "TRAMYTE_RECEIVER_KHO"


@pytest.fixture
def giving(receiver, liar, monkeypatch):
    """The receiver gives tokens to a client whose secret is in the environment."""
    tokens._kept.clear()
    tokens._failed.clear()
    liar.client = "tram:bi-mat+1"
    liar.token = "none is good before one was asked for"
    monkeypatch.setenv(SECRET, "bi-mat+1")
    url = liar.base_url.removesuffix("/fhir") + "/token"
    receiver.token_key = SECRET
    receiver.settings = {"token": {"url": url, "client": "tram", "auth": "body"}}
    receiver.save()
    yield receiver
    tokens._kept.clear()


def sent(book, clock, seconds=0):
    record = book.save(visit())
    clock.forward(seconds)
    worker.drain(clock=clock)
    return row_of(record)


def test_it_works(book, giving, liar, clock):
    assert [sent(book, clock).state for _ in range(3)] == ["accepted"] * 3
    assert liar.asked_for_tokens == 1, "one token serves until it ends"


def test_the_secret_may_stand_in_the_head(book, giving, liar, clock, monkeypatch):
    giving.settings["token"]["auth"] = "basic"
    giving.save()
    liar.client = "tram:bi-mat"
    monkeypatch.setenv(SECRET, "bi-mat")
    assert sent(book, clock).state == "accepted"


def test_a_token_is_renewed_before_its_end(book, giving, liar, clock, monkeypatch):
    liar.token_seconds = 120
    now = tokens.time.monotonic()
    monkeypatch.setattr(tokens.time, "monotonic", lambda: now)
    sent(book, clock)
    monkeypatch.setattr(tokens.time, "monotonic", lambda: now + 59)
    sent(book, clock)
    assert liar.asked_for_tokens == 1
    monkeypatch.setattr(tokens.time, "monotonic", lambda: now + 61)
    sent(book, clock)
    assert liar.asked_for_tokens == 2


def test_a_token_that_was_taken_back_is_asked_for_anew(book, giving, liar, clock):
    sent(book, clock)
    liar.token = "another one"
    assert sent(book, clock).state == "accepted"
    assert liar.asked_for_tokens == 2
    assert Receiver.objects.get().paused_at is None


def test_threads_that_waited_take_what_came_of_the_first(book, giving, liar):
    """Whether a token or its refusal: nobody asks again for what was answered while she waited."""
    asked: list[str] = []

    def refused(url, body, headers):
        asked.append(url)
        time.sleep(0.05)  # the others come meanwhile
        return Answer(500)

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: tokens.bearer(giving, refused), range(4)))
    assert [answer.status for _, answer in said] == [500] * 4
    assert len(asked) == 1


def test_accounts_do_not_wait_for_each_others_sign_in(giving):
    """One after the other they would be slower than an attempt may be."""
    giving.settings["token"] |= {"client": "{unit}", "auth": "login", "unit": "ma"}
    giving.token_key = ""
    both = threading.Barrier(2)

    def answered(url, body, headers):
        both.wait(5)  # raises where the other is not let in meanwhile
        return Answer(200, {}, b'{"access_token": "t", "expires_in": 900}')

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda unit: tokens.bearer(giving, answered, unit), ("99001", "99002")))
    assert said == [("t", None)] * 2


def test_a_refused_client_pauses_the_receiver_after_two_tries(book, giving, liar, clock, monkeypatch):
    monkeypatch.setenv(SECRET, "sai")
    row = sent(book, clock)
    assert (row.state, row.need) == ("paused", "admin")
    assert liar.asked_for_tokens == 2 and liar.requests == []
    sent(book, clock)
    assert liar.asked_for_tokens == 2, "no storm of sign-ins"


@pytest.mark.parametrize(
    ("status", "told", "state"),
    [
        (500, b"", "pending"),
        (0, b"", "pending"),  # the line drops
        (200, b"<html>", "pending"),
        (200, b"[]", "pending"),
        (200, b'{"access_token": 7}', "pending"),
        (200, b'{"access_token": "a b"}', "pending"),
        (200, b'{"access_token": "a\\r\\nX-Evil: 1"}', "pending"),
        (200, b'{"access_token": ""}', "pending"),
        (429, b"", "pending"),
        (403, b"", "paused"),
        (404, b"", "paused"),
        (302, b"", "paused"),
    ],
)
def test_what_is_answered_instead_of_a_token(book, giving, liar, clock, status, told, state):
    liar.token_faults = [(status, told)]
    row = sent(book, clock)
    assert row.state == state and liar.requests == []
    if state == "pending":
        clock.forward(3600)
        worker.drain(clock=clock)
        row.refresh_from_db()
        assert row.state == "accepted"


@pytest.mark.parametrize("seconds", [None, "x", -1, 0, True, 1e12, [], 3600.5])
def test_how_long_a_token_lives_is_a_strangers_word(book, giving, liar, clock, seconds):
    liar.token_seconds = seconds
    assert sent(book, clock).state == "accepted"
    kept = tokens._kept[giving.pk, ""].until - tokens.time.monotonic()
    assert 0 < kept <= tokens.LONGEST


def test_the_tokens_address_is_judged_as_the_receivers(book, giving, clock):
    Receiver.objects.update(allow_private=False)
    assert sent(book, clock).state == "paused"


def test_another_setting_asks_anew(book, giving, liar, clock):
    sent(book, clock)
    giving.settings["token"]["scope"] = "kho.ghi"
    giving.save()
    assert sent(book, clock).state == "accepted" and liar.asked_for_tokens == 2


def test_without_the_setting_the_secret_is_the_token(book, receiver, liar, clock, monkeypatch):
    monkeypatch.setenv(SECRET, "ma-truy-cap")
    liar.token, receiver.token_key = "ma-truy-cap", SECRET
    receiver.save()
    assert sent(book, clock).state == "accepted" and liar.asked_for_tokens == 0


@pytest.mark.parametrize(
    "said",
    [
        "https://x",
        {},
        {"url": "https://x"},
        {"url": "https://x", "client": "c", "secret": "s"},
        {"url": "https://x", "client": 7},
        {"url": "https://x", "client": "c", "auth": "query"},
    ],
)
def test_settings_that_cannot_be_are_refused(receiver, said):
    receiver.settings = {"token": said}
    with pytest.raises(ValueError, match="token"):
        tokens.wanted(receiver)
    with pytest.raises(ValueError):
        adapter_for(receiver)
    assert http.post(receiver, b"{}", "1", "application/json").error == "address"


def test_neither_secret_nor_token_stands_in_the_answers(book, giving, liar, clock):
    liar.token_faults = [(500, json.dumps({"echo": "bi-mat+1"}).encode())]
    row = sent(book, clock)
    kept = " ".join(f"{answer.answer} {answer.reason}" for answer in row.answers(manager="unscoped").all())
    assert "bi-mat" not in kept and "token-" not in kept

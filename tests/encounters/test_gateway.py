"""The gateway of insurance cards: absent, right, slow, lying, failing. Reception never waits for it."""

import datetime as dt
import threading

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core import ports
from apps.core.models import Parameter
from apps.encounters import checks
from apps.encounters.desk import gateway
from apps.encounters.desk.gateway import CardAnswer, CardAsked
from apps.encounters.models import CardCheck, Visit
from tests.factories.catalogues import shipped_once
from tests.factories.patients import a_card

TODAY = timezone.localdate
ASKED = CardAsked("DN4515112345678", "Nguyễn Thị Hòa", "05/03/1990")


codes = shipped_once("reception")


class Fake:
    """An adapter that answers what it was told to."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def look_up(self, asked, seconds):
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def connect(monkeypatch):
    def connected(answer):
        adapter = answer if hasattr(answer, "look_up") else Fake(answer)
        monkeypatch.setitem(ports._provided, gateway.CardGateway, adapter)
        return adapter

    return connected


def test_it_works(connect):
    adapter = connect(CardAnswer("000", ASKED.number, "NGUYEN THI HOA", valid_to=dt.date(2099, 12, 31)))
    found = gateway.look_up(ASKED, TODAY())
    assert (found.code, found.kind, found.state) == ("000", "good", "done")
    assert found.sentence == "000 – Thông tin thẻ đúng"
    assert adapter.asked == [ASKED]


def test_absent_by_default():
    found = gateway.look_up(ASKED, TODAY())
    assert (found.code, found.state) == ("", "off")
    assert "Chưa kết nối cổng" in found.sentence
    assert not gateway.is_connected()


@pytest.mark.parametrize("code", ["001", "003", "010", "050", "060", "070", "110", "130", "401"])
def test_each_code_has_words_and_something_to_do(connect, code):
    connect(CardAnswer(code, ASKED.number))
    found = gateway.look_up(ASKED, TODAY())
    assert found.code == code
    assert found.kind
    assert found.advice


@pytest.mark.parametrize(
    "answer",
    [
        CardAnswer("000", "GD4790000000000"),  # about another card
        CardAnswer("999", ASKED.number),  # a code nobody knows
        CardAnswer(
            "000", ASKED.number, "", dt.date(2026, 5, 1), dt.date(2026, 1, 1)
        ),  # ends before it begins
        "<html>Bad gateway</html>",
        None,
    ],
)
def test_a_strange_answer_is_not_used(connect, answer):
    connect(answer)
    found = gateway.look_up(ASKED, TODAY())
    assert (found.code, found.sentence) == ("", gateway.STRANGE)


def test_right_and_somebody_else_is_told_as_different(connect):
    connect(CardAnswer("000", ASKED.number, "Trần Văn Nam"))
    assert gateway.look_up(ASKED, TODAY()).code == "060"


def test_right_of_a_card_that_has_ended_is_told_as_ended(connect):
    connect(CardAnswer("000", ASKED.number, ASKED.name, valid_to=TODAY() - dt.timedelta(days=1)))
    assert gateway.look_up(ASKED, TODAY()).code == "010"


def test_the_short_number_is_part_of_the_card(connect):
    connect(CardAnswer("000", "DN4515112345678"))
    assert gateway.look_up(CardAsked("5112345678", "", "1990"), TODAY()).code == "000"
    assert gateway.look_up(CardAsked("051185000123", "", "1990"), TODAY()).code == "000"


def test_a_failing_adapter_is_a_sentence(connect):
    connect(ConnectionError("DN4515112345678 refused"))
    assert gateway.look_up(ASKED, TODAY()).sentence == gateway.FAILED


def test_a_slow_one_is_left_alone_and_takes_no_more_threads(connect):
    answered = threading.Event()

    class Slow:
        def look_up(self, asked, seconds):
            answered.wait(20)
            return CardAnswer("000", asked.number)

    Parameter.objects.filter(key="cards.gateway_seconds").update(value=0.05)
    connect(Slow())
    try:
        slow = [gateway.look_up(ASKED, TODAY()).sentence for _ in range(gateway.AT_ONCE)]
        assert all("chưa trả lời sau 0,05 giây" in sentence for sentence in slow)
        assert gateway.look_up(ASKED, TODAY()).sentence == gateway.BUSY
    finally:
        answered.set()


# ---- on the page


def opened(client, hoa, **said):
    url = reverse("encounters:open", args=[hoa.pk])
    form = {"form_key": "0192f0c0-0000-7000-8000-000000000001", "payer": "bhyt", "kind": "exam"}
    return client.post(url, form | said)


def test_the_page_says_that_nothing_is_connected(client, hoa):
    page = client.get(reverse("encounters:open", args=[hoa.pk])).content.decode()
    assert "Chưa kết nối cổng" in page
    assert "Tra cứu thẻ ở cổng" not in page


def test_the_answer_travels_signed_to_the_visit(client, hoa, connect):
    card = a_card(hoa)
    connect(CardAnswer("003", card.number))
    url = reverse("encounters:look_up", args=[hoa.pk])
    part = client.post(url, {"card": card.pk}).content.decode()
    assert "003 – Thẻ cũ hết giá trị, đã cấp thẻ mới" in part
    token = part.split('name="lookup_token" value="')[1].split('"')[0]
    opened(client, hoa, card=card.pk, lookup_token=token)
    check = CardCheck.unscoped.get()
    assert (check.code, check.way, check.card_id) == ("003", "gateway", card.pk)


def test_what_she_types_is_hers(client, hoa):
    card = a_card(hoa)
    opened(client, hoa, card=card.pk, lookup="010", lookup_token="forged")
    check = CardCheck.unscoped.get()
    assert (check.code, check.way) == ("010", "typed")


def test_a_token_of_another_card_counts_for_nothing(client, hoa):
    card, other = a_card(hoa), a_card(hoa, "GD4515100000123", valid_from=None, valid_to=None)
    opened(client, hoa, card=card.pk, lookup_token=checks.signed(other.pk, "000"))
    assert Visit.unscoped.count() == 1
    assert not CardCheck.unscoped.exists()


def test_an_unknown_code_is_refused(client, hoa):
    card = a_card(hoa)
    assert opened(client, hoa, card=card.pk, lookup="777").status_code == 422


def test_without_a_card_it_asks_for_one(client, hoa, connect):
    adapter = connect(CardAnswer("000"))
    part = client.post(reverse("encounters:look_up", args=[hoa.pk]), {"card": "gì đó"}).content.decode()
    assert "Chọn thẻ BHYT" in part
    assert not adapter.asked


def test_a_stranger_asks_about_nobody(elsewhere, hoa, connect):
    adapter = connect(CardAnswer("000"))
    assert elsewhere.post(reverse("encounters:look_up", args=[hoa.pk]), {}).status_code == 404
    assert not adapter.asked

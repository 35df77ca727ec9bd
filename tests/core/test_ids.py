import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from apps.core.ids import uuid7


def test_it_works():
    made = uuid7(at_ms=0x017F22E279B0, random_bytes=bytes.fromhex("0cc3" + "18c4dc0c0c07398f"))
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.hex.startswith("017f22e279b07")


def test_later_sorts_behind_earlier():
    assert uuid7(at_ms=1_000) < uuid7(at_ms=1_001)


def test_no_two_are_alike():
    assert len({uuid7(at_ms=1) for _ in range(5_000)}) == 5_000


def test_within_a_millisecond_later_sorts_behind_earlier():
    made = [uuid7() for _ in range(20_000)]
    assert made == sorted(made)


def test_threads_share_one_order():
    with ThreadPoolExecutor(4) as pool:
        made = [one for many in pool.map(lambda _: [uuid7() for _ in range(2_000)], range(8)) for one in many]
    assert len(set(made)) == 16_000


def test_a_clock_set_back_keeps_the_order(monkeypatch):
    before = uuid7()
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now - 86_400 * 10**9)
    assert before < uuid7() < uuid7()

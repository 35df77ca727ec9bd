import uuid

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

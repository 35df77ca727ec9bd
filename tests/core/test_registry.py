import pytest

from apps.core import ports
from apps.core.registry import Registry, Section


def test_items_come_in_their_order():
    registry = Registry("sections")
    registry.add(Section("b", "B", 2), Section("a", "A", 2), Section("c", "C", 1))
    assert [item.key for item in registry] == ["c", "a", "b"]


def test_a_name_used_twice_raises():
    registry = Registry("sections")
    registry.add(Section("a", "A"))
    with pytest.raises(ValueError, match="twice"):
        registry.add(Section("a", "Another"))


def test_an_absent_port_is_none_and_a_second_provider_raises(monkeypatch):
    monkeypatch.setattr(ports, "_provided", {})
    assert ports.get(ports.PregnancyStatus) is None
    ports.provide(ports.PregnancyStatus, object())
    with pytest.raises(ValueError):
        ports.provide(ports.PregnancyStatus, object())

"""Labels and choices of small lists, kept in the process."""

import datetime as dt

import pytest

from apps.catalogues import codes
from apps.catalogues.models import CatalogueState, CodeEntry
from tests.factories.catalogues import a_code

pytestmark = pytest.mark.django_db

ON = dt.date(2026, 11, 22)


def test_it_works():
    a_code("gender", "1", "Nam")
    a_code("gender", "2", "Nữ", sort_order=1)
    assert codes.label("gender", "1") == "Nam"
    assert codes.choices("gender") == [("1", "Nam"), ("2", "Nữ")]


def test_an_unknown_code_stands_for_itself():
    assert codes.label("gender", "9") == "9" and codes.label("gender", "") == ""
    assert not codes.exists("gender", "9")


def test_the_label_of_the_day():
    a_code("payer", "1", "Tên cũ", valid_to=dt.date(2026, 6, 30))
    a_code("payer", "1", "Tên mới", valid_from=dt.date(2026, 7, 1))
    assert codes.label("payer", "1", dt.date(2026, 6, 30)) == "Tên cũ"
    assert codes.label("payer", "1", ON) == "Tên mới"
    assert codes.choices("payer", ON) == [("1", "Tên mới")]


def test_a_code_out_of_force_keeps_its_label_and_is_not_offered():
    a_code("payer", "7", "Đã bỏ", valid_to=dt.date(2020, 1, 1))
    assert codes.label("payer", "7", ON) == "Đã bỏ"
    assert codes.choices("payer", ON) == [] and not codes.exists("payer", "7", ON)


def test_a_list_is_read_once(django_assert_num_queries):
    a_code("gender", "1", "Nam")
    codes.label("gender", "1")
    with django_assert_num_queries(0):
        for _ in range(20):
            codes.label("gender", "1")


def test_a_change_elsewhere_is_seen_after_some_seconds(monkeypatch):
    a_code("gender", "1", "Nam")
    assert codes.label("gender", "1") == "Nam"
    CodeEntry.objects.update(name="Nam giới")
    CatalogueState.objects.create(key="code_lists")
    assert codes.label("gender", "1") == "Nam"
    monkeypatch.setattr(codes, "_looked_at", codes._looked_at - codes.STAMP_SECONDS - 1)
    assert codes.label("gender", "1") == "Nam giới"

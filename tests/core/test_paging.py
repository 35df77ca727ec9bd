import datetime as dt

import pytest

from apps.core.models import Parameter
from apps.core.paging import keyset


@pytest.fixture
def rows(db):
    Parameter.objects.bulk_create(
        Parameter(
            key=f"k{number % 3}",
            value=number,
            unit=f"{number:02}",
            valid_from=dt.date(2020, 1, 1 + number),
            source="test",
        )
        for number in range(10)
    )
    return Parameter.objects.filter(source="test")


def walk(rows, order, size=3):
    """All pages forward, then back again."""
    forward, backward, cursor = [], [], ""
    while True:
        page = keyset(rows, order=order, cursor=cursor, size=size)
        forward.append([row.unit for row in page])
        if not page.next_cursor:
            break
        cursor = page.next_cursor
    while page.previous_cursor:
        page = keyset(rows, order=order, cursor=page.previous_cursor, size=size)
        backward.insert(0, [row.unit for row in page])
    return forward, backward


@pytest.mark.parametrize("order", [("key", "unit"), ("-key", "unit"), ("key", "-unit"), ("-unit",)])
def test_every_row_once_forward_and_back(rows, order):
    forward, backward = walk(rows, order)
    expected = list(rows.order_by(*order).values_list("unit", flat=True))
    assert [unit for page in forward for unit in page] == expected
    assert forward[:-1] == backward


def test_a_page_costs_at_most_two_queries(rows, django_assert_max_num_queries):
    first = keyset(rows, order=("key", "pk"), size=3)
    with django_assert_max_num_queries(2):
        keyset(rows, order=("key", "pk"), cursor=first.next_cursor, size=3)


@pytest.mark.parametrize("cursor", ["nonsense", "W10=:xyz", "\x00"])
def test_a_cursor_that_was_tampered_with_starts_anew(rows, cursor):
    assert keyset(rows, order=("unit",), cursor=cursor, size=3).items[0].unit == "00"


def test_an_empty_list_has_no_pages(db):
    page = keyset(Parameter.objects.filter(source="test"), order=("pk",))
    assert (page.items, page.next_cursor, page.previous_cursor) == ([], "", "")

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import dated
from apps.core.errors import Refused
from apps.core.models import Parameter

DAY = st.dates(dt.date(2024, 1, 1), dt.date(2024, 3, 1))
EDGE = st.none() | DAY


def days(valid_from: dt.date | None, valid_to: dt.date | None) -> set[int]:
    first = (valid_from or dt.date(2023, 12, 1)).toordinal()
    last = (valid_to or dt.date(2024, 4, 1)).toordinal()
    return set(range(first, last + 1))


@given(EDGE, EDGE, EDGE, EDGE)
def test_two_spans_meet_when_they_share_a_day(a_from, a_to, b_from, b_to):
    for start, end in ((a_from, a_to), (b_from, b_to)):
        if start and end and end < start:
            return
    assert dated.spans_meet(a_from, a_to, b_from, b_to) == bool(days(a_from, a_to) & days(b_from, b_to))


@pytest.fixture
def parent(db):
    return Parameter.objects.create(key="parent", value=1, source="test")


def row(valid_from: str | None, valid_to: str | None = None) -> Parameter:
    day = dt.date.fromisoformat
    return Parameter(
        key="row",
        value=1,
        source="test",
        valid_from=day(valid_from) if valid_from else None,
        valid_to=day(valid_to) if valid_to else None,
    )


def rows():
    return Parameter.objects.filter(key="row")


def test_replacing_closes_the_open_row_the_day_before(parent):
    first = dated.replace_open(parent, rows(), row("2024-01-01"))
    dated.replace_open(parent, rows(), row("2024-02-01"))
    first.refresh_from_db()
    assert first.valid_to == dt.date(2024, 1, 31)
    assert first.version == 2
    assert [found.valid_from for found in rows().on(dt.date(2024, 1, 31))] == [dt.date(2024, 1, 1)]
    assert [found.valid_from for found in rows().on(dt.date(2024, 2, 1))] == [dt.date(2024, 2, 1)]


def test_a_new_row_cannot_begin_before_the_open_one(parent):
    dated.replace_open(parent, rows(), row("2024-01-01"))
    with pytest.raises(Refused):
        dated.replace_open(parent, rows(), row("2024-01-01"))


@pytest.mark.parametrize("span", [("2024-01-05", "2024-01-06"), (None, "2024-01-01"), ("2024-01-10", None)])
def test_no_day_is_told_twice(parent, span):
    dated.add_row(parent, rows(), row("2024-01-01", "2024-01-10"))
    with pytest.raises(Refused):
        dated.add_row(parent, rows(), row(*span))


def test_a_span_cannot_end_before_it_begins(parent):
    with pytest.raises(Refused) as refused:
        dated.add_row(parent, rows(), row("2024-01-10", "2024-01-09"))
    assert refused.value.field == "valid_to"

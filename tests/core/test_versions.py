import pytest

from apps.core.models import Parameter
from apps.core.versions import StaleVersion, save_versioned


@pytest.fixture
def row(db):
    return Parameter.objects.create(key="k", value=1, source="test")


def test_a_save_adds_one(row):
    row.value = 2
    save_versioned(row, expected=1)
    row.refresh_from_db()
    assert (row.value, row.version) == (2, 2)


def test_the_second_of_two_editors_is_told_and_nothing_is_overwritten(row):
    other = Parameter.objects.get(pk=row.pk)
    row.value = 2
    save_versioned(row, expected=1)
    other.value = 3
    with pytest.raises(StaleVersion) as stale:
        save_versioned(other, expected=1)
    assert stale.value.current.value == 2
    assert stale.value.mine.value == 3
    assert Parameter.objects.get(pk=row.pk).value == 2

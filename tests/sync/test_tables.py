"""The tables of fields that receivers' forms are written by."""

import pytest

from apps.sync.mappings import table


@pytest.mark.parametrize("form", ["qd831", "eprescription", "checkup"])
def test_a_table_names_each_field_once_and_says_whose_it_is(form):
    fields = list(table.shipped(form).walk())
    assert len({each.path for each in fields}) == len(fields)
    rows = (table.FOLDER / form / "fields.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert len(fields) == len(rows), "each row hangs on another"
    for each in fields:
        assert each.confidence in ("high", "medium", "low")
        assert each.holds or each.word, each.path
        assert len({child.element for child in each.children}) == len(each.children), each.path

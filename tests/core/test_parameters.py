import datetime as dt

import pytest

from apps.core import parameters
from apps.core.loading import load_parameters
from apps.core.models import Parameter
from apps.core.registry import LoadReport

HEAD = "key,value,unit,valid_from,valid_to,source,confidence\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "parameters").mkdir()
    return tmp_path


def write(folder, text):
    (folder / "parameters" / "room.csv").write_text(HEAD + text, encoding="utf-8")


def load(folder) -> LoadReport:
    report = LoadReport()
    load_parameters(folder, report)
    return report


def test_the_value_of_the_day(db, folder):
    write(folder, "age,5,năm,,2024-12-31,TT 1,high\nage,6,năm,2025-01-01,,TT 2,high\n")
    load(folder)
    assert parameters.value("age", on=dt.date(2024, 12, 31)) == 5
    assert parameters.value("age", on=dt.date(2025, 1, 1)) == 6
    assert parameters.values(["age", "none"], on=dt.date(2025, 1, 1)) == {"age": 6}


def test_a_value_is_never_guessed(db):
    with pytest.raises(parameters.NoParameter):
        parameters.value("nobody.knows", on=dt.date(2025, 1, 1))


def test_loading_twice_changes_nothing(db, folder):
    write(folder, "age,5,năm,,,TT 1,high\n")
    assert load(folder).added == 1
    assert load(folder).unchanged == 1


def test_a_new_value_in_the_file_is_taken_over(db, folder):
    write(folder, "age,5,năm,,,TT 1,high\n")
    load(folder)
    write(folder, "age,7,năm,,,TT 1,high\n")
    assert load(folder).changed == 1
    assert parameters.value("age", on=dt.date(2025, 1, 1)) == 7


def test_what_an_administrator_made_her_own_stays(db, folder):
    write(folder, "age,5,năm,,,TT 1,high\n")
    load(folder)
    Parameter.objects.update(value=9, confidence="local")
    assert load(folder).unchanged == 1
    assert parameters.value("age", on=dt.date(2025, 1, 1)) == 9

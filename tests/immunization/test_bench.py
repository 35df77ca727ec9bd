"""The forecast on the rule bench, and the tables it reads."""

import pytest

from apps.core.rules import BadInput, evaluate
from apps.immunization.forecast import read


def test_the_bench_speaks_it():
    found = evaluate(
        "immunization.forecast",
        {
            "dob": "2026-01-31", "sex": "F", "as_of": "2026-04-15", "options": None,
            "gestational_weeks": 33,
            "history": [{"vaccine": "PENTA", "date": day} for day in ("2026-03-31", "2026-04-10")],
        },
    )  # fmt: skip
    dtp = next(each for each in found["forecast"] if each["series"] == "DTP")
    assert dtp == {
        "series": "DTP", "antigen": "DIPH|TET|PERT", "dose": 2, "status": "invalid_prior",
        "earliest_date": "2026-05-08", "recommended_date": "2026-05-08", "timing": "not_yet",
    }  # fmt: skip
    assert found["invalid"][0] == {
        "series": "DTP", "vaccine": "PENTA", "date": "2026-04-10", "reason": "too_young|too_soon",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"dob": None}, "dob"),
        ({"dob": "31-01-0025"}, "dob"),
        ({"as_of": "2026-01-30"}, "as_of"),
        ({"as_of": 5}, "as_of"),
        ({"sex": "X"}, "sex"),
        ({"sex": ["F"]}, "sex"),
        ({"history": {}}, "history"),
        ({"history": ["PENTA"]}, "history[0]"),
        ({"history": [{"vaccine": "PENTA", "date": "2026-01-30"}]}, "history[0].date"),
        ({"history": [{"vaccine": "PENTA"}]}, "history[0].date"),
        ({"history": [{"vaccine": "PENTA", "date": "2026-02-30"}]}, "history[0].date"),
        ({"history": [{"vaccine": "5in1", "date": "2026-03-30"}]}, "history[0].vaccine"),
        ({"history": [{"vaccine": [], "date": "2026-03-30"}]}, "history[0].vaccine"),
        ({"history": [{"vaccine": "PENTA", "date": "2026-03-30", "lot": "A"}]}, "history[0].lot"),
        ({"options": ["DENGUE"]}, "options[0]"),
        ({"options": "ROTA"}, "options"),
        ({"pregnancy": {"edd": "2026-12-01"}}, "pregnancy.confirmed_on"),
        ({"pregnancy": {"confirmed_on": "2025-12-01"}}, "pregnancy.confirmed_on"),
        ({"pregnancy": {"confirmed_on": "2026-04-01", "weeks": 3}}, "pregnancy.weeks"),
        ({"pregnancy": True}, "pregnancy"),
        ({"gestational_weeks": 400}, "gestational_weeks"),
        ({"name": "An"}, "name"),
    ],
)
def test_what_cannot_be_answered_names_its_field(changed, field):
    usual = {"dob": "2026-01-31", "sex": "F", "as_of": "2026-04-15", "history": []}
    with pytest.raises(BadInput) as bad:
        evaluate("immunization.forecast", usual | changed)
    assert bad.value.field == field


def test_the_year_9999_is_answered():
    evaluate("immunization.forecast", {"dob": "9998-12-31", "as_of": "9999-12-31", "options": ["SERVICE"]})


# --- tables that contradict themselves

SERIES = dict.fromkeys(
    (
        *("option", "instead_of", "sex", "adults", "listed_from", "too_young", "claims", "interval_antigen"),
        *("other_doses", "other_age", "other_interval"),
    ),
    "",
) | {"series": "BCG", "antigens": "TB", "vaccines": "BCG", "path": "child"}
SLOT = dict.fromkeys(
    ("recommended_age", "earliest_age", "latest_age", "min_interval", "recommended_interval"), ""
) | {"series": "BCG", "dose": "1", "overdue_after": "1m"}
VACCINE = {"vaccine": "BCG", "antigens": "TB", "injected_live": ""}


@pytest.mark.parametrize(
    ("series", "slots", "vaccines"),
    [
        ([SERIES], [], [VACCINE]),
        ([SERIES], [SLOT | {"dose": "2"}], [VACCINE]),
        ([SERIES], [SLOT | {"overdue_after": ""}], [VACCINE]),
        ([SERIES], [SLOT | {"latest_age": "một năm"}], [VACCINE]),
        ([SERIES], [SLOT, SLOT | {"series": "MCV"}], [VACCINE]),
        ([SERIES | {"path": "adult"}], [SLOT], [VACCINE]),
        ([SERIES], [SLOT], []),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(series, slots, vaccines):
    assert read([SERIES], [SLOT], [VACCINE]).series[0].code == "BCG"
    with pytest.raises(ValueError, match=r"BCG|MCV|span"):
        read(series, slots, vaccines)

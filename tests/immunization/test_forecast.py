"""The profile VN-EPI-REF-1 by its own words: what counts, what comes, and when."""

import datetime as dt
from datetime import date

import pytest

from apps.immunization import tables
from apps.immunization.forecast import Dose, Person, forecast
from apps.immunization.forecast.spans import after, span

BORN = date(2025, 1, 31)
EVERYTHING = frozenset({"ROTA", "PCV", "HPV", "SERVICE"})


def at(text, born=BORN):
    """The day on which somebody is of an age: at('2m')."""
    return after(born, span(text))


def doses(*given):
    """doses("PENTA 2m", "PENTA 3m+1"): a vaccine, an age, days more or less."""
    made = []
    for each in given:
        vaccine, age = each.split()
        age, sign, days = age.partition("+" if "+" in age else "-")
        made.append(Dose(at(age) + dt.timedelta(int(sign + (days or "0"))), vaccine))
    return made


def told(series, on, *given):
    found = forecast(tables.shipped(), Person(BORN, "F"), doses(*given), on, EVERYTHING)
    return next((each for each in found.coming if each.series == series), None)


def refused(*given, on=date(2035, 1, 1)):
    found = forecast(tables.shipped(), Person(BORN, "F"), doses(*given), on, EVERYTHING)
    return [(each.series, each.dose.vaccine, "|".join(each.reasons)) for each in found.invalid]


# --- spans


@pytest.mark.parametrize(
    ("day", "text", "over"),
    [
        (date(2025, 1, 31), "1m", date(2025, 2, 28)),
        (date(2024, 1, 31), "1m", date(2024, 2, 29)),
        (date(2024, 2, 29), "1y", date(2025, 2, 28)),
        (date(2024, 2, 29), "4y", date(2028, 2, 29)),
        (date(1999, 12, 31), "2m", date(2000, 2, 29)),
        (date(2100, 1, 30), "1m", date(2100, 2, 28)),
        (date(2025, 11, 30), "6w", date(2026, 1, 11)),
        (date(9999, 12, 31), "7y", date.max),
        (date(9999, 12, 31), "1d", date.max),
    ],
)
def test_a_span_ends_on_the_last_day_of_a_short_month(day, text, over):
    assert after(day, span(text)) == over


@pytest.mark.parametrize("text", ["2", "m", "2 m", "-1d", "1.5m", "2M", "1000d"])
def test_what_is_no_span_is_refused(text):
    with pytest.raises(ValueError, match="no span"):
        span(text)


# --- what counts


def test_a_usual_infancy_is_complete_at_two():
    history = doses(
        "HEPB 0d", "BCG 0d+1", "PENTA 2m", "OPV 2m", "PENTA 3m", "OPV 3m", "PENTA 4m", "OPV 4m", "IPV 5m",
        "IPV 9m", "MEASLES 9m", "JEV 12m", "JEV 12m+7", "DPT 18m", "MR 18m", "JEV 25m",
    )  # fmt: skip
    found = forecast(tables.shipped(), Person(BORN, "M"), history, at("26m"))
    assert found.invalid == ()
    assert {each.series: each.status for each in found.coming} == {
        "HEPB_BIRTH": "complete", "BCG": "complete", "DTP": "complete", "TD7": "not_yet", "HEPB": "complete",
        "HIB": "complete", "OPV": "complete", "IPV": "complete", "MCV": "complete", "RUBELLA": "complete",
        "JE": "complete",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("history", "wrong"),
    [
        (("PENTA 6w-1",), [(series, "PENTA", "too_young") for series in ("DTP", "HEPB", "HIB")]),
        (("PCV13 6w", "PCV13 14w-1"), [("PCV", "PCV13", "too_young|too_soon")]),
        (("PCV13 2m", "PCV13 14w+1"), [("PCV", "PCV13", "too_soon")]),
        (("BCG 12m",), [("BCG", "BCG", "too_old")]),
        (("ROTA 2m", "ROTA 6m"), [("ROTA", "ROTA", "too_old")]),
        (("JEV 12m", "JEV 12m+6"), [("JE", "JEV", "too_soon")]),
        (("JEV 6y",), [("JE", "JEV", "too_old")]),
        (("MEASLES 8m",), [("MCV", "MEASLES", "too_young")]),
        (("MEASLES 9m", "MR 10m-3"), [("MCV", "MR", "too_young|too_soon|live_conflict")]),
        (("VARICELLA 12m", "MR 12m+27"), [(series, "MR", "live_conflict") for series in ("MCV", "RUBELLA")]),
        (("MR 12m", "VARICELLA 12m"), []),
        (("VARICELLA 12m", "MR 12m+28"), []),
        (("OPV 9m", "MEASLES 9m+1", "ROTA 2m", "BCG 9m+2"), []),
    ],
)  # fmt: skip
def test_a_dose_that_does_not_count_says_why(history, wrong):
    assert refused(*history) == wrong


def test_the_day_of_the_interval_counts_and_the_day_before_does_not():
    assert refused("PENTA 2m", "PENTA 2m+28") == []
    assert {reason for *_, reason in refused("PENTA 2m", "PENTA 2m+27")} == {"too_soon"}


def test_no_day_of_grace_and_a_repeat_waits_from_the_invalid_dose_too():
    found = told("DTP", at("4m"), "PENTA 2m", "PENTA 2m+27")
    assert (found.status, found.dose, found.earliest) == ("invalid_prior", 2, at("2m") + dt.timedelta(55))
    assert {reason for *_, reason in refused("PENTA 2m", "PENTA 2m+27", "PENTA 2m+54")} == {"too_soon"}
    assert told("DTP", at("5m"), "PENTA 2m", "PENTA 2m+27", "PENTA 2m+55").dose == 3


def test_a_short_interval_is_waited_for_a_short_while_after_an_invalid_dose():
    found = told("JE", at("13m"), "JEV 12m", "JEV 12m+3")
    assert (found.status, found.earliest) == ("invalid_prior", at("12m") + dt.timedelta(10))


def test_an_invalid_live_dose_starts_the_28_days_for_others():
    assert ("VARICELLA", "VARICELLA", "live_conflict") in refused(
        "MEASLES 12m", "MR 12m+20", "VARICELLA 12m+40"
    )


def test_a_child_is_never_begun_anew():
    assert told("DTP", at("6y"), "PENTA 2m").dose == 2


def test_two_entries_of_a_day_are_one_dose():
    found = told("HEPB", at("3m"), "PENTA 2m", "HEPB 2m")
    assert (found.dose, found.status) == (2, "due")
    assert refused("PENTA 2m", "HEPB 2m", "HEXA 2m") == []


def test_doses_after_the_day_asked_for_are_not_known_yet():
    assert told("DTP", at("2m"), "PENTA 2m", "PENTA 3m").dose == 2


# --- series with a logic of their own


def test_the_birth_dose_fills_its_own_series_alone():
    assert told("HEPB_BIRTH", at("1m"), "HEPB 0d+7").status == "complete"
    assert told("HEPB", at("1m"), "HEPB 0d+7").dose == 1
    late = told("HEPB_BIRTH", at("1m"), "HEPB 0d+8")
    assert (late.status, late.dose, late.earliest) == ("too_old", None, None)
    assert refused("HEPB 0d+8") == [("HEPB", "HEPB", "too_young")]
    assert refused("HEPB 0d", "HEPB 0d+2") == []


def test_three_hexavalent_doses_close_both_polio_series():
    history = ("HEXA 2m", "HEXA 3m", "HEXA 4m")
    assert told("OPV", at("4m"), *history).status == "complete"
    assert told("IPV", at("4m"), *history).status == "complete"
    assert told("IPV", at("4m"), *history[:2]).dose == 1
    assert not [each for each in refused(*history) if each[0] == "IPV"]


def test_three_inactivated_doses_too_close_do_not():
    assert told("IPV", at("5m"), "HEXA 2m", "HEXA 2m+27", "HEXA 4m").status != "complete"


def test_a_young_dose_served_another_series():
    assert told("RUBELLA", at("13m"), "MR 9m").status == "not_yet"
    assert refused("MR 9m") == []
    assert told("MCV", at("13m"), "MR 9m").dose == 2


def test_a_five_in_one_without_hepatitis_b():
    assert told("HEPB", at("3m"), "PENTAXIM 2m").dose == 1
    assert told("DTP", at("3m"), "PENTAXIM 2m").dose == 2


def test_rota_is_over_when_its_next_dose_would_come_too_late():
    assert told("ROTA", at("5m"), "ROTA 5m-1").earliest == at("5m") + dt.timedelta(27)
    assert told("ROTA", at("5m") + dt.timedelta(5), "ROTA 5m+4").status == "too_old"


def test_a_recommended_day_stays_within_the_age():
    assert told("ROTA", at("5m"), "ROTA 5m-1").recommended == after(at("5m") - dt.timedelta(1), span("1m"))
    assert told("ROTA", at("5m") + dt.timedelta(1), "ROTA 5m+1").recommended == at("6m") - dt.timedelta(1)


def test_six_years_limit_only_the_beginning_of_japanese_encephalitis():
    assert told("JE", at("6y")).status == "too_old"
    assert told("JE", at("7y"), "JEV 5y").dose == 2


def test_what_takes_the_place_of_another_is_told_of_once_it_was_given():
    usual, other = at("14m"), ("JE_LIVE 9m",)
    assert told("JE_LIVE", usual) is None and told("JE", usual) is not None
    assert told("JE_LIVE", usual, *other).dose == 2 and told("JE", usual, *other) is None
    assert told("ROTA_RV5", at("3m"), "ROTATEQ 2m").dose == 2 and told("ROTA", at("3m"), "ROTATEQ 2m") is None


def test_td_counts_from_the_last_tetanus_of_any_kind():
    found = told("TD7", at("7y"), "DPT 7y-5")
    assert found.earliest == at("7y") + dt.timedelta(23)
    assert refused("TT 7y-5", "TD 7y+22")[-1] == ("TD7", "TD", "too_soon")
    assert refused("TT 7y-5", "TD 7y+23") == []
    assert refused("TT 7y", "TD 7y") == [], "on an earlier day"


# --- who is told of what


def series_of(born, on, sex, options):
    return [each.series for each in forecast(tables.shipped(), Person(born, sex), [], on, options).coming]


def test_options_are_the_provinces_choice():
    usual = series_of(BORN, at("2m"), "F", frozenset())
    assert usual == [
        "HEPB_BIRTH", "BCG", "DTP", "TD7", "HEPB", "HIB", "OPV", "IPV", "MCV", "RUBELLA", "JE",
    ]  # fmt: skip
    assert set(series_of(BORN, at("2m"), "F", frozenset({"SERVICE"}))) - set(usual) == {
        "VARICELLA",
        "HEPA",
        "FLU",
    }
    assert "ROTA" in series_of(BORN, at("2m"), "M", frozenset({"ROTA"}))


def test_hpv_is_for_girls_from_the_day_of_the_circular():
    hpv = frozenset({"HPV"})
    assert "HPV" not in series_of(date(2015, 1, 1), date(2026, 6, 30), "F", hpv)
    assert "HPV" in series_of(date(2015, 1, 1), date(2026, 7, 1), "F", hpv)
    assert "HPV" not in series_of(date(2015, 1, 1), date(2026, 7, 1), "M", hpv)
    assert series_of(date(2000, 1, 1), date(2026, 7, 1), "F", hpv) == ["HPV"]


def test_childhood_ends_at_eighteen():
    born = date(2008, 5, 5)
    assert "DTP" in series_of(born, date(2026, 5, 4), "M", frozenset())
    assert series_of(born, date(2026, 5, 5), "M", frozenset()) == []

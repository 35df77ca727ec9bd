"""The rules of this room as the rule bench speaks them: plain JSON in, plain JSON out."""

import datetime as dt
from typing import Any

from apps.core.registry import Rule
from apps.core.rules import BadInput, date_of
from apps.immunization import tables
from apps.immunization.forecast import Coming, Dose, Person, Pregnancy, Schedule, forecast

SEXES = {"M": "M", "F": "F", "male": "M", "female": "F", None: ""}


def run_forecast(values: dict[str, Any]) -> dict[str, Any]:
    """How the series of the shipped schedule stand. Raises BadInput naming the field."""
    schedule = tables.shipped()
    born, on = _date(values, "dob"), _date(values, "as_of")
    if on < born:
        raise BadInput("as_of", "«as_of» trước ngày sinh.", "before_birth")
    sex = values.get("sex")
    if not isinstance(sex, str | None) or sex not in SEXES:
        raise BadInput("sex", "«sex» phải là M hoặc F.", "unknown")
    weeks = values.get("gestational_weeks")
    if weeks is not None and (isinstance(weeks, bool) or not isinstance(weeks, int) or not 20 <= weeks <= 45):
        raise BadInput(
            "gestational_weeks", "«gestational_weeks» phải là số tuần thai lúc sinh.", "out_of_range"
        )
    person = Person(born, SEXES[sex], _pregnancy(values, born))
    found = forecast(schedule, person, _history(values, born, schedule), on, _options(values, schedule))
    return {
        "forecast": [_told(each) for each in found.coming],
        "invalid": [
            {
                "series": each.series,
                "vaccine": each.dose.vaccine,
                "date": each.dose.on.isoformat(),
                "reason": "|".join(each.reasons),
            }
            for each in found.invalid
        ],
    }


def _told(each: Coming) -> dict[str, Any]:
    told: dict[str, Any] = {
        "series": each.series,
        "antigen": each.antigens,
        "dose": each.dose,
        "status": each.status,
        "earliest_date": each.earliest and each.earliest.isoformat(),
        "recommended_date": each.recommended and each.recommended.isoformat(),
    }
    return told | ({"timing": each.timing} if each.timing else {})


def _history(values: dict[str, Any], born: dt.date, schedule: Schedule) -> list[Dose]:
    doses = []
    for place, given in enumerate(_list(values, "history")):
        field = f"history[{place}]"
        _object(given, field, ("vaccine", "date"))
        vaccine, on = given.get("vaccine"), _date(given, "date", field)
        if not isinstance(vaccine, str) or vaccine not in schedule.antigens:
            raise BadInput(f"{field}.vaccine", f"«{field}.vaccine» không phải mã vắc xin.", "unknown")
        if on < born:
            raise BadInput(f"{field}.date", f"«{field}.date» trước ngày sinh.", "before_birth")
        doses.append(Dose(on, vaccine))
    return doses


def _pregnancy(values: dict[str, Any], born: dt.date) -> Pregnancy | None:
    given = values.get("pregnancy")
    if given is None:
        return None
    _object(given, "pregnancy", ("confirmed_on", "edd"))
    confirmed = _date(given, "confirmed_on", "pregnancy")
    if given.get("edd") is not None:
        _date(given, "edd", "pregnancy")
    if confirmed < born:
        raise BadInput("pregnancy.confirmed_on", "«pregnancy.confirmed_on» trước ngày sinh.", "before_birth")
    return Pregnancy(confirmed)


def _options(values: dict[str, Any], schedule: Schedule) -> frozenset[str]:
    options = _list(values, "options")
    for place, each in enumerate(options):
        if not isinstance(each, str) or each not in schedule.options:
            known = ", ".join(sorted(schedule.options))
            raise BadInput(f"options[{place}]", f"«options[{place}]» phải là {known}.", "unknown")
    return frozenset(options)


def _list(values: dict[str, Any], field: str) -> list[Any]:
    given = values.get(field)
    if given is not None and not isinstance(given, list):
        raise BadInput(field, f"«{field}» phải là một danh sách.", "not_a_list")
    return given or []


def _object(given: Any, field: str, keys: tuple[str, ...]) -> None:
    if not isinstance(given, dict):
        raise BadInput(field, f"«{field}» phải là một đối tượng.", "not_an_object")
    for key in given:
        if key not in keys:
            raise BadInput(f"{field}.{key}", f"Không biết mục «{key}».", "unknown_key")


def _date(given: dict[str, Any], key: str, where: str = "") -> dt.date:
    try:
        found = date_of(given, key)
    except BadInput as bad:
        raise BadInput(f"{where}.{key}" if where else key, bad.message, bad.code) from None
    assert found is not None  # noqa: S101 - required
    return found


FORECAST = Rule(
    "immunization.forecast",
    run_forecast,
    source="TT 52/2025/TT-BYT (bảng lịch cuối cùng đã ban hành), TT 13/2026/TT-BYT; cách tính VN-EPI-REF-1",
    inputs={
        "dob": "ngày sinh",
        "sex": "M, F hoặc null",
        "as_of": "ngày xét",
        "history": "[{vaccine: mã vắc xin, date: ngày tiêm}], theo thứ tự nào cũng được",
        "pregnancy": "{confirmed_on: ngày xác định có thai, edd: dự sinh} khi đang mang thai",
        "options": "ROTA, PCV, HPV, SERVICE: những gì tỉnh đang dùng",
        "gestational_weeks": "tuổi thai lúc sinh, tuần; lịch vẫn tính theo ngày sinh",
    },
    outputs={
        "forecast": "[{series, antigen, dose, status: due, overdue, not_yet, complete, too_old, "
        "invalid_prior; earliest_date, recommended_date; timing khi phải tiêm lại}]",
        "invalid": "[{series, vaccine, date, reason: too_young, too_soon, too_old, live_conflict, "
        "nối bằng |}]",
    },
)

"""The rule bench: every clinical and payment rule can be run by name. `manage.py evaluate` speaks it."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from apps.core import registry


class BadInput(ValueError):
    """An input a rule cannot answer. `field` is spelled like 'visits[0].date'."""

    def __init__(self, field: str | None, message: str, code: str = "invalid") -> None:
        super().__init__(message)
        self.field = field
        self.message = message
        self.code = code


def date_of(values: Mapping[str, Any], field: str, *, required: bool = True) -> dt.date | None:
    """An ISO date out of JSON, or None where it may be absent. Raises BadInput."""
    value = values.get(field)
    if value is None:
        if required:
            raise BadInput(field, f"Thiếu ngày ở «{field}».", "missing")
        return None
    if isinstance(value, str) and len(value) == 10:
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            pass
    raise BadInput(field, f"«{field}» phải là ngày dạng YYYY-MM-DD.", "not_a_date")


def text_of(values: Mapping[str, Any], field: str, *, required: bool = True) -> str | None:
    """A text out of JSON, or None where it may be absent. Raises BadInput."""
    value = values.get(field)
    if value is None:
        if required:
            raise BadInput(field, f"Thiếu «{field}».", "missing")
        return None
    if not isinstance(value, str):
        raise BadInput(field, f"«{field}» phải là chữ.", "not_a_text")
    return value


def evaluate(name: str, values: Any) -> dict[str, Any]:
    """Run the rule `name` on `values`. Raises BadInput for whatever it cannot answer."""
    rule = registry.rules.get(name)
    if rule is None:
        raise BadInput("rule", f"Không có quy tắc «{name}».", "unknown_rule")
    if not isinstance(values, dict):
        raise BadInput("input", "«input» phải là một đối tượng.", "not_an_object")
    for key in values:
        if key not in rule.inputs:
            raise BadInput(key, f"Không biết mục «{key}».", "unknown_key")
    return rule.run(values)


def answer(line: str) -> dict[str, Any]:
    """One JSON line in, one answer out; an error is an answer too."""
    try:
        request = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return _error(None, BadInput(None, "Dòng này không phải JSON.", "not_json"))
    if not isinstance(request, dict):
        return _error(None, BadInput(None, "Dòng này không phải một đối tượng JSON.", "not_an_object"))
    try:
        name = request.get("rule")
        if not isinstance(name, str):
            raise BadInput("rule", "Thiếu tên quy tắc.", "missing")
        return {"id": request.get("id"), "output": evaluate(name, request.get("input", {}))}
    except BadInput as bad:
        return _error(request.get("id"), bad)


def answers(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Answers in the order of the lines; blank lines are passed over."""
    return (answer(line) for line in lines if line.strip())


def written(found: Mapping[str, Any]) -> str:
    """An answer as a line of JSON; half a pair of surrogates, which no file can hold, is escaped."""
    text = json.dumps(found, ensure_ascii=False)
    return (
        text
        if text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)
        else json.dumps(found)
    )


def _no_number(name: str) -> Any:
    """NaN and Infinity, which Python reads and JSON does not know."""
    raise ValueError(name)


def _error(line_id: Any, bad: BadInput) -> dict[str, Any]:
    return {"id": line_id, "error": {"code": bad.code, "message": bad.message, "field": bad.field}}

"""Follow-up forms of chronic diseases as they travel with their visit: questions and answers in words."""

from collections.abc import Collection, Iterator
from decimal import Decimal
from uuid import UUID

from apps.core.words import date_words, quantity_words
from apps.encounters import travel
from apps.ncd import limits
from apps.ncd.models import FollowUp, FollowUpState
from apps.patients import hush


def forms_of(visit_ids: Collection[UUID]) -> dict[UUID, list[travel.TravelForm]]:
    """The forms of each visit that stand. One query; a second where a side effect or a reason was typed."""
    rows = list(
        # unscoped: what leaves does not depend on who asks
        FollowUp.unscoped.filter(visit__in=visit_ids, state=FollowUpState.CURRENT).order_by("programme")
    )
    typed = {row.person_id for row in rows if row.side_effects or row.target_why}
    told = hush.of(None, typed) if typed else hush.Hush()
    found: dict[UUID, list[travel.TravelForm]] = {}
    for row in rows:
        found.setdefault(row.visit_id, []).append(_form(row, told))
    return found


def _form(row: FollowUp, told: hush.Hush) -> travel.TravelForm:
    typed = {name: told.text(row.person_id, getattr(row, name)) for name in ("side_effects", "target_why")}
    conclusion = f"Mục tiêu điều trị: {row.get_target_display().lower()}"
    if typed["target_why"]:
        conclusion += f" ({typed['target_why']})"
    risk = f"Nguy cơ tim mạch 10 năm: {row.risk} % ({row.risk_chart})" if row.risk is not None else ""
    return travel.TravelForm(
        key=f"ncd-{row.programme}",
        answers=tuple((question, answer) for question, answer in _answers(row, typed) if answer),
        conclusions=tuple(said for said in (conclusion, risk) if said),
        hidden=tuple(sorted(name for name, said in typed.items() if getattr(row, name) and not said)),
    )


def _answers(row: FollowUp, typed: dict[str, str]) -> Iterator[tuple[str, str]]:
    yield "Huyết áp", f"{row.pressure_words} mmHg" if row.pressure_words else ""
    kind = row.get_glucose_kind_display()
    glucose = _figure(row.glucose, "mmol/L")
    yield "Đường huyết", f"{glucose} ({kind.lower()})" if glucose and kind else glucose
    yield "HbA1c", _figure(row.hba1c, "%")
    yield "Cholesterol toàn phần", _figure(row.cholesterol, "mmol/L")
    yield "Hút thuốc", {True: "có", False: "không"}.get(row.smoker, "") if row.smoker is not None else ""
    known = limits.on(row.on).ncd["complications"] if row.complications else {}
    yield "Biến chứng", ", ".join(known[key]["word"] if key in known else key for key in row.complications)
    yield "Mục tiêu riêng", row.aim_words
    yield "Dùng thuốc", row.get_adherence_display() if row.adherence else ""
    yield "Tác dụng phụ", typed["side_effects"]
    yield "Còn thuốc đến hết ngày", date_words(row.medicines_until) if row.medicines_until else ""
    yield "Hẹn khám lại", date_words(row.next_on) if row.next_on else ""


def _figure(value: Decimal | None, unit: str) -> str:
    return "" if value is None else f"{quantity_words(value)} {unit}"

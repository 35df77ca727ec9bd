"""What the pages of dispensing take in."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms

from apps.core.fields import CleanCharField, DateField, DecimalField
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.core.words import quantity_words
from apps.encounters.dispensing.inputs import BackInput, DispenseInput, Part
from apps.encounters.dispensing.lines import Line
from apps.encounters.dispensing.offers import OfferedLine
from apps.encounters.dispensing.queries import ActShown
from apps.encounters.dispensing.rules import Given, units_for
from apps.encounters.writing import Problems
from apps.stock.models import StockLocation

MOST = 99_999


class PacketsForm(forms.Form):
    """A herbal formula: how many packets are given now, or that she buys all of it elsewhere."""

    packets = forms.IntegerField(label="Cấp lần này", required=False, min_value=1, max_value=999)
    outside = forms.BooleanField(label="Mua ngoài cả bài", required=False)

    def __init__(self, data: Any, *, line: Line, left: int, chosen: int | None) -> None:
        self.line, self.left = line, left
        assert line.formula is not None  # noqa: S101 - of the first herb of a formula
        super().__init__(data, prefix=f"thang-{line.formula.pk}", initial={"packets": chosen or left})
        self.fields["packets"].widget.attrs |= {"inputmode": "numeric", "data-enter-skip": ""}


class LineForm(forms.Form):
    """A line of the prescription: how much is given, of what; how much is bought elsewhere."""

    give = DecimalField(
        label="Cấp lần này", required=False, min_value=0, max_value=MOST, max_digits=9, decimal_places=2
    )
    outside = DecimalField(
        label="Mua ngoài", required=False, min_value=0, max_value=MOST, max_digits=9, decimal_places=2
    )
    item = forms.ChoiceField(label="Lấy từ kho", required=False)
    taken = forms.IntegerField(label="Lấy từ kho", required=False, min_value=0, max_value=MOST)
    reason = CleanCharField(label="Lý do thay thế", required=False, max_length=300)
    agreed_by = CleanCharField(label="Ai đồng ý", required=False, max_length=120)

    asks_first = False  # takes the focus when the page is opened
    packets: PacketsForm | None = None  # of the formula, above its first herb
    bought: PacketsForm | None = None  # of the formula it belongs to

    def __init__(self, data: Any, *, offered: OfferedLine, agreed_by: str = "") -> None:
        best = offered.best
        initial = {
            "give": offered.proposed or None,
            "item": str(best.item.pk) if best else "",
            "taken": None,
            "agreed_by": agreed_by,
        }
        if best and not best.alike and offered.standing.remaining:
            initial["taken"] = units_for(offered.standing.remaining)
        super().__init__(data, prefix=offered.key, initial=initial)
        self.offered = offered
        choices = [(str(offer.item.pk), offer.words) for offer in offered.offers]
        if best is None:
            choices.insert(0, ("", "Không có trong kho" if not choices else "Chọn thuốc thay thế"))
        self.fields["item"].choices = choices  # type: ignore[attr-defined]
        for name in ("outside", "item", "taken", "reason", "agreed_by"):  # Tab goes there, Enter passes over
            self.fields[name].widget.attrs["data-enter-skip"] = ""
        others = " ".join(str(offer.item.pk) for offer in offered.offers if offer.other)
        self.fields["item"].widget.attrs |= {"data-opens": f"{self.prefix}-other", "data-opens-for": others}
        self.fields["give"].widget.attrs["aria-label"] = f"Cấp lần này, {offered.line.drug_name}"

    @property
    def has_other(self) -> bool:
        """Whether another medicine may stand for this one."""
        return any(offer.other for offer in self.offered.offers)

    @property
    def needs_count(self) -> bool:
        """Whether somebody has to say how many come off the shelf."""
        return any(not offer.alike for offer in self.offered.offers)

    @property
    def open(self) -> bool:
        """Whether the boxes of another medicine stand open: something of them was typed or is missing."""
        if not self.is_bound:
            best = self.offered.best
            return (best is not None and not best.alike) or (best is None and self.has_other)
        return bool(self.errors) or bool(self.data.get(self.add_prefix("reason")))

    def parts(self) -> list[Part]:
        """What a valid line says: given, bought elsewhere, both or nothing."""
        data, line_id = self.cleaned_data, self.offered.line.pk
        if self.bought is not None and self.bought.cleaned_data.get("outside"):
            left = self.offered.standing.remaining
            return [Part(line_id, left)] if left else []
        found = []
        if data.get("give") or (data.get("taken") and data.get("give") is None and self._is_other):
            found.append(
                Part(
                    line_id,
                    data.get("give") or Decimal(0),
                    item_id=UUID(data["item"]) if data.get("item") else None,
                    taken=data.get("taken"),
                    reason=data["reason"],
                    agreed_by=data["agreed_by"],
                )
            )
        if data.get("outside"):
            found.append(Part(line_id, data["outside"]))
        return found

    @property
    def _is_other(self) -> bool:
        chosen = self.cleaned_data.get("item")
        return any(str(offer.item.pk) == chosen and offer.other for offer in self.offered.offers)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.bought is not None and self.bought.is_valid() and self.bought.cleaned_data.get("outside"):
            return data
        if data.get("give") and not data.get("item") and "item" not in self.errors:
            self.add_error("give", "Không có trong kho: ghi ở Mua ngoài, hoặc chọn thuốc thay thế.")
        return data


class DispenseForm(FormKeyMixin, VersionMixin):
    """One act. Its lines are LineForms; `version` is the visit's."""

    location = forms.ChoiceField(
        label="Cấp từ", required=False, widget=forms.Select({"class": "input input-auto"})
    )
    on = DateField(label="Ngày cấp", required=False)
    recipient = CleanCharField(label="Người nhận thuốc", required=False, max_length=120)
    recipient_paper = CleanCharField(label="Giấy tờ của người nhận", required=False, max_length=60)
    override = CleanCharField(label="Lý do vẫn cấp", required=False, max_length=300)

    def __init__(
        self,
        data: Any,
        *,
        places: Sequence[StockLocation],
        lines: Sequence[OfferedLine],
        orphans: Sequence[Given] = (),
        agreed_by: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.orphans = orphans
        self.fields["location"].choices = [(str(place.pk), place.name) for place in places]  # type: ignore[attr-defined]
        self.lines = [LineForm(data, offered=line, agreed_by=agreed_by) for line in lines]
        self.formulas = self._formulas(data)
        # Where all is proposed one key gives it out; else the first box is asked.
        self.proposes = data is None and any(line.proposed for line in lines)
        first = next((line for line in self.lines if line.offered.standing.remaining), None)
        if first is not None and data is None and not self.proposes:
            first.asks_first = True

    def _formulas(self, data: Any) -> list[PacketsForm]:
        """A form for each formula of which something is left to give, above its first herb."""
        found: dict[UUID, PacketsForm] = {}
        for line in self.lines:
            formula = line.offered.line.formula
            if formula is None:
                continue
            if formula.pk not in found:
                same = [each.offered for each in self.lines if each.offered.line.formula == formula]
                left = max(units_for(each.standing.remaining / each.line.grams) for each in same)
                if not left:
                    continue
                chosen = line.offered.most and int(line.offered.most / line.offered.line.grams)
                form = PacketsForm(data, line=line.offered.line, left=left, chosen=chosen)
                found[formula.pk] = line.packets = form
            line.bought = found[formula.pk]
        return list(found.values())

    @property
    def controlled(self) -> bool:
        """Whether some of it needs who receives, and a second name."""
        return any(
            offer.item.controlled for line in self.lines for offer in line.offered.offers if not offer.other
        )

    @property
    def all_errors(self) -> int:
        return len(self.errors) + sum(len(form.errors) for form in (*self.formulas, *self.lines))

    def is_valid(self) -> bool:
        # all that is wrong is told at once
        return all([super().is_valid(), *[form.is_valid() for form in (*self.formulas, *self.lines)]])

    def add_problems(self, problems: Problems) -> None:
        """Each refusal beside its box."""
        by_key = {line.offered.key: line for line in self.lines}
        for problem in problems.problems:
            key, _, box = problem.field.rpartition("-")
            line = by_key.get(key)
            if line is not None and box in line.fields:
                line.add_error(box, problem.sentence)
            else:
                self.add_error(None, problem.sentence)

    def data_of(self) -> DispenseInput:
        data = self.cleaned_data
        on: dt.date | None = data["on"]
        return DispenseInput(
            parts=[part for line in self.lines for part in line.parts()],
            location_id=UUID(data["location"]) if data["location"] else None,
            on=on,
            recipient=data["recipient"],
            recipient_paper=data["recipient_paper"],
        )


class BackForm(FormKeyMixin, VersionMixin):
    """What comes back of an act: a box a lot, why, and whether it had left the station."""

    reason = CleanCharField(label="Lý do trả lại", max_length=300)
    left_station = forms.BooleanField(
        label="Thuốc đã mang khỏi trạm",
        required=False,
        initial=True,
        help_text="Thuốc đã mang đi thì để riêng (biệt trữ), chờ dược đánh giá, không cấp cho người khác.",
    )

    def __init__(self, *args: Any, shown: ActShown, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = []
        for line in shown.lines:
            for lot, back in line.lots:
                left = lot.quantity - back
                if not left:
                    continue
                name = f"back-{lot.pk}"
                self.fields[name] = forms.IntegerField(
                    label=f"Trả lại, lô {lot}", required=False, min_value=0, max_value=left
                )
                self.fields[name].widget.attrs |= {"inputmode": "numeric"}
                self.fields[name].error_messages["max_value"] = (
                    f"Chỉ còn {quantity_words(left)} chưa trả lại."
                )
                self.rows.append(
                    {"line": line.row, "lot": lot, "back": back, "left": left, "box": self[name]}
                )

    def add_problems(self, problems: Problems) -> None:
        for problem in problems.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.sentence)

    def data_of(self) -> BackInput:
        data = self.cleaned_data
        return BackInput(
            quantities={row["lot"].pk: data[f"back-{row['lot'].pk}"] or 0 for row in self.rows},
            reason=data["reason"],
            left_station=data["left_station"],
        )

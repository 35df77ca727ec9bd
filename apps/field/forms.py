"""The small forms of the phone: their fields are those of the kind's dataclass (said.py)."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import fields as parts
from typing import Any

from django import forms
from django.utils import timezone

from apps.core import fields, words
from apps.core.forms import FormKeyMixin
from apps.facilities.models import Hamlet
from apps.field.said import KINDS, Said
from apps.patients.data import phone
from apps.patients.models import Person

REQUIRED = {
    "birth": {"born_on", "sex"},
    "death": {"died_on", "place"},
    "pregnancy": set(),
    "move_in": {"full_name", "sex", "on"},
    "move_out": {"on", "whole"},
    "marriage": {"what", "on"},
    "cluster": {"sign", "many", "since"},
}
HELP = {
    ("birth", "full_name"): "Chưa đặt tên thì để trống.",
    ("pregnancy", "last_period_on"): "Biết một trong hai ngày là đủ.",
    ("move_in", "birth"): "Không nhớ ngày thì ghi năm sinh.",
    ("death", "note"): "Không ghi bệnh; trạm sẽ hỏi gia đình.",
    ("cluster", "note"): "Xóm nào, ăn uống chung ở đâu. Không ghi tên người ốm.",
}
FEW = 3  # choices that stand side by side; more go into a list
MOTHER_AGES = (10, 60)  # years; who is offered as a mother


def _field(kind: str, part: Any) -> forms.Field:
    told = part.metadata
    common: dict[str, Any] = {
        "label": told["label"],
        "required": part.name in REQUIRED[kind],
        "help_text": HELP.get((kind, part.name), ""),
    }
    if told.get("day"):
        return fields.DateField(**common)
    if "range" in told:
        lowest, highest = told["range"]
        return forms.IntegerField(
            **common,
            min_value=lowest,
            max_value=highest,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            error_messages={
                "invalid": "Hãy nhập một số.",
                "min_value": f"Từ {lowest} trở lên.",
                "max_value": f"Nhiều nhất {highest}.",
            },
        )
    if "choices" in told:
        choices = list(told["choices"].items())
        if len(choices) <= FEW:
            return forms.ChoiceField(
                **common,
                choices=choices,
                widget=forms.RadioSelect,
                error_messages={"required": f"Hãy chọn: {told['label'].lower()}."},
            )
        return forms.ChoiceField(**common, choices=[("", "Chọn"), *choices])
    if (kind, part.name) == ("move_in", "birth"):
        return fields.PartialDateField(**common)
    attrs = {"autocomplete": "off"} | ({"inputmode": "tel"} if part.name == "phone" else {})
    return fields.CleanCharField(
        **common,
        max_length=told["limit"],
        widget=forms.TextInput(attrs=attrs),
        error_messages={"max_length": "Dài %(show_value)d chữ, tối đa là %(limit_value)d."},
    )


class TellForm(FormKeyMixin):
    """One piece of news. `members` are the family's; without a household the hamlet is asked."""

    def __init__(
        self,
        *args: Any,
        kind: str,
        members: Sequence[Person] = (),
        hamlets: Sequence[Hamlet] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind = KINDS[kind]
        self.members = {str(person.pk): person for person in members}
        self.hamlets = {str(hamlet.pk): hamlet for hamlet in hamlets}
        about = self.kind.about
        if about in ("person", "mother"):
            self.fields["person"] = self._who()
        if hamlets:
            self.fields["hamlet"] = forms.ChoiceField(
                label="Thôn, tổ",
                choices=[(pk, hamlet.name) for pk, hamlet in self.hamlets.items()],
                error_messages={"invalid_choice": "Hãy chọn thôn mà anh/chị phụ trách."},
            )
        for part in parts(self.kind.said):
            self.fields[part.name] = _field(kind, part)

    def _who(self) -> forms.Field:
        mother = self.kind.about == "mother"
        offered = [
            (pk, f"{person.full_name}, {person.birth_words}")
            for pk, person in self.members.items()
            if self._fits(person)
        ]
        if mother:
            offered.append(("", "Không có tên trong hộ"))
        return forms.ChoiceField(
            label="Mẹ" if mother else "Người",
            choices=offered,
            required=not mother,
            widget=forms.RadioSelect,
            error_messages={"required": "Hãy chọn người.", "invalid_choice": "Hãy chọn người trong hộ."},
        )

    def _fits(self, person: Person) -> bool:
        if self.kind.key not in ("birth", "pregnancy"):
            return True
        if person.sex == "male":
            return False
        days = person.age_days(timezone.localdate())
        return days is None or MOTHER_AGES[0] <= days / 365.25 <= MOTHER_AGES[1]

    def clean_phone(self) -> str:
        typed = phone(self.cleaned_data["phone"])
        if typed and not re.fullmatch("0[0-9]{9,10}", typed):
            raise forms.ValidationError("Số điện thoại gồm 10 hoặc 11 chữ số, bắt đầu bằng 0.")
        return typed

    def clean_birth(self) -> str:
        """As it is written: what is known of a day, no more."""
        birth = self.cleaned_data["birth"]
        if birth and birth.date > timezone.localdate():
            raise forms.ValidationError("Ngày sinh còn ở tương lai.")
        return words.partial_date_words(birth.date, birth.precision) if birth else ""

    @property
    def person(self) -> Person | None:
        return self.members.get(self.cleaned_data.get("person") or "")

    @property
    def hamlet(self) -> Hamlet | None:
        return self.hamlets.get(self.cleaned_data.get("hamlet") or "")

    def said(self) -> Said:
        """What was typed, as the kind says it."""
        values: dict[str, dt.date | str | int | None] = {
            part.name: self.cleaned_data[part.name] for part in parts(self.kind.said)
        }
        return self.kind.said(**values)


class RefuseForm(FormKeyMixin):
    reason = fields.CleanCharField(
        label="Lý do không nhận",
        max_length=300,
        error_messages={"required": "Ghi lý do để người báo biết."},
        help_text="Người báo sẽ đọc câu này.",
    )


class AcceptForm(FormKeyMixin):
    note = fields.CleanCharField(
        label="Trả lời người báo", max_length=300, required=False, help_text="Người báo sẽ đọc câu này."
    )

"""The follow-up form: a few boxes, filled before she sees it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms

from apps.care.vitals import number_text
from apps.core.fields import CleanCharField, DecimalField
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.core.widgets import DecimalInput
from apps.encounters import rules
from apps.ncd.models import GlucoseKind, Programme, Reached, Taken
from apps.ncd.services import FollowUpInput
from apps.ncd.target import Aim

SMOKES = (("", "Chưa hỏi"), ("yes", "Có"), ("no", "Không"))
CHOOSE = {"invalid_choice": "Hãy chọn trong danh sách."}


class FollowUpForm(FormKeyMixin, VersionMixin):
    """What is asked at a visit of a programme. `visit_version` is the visit's, `version` the form's own."""

    visit_version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    adherence = forms.ChoiceField(
        label="Từ lần trước, dùng thuốc", required=False, choices=[("", "Chưa hỏi"), *Taken.choices]
    )
    side_effects = CleanCharField(label="Tác dụng phụ", required=False, max_length=200)
    glucose = DecimalField(label="Đường huyết", required=False, max_digits=5, decimal_places=2, min_value=0)
    glucose_kind = forms.ChoiceField(
        label="Đo lúc", required=False, choices=GlucoseKind.choices, error_messages=CHOOSE
    )
    hba1c = DecimalField(label="HbA1c", required=False, max_digits=4, decimal_places=1, min_value=0)
    medicine_days = forms.IntegerField(
        label="Thuốc cho", required=False, error_messages={"invalid": "Ghi số ngày."}
    )
    next_on = forms.CharField(label="Khám, lĩnh thuốc lần sau", required=False, max_length=12)
    complications = forms.MultipleChoiceField(
        label="Biến chứng", required=False, widget=forms.CheckboxSelectMultiple, error_messages=CHOOSE
    )
    smoker = forms.ChoiceField(label="Hút thuốc", required=False, choices=SMOKES, error_messages=CHOOSE)
    cholesterol = DecimalField(label="Cholesterol toàn phần", required=False, max_digits=4, decimal_places=1)
    aim_pressure = CleanCharField(label="Mục tiêu huyết áp riêng, dưới", required=False, max_length=9)
    aim_hba1c = DecimalField(
        label="Mục tiêu HbA1c riêng, dưới", required=False, max_digits=4, decimal_places=1
    )
    target = forms.TypedChoiceField(
        label="Đạt mục tiêu",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "Theo số đo"), *((value, f"{value} · {word}") for value, word in Reached.choices)],
        error_messages=CHOOSE,
    )
    target_why = CleanCharField(label="Lý do đổi", required=False, max_length=200)
    reason = CleanCharField(label="Lý do sửa đổi", required=False, max_length=300)

    def __init__(
        self, data: Any = None, *, on: dt.date, programme: str, limits: Mapping[str, Any], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.on = on
        known = limits["complications"]
        fields: Any = self.fields
        fields["complications"].choices = [(key, each["word"]) for key, each in known.items()]
        fields["medicine_days"].widget = DecimalInput({"maxlength": "3"})
        seldom = [
            "aim_pressure",
            "aim_hba1c",
            "side_effects",
            "smoker",
            "cholesterol",
            "target",
            "target_why",
            "hba1c",
        ]
        if programme == Programme.HYPERTENSION:
            seldom += ["glucose", "glucose_kind"]
        for name in seldom:
            fields[name].widget.attrs["data-enter-skip"] = ""

    def clean_next_on(self) -> dt.date | None:
        try:
            return rules.read_follow_up(self.cleaned_data["next_on"], self.on)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean_aim_pressure(self) -> tuple[int, int] | None:
        text = self.cleaned_data["aim_pressure"].replace(" ", "")
        if not text:
            return None
        high, slash, low = text.partition("/")
        if not (slash and high.isascii() and high.isdigit() and low.isascii() and low.isdigit()):
            raise forms.ValidationError("Ghi hai số, ví dụ 130/80.")
        return int(high), int(low)

    def aim(self) -> Aim:
        """What was typed that can be read; the rest is told beside its box."""
        high, low = self.cleaned_data.get("aim_pressure") or (None, None)
        return Aim(high, low, self.cleaned_data.get("aim_hba1c"))

    def follow_up_input(self) -> FollowUpInput:
        """The values of a valid form."""
        data, aim = self.cleaned_data, self.aim()
        return FollowUpInput(
            glucose=data["glucose"],
            glucose_kind=data["glucose_kind"] or GlucoseKind.FASTING,
            hba1c=data["hba1c"],
            cholesterol=data["cholesterol"],
            smoker={"yes": True, "no": False}.get(data["smoker"]),
            complications=data["complications"],
            adherence=data["adherence"],
            side_effects=data["side_effects"],
            medicine_days=data["medicine_days"],
            next_on=data["next_on"],
            aim_systolic=aim.systolic,
            aim_diastolic=aim.diastolic,
            aim_hba1c=aim.hba1c,
            target=data["target"],
            target_why=data["target_why"],
        )


def initial_of(data: FollowUpInput) -> dict[str, Any]:
    """The values of a form as they stand in its boxes."""

    def text(value: Any) -> str:
        return "" if value is None else number_text(value)

    return {
        "glucose": text(data.glucose),
        "glucose_kind": data.glucose_kind,
        "hba1c": text(data.hba1c),
        "cholesterol": text(data.cholesterol),
        "smoker": {True: "yes", False: "no"}.get(data.smoker, "") if data.smoker is not None else "",
        "complications": list(data.complications),
        "adherence": data.adherence,
        "side_effects": data.side_effects,
        "medicine_days": data.medicine_days or "",
        "next_on": f"{data.next_on:%d/%m/%Y}" if data.next_on else "",
        "aim_pressure": f"{data.aim_systolic}/{data.aim_diastolic}" if data.aim_systolic else "",
        "aim_hba1c": text(data.aim_hba1c),
        "target": "" if data.target is None else data.target,
        "target_why": data.target_why,
    }


class ExportForm(FormKeyMixin):
    reason = CleanCharField(label="Lý do xuất", max_length=300)

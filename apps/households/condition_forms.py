"""The forms of what a family and its people are entitled to, and of how they live."""

from collections.abc import Sequence
from typing import Any

from django import forms

from apps.catalogues import codes
from apps.core import fields
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.households.models import CATEGORIES, Membership, Poverty, StatusKind
from apps.households.statuses import LISTS, Conditions
from apps.patients.models import Person


class SpanMixin(forms.Form):
    since = fields.DateField(label="Từ ngày", required=False, help_text="Bỏ trống nếu không rõ từ khi nào.")
    until = fields.DateField(label="Đến ngày", required=False, help_text="Bỏ trống nếu chưa biết.")
    document = fields.CleanCharField(label="Số quyết định, giấy tờ", max_length=100, required=False)


class HouseholdStatusForm(SpanMixin, FormKeyMixin):
    poverty = forms.ChoiceField(
        label="Diện hộ",
        choices=[("", "Chọn"), *Poverty.choices[1:], ("none", "Không còn thuộc diện")],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["poverty", "since", "until", "document"])
        self.fields["since"].required = True
        self.fields["since"].help_text = ""

    def poverty_said(self) -> str:
        said = str(self.cleaned_data["poverty"])
        return "" if said == "none" else said


class PersonStatusForm(SpanMixin, FormKeyMixin):
    member = forms.ChoiceField(label="Người", error_messages={"required": "Hãy chọn một người trong hộ."})
    what = forms.ChoiceField(label="Diện", error_messages={"required": "Hãy chọn diện."})
    degree = forms.ChoiceField(label="Mức độ khuyết tật", required=False)

    def __init__(self, *args: Any, rows: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["member", "what", "degree", "since", "until", "document"])
        self.by_key = {str(row.pk): row.person for row in rows}
        member: Any = self.fields["member"]
        member.choices = [("", "Chọn"), *((str(row.pk), row.person.full_name) for row in rows)]
        what: Any = self.fields["what"]
        what.choices = [
            ("", "Chọn"),
            *(
                (
                    kind.label,
                    [(f"{kind.value}:{code}", name) for code, name in codes.choices(CATEGORIES[kind])],
                )
                for kind in StatusKind
            ),
        ]
        degree: Any = self.fields["degree"]
        degree.choices = [("", "Không phải khuyết tật"), *codes.choices("disability_degree")]

    def person(self) -> Person:
        return self.by_key[self.cleaned_data["member"]]

    def kind_and_category(self) -> tuple[str, str]:
        kind, _, category = self.cleaned_data["what"].partition(":")
        return kind, category


class StatusEndForm(FormKeyMixin, VersionMixin):
    """Either its last day, or that it was a mistake."""

    last = fields.DateField(label="Ngày cuối còn thuộc diện", required=False)
    reason = fields.CleanCharField(
        label="Hoặc vì sao là ghi nhầm",
        max_length=300,
        required=False,
        help_text="Ghi nhầm thì dòng này coi như chưa từng có, nhưng vẫn đọc được.",
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not self.errors and bool(said.get("last")) == bool(said.get("reason")):
            self.add_error("last", "Hãy ghi ngày cuối, hoặc ghi vì sao là nhầm, một trong hai.")
        return said


class SurveyForm(FormKeyMixin):
    on = fields.DateField(label="Ngày xem")
    water = forms.ChoiceField(label="Nguồn nước ăn uống", required=False)
    latrine = forms.ChoiceField(label="Nhà tiêu", required=False)
    latrine_hygienic = forms.TypedChoiceField(
        label="Nhà tiêu hợp vệ sinh",
        choices=[("", "Chưa xem"), ("yes", "Có"), ("no", "Không")],
        coerce={"yes": True, "no": False}.get,
        empty_value=None,
        required=False,
    )
    waste = forms.ChoiceField(label="Xử lý rác", required=False)
    stove = forms.ChoiceField(label="Bếp đun", required=False)
    livestock = forms.ChoiceField(label="Nuôi gia súc, gia cầm", required=False)
    note = fields.CleanCharField(label="Ghi chú", max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, catalogue in LISTS.items():
            field: Any = self.fields[name]
            field.choices = [("", "Chưa xem"), *codes.choices(catalogue)]

    def conditions(self) -> Conditions:
        said = self.cleaned_data
        return Conditions(
            **{name: said[name] for name in LISTS},
            latrine_hygienic=said["latrine_hygienic"],
            note=said["note"],
        )

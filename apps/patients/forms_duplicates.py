"""The forms of merging: what was compared and why, whom else to compare, why it is taken back."""

from typing import Any

from django import forms

from apps.core import fields
from apps.core.forms import FormKeyMixin
from apps.patients import queries
from apps.patients.models import Person

CHOICE = "chon-"  # before the key of each choice in the posted form
ANSWERS = frozenset({"kept", "old", "both"})


class MergeForm(FormKeyMixin):
    """Which of a pair is kept, the versions that were compared, and a reason where something is odd."""

    keep = forms.ChoiceField(choices=[("a", "a"), ("b", "b")], widget=forms.HiddenInput)
    kept_version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    old_version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = fields.CleanCharField(
        label="Vì sao vẫn là cùng một người",
        required=False,
        max_length=300,
        error_messages={"max_length": "Lý do dài %(show_value)d chữ, tối đa là %(limit_value)d."},
    )

    def chosen(self) -> dict[str, str]:
        """Key of a row -> 'kept', 'old' or 'both'; anything else that was posted is no answer."""
        return {
            name.removeprefix(CHOICE): str(value)
            for name, value in self.data.items()
            if name.startswith(CHOICE) and value in ANSWERS
        }


class OtherForm(FormKeyMixin):
    """The code of another record that somebody takes for the same person."""

    other = fields.CleanCharField(
        label="Mã hồ sơ kia", max_length=12, help_text="Ví dụ P0000123, ghi ở đầu trang của người đó."
    )

    def clean_other(self) -> Person:
        found = queries.person_by_code(self.cleaned_data["other"])
        if found is None:
            raise forms.ValidationError("Không có hồ sơ nào mang mã này trong địa bàn của trạm.")
        return found


class UnmergeForm(FormKeyMixin):
    reason = fields.CleanCharField(
        label="Vì sao hoàn tác",
        max_length=300,
        error_messages={
            "required": "Ghi lý do hoàn tác.",
            "max_length": "Lý do dài %(show_value)d chữ, tối đa là %(limit_value)d.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs["autocomplete"] = "off"

"""What every form of the house carries beside its fields."""

from typing import Any

from django import forms

from apps.core.errors import NeedsReason, Refused
from apps.core.ids import uuid7


class FormKeyMixin(forms.Form):
    """Adds the hidden `form_key`: the same filled form saves once, however often it is sent."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["form_key"].initial = uuid7


class VersionMixin(forms.Form):
    """Adds the hidden `version` that the record had when the form was opened."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)


def add_refusal(form: forms.BaseForm, refused: Refused) -> None:
    """Put a service's refusal beside the field it names, or above the form."""
    form.add_error(refused.field if refused.field in form.fields else None, refused.message)


def add_warnings(form: forms.BaseForm, needs: NeedsReason) -> None:
    """Put each warning beside its field; the form shows its reason field and saves once it is filled."""
    for warning in needs.warnings:
        form.add_error(warning.field if warning.field in form.fields else None, warning.sentence)

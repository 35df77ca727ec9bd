"""Fields for what is measured, as staff type it."""

from decimal import Decimal
from typing import Any

from django import forms

from apps.care import vitals
from apps.core.widgets import DecimalInput


class VitalField(forms.CharField):
    """One figure; `37,5` and `37.5` are the same."""

    widget = DecimalInput

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text.strip():
            return None
        try:
            return vitals.read_number(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class PressureField(forms.CharField):
    """Blood pressure in one box, 120/80 -> (systolic, diastolic)."""

    def clean(self, value: Any) -> tuple[Decimal, Decimal] | None:
        text = super().clean(value)
        if not text.strip():
            return None
        try:
            return vitals.read_pressure(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

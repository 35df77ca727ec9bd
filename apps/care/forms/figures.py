"""Fields for what is measured, as staff type it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from apps.care import vitals
from apps.care.ncd.pressure import Reading, value_of
from apps.care.vitals import PRESSURE
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
    """Blood pressure in one box, every reading in its order: `150/95 146/92` -> [(150, 95), (146, 92)]."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"label": "Huyết áp", "required": False, "max_length": 60, **kwargs})

    def clean(self, value: Any) -> list[Reading] | None:
        text = super().clean(value)
        if not text.strip():
            return None
        try:
            return vitals.read_readings(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


def both(readings: Sequence[Reading] | None) -> dict[str, Decimal | None]:
    """The two figures that count of the readings of one moment; None where none was taken."""
    found = value_of(readings) if readings else (None, None)
    return dict(zip(PRESSURE, found, strict=True))


def apart(readings: Sequence[Reading] | None) -> dict[str, list[Decimal]]:
    """The readings by sign, as they are stored; nothing for a single one, which is the value itself."""
    if not readings or len(readings) < 2:
        return {}
    return {key: [reading[place] for reading in readings] for place, key in enumerate(PRESSURE)}


class FiguresForm(forms.Form):
    """Whatever is being typed about a body, read as far as it can be: nothing of it is saved."""

    pressure = PressureField()
    oedema = forms.BooleanField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        for sign in vitals.SIGNS:
            if sign.key not in PRESSURE:
                self.fields[sign.key] = VitalField(label=sign.title, required=False, max_length=9)

    def figures(self) -> dict[str, Decimal | None]:
        """{sign's key: figure} of what could be read."""
        read = {sign.key: self.cleaned_data.get(sign.key) for sign in vitals.SIGNS}
        return read | both(self.cleaned_data.get("pressure"))

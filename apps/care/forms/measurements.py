"""What was measured at one moment outside a visit, and one figure put right."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from apps.care import vitals
from apps.care.forms.figures import PRESSURE, PressureField, VitalField, apart, both
from apps.care.models import HAND_SOURCES, Method, Source
from apps.care.occasion import noon
from apps.core.fields import CleanCharField, DateField
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.outage.rules import read_time

CHILDREN = ("weight", "length", "height", "head", "muac")
ADULTS = ("weight", "height", "waist")
CHRONIC = ("glucose_fasting", "glucose_random", "hba1c", "peak_flow")
GENERAL = ("pulse", "temperature", "breathing", "spo2")
LONGEST_NOTE = 200


class MeasureForm(FormKeyMixin):
    """Figures of one moment. The boxes stand in the order in which a child, or an adult, is measured."""

    on = DateField(label="Ngày đo", error_messages={"required": "Hãy ghi ngày đo."})
    time = forms.CharField(label="Giờ", required=False, max_length=12)
    source = forms.ChoiceField(
        label="Nơi đo",
        choices=[(source.value, source.label) for source in HAND_SOURCES],
        error_messages={"required": "Hãy chọn nơi đo.", "invalid_choice": "Hãy chọn nơi đo."},
    )
    pressure = PressureField()
    oedema = forms.BooleanField(label="Phù hai bàn chân", required=False)
    method = forms.ChoiceField(
        label="Cách lấy máu",
        required=False,
        choices=[("", "—"), *Method.choices],
        error_messages={"invalid_choice": "Hãy chọn cách lấy máu."},
    )
    note = CleanCharField(label="Ghi chú", required=False, max_length=LONGEST_NOTE)
    reason = CleanCharField(label="Lý do (số đo lạ nhưng đúng)", required=False, max_length=100)

    def __init__(self, data: Any = None, *, age_days: int | None) -> None:
        super().__init__(data, initial=self.usual())
        self.is_child = age_days is not None and age_days < vitals.CHILD_BELOW_DAYS
        for sign in vitals.SIGNS:
            if sign.key not in PRESSURE:
                self.fields[sign.key] = VitalField(label=sign.title, required=False, max_length=9)

    @staticmethod
    def usual() -> dict[str, Any]:
        """What an empty form begins with."""
        return {"on": timezone.localdate(), "source": Source.STATION, "method": Method.CAPILLARY}

    def clean_time(self) -> dt.time | None:
        text = self.cleaned_data["time"].strip()
        if not text:
            return None
        try:
            return read_time(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The boxes in groups; what is rarely measured at this age folds away, unless something is in it."""
        adult = [self._box(key) for key in ADULTS]
        child = [self._box(key) for key in CHILDREN]
        chronic = [*(self._box(key) for key in CHRONIC)]
        general = [self._box(key) for key in GENERAL]
        pressure = {"bound": self["pressure"], "unit": "mmHg"}
        if self.is_child:
            return [
                {"title": "Cân đo", "boxes": child, "oedema": True},
                {"title": "Sinh hiệu", "boxes": general, "folds": True},
                {
                    "title": "Người lớn, bệnh mạn tính",
                    "boxes": [pressure, self._box("waist"), *chronic],
                    "folds": True,
                },
            ]
        return [
            {"title": "Huyết áp, cân đo", "boxes": [pressure, self._box("pulse"), *adult]},
            {"title": "Bệnh mạn tính", "boxes": chronic, "method": True},
            {"title": "Sinh hiệu khác", "boxes": general[1:], "folds": True},
            {"title": "Trẻ em", "boxes": child[1:2] + child[3:], "folds": True},
        ]

    def _box(self, key: str) -> dict[str, Any]:
        label = "Chiều cao (đứng)" if key == "height" else ""
        return {"bound": self[key], "unit": vitals.BY_KEY[key].unit_text, "label": label}

    @property
    def at(self) -> dt.datetime:
        """The moment: the hour that was written, else now on this day, else noon of a day gone by."""
        on, time = self.cleaned_data["on"], self.cleaned_data["time"]
        if time is not None:
            return timezone.make_aware(dt.datetime.combine(on, time))
        return timezone.now() if on == timezone.localdate() else noon(on)

    def figures(self) -> dict[str, Decimal | None]:
        """{sign's key: figure} of a valid form."""
        data = self.cleaned_data
        found = {sign.key: data.get(sign.key) for sign in vitals.SIGNS if sign.key not in PRESSURE}
        return found | both(data.get("pressure"))

    @property
    def sign_names(self) -> str:
        """The names of the boxes, for what is said while they are typed."""
        return ",".join(["pressure", "oedema", *(key for key in self.fields if key in vitals.BY_KEY)])

    def readings(self) -> dict[str, list[Decimal]]:
        """Each reading of a pressure that was taken more than once, by sign."""
        return apart(self.cleaned_data.get("pressure"))

    def field_of(self, key: str | None) -> str | None:
        """The box in which a sign is typed."""
        return "pressure" if key in PRESSURE else key


class CorrectForm(FormKeyMixin, VersionMixin):
    """The right figure, or none where nothing should have been written."""

    value = VitalField(label="Giá trị đúng", required=False, max_length=9)
    why = CleanCharField(label="Sai thế nào", required=False, max_length=300)
    reason = CleanCharField(label="Lý do (số đo lạ nhưng đúng)", required=False, max_length=100)

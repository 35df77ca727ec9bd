"""What the pages of orders and results take in, read into plain values."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from apps.care.forms.figures import PressureField, VitalField
from apps.care.ncd.pressure import value_of
from apps.care.vitals import BY_KEY, SIGNS
from apps.catalogues import codes, picks
from apps.catalogues.models import LabTest
from apps.core.fields import CleanCharField, DateField, DecimalField, TimeField
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.encounters.herbs import HERBS
from apps.encounters.models import Order, OrderSet
from apps.encounters.ordering import catalogue as order_catalogue
from apps.encounters.ordering import traditional
from apps.encounters.ordering.orders import OrderInput
from apps.encounters.ordering.procedures import RowInput, SheetInput
from apps.encounters.ordering.results import ResultInput
from apps.encounters.ordering.traditional import HerbInput, SessionInput
from apps.encounters.writing import Problems

WATCHED = ("pulse", "temperature", "breathing", "spo2")
HERB_ROWS = 12
MACHINE = "huyet_hoc"  # the group of tests that come from a counter as a strip of letters


class WhenMixin(forms.Form):
    """A day and an hour that may stay empty: then it is now."""

    on = DateField(label="Ngày", required=False)
    time = TimeField(label="Giờ", required=False)

    def when(self, otherwise: dt.date) -> dt.datetime | None:
        """The moment that was typed; an hour alone is that day's."""
        on, time = self.cleaned_data.get("on"), self.cleaned_data.get("time")
        if on is None and time is None:
            return None
        moment = dt.datetime.combine(on or otherwise, time or dt.time(12))
        return timezone.make_aware(moment)


class PlaceForm(FormKeyMixin):
    """What is ordered on a visit: by the picker, by the station's sets."""

    sets = forms.MultipleChoiceField(
        label="Nhóm của trạm", required=False, widget=forms.CheckboxSelectMultiple
    )
    codes = forms.Field(label="Xét nghiệm, dịch vụ", required=False)
    note = CleanCharField(label="Yêu cầu, ghi chú", required=False, max_length=300)
    sessions = forms.IntegerField(
        label="Số buổi (điều trị theo liệu trình)",
        required=False,
        min_value=1,
        max_value=999,
        error_messages={
            "invalid": "Ghi số buổi, từ 1.",
            "min_value": "Ghi số buổi, từ 1.",
            "max_value": "Số buổi từ 1 đến 60.",
        },
    )
    override = CleanCharField(label="Lý do chỉ định lần nữa", required=False, max_length=300)

    def __init__(self, *args: Any, sets: list[OrderSet], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.station_sets = {str(row.pk): row for row in sets}
        box: Any = self.fields["sets"]
        box.choices = [(key, row.name) for key, row in self.station_sets.items()]
        self.fields["codes"].widget = picks.widget(
            order_catalogue.PICKER, multiple=True, placeholder="Tên không dấu hoặc mã"
        )

    def items(self) -> list[OrderInput]:
        """The lines of a valid form, those of the chosen sets first."""
        data = self.cleaned_data
        chosen = [code for key in data["sets"] for code in self.station_sets[key].codes]
        chosen += data["codes"] or []
        sessions = data["sessions"] or 1
        return [OrderInput(code, data["note"], sessions) for code in dict.fromkeys(chosen)]


class SetForm(FormKeyMixin):
    """A station's set of orders."""

    name = CleanCharField(label="Tên nhóm", max_length=100)
    codes = forms.Field(label="Gồm các dịch vụ")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["codes"].widget = picks.widget(
            order_catalogue.PICKER, multiple=True, placeholder="Tên không dấu hoặc mã"
        )


class RemarkMixin(forms.Form):
    """Refusals that name a box of the form."""

    def add_problems(self, problems: Problems) -> None:
        """Put each refusal beside the box it names, or above the form."""
        for problem in problems.problems:
            name = {"at": "time", "systolic": "pressure", "diastolic": "pressure"}.get(
                problem.field, problem.field
            )
            self.add_error(name if name in self.fields else None, problem.sentence)


def label_of(test: LabTest) -> str:
    """A test by its name; of a blood count with the letters that the machine prints."""
    letters = test.code.replace("_PCT", "%")
    counted = test.group == MACHINE and test.result_type == LabTest.ResultType.NUMBER
    return f"{test.name} ({letters})" if counted and letters not in test.name else test.name


class ResultForm(WhenMixin, RemarkMixin, FormKeyMixin, VersionMixin):
    """What an order has shown: a box a test, or description and conclusion."""

    fasting = forms.BooleanField(label="Lấy mẫu lúc đói", required=False)
    description = CleanCharField(
        label="Mô tả", required=False, max_length=4000, lines=True, widget=forms.Textarea({"rows": 5})
    )
    conclusion = CleanCharField(
        label="Kết luận", required=False, max_length=2000, lines=True, widget=forms.Textarea({"rows": 2})
    )
    note = CleanCharField(label="Ghi chú", required=False, max_length=300)
    override = CleanCharField(label="Lý do vẫn giữ", required=False, max_length=300)
    reason = CleanCharField(label="Lý do sửa kết quả", required=False, max_length=300)

    def __init__(self, *args: Any, order: Order, tests: list[LabTest], fasting: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = order
        self.tests = [(f"test-{test.code}", test) for test in tests]
        for name, test in self.tests:
            if test.result_type == LabTest.ResultType.CHOICE:
                self.fields[name] = forms.ChoiceField(
                    label=label_of(test),
                    required=False,
                    choices=[("", "—"), *((word, word) for word in test.allowed_values)],
                    error_messages={"invalid_choice": "Chọn trong danh sách."},
                )
            else:
                self.fields[name] = CleanCharField(label=label_of(test), required=False, max_length=12)
                self.fields[name].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}
        if tests:
            del self.fields["description"]
        if not fasting:
            del self.fields["fasting"]

    def result_input(self) -> ResultInput:
        """The values of a valid form."""
        data = self.cleaned_data
        return ResultInput(
            values={test.code: data[name] for name, test in self.tests},
            description=data.get("description", ""),
            conclusion=data["conclusion"],
            note=data["note"],
            fasting=data.get("fasting", False),
            at=self.when(timezone.localdate()),
        )


class SheetForm(RemarkMixin, FormKeyMixin, VersionMixin):
    """The short form of a procedure: its boxes come from the catalogue of the visit's day."""

    started_on = DateField(label="Ngày bắt đầu", required=False)
    started = TimeField(label="Giờ bắt đầu", required=False)
    ended_on = DateField(label="Ngày kết thúc", required=False)
    ended = TimeField(label="Giờ kết thúc", required=False)
    supplies = CleanCharField(
        label="Vật tư đã dùng",
        required=False,
        max_length=2000,
        lines=True,
        widget=forms.Textarea({"rows": 2}),
    )
    outcome = CleanCharField(label="Kết quả, diễn biến", required=False, max_length=500)
    override = CleanCharField(label="Lý do vẫn kết thúc", required=False, max_length=300)

    def __init__(self, *args: Any, form: order_catalogue.Form, on: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form, self.on = form, on
        for box in form.fields:
            self.fields[f"box-{box.code}"] = _box(box)

    @property
    def boxes(self) -> list[tuple[Any, order_catalogue.Field]]:
        """(bound box, its definition) in the order of the form."""
        return [(self[f"box-{box.code}"], box) for box in self.form.fields]

    def sheet_input(self) -> SheetInput:
        """The values of a valid form."""
        data = self.cleaned_data
        return SheetInput(
            fields={box.code: data[f"box-{box.code}"] for box in self.form.fields},
            started_at=_moment(data["started_on"], data["started"], self.on),
            ended_at=_moment(data["ended_on"], data["ended"], data["started_on"] or self.on),
            supplies=data["supplies"],
            outcome=data["outcome"],
        )


def _box(box: order_catalogue.Field) -> forms.Field:
    if box.kind == "choice":
        return forms.ChoiceField(
            label=box.label,
            required=False,
            choices=[("", "—"), *((option, option) for option in box.options)],
            error_messages={"invalid_choice": "Chọn trong danh sách."},
        )
    if box.kind == "long":
        return CleanCharField(
            label=box.label, required=False, max_length=2000, lines=True, widget=forms.Textarea({"rows": 2})
        )
    return CleanCharField(label=box.label, required=False, max_length=300)


def _moment(on: dt.date | None, time: dt.time | None, otherwise: dt.date) -> dt.datetime | None:
    if on is None and time is None:
        return None
    return timezone.make_aware(dt.datetime.combine(on or otherwise, time or dt.time.min))


class RowForm(WhenMixin, RemarkMixin, FormKeyMixin):
    """One look during a procedure: signs, what was seen and done."""

    pressure = PressureField(label="Huyết áp", required=False, max_length=9)
    text = CleanCharField(label="Diễn biến, xử trí", required=False, max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key in WATCHED:
            self.fields[key] = VitalField(label=BY_KEY[key].title, required=False, max_length=9)

    @property
    def signs(self) -> list[tuple[Any, str]]:
        """(bound box, unit) of the signs that are watched."""
        units = {vital.key: vital.unit_text for vital in SIGNS}
        return [(self[key], units[key]) for key in WATCHED]

    def row_input(self) -> RowInput:
        """The values of a valid form."""
        data = self.cleaned_data
        found: dict[str, Decimal] = {key: data[key] for key in WATCHED if data.get(key) is not None}
        if data.get("pressure"):
            found["systolic"], found["diastolic"] = value_of(data["pressure"])
        return RowInput(self.when(timezone.localdate()), found, data["text"])


class SessionForm(WhenMixin, RemarkMixin, FormKeyMixin):
    """One sitting of a course."""

    methods = forms.MultipleChoiceField(
        label="Phương pháp",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Chọn phương pháp đã làm.", "invalid_choice": "Chọn trong danh sách."},
    )
    minutes = forms.IntegerField(
        label="Số phút", required=False, error_messages={"invalid": "Ghi số phút bằng số."}
    )
    points = CleanCharField(label="Huyệt, vùng", required=False, max_length=300)
    note = CleanCharField(label="Diễn biến", required=False, max_length=300)
    override = CleanCharField(label="Lý do ghi hai buổi một ngày", required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        box: Any = self.fields["methods"]
        box.choices = codes.choices(traditional.METHODS)

    def session_input(self) -> SessionInput:
        """The values of a valid form."""
        data = self.cleaned_data
        return SessionInput(
            self.when(timezone.localdate()), data["methods"], data["minutes"], data["points"], data["note"]
        )


class FormulaForm(FormKeyMixin):
    """A herbal formula: rows of herb and grams, how many packets, how it is boiled and drunk."""

    name = CleanCharField(label="Tên bài thuốc", required=False, max_length=200)
    packets = forms.IntegerField(
        label="Số thang",
        min_value=1,
        max_value=999,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), "Ghi số thang."),
    )
    usage = CleanCharField(
        label="Cách sắc, cách uống",
        max_length=500,
        initial="Sắc với 600 ml nước còn 200 ml, chia 2 lần, uống ấm sau ăn; ngày 1 thang",
    )
    note = CleanCharField(label="Ghi chú", required=False, max_length=300)
    override = CleanCharField(label="Lý do vẫn giữ", required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = [(f"herb-{number}", f"grams-{number}") for number in range(HERB_ROWS)]
        for herb, grams in self.rows:
            self.fields[herb] = CleanCharField(label="Vị thuốc", required=False, max_length=100)
            self.fields[herb].widget.attrs |= {"list": "herbs", "autocomplete": "off"}
            self.fields[grams] = DecimalField(label="Gam", required=False, max_digits=6, decimal_places=1)

    @property
    def boxes(self) -> list[tuple[Any, Any]]:
        return [(self[herb], self[grams]) for herb, grams in self.rows]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for herb, grams in self.rows:
            if data.get(herb) and grams in data and data[grams] is None:
                self.add_error(grams, "Ghi số gam.")
            if data.get(grams) and not data.get(herb):
                self.add_error(herb, "Ghi tên vị thuốc.")
        return data

    def herbs(self) -> list[HerbInput]:
        """The herbs of a valid form; a name of the list becomes its code."""
        known = {name: code for code, name in codes.choices(HERBS)}
        data = self.cleaned_data
        return [
            HerbInput(known.get(data[herb], data[herb]), data[grams])
            for herb, grams in self.rows
            if data[herb]
        ]


class AttachForm(FormKeyMixin):
    """A file with what it is."""

    title = CleanCharField(label="Tên tài liệu", max_length=200)
    file = forms.FileField(
        label="Tệp ảnh hoặc PDF, tối đa 10 MB",
        allow_empty_file=True,
        error_messages={"required": "Hãy chọn tệp.", "invalid": "Hãy chọn tệp."},
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,application/pdf"}),
    )

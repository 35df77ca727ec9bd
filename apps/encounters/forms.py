"""What reception and the visit's page take in, read into plain values."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict

from apps.care import vitals
from apps.care.forms.figures import PressureField, VitalField, apart, both
from apps.catalogues import codes, picks
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.core.widgets import CodePicker, DecimalInput
from apps.encounters import case_forms, dosing, organs, rules
from apps.encounters.diagnosing import TRADITIONAL_LIST
from apps.encounters.inputs import LineInput, VisitInput
from apps.encounters.models import Visit
from apps.encounters.sick_child import reading
from apps.encounters.sick_child.boxes import Boxes
from apps.encounters.states import TITLES
from apps.encounters.writing import LISTS, Problems

TEXTS = (
    "reason",
    "history",
    "examination",
    "course",
    "treatment_text",
    "advice",
    "outcome",
    "result",
    "injury_cause",
)
Known = Callable[[], Mapping[str, str]]  # names by code, looked up when they are shown
# What Enter passes over on a usual visit; Tab goes there.
SELDOM = ("waist", "head", "oedema", "main_text", "treatment_text")
MEASURED_MONTHS = 72
SEXES = {"male": "M", "female": "F"}  # of a person, as the catalogue of diseases says it
EMPTY_LINES = 2  # the second shows once the first is used: a fast hand never waits for the server
MAX_LINES = 20  # more medicines than on any slip: a form made by a machine


@dataclass(frozen=True)
class Names:
    """Names of the codes that a form holds, by catalogue."""

    icd10: Known
    drug: Known


def text_field(label: str, rows: int = 2, **kwargs: Any) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=4000, widget=forms.Textarea({"rows": rows}), **kwargs
    )


@dataclass(frozen=True)
class LineSum:
    """What a line comes to: without `quantity` and `usage` while that is not known, or cannot be."""

    quantity: str
    unit: str
    usage: str
    marks: tuple[str, ...] = ()  # controlled, antibiotic
    notes: tuple[tuple[str, str], ...] = ()  # what the shelf and the insurance say: state of a chip, words


class LineForm(forms.Form):
    """One medicine as it is typed."""

    drug = forms.CharField(label="Thuốc", required=False)
    dose = forms.CharField(label="Mỗi lần", required=False, max_length=30)
    times = forms.IntegerField(label="Lần/ngày", required=False, min_value=0, max_value=999)
    days = forms.IntegerField(label="Số ngày", required=False, min_value=0, max_value=9999)
    quantity = VitalField(label="Số lượng", required=False, max_length=9)
    note = forms.CharField(label="Ghi chú", required=False, max_length=120)

    def __init__(self, data: QueryDict, *, key: int, names: Known) -> None:
        super().__init__(data, prefix=f"line-{key}")
        self.key = key
        self.sum: LineSum | None = None  # what the line comes to, when it is known already
        self.said: list[tuple[str, str]] = []  # state and words of what is to be looked at
        self.fields["drug"].widget = picker("drug", names, placeholder="Tên thuốc")
        self.fields["drug"].widget.attrs["data-still"] = ".line .picked"
        for name in ("quantity", "note"):  # computed, seldom: Enter passes them over, Tab does not
            self.fields[name].widget.attrs["data-enter-skip"] = ""
        for name in ("times", "days"):
            self.fields[name].widget = DecimalInput({"maxlength": "4"})
            self.fields[name].error_messages["invalid"] = "Ghi một số."

    @property
    def is_blank(self) -> bool:
        return not self.data.get(self.add_prefix("drug"), "").strip() and not any(
            self.data.get(self.add_prefix(name), "").strip() for name in ("dose", "times", "days", "quantity")
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.is_blank:
            return data
        for name, sentence in (
            ("drug", "Chọn thuốc trong danh mục."),
            ("dose", "Ghi liều mỗi lần."),
            ("times", "Ghi số lần một ngày."),
            ("days", "Ghi số ngày dùng."),
        ):
            if data.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, sentence)
        if data.get("dose"):
            try:
                data["amount"], data["dose_unit"] = dosing.read_dose(data["dose"], "")
            except ValueError as error:
                self.add_error("dose", str(error))
        return data

    @property
    def drug_code(self) -> str:
        """The medicine that was chosen; empty without one."""
        return "" if self.is_blank else self.data.get(self.add_prefix("drug"), "").replace("\0", "")

    def line(self) -> LineInput:
        """The values of a form that is valid and not blank."""
        data = self.cleaned_data
        return LineInput(
            drug_code=data["drug"],
            dose=data["amount"],
            dose_unit=data["dose_unit"],
            times_per_day=data["times"],
            days=data["days"],
            quantity=data["quantity"],
            note=data["note"],
        )


class VisitForm(FormKeyMixin, VersionMixin):
    """A whole visit on one page. Its medicines are LineForms, named by the `line` values of the post."""

    reason = forms.CharField(label="Lý do đến khám", required=False, max_length=500)
    pressure = PressureField()
    oedema = forms.BooleanField(label="Phù hai bàn chân", required=False)
    history = text_field("Bệnh sử")
    examination = text_field("Khám bệnh")
    course = text_field("Diễn biến")
    main = forms.CharField(label="Bệnh chính", required=False)
    main_text = forms.CharField(label="Ghi rõ thêm", required=False, max_length=500)
    secondary = forms.Field(label="Bệnh kèm theo", required=False)
    external = forms.CharField(label="Nguyên nhân bên ngoài (V01–Y98)", required=False)
    injury_cause = forms.ChoiceField(label="Nguyên nhân tai nạn, thương tích", required=False)
    traditional = forms.Field(label="Chẩn đoán y học cổ truyền", required=False)
    treatment_text = text_field("Phương pháp điều trị")
    advice = text_field("Lời dặn")
    follow_up_on = forms.CharField(label="Tái khám", required=False, max_length=12)
    outcome = forms.ChoiceField(label="Hình thức ra về", required=False)
    result = forms.ChoiceField(label="Kết quả", required=False)
    override = forms.CharField(label="Lý do vẫn giữ", required=False, max_length=300)
    override_apart = forms.CharField(label="Lý do vẫn kê", required=False, max_length=300)
    amend_reason = forms.CharField(label="Lý do sửa đổi", required=False, max_length=500)

    def __init__(
        self,
        data: QueryDict,
        *,
        visit: Visit,
        names: Names,
        prescribes: bool,
    ) -> None:
        super().__init__(data)
        self.visit = visit
        self.prescribes = prescribes  # else the medicines are neither shown as boxes nor saved
        self.signs = vitals.of_age(visit.age_days)
        for vital in self.signs:
            self.fields[vital.key] = VitalField(label=vital.title, required=False, max_length=9)
        months = rules.age_months(visit.person.birth_date, visit.on)
        for name in (*SELDOM, *self._heights_passed(months)):
            if name in self.fields:
                self.fields[name].widget.attrs["data-enter-skip"] = ""
        soon = f"{visit.on + dt.timedelta(days=7):%d/%m}"
        self.fields["follow_up_on"].widget.attrs["placeholder"] = f"7 hoặc {soon}"
        self.organs = organs.offered(
            organs.listed(visit.on),
            sex=visit.person.sex,
            age_months=months,
            written=visit.findings,
        )
        for organ in self.organs:
            self.fields[organ.box] = organ_field(organ)
        self.sick_child = Boxes(data, reading.sheet_for(visit.person, visit.on))
        of_child = "child" if months is not None and months < rules.CHILD_MONTHS else "grown"
        whom = f"{SEXES.get(visit.person.sex, '')} {of_child}"
        self.fields["main"].widget = picker("icd10", names.icd10, on=visit.on, whom=whom)
        if self.sick_child.sheet:
            # Its list would lie over what the sick-child form has just come to.
            self.fields["main"].widget.attrs["data-still"] = "#sick-said li"
        self.fields["secondary"].widget = picker("icd10", names.icd10, on=visit.on, whom=whom, multiple=True)
        # Nor a list over the diagnosis, or the medicine, that was just chosen.
        self.fields["secondary"].widget.attrs["data-still"] = "[data-name=main] .picked"
        self.fields["external"].widget = picker("icd10", names.icd10, on=visit.on)
        self.fields["traditional"].widget = picks.widget(TRADITIONAL_LIST, on=visit.on, multiple=True)
        for name, list_name in LISTS.items():
            choices = codes.choices(list_name, visit.on)
            box: Any = self.fields[name]
            box.choices = [("", "—"), *choices]
        self.lines = self._lines(data, names.drug) if prescribes else []

    def _heights_passed(self, months: int | None) -> list[str]:
        """Of a small child's two postures the second is the rare one; a school child is measured each time,
        who is grown once.
        """
        if months is not None and months < MEASURED_MONTHS:
            return [vital.key for vital in self.signs if vital.key in ("length", "height")][1:]
        grown = months is None or months >= rules.CHILD_MONTHS
        return ["height"] if grown and getattr(self.visit, "has_height", False) else []

    def _lines(self, data: QueryDict, names: Known) -> list[LineForm]:
        """A form for each line of the post that says something, and empty ones to go on with."""
        lines = [line for line in lines_of(data, names) if not line.is_blank]
        first = max((line.key for line in lines), default=-1) + 1
        return lines + [LineForm(QueryDict(), key=first + n, names=names) for n in range(EMPTY_LINES)]

    @property
    def filled(self) -> list[LineForm]:
        return [line for line in self.lines if not line.is_blank]

    def is_valid(self) -> bool:
        lines = [line.is_valid() for line in self.filled]  # every line tells its errors
        return super().is_valid() and all(lines)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for sentence in self.sick_child.wrong.values():
            self.add_error(None, sentence)
        return data

    def clean_follow_up_on(self) -> dt.date | None:
        try:
            return rules.read_follow_up(self.cleaned_data["follow_up_on"], self.visit.on)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def begin(self) -> None:
        """Put the cursor where the work goes on: the first part of the visit in which nothing stands yet."""
        box = self._begins_at()
        box.field.widget.attrs["autofocus"] = True

    def _begins_at(self) -> BoundField:
        def stands(*names: str) -> bool:
            return any(str(self[name].value() or "").strip() for name in names)

        if not stands("reason"):
            return self["reason"]
        if not stands(*(box.name for box, _ in self.sign_boxes)):
            return self.sign_boxes[0][0]
        if not stands("main"):
            begun = stands("history", "examination") or self.filled
            return self["main" if begun else "history"]
        return self.lines[len(self.filled)]["drug"] if self.prescribes else self["advice"]

    def visit_input(self) -> VisitInput:
        """The values of a valid form, all of them: what the page does not show any more is taken back."""
        data = self.cleaned_data
        return VisitInput(
            fields={name: data[name] for name in TEXTS}
            | {"follow_up_on": data["follow_up_on"], "findings": self._findings()}
            | ({"sick_child": self.sick_child.answers} if self.sick_child.sheet else {}),
            vitals=self.figures(),
            readings=apart(data["pressure"]),
            oedema=data["oedema"] if self.of_child else None,
            diagnoses=case_forms.entries(self.data, self.cleaned_data),
            lines=[line.line() for line in self.filled] if self.prescribes else None,
        )

    def figures(self) -> dict[str, Decimal | None]:
        """The vital signs that could be read, by key; None where nothing (or nothing readable) stands."""
        data = self.cleaned_data
        found: dict[str, Decimal | None] = {vital.key: data.get(vital.key) for vital in self.signs}
        return found | both(data.get("pressure"))

    @property
    def of_child(self) -> bool:
        """Whether the boxes are those of a child's measuring."""
        return any(vital.key == "muac" for vital in self.signs)

    @property
    def sign_boxes(self) -> list[tuple[BoundField, str]]:
        """The boxes of the signs with their units, in the order of measuring; pressure is the third."""
        boxes = [(self[vital.key], vital.unit_text) for vital in self.signs]
        boxes.insert(2, (self["pressure"], "mmHg"))
        return boxes

    @property
    def sign_names(self) -> str:
        """The names of these boxes, for what is said while they are typed."""
        return ",".join([*(box.html_name for box, _ in self.sign_boxes), "oedema"])

    def _findings(self) -> dict[str, str]:
        """What was written by organ; what this form does not show stays as it is."""
        shown = {organ.key: self.cleaned_data[organ.box] for organ in self.organs}
        return organs.tidy({**self.visit.findings, **shown})

    @property
    def organ_boxes(self) -> list[BoundField]:
        return [self[organ.box] for organ in self.organs]

    @property
    def organs_open(self) -> bool:
        """Whether the fold stands open: something is written there, or wrong."""
        return any(box.value() or box.errors for box in self.organ_boxes)

    def add_problems(self, problems: Problems) -> None:
        """Put each refusal beside the field it names."""
        for problem in problems.problems:
            self.add_remark(problem.field, problem.sentence)

    @property
    def sentences(self) -> list[str]:
        """Every error once, in the order of the form."""
        return list(dict.fromkeys(str(error) for errors in self.errors.values() for error in errors))

    def add_remark(self, field: str, sentence: str) -> None:
        """A sentence beside the input that a rule names, or above the form."""
        kind, _, rest = field.partition("-")
        if kind == "line" and rest:
            position, _, part = rest.partition("-")
            line = self.filled[int(position) - 1] if int(position) <= len(self.filled) else None
            if line is not None:
                line.add_error(part if part in line.fields else "drug", sentence)
                self.add_error(None, sentence)
                return
        name = {"systolic": "pressure", "diastolic": "pressure", "diagnosis": "main"}.get(
            field, rest if kind == "diagnosis" and rest else field
        )
        self.add_error(name if name in self.fields else None, sentence)


def organ_field(organ: organs.Organ) -> forms.CharField:
    """The box of an organ; `data-fill-with` is what the one key for all writes into it."""
    attrs = {"data-fill-with": organ.normal} if organ.normal else {}
    box = forms.CharField(label=organ.title, required=False, max_length=organs.LONGEST)
    box.widget = forms.TextInput(attrs | {"maxlength": str(organs.LONGEST)})
    return box


def lines_of(data: QueryDict, names: Known) -> list[LineForm]:
    """A form for each line of the post, empty ones too."""
    keys = dict.fromkeys(line_key(text) for text in data.getlist("line")[:MAX_LINES])
    return [LineForm(data, key=key, names=names) for key in keys if key is not None]


def line_key(text: str) -> int | None:
    """The number by which a line of the post is named."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


class ReasonForm(FormKeyMixin, VersionMixin):
    """One sentence why."""

    reason = forms.CharField(label="Lý do", max_length=500)


class WrongPersonForm(ReasonForm):
    """Whose visit it is, and how that was found out."""

    person = forms.CharField(
        label="Người được khám thật sự", widget=picks.widget("person", placeholder="Gõ tên hoặc mã người")
    )
    reason = forms.CharField(label="Vì sao biết là nhầm người", max_length=400)
    override = forms.CharField(label="Lý do vẫn giữ", required=False, max_length=300)
    field_order = ("person", "reason", "override")


class DayForm(forms.Form):
    """The filters of the day's list."""

    on = forms.CharField(required=False)
    state = forms.ChoiceField(required=False, choices=[("", "Tất cả"), *TITLES.items()])


def picker(kind: str, names: Known, **kwargs: Any) -> CodePicker:
    """A catalogue's picker that is told the names of chosen codes: one query a page, not one a box."""
    widget = picks.widget(kind, **kwargs)
    widget.names = partial(_known, names)
    return widget


def _known(names: Known, picked: list[str]) -> dict[str, str]:
    known = names()
    return {code: known[code] for code in picked if code in known}

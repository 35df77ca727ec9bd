"""One small form a section. They read what was typed; whether it may be said is decided by saving.blocks."""

from collections.abc import Mapping
from typing import Any

from django import forms

from apps.catalogues import codes, picks
from apps.core import fields
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.core.scope import current
from apps.patients.health_record import saving
from apps.patients.health_record.parts import LISTS, UNITS, Part
from apps.patients.models import LineState, Person

WHOLE = {"invalid": "Hãy nhập một số nguyên."}


def _choices(part: str, name: str, first: str) -> Any:
    return lambda: [
        ("", first),
        *[choice for each in LISTS[part, name] for choice in codes.choices(each)],
    ]


def _numbered(part: str, name: str, first: str) -> Any:
    """The choices under their numbers of the form, so that a select takes the number that is typed."""
    return lambda: [
        (code, f"{code.lstrip('0')}. {title}" if code else title)
        for code, title in _choices(part, name, first)()
    ]


def _choice(
    part: str,
    name: str,
    *,
    first: str = "Chưa ghi",
    required: bool = False,
    numbered: bool = False,
    widget: type[forms.Widget] = forms.Select,
) -> forms.ChoiceField:
    return forms.ChoiceField(
        widget=widget,
        choices=(_numbered if numbered else _choices)(part, name, first),
        required=required,
        error_messages={
            "required": "Hãy chọn một mục.",
            "invalid_choice": "Hãy chọn một mục trong danh sách.",
        },
    )


def _text(most: int, *, lines: bool = False, **kwargs: Any) -> fields.CleanCharField:
    widget = forms.Textarea(attrs={"rows": 2}) if lines else None
    return fields.CleanCharField(
        max_length=most,
        required=False,
        lines=lines,
        error_messages={"max_length": "Dài %(show_value)d chữ, tối đa là %(limit_value)d."},
        **({"widget": widget} if widget else {}),
        **kwargs,
    )


def _whole(**kwargs: Any) -> fields.MoneyField:
    """A whole number; '3.200' is three thousand two hundred."""
    return fields.MoneyField(
        required=False, error_messages=WHOLE, widget=forms.TextInput(attrs={"inputmode": "numeric"}), **kwargs
    )


def _year() -> forms.IntegerField:
    return forms.IntegerField(
        required=False,
        min_value=0,
        max_value=9999,
        error_messages=WHOLE | {"max_value": "Hãy ghi năm đủ bốn số.", "min_value": "Hãy ghi năm đủ bốn số."},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": 4}),
    )


class YesNo(forms.TypedChoiceField):
    """A question of the form: yes, no, or not asked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=[("", "Chưa ghi"), ("0", "Không"), ("1", "Có")],
            widget=forms.RadioSelect,
            coerce=lambda value: value == "1",
            empty_value=None,
            required=False,
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return {True: "1", False: "0"}.get(value, value) if isinstance(value, bool) else value


class SeveralField(forms.MultipleChoiceField):
    """Ticks of a list; the conflict page sends them as one text with commas."""

    def to_python(self, value: Any) -> list[str]:
        return [code for each in super().to_python(value) for code in each.split(",") if code]


class SectionForm(FormKeyMixin, VersionMixin):
    """A section's fields under the words of the model, without those that the scope may not see."""

    def __init__(self, *args: Any, part: Part, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.part, self.person = part, person
        shown = part.shown(current())
        for name in part.fields:
            if name not in shown:
                del self.fields[name]
        for name in shown:
            self.fields[name].label = self.fields[name].label or part.label(name)
            self.fields[name].widget.attrs.setdefault("autocomplete", "off")

    def clean(self) -> dict[str, Any]:
        """What cannot be is told for all fields at once."""
        said = self.cleaned_data
        if not self.errors:
            for refusal in saving.blocks(self.part, self.person, self.values()):
                if refusal.field not in self.errors:
                    self.add_error(refusal.field if refusal.field in self.fields else None, refusal.message)
        return said

    def values(self) -> dict[str, Any]:
        """What was typed, for the service."""
        return {name: self.cleaned_data.get(name) for name in self.part.fields if name in self.fields}

    @property
    def groups(self) -> list[tuple[str, list[Any]]]:
        """The fields as the page lays them out: (legend, [(bound field, width, unit)])."""
        told = []
        for legend, cells in LAYOUT[self.part.key]:
            row = [(self[name], width, UNITS.get(name, "")) for name, width in cells if name in self.fields]
            if row:
                told.append((legend, row))
        return told


class OnceForm(SectionForm):
    """A section that stands once; `reason` is shown when something is odd."""

    reason = _text(300, label="Vì sao vẫn đúng")


class AdministrativeForm(OnceForm):
    religion = _choice("hanh-chinh", "religion")
    birth_registered_in = _text(200)
    home_phone = _text(12)
    carer_name = _text(100)
    carer_phone = _text(12)


class BirthForm(OnceForm):
    method = _choice("luc-sinh", "method", widget=forms.RadioSelect)
    preterm = YesNo()
    asphyxia = YesNo()
    weight_g = fields.DecimalField(required=False, max_digits=8, help_text="Ghi bằng gam, ví dụ 3200.")
    length_cm = fields.DecimalField(required=False, max_digits=6, decimal_places=1)
    defect = _text(300)
    other = _text(500, lines=True)

    def clean_weight_g(self) -> Any:
        """Grams are whole; '3,5' and '3.500' are told apart by what a newborn can weigh."""
        grams = self.cleaned_data["weight_g"]
        typed = (self.data.get(self.add_prefix("weight_g")) or "").strip()
        if grams is not None and grams != int(grams) and len(typed.partition(".")[2]) == 3:
            return int(grams * 1000)  # a point between thousands, as grams are written on paper
        return int(grams) if grams is not None and grams == int(grams) else grams


class RiskForm(OnceForm):
    tobacco = _choice("nguy-co", "tobacco", first="Chưa hỏi")
    tobacco_a_day = _whole(label="Số điếu")
    tobacco_quit = forms.BooleanField(required=False, label="Đã bỏ")
    alcohol = _choice("nguy-co", "alcohol", first="Chưa hỏi")
    alcohol_glasses = fields.DecimalField(
        required=False, min_value=0, max_digits=4, decimal_places=1, label="Số ly, cốc"
    )
    alcohol_quit = forms.BooleanField(required=False, label="Đã bỏ")
    drugs = _choice("nguy-co", "drugs", first="Chưa hỏi")
    drugs_quantity = _text(100, label="Loại, lượng dùng")
    drugs_quit = forms.BooleanField(required=False, label="Đã bỏ")
    activity = _choice("nguy-co", "activity", first="Chưa hỏi")
    activity_minutes = _whole(label="Số phút vận động")
    exposure = SeveralField(
        required=False,
        choices=lambda: codes.choices("record_exposure"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Hãy chọn một mục trong danh sách."},
    )
    exposure_text = _text(200, label="Ghi rõ")
    exposure_duration = _text(100)
    toilet = _choice("nguy-co", "toilet")
    other = _text(500, lines=True)


class ReproductiveForm(OnceForm):
    contraception = _choice("sinh-san", "contraception")
    last_pregnancy_year = _year()
    pregnancies = _whole()
    miscarriages = _whole()
    abortions = _whole()
    deliveries = _whole()
    normal = _whole()
    caesarean = _whole()
    difficult = _whole()
    term = _whole()
    preterm = _whole()
    living_children = _whole()
    gynaecology = _text(300)


class LineForm(SectionForm):
    """A line of a section; `state` only for one that is there already."""

    state = forms.ChoiceField(label="Trạng thái", choices=LineState.choices)

    def __init__(self, *args: Any, new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if new:
            del self.fields["state"]
            del self.fields["version"]
        elif self.part.key not in ("benh-tat", "khuyet-tat"):
            field: Any = self.fields["state"]
            field.choices = [(LineState.ACTIVE, "Đúng"), (LineState.ENTERED_IN_ERROR, "Nhập nhầm")]


class DiseaseForm(LineForm):
    code = _choice("benh-tat", "code", first="Chọn bệnh", required=True, numbered=True)
    icd_code = fields.CleanCharField(
        label="Mã ICD-10 (nếu biết)", required=False, max_length=10, widget=picks.widget("icd10")
    )
    text = _text(300)
    since_year = _year()


class DisabilityForm(LineForm):
    code = _choice("khuyet-tat", "code", first="Chọn dạng khuyết tật", required=True, numbered=True)
    degree = _choice("khuyet-tat", "degree")
    text = _text(300)
    since_year = _year()


class SurgeryForm(LineForm):
    text = _text(300)
    year = _year()
    place = _text(150)


class FamilyForm(LineForm):
    code = _choice("gia-dinh", "code", first="Chọn bệnh hoặc dị ứng", required=True, numbered=True)
    relative = _choice("gia-dinh", "relative", first="Chọn người mắc", required=True)
    text = _text(300)


class OtherForm(LineForm):
    text = _text(500, lines=True)


FORMS: Mapping[str, type[SectionForm]] = {
    "hanh-chinh": AdministrativeForm,
    "luc-sinh": BirthForm,
    "nguy-co": RiskForm,
    "benh-tat": DiseaseForm,
    "khuyet-tat": DisabilityForm,
    "phau-thuat": SurgeryForm,
    "gia-dinh": FamilyForm,
    "sinh-san": ReproductiveForm,
    "khac": OtherForm,
}

Cells = list[tuple[str, int]]
# Legend and fields with their widths in twelfths, in the order of the form.
LAYOUT: dict[str, list[tuple[str, Cells]]] = {
    "hanh-chinh": [
        (
            "",
            [
                *(("religion", 4), ("birth_registered_in", 8)),
                *(("home_phone", 4), ("carer_name", 4), ("carer_phone", 4)),
            ],
        ),
    ],
    "luc-sinh": [
        (
            "",
            [
                *(("method", 4), ("preterm", 4), ("asphyxia", 4), ("weight_g", 4), ("length_cm", 4)),
                *(("defect", 12), ("other", 12)),
            ],
        ),
    ],
    "nguy-co": [
        (
            "Thói quen",
            [
                *(("tobacco", 4), ("tobacco_a_day", 4), ("tobacco_quit", 4)),
                *(("alcohol", 4), ("alcohol_glasses", 4), ("alcohol_quit", 4)),
                *(("drugs", 4), ("drugs_quantity", 4), ("drugs_quit", 4)),
                *(("activity", 4), ("activity_minutes", 4)),
            ],
        ),
        (
            "Yếu tố tiếp xúc nghề nghiệp, môi trường sống",
            [("exposure", 12), ("exposure_text", 6), ("exposure_duration", 6)],
        ),
        ("Gia đình và nguy cơ khác", [("toilet", 4), ("other", 8)]),
    ],
    "benh-tat": [("", [("code", 6), ("since_year", 3), ("state", 3), ("icd_code", 6), ("text", 6)])],
    "khuyet-tat": [("", [("code", 5), ("degree", 4), ("since_year", 3), ("text", 9), ("state", 3)])],
    "phau-thuat": [("", [("text", 12), ("year", 3), ("place", 6), ("state", 3)])],
    "gia-dinh": [("", [("code", 6), ("relative", 6), ("text", 9), ("state", 3)])],
    "sinh-san": [
        ("Kế hoạch hóa gia đình", [("contraception", 6), ("last_pregnancy_year", 6)]),
        (
            "Thai nghén, sinh đẻ",
            [
                *(("pregnancies", 4), ("miscarriages", 4), ("abortions", 4)),
                *(("deliveries", 3), ("normal", 3), ("caesarean", 3), ("difficult", 3)),
                *(("term", 4), ("preterm", 4), ("living_children", 4)),
            ],
        ),
        ("Bệnh phụ khoa", [("gynaecology", 12)]),
    ],
    "khac": [("", [("text", 12), ("state", 4)])],
}

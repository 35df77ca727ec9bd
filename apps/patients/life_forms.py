"""Forms of a birth, a name given later, somebody nobody can name, a number that was wrong or has ended."""

from typing import Any

from django import forms
from django.utils import timezone

from apps.catalogues import codes, picks
from apps.core import fields
from apps.core.dates import PartialDate
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.patients.births import MOST, Baby, BirthData
from apps.patients.forms import CHOOSE, SEX_CHOICES, HamletField
from apps.patients.models import BirthPlace, Identifier, Person
from apps.patients.naming import Carer, Found
from apps.patients.picking import picked
from apps.patients.plausibility import NAME_LIMIT


def _whole(label: str, highest: int, **kwargs: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=0,
        max_value=highest,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": "6", "autocomplete": "off"}),
        error_messages={
            "invalid": "Hãy ghi một số nguyên.",
            "max_value": f"Nhiều nhất {highest}.",
            "min_value": "Không thể là số âm.",
        },
        **kwargs,
    )


class NewbornForm(FormKeyMixin):
    """A birth; the first child, and up to three more of the same birth."""

    born_on = fields.DateField(label="Ngày sinh")
    born_time = fields.TimeField(label="Giờ sinh", required=False)
    place = forms.ChoiceField(
        label="Nơi sinh",
        choices=BirthPlace.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Hãy chọn nơi sinh."},
    )
    place_text = fields.CleanCharField(label="Ghi rõ nơi sinh", max_length=200, required=False)
    order = _whole("Con thứ mấy", 20)
    method = forms.ChoiceField(
        label="Cách sinh",
        choices=lambda: [("", "Chưa ghi"), *codes.choices("record_birth_method")],
        required=False,
    )
    father = fields.CleanCharField(
        label="Bố", widget=picks.widget("person", placeholder="Gõ tên hoặc mã người"), required=False
    )
    ethnicity = forms.ChoiceField(
        label="Dân tộc của trẻ", choices=lambda: [CHOOSE, *codes.choices("ethnic_groups")], required=False
    )
    reason = fields.CleanCharField(label="Vì sao vẫn đúng", max_length=300, required=False)

    def __init__(self, *args: Any, mother: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mother = mother
        for number in range(1, MOST + 1):
            self.fields[f"sex_{number}"] = forms.ChoiceField(
                label=f"Bé {number}: giới tính",
                choices=SEX_CHOICES,
                widget=forms.RadioSelect,
                required=number == 1,
                error_messages={"required": "Hãy chọn giới tính."},
            )
            self.fields[f"weight_{number}"] = _whole(f"Bé {number}: cân nặng", 9999)
            self.fields[f"notice_{number}"] = fields.CleanCharField(
                label=f"Bé {number}: số giấy chứng sinh", max_length=40, required=False
            )

    @property
    def babies(self) -> list[dict[str, Any]]:
        """The rows of the page; those after the last filled one are folded away."""
        return [
            {
                "number": number,
                "sex": self[f"sex_{number}"],
                "weight": self[f"weight_{number}"],
                "notice": self[f"notice_{number}"],
            }
            for number in range(1, MOST + 1)
        ]

    @property
    def more_open(self) -> bool:
        return any(
            self[f"{name}_{number}"].value() or self[f"{name}_{number}"].errors
            for number in range(2, MOST + 1)
            for name in ("sex", "weight", "notice")
        )

    def clean_father(self) -> Person | None:
        return picked(self.cleaned_data["father"])

    def clean(self) -> dict[str, Any]:
        """Whoever has a weight or a notice has a sex, and nobody stands between two children."""
        said, gap = self.cleaned_data, 0
        for number in range(1, MOST + 1):
            sex = said.get(f"sex_{number}")
            if not sex and (said.get(f"weight_{number}") is not None or said.get(f"notice_{number}")):
                self.add_error(f"sex_{number}", "Hãy chọn giới tính của bé này.")
            if sex and gap:
                self.add_error(f"sex_{gap}", f"Đã ghi bé {number} mà còn trống bé {gap}.")
                break
            gap = gap or (0 if sex or number == 1 else number)
        return said

    def data_of(self) -> BirthData:
        said = self.cleaned_data
        babies = tuple(
            Baby(said[f"sex_{number}"], said[f"weight_{number}"], said[f"notice_{number}"])
            for number in range(1, MOST + 1)
            if said[f"sex_{number}"]
        )
        return BirthData(
            babies=babies,
            **{
                name: said[name]
                for name in ("born_on", "born_time", "place", "place_text", "order", "method", "ethnicity")
            },
        )


class NameForm(FormKeyMixin, VersionMixin):
    """The name that a newborn or an unknown person has at last."""

    full_name = fields.CleanCharField(
        label="Họ và tên",
        max_length=NAME_LIMIT,
        error_messages={
            "required": "Hãy nhập họ và tên.",
            "max_length": "Họ tên dài %(show_value)d chữ, tối đa là %(limit_value)d.",
        },
    )
    birth_date = fields.PartialDateField(label="Ngày sinh", required=False)
    sex = forms.ChoiceField(label="Giới tính", choices=SEX_CHOICES, widget=forms.RadioSelect)
    ethnicity = forms.ChoiceField(
        label="Dân tộc", choices=lambda: [CHOOSE, *codes.choices("ethnic_groups")], required=False
    )
    cccd = fields.CleanCharField(
        label="Số định danh cá nhân",
        max_length=20,
        required=False,
        help_text="Theo giấy khai sinh hoặc thẻ căn cước; chưa có thì bỏ trống.",
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    reason = fields.CleanCharField(label="Vì sao vẫn đúng", max_length=300, required=False)

    def said_of(self) -> dict[str, Any]:
        """What was typed, as the person's own fields."""
        said = self.cleaned_data
        birth: PartialDate | None = said["birth_date"]
        return {
            "full_name": said["full_name"],
            "birth_date": birth.date if birth else None,
            "birth_precision": birth.precision if birth else "day",
            "sex": said["sex"],
            "ethnicity": said["ethnicity"],
        }


class UnknownForm(FormKeyMixin):
    """Somebody nobody can name, as she is seen; an abandoned child with who cares for her."""

    kind = forms.ChoiceField(
        label="Đây là",
        choices=[
            ("unknown", "Người bệnh không rõ là ai"),
            ("abandoned", "Trẻ bị bỏ rơi"),
        ],
        widget=forms.RadioSelect,
        initial="unknown",
    )
    sex = forms.ChoiceField(
        label="Giới tính",
        choices=SEX_CHOICES,
        widget=forms.RadioSelect,
        error_messages={"required": "Hãy chọn giới tính."},
    )
    years = _whole("Khoảng bao nhiêu tuổi", 120)
    months = _whole("hoặc tháng tuổi", 60)
    marks = fields.CleanCharField(
        label="Đặc điểm nhận dạng",
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Vóc dáng, quần áo, vết sẹo, hình xăm, đồ mang theo.",
        error_messages={"required": "Hãy ghi đặc điểm nhận dạng: vóc dáng, quần áo, vết sẹo …"},
    )
    where = fields.CleanCharField(label="Gặp ở đâu, lúc nào", max_length=200, required=False)
    brought_by = fields.CleanCharField(label="Người đưa đến, điện thoại", max_length=200, required=False)
    hamlet = HamletField(label="Thôn, tổ (nếu ở lại)", outside=True)
    carer_name = fields.CleanCharField(label="Người đang chăm sóc trẻ", max_length=100, required=False)
    carer_relation = forms.ChoiceField(
        label="Quan hệ", choices=lambda: [CHOOSE, *codes.choices("relationship_to_head")], required=False
    )
    carer_number = fields.CleanCharField(
        label="Số định danh người chăm sóc",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hamlets: Any = self.fields["hamlet"]
        hamlets.fill()
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    def found_of(self) -> Found:
        said = self.cleaned_data
        names = ("sex", "years", "months", "marks", "where", "brought_by")
        return Found(**{name: said[name] for name in names}, hamlet_id=said["hamlet"])

    def carer_of(self) -> Carer | None:
        said = self.cleaned_data
        if said["kind"] != "abandoned":
            return None
        return Carer(said["carer_name"], said["carer_relation"], said["carer_number"])


class NumberChangeForm(FormKeyMixin, VersionMixin):
    """A number was typed wrong, or holds no longer."""

    action = forms.ChoiceField(
        label="Số này",
        choices=[("error", "Ghi nhầm số"), ("end", "Không còn hiệu lực")],
        widget=forms.RadioSelect,
        error_messages={"required": "Hãy chọn một trong hai."},
    )
    right = fields.CleanCharField(
        label="Số đúng (nếu ghi nhầm)",
        max_length=40,
        required=False,
        help_text="Bỏ trống nếu không có số nào.",
    )
    on = fields.DateField(label="Ngày cuối còn hiệu lực", required=False)
    reason = fields.CleanCharField(label="Lý do", max_length=300)
    odd_reason = fields.CleanCharField(label="Vì sao số đúng vẫn đúng", max_length=300, required=False)

    def __init__(self, *args: Any, identifier: Identifier, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.identifier = identifier

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("action") == "end" and not said.get("on") and "on" not in self.errors:
            self.add_error("on", "Hãy ghi ngày cuối còn hiệu lực.")
        return said


class CardEndForm(FormKeyMixin, VersionMixin):
    on = fields.DateField(label="Ngày cuối còn hiệu lực", initial=timezone.localdate)
    reason = fields.CleanCharField(label="Lý do", max_length=300)


class MissingForm(FormKeyMixin):
    since = fields.DateField(label="Mất tích từ ngày")
    last_seen = fields.CleanCharField(label="Thấy lần cuối ở đâu", max_length=200, required=False)
    told_by = fields.CleanCharField(label="Người báo, quan hệ", max_length=150, required=False)


class FoundForm(FormKeyMixin, VersionMixin):
    on = fields.DateField(label="Ngày tìm thấy")
    note = fields.CleanCharField(label="Tìm thấy thế nào", max_length=300, required=False)

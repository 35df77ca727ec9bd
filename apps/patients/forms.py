"""The forms of a person. They read what was typed; whether it may be said is decided by the services."""

import datetime as dt
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone

from apps.catalogues import codes, communes, picks
from apps.core import fields
from apps.core.dates import PartialDate
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.core.scope import current
from apps.facilities.models import AdminUnit, Hamlet
from apps.facilities.queries import hamlets_in
from apps.patients import deaths, kin, plausibility, scan
from apps.patients.data import FIELDS, CardData, NumberData, PersonData
from apps.patients.identifiers import check
from apps.patients.models import AllergyKind, Certainty, IdentifierKind, LifeStatus, Person, Sex
from apps.patients.models.person import BLOOD_GROUPS
from apps.patients.picking import picked
from apps.patients.plausibility import NAME_LIMIT

SEX_CHOICES = [(Sex.MALE, "Nam"), (Sex.FEMALE, "Nữ"), (Sex.UNKNOWN, "Chưa xác định")]
CHOOSE = ("", "Chọn")


def _list(name: str) -> Any:
    return lambda: [CHOOSE, *codes.choices(name)]


OUTSIDE = "outside"


class HamletField(forms.ChoiceField):
    """A hamlet of the catchment, by id; the list is small enough to be a plain select.

    With `outside` somebody who lives elsewhere can be entered: cleans to None then.
    """

    def __init__(self, *, outside: bool = False, **kwargs: Any) -> None:
        super().__init__(
            error_messages={
                "required": "Hãy chọn thôn, tổ.",
                "invalid_choice": "Hãy chọn thôn trong địa bàn của trạm.",
            },
            **kwargs,
        )
        self.outside = outside

    def fill(self, present: Hamlet | None = None) -> None:
        """Offers the hamlets of the scope, and the present one of a person from elsewhere. One query."""
        hamlets = list(hamlets_in(current(), timezone.localdate()))
        if present and present not in hamlets:
            hamlets.append(present)
        rows = [("", "Chọn thôn, tổ"), *((str(hamlet.pk), hamlet.name) for hamlet in hamlets)]
        self.choices = [*rows, (OUTSIDE, "Ngoài địa bàn")] if self.outside else rows

    def clean(self, value: Any) -> UUID | None:
        chosen = super().clean(value)
        return UUID(chosen) if chosen and chosen != OUTSIDE else None


class ScanInField(forms.Form):
    """Says at its field what a scanner has typed into the wrong place, before that is judged as a name."""

    def full_clean(self) -> None:
        super().full_clean()
        for name in list(self.fields) if self.is_bound else []:
            raw = self.data.get(self.add_prefix(name), "")
            if isinstance(raw, str) and raw.count("|") >= scan.BARS:
                self.errors[name] = self.error_class([self._told(raw, name)])
                self.cleaned_data.pop(name, None)

    def _told(self, raw: str, name: str) -> str:
        card = scan.parse(raw)
        if isinstance(card, scan.Unreadable) and card.reason in ("garbled", "mojibake"):
            return card.sentence
        label = str(self.fields[name].label or "").lower()
        return f"Đây là mã quét từ thẻ, không phải {label}. Xóa ô này rồi quét vào ô tìm kiếm (phím /)."


class PersonForm(ScanInField, FormKeyMixin, VersionMixin):
    """All fields of a person, in the order of the statutory register."""

    full_name = fields.CleanCharField(
        label="Họ và tên",
        max_length=NAME_LIMIT,
        error_messages={
            "required": "Hãy nhập họ và tên.",
            "max_length": "Họ tên dài %(show_value)d chữ, tối đa là %(limit_value)d.",
        },
    )
    birth_date = fields.PartialDateField(
        label="Ngày sinh", required=False, help_text="Không nhớ ngày thì ghi tháng/năm hoặc năm."
    )
    sex = forms.ChoiceField(
        label="Giới tính",
        choices=SEX_CHOICES,
        widget=forms.RadioSelect,
        error_messages={"required": "Hãy chọn giới tính."},
    )
    ethnicity = forms.ChoiceField(label="Dân tộc", choices=_list("ethnic_groups"), required=False)
    nationality = fields.CleanCharField(
        label="Quốc tịch", widget=picks.widget("nationalities"), required=False
    )
    occupation = fields.CleanCharField(
        label="Nghề nghiệp", widget=picks.widget("occupations"), required=False
    )
    hamlet = HamletField(label="Thôn, tổ", outside=True)
    address_text = fields.CleanCharField(label="Số nhà, đường, xóm", max_length=200, required=False)
    permanent_text = fields.CleanCharField(label="Nơi thường trú (nếu khác)", max_length=300, required=False)
    permanent_unit = fields.CleanCharField(
        label="Xã, phường thường trú",
        widget=picks.widget("commune", placeholder="Gõ tên xã"),
        required=False,
    )
    phone = fields.CleanCharField(
        label="Số điện thoại",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    email = forms.EmailField(label="Thư điện tử", max_length=100, required=False)
    education = forms.ChoiceField(label="Trình độ học vấn", choices=_list("education_level"), required=False)
    marital_status = forms.ChoiceField(
        label="Tình trạng hôn nhân", choices=_list("marital_status"), required=False
    )
    blood_group = forms.ChoiceField(
        label="Nhóm máu", choices=[("", "Chưa biết"), *BLOOD_GROUPS], required=False
    )
    mother = fields.CleanCharField(
        label="Mẹ",
        widget=picks.widget("person", placeholder="Gõ tên hoặc mã người"),
        required=False,
    )
    father = fields.CleanCharField(
        label="Bố",
        widget=picks.widget("person", placeholder="Gõ tên hoặc mã người"),
        required=False,
    )
    guardian_number = fields.CleanCharField(
        label="Số định danh người giám hộ",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    guardian_name = fields.CleanCharField(label="Người giám hộ", max_length=100, required=False)
    guardian_relation = forms.ChoiceField(
        label="Quan hệ với người giám hộ", choices=_list("relationship_to_head"), required=False
    )
    note = fields.CleanCharField(
        label="Ghi chú", lines=True, max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    reason = fields.CleanCharField(label="Vì sao vẫn đúng", max_length=300, required=False)

    def __init__(self, *args: Any, person: Person | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        hamlets: Any = self.fields["hamlet"]
        hamlets.fill(person.hamlet if person else None)
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    def clean_permanent_unit(self) -> AdminUnit | None:
        key = self.cleaned_data["permanent_unit"]
        if not key:
            return None
        stored = self.person.permanent_unit if self.person else None
        if stored is not None and key == communes.unit_key(stored):
            return stored
        found = communes.unit_of(key)
        if found is None:
            raise forms.ValidationError(f"Không có xã, phường mang mã “{key[:12]}”.")
        return found

    def clean_guardian_number(self) -> str:
        number = self.cleaned_data["guardian_number"]
        if number and (judged := check("cccd", number)).result == "invalid":
            raise forms.ValidationError(judged.sentence)
        return check("cccd", number).value if number else ""

    def clean_mother(self) -> Person | None:
        """The mother who was picked; one who is kept from the reader stays as she is stored."""
        if self.person is None or not kin.keeps_mother(current(), self.person):
            return self._relative("mother")
        if self.cleaned_data["mother"]:
            raise forms.ValidationError("Ô này của trẻ do hộ sinh hoặc bác sĩ ghi.")
        return self.person.mother

    def clean_father(self) -> Person | None:
        return self._relative("father")

    def _relative(self, name: str) -> Person | None:
        code = self.cleaned_data[name]
        if not code:
            return None
        stored = getattr(self.person, name) if self.person else None
        if stored is not None and code == parent_word(stored):
            return stored
        found = picked(code)
        if self.person and found and found.pk == self.person.pk:
            raise forms.ValidationError("Không thể là chính người này.")
        return found

    def clean(self) -> dict[str, Any]:
        """What cannot be is told for all fields at once; the service would tell the first only."""
        said = self.cleaned_data
        if said.keys() >= {"full_name", "sex", "birth_date", "phone"}:
            for refusal in plausibility.blocks(self.data_of().cleaned(), timezone.localdate()):
                if refusal.field not in self.errors:
                    self.add_error(refusal.field, refusal.message)
        return said

    def data_of(self) -> PersonData:
        """What was typed, as plain values. Fields that the form does not show keep what is stored."""
        said = {name: self.cleaned_data[name] for name in FIELDS if name in self.cleaned_data}
        stored = {name: getattr(self.person, name) for name in FIELDS} if self.person else {}
        birth: PartialDate | None = said.pop("birth_date")
        mother, father, hamlet = (self.cleaned_data.get(name) for name in ("mother", "father", "hamlet"))
        unit: AdminUnit | None = self.cleaned_data.get("permanent_unit")
        return PersonData(
            **stored
            | said
            | {
                "birth_date": birth.date if birth else None,
                "birth_precision": birth.precision if birth else "day",
                "nationality": said.get("nationality") or "VN",
                "hamlet_id": hamlet,
                "mother_id": mother.pk if mother else None,
                "father_id": father.pk if father else None,
                "permanent_unit_id": unit.pk if unit else None,
            }
        )


class PersonCreateForm(PersonForm):
    """A new person with the papers she shows."""

    version = None
    cccd = fields.CleanCharField(
        label="Số CCCD",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    cmnd = fields.CleanCharField(label="Số CMND cũ", max_length=20, required=False)
    bhyt = fields.CleanCharField(
        label="Số thẻ BHYT", max_length=20, required=False, help_text="15 ký tự; hoặc mã số BHXH 10 số."
    )
    bhyt_from = fields.DateField(label="Có giá trị từ", required=False)
    bhyt_to = fields.DateField(label="Đến ngày", required=False)
    bhyt_place = fields.CleanCharField(label="Nơi đăng ký KCB ban đầu", max_length=5, required=False)
    another = forms.BooleanField(label="Không phải ai ở trên, vẫn thêm người mới", required=False)

    def numbers_of(self, source: str = "typed") -> list[NumberData]:
        """CCCD and CMND that were typed."""
        said = self.cleaned_data
        return [NumberData(kind, said[kind], source=source) for kind in ("cccd", "cmnd") if said[kind]]

    def card_of(self, source: str = "typed") -> CardData | None:
        said = self.cleaned_data
        if not said["bhyt"]:
            return None
        return CardData(
            number=said["bhyt"],
            valid_from=said["bhyt_from"],
            valid_to=said["bhyt_to"],
            registered_facility_code=said["bhyt_place"],
            source=source,
        )

    def clean_bhyt(self) -> str:
        return self._number("bhyt", "bhyt_lookup_key")

    def clean_cccd(self) -> str:
        return self._number("cccd", "cccd")

    def clean_cmnd(self) -> str:
        return self._number("cmnd", "cmnd")

    def _number(self, name: str, kind: str) -> str:
        number = self.cleaned_data[name]
        if number and (judged := check(kind, number)).result == "invalid":
            raise forms.ValidationError(judged.sentence)
        return number


class PersonEditForm(PersonForm):
    """A stored person, with what may have become of her."""

    life_status = forms.ChoiceField(label="Tình trạng", choices=LifeStatus.choices)
    died_on = fields.DateField(label="Ngày mất", required=False)

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, person=person, **kwargs)
        status: Any = self.fields["life_status"]
        if person.life_status != LifeStatus.DEAD:
            # A death is recorded on its own page, with its causes, for register A6.
            # So is a missing person on hers; what was typed before stays as it is.
            recorded = {LifeStatus.DEAD, LifeStatus.MISSING} - {person.life_status}
            status.choices = [each for each in LifeStatus.choices if each[0] not in recorded]
            del self.fields["died_on"]
        elif deaths.standing_of(person.pk):
            del self.fields["life_status"], self.fields["died_on"]


class IdentifierForm(ScanInField, FormKeyMixin):
    kind = forms.ChoiceField(
        label="Loại giấy tờ",
        choices=[each for each in IdentifierKind.choices if each[0] != IdentifierKind.FORMER],
    )
    value = fields.CleanCharField(label="Số", max_length=40)
    issued_on = fields.DateField(label="Ngày cấp", required=False)
    issuer = fields.CleanCharField(label="Nơi cấp", max_length=150, required=False)
    reason = fields.CleanCharField(label="Vì sao vẫn đúng", max_length=300, required=False)


class CardForm(ScanInField, FormKeyMixin):
    number = fields.CleanCharField(label="Số thẻ BHYT", max_length=20)
    valid_from = fields.DateField(label="Có giá trị từ")
    valid_to = fields.DateField(label="Đến ngày", required=False)
    registered_facility_code = fields.CleanCharField(
        label="Nơi đăng ký KCB ban đầu", max_length=5, required=False, help_text="Mã 5 ký tự trên thẻ."
    )
    five_year_on = fields.DateField(label="Đủ 5 năm liên tục từ", required=False)
    area_code = forms.ChoiceField(
        label="Khu vực",
        choices=[("", "Không"), ("K1", "K1"), ("K2", "K2"), ("K3", "K3")],
        required=False,
    )
    reason = fields.CleanCharField(label="Vì sao vẫn đúng", max_length=300, required=False)


class AllergyForm(FormKeyMixin):
    substance = fields.CleanCharField(label="Dị ứng với", max_length=150)
    kind = forms.ChoiceField(label="Loại", choices=AllergyKind.choices)
    reaction = fields.CleanCharField(label="Biểu hiện", max_length=200, required=False)
    certainty = forms.ChoiceField(label="Mức độ chắc chắn", choices=Certainty.choices)
    noted_on = fields.DateField(label="Ngày ghi nhận", required=False)


def parent_word(parent: Person | None) -> str:
    """A parent as the form names her. The code of another station may be somebody else's here."""
    if parent is None:
        return ""
    return parent.code if current().reaches(parent.station_id) else f"{parent.code} (trạm khác)"


def initial_of(person: Person) -> dict[str, Any]:
    """What the edit form shows of a stored person."""
    said = {name: getattr(person, name) for name in FIELDS}
    birth = PartialDate(person.birth_date, person.birth_precision) if person.birth_date else None  # type: ignore[arg-type]
    return said | {
        "birth_date": birth,
        "hamlet": str(person.hamlet_id) if person.hamlet_id else OUTSIDE,
        "mother": parent_word(kin.mother_of(current(), person)),
        "father": parent_word(person.father),
        "permanent_unit": communes.unit_key(person.permanent_unit) if person.permanent_unit else "",
        "version": person.version,
    }


def initial_from_card(card: dict[str, Any]) -> dict[str, Any]:
    """What a scanned card fills in. `card` is what search.pack kept."""

    def day(name: str) -> dt.date | None:
        return dt.date.fromisoformat(card[name]) if card.get(name) else None

    dob = card["dob"]
    born = PartialDate(dt.date(dob, 1, 1), "year") if isinstance(dob, int) else dt.date.fromisoformat(dob)
    filled = {"full_name": card["name"], "birth_date": born, "sex": card["sex"]}
    if card["kind"] == "citizen":
        return filled | {
            "cccd": card["cccd"],
            "cmnd": card["cmnd"] or "",
            "permanent_text": card["address"] or "",
        }
    return filled | {
        "bhyt": card["number"],
        "bhyt_from": day("valid_from"),
        "bhyt_to": day("valid_to"),
        "bhyt_place": card["facility"] or "",
        "permanent_text": card["address"] or "",
    }

"""The forms of a household and of who belongs to it."""

from typing import Any

from django import forms

from apps.catalogues import codes, picks
from apps.core import fields
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.households.models import HEAD, Household, Poverty
from apps.households.services import HouseholdData
from apps.patients import queries as people
from apps.patients.forms import HamletField, PersonCreateForm
from apps.patients.models import Person


def _relations() -> list[tuple[str, str]]:
    """What a member is to the head; the head herself is chosen otherwise."""
    rows = codes.choices("relationship_to_head")
    return [("", "Chọn"), *(row for row in rows if row[0] != HEAD)]


class HouseholdForm(FormKeyMixin, VersionMixin):
    hamlet = HamletField(label="Thôn, tổ")
    address_text = fields.CleanCharField(label="Số nhà, đường, xóm", max_length=200, required=False)
    poverty = forms.ChoiceField(label="Diện hộ", choices=Poverty.choices, required=False)
    note = fields.CleanCharField(
        label="Ghi chú", lines=True, max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hamlets: Any = self.fields["hamlet"]
        hamlets.fill()

    def data_of(self) -> HouseholdData:
        said = self.cleaned_data
        return HouseholdData(said["hamlet"], said["address_text"], said["poverty"], said["note"])


def _stored_person(code: str) -> Person | None:
    if not code:
        return None
    found = people.person_by_code(code)
    if found is None:
        raise forms.ValidationError(f"Không có người mang mã “{code[:12]}”.")
    return found


class HouseholdCreateForm(HouseholdForm):
    """A new household; its head is a person who has a record already, or is entered right after."""

    version = None
    head = fields.CleanCharField(
        label="Chủ hộ đã có hồ sơ",
        widget=picks.widget("person", placeholder="Gõ tên, năm sinh, số giấy tờ hoặc mã người"),
        required=False,
        help_text="Bỏ trống nếu chủ hộ chưa có hồ sơ, rồi nhập ở phần dưới.",
    )

    def clean_head(self) -> Person | None:
        return _stored_person(self.cleaned_data["head"])


class MemberForm(FormKeyMixin):
    """Somebody who has a record joins the family."""

    person = fields.CleanCharField(
        label="Người đã có hồ sơ",
        widget=picks.widget("person", placeholder="Gõ tên, năm sinh, số giấy tờ hoặc mã người"),
    )
    relation = forms.ChoiceField(label="Quan hệ với chủ hộ", choices=_relations)
    since = fields.DateField(label="Từ ngày", required=False, help_text="Bỏ trống nếu vốn ở hộ này.")
    move = forms.BooleanField(label="Người này đang ở hộ khác: chuyển sang hộ này", required=False)

    def clean_person(self) -> Person | None:
        return _stored_person(self.cleaned_data["person"])


class NewMemberForm(PersonCreateForm):
    """Somebody without a record joins the family; the place is the family's."""

    relation = forms.ChoiceField(label="Quan hệ với chủ hộ", choices=_relations)

    def __init__(self, *args: Any, household: Household | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if household is None:  # the head of a new household lives where it stands
            del self.fields["relation"]
            self.fields["hamlet"].required = False


class LeaveForm(FormKeyMixin):
    on = fields.DateField(label="Ngày cuối ở hộ")


class RelationForm(FormKeyMixin, VersionMixin):
    relation = forms.ChoiceField(label="Quan hệ với chủ hộ", choices=_relations)

"""The forms of a household and of who belongs to it."""

from typing import Any

from django import forms

from apps.catalogues import codes, picks
from apps.core import fields
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.households.event_forms import PlaceMixin
from apps.households.models import HEAD, Household, Poverty
from apps.households.places import Elsewhere
from apps.households.services import HouseholdData
from apps.patients.forms import HamletField, PersonCreateForm
from apps.patients.models import Person
from apps.patients.picking import picked


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

    bhxh_code = fields.CleanCharField(
        label="Mã hộ gia đình (BHXH)", max_length=20, required=False, help_text="10 chữ số, nếu có."
    )

    def __init__(self, *args: Any, stored: Household | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hamlets: Any = self.fields["hamlet"]
        hamlets.fill()
        self.stored = stored
        if stored is not None:
            del self.fields["poverty"]  # has its days, and a page of its own

    def data_of(self) -> HouseholdData:
        said = self.cleaned_data
        poverty = self.stored.poverty if self.stored else said["poverty"]
        return HouseholdData(said["hamlet"], said["address_text"], poverty, said["note"], said["bhxh_code"])


class ArrivalMixin(PlaceMixin):
    """Since when somebody is of the family, and where she has come from if from elsewhere."""

    since = fields.DateField(label="Từ ngày", required=False, help_text="Bỏ trống nếu vốn ở đây.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reach: Any = self.fields["reach"]
        reach.required, reach.label = False, "Chuyển đến từ"
        reach.choices = [("", "Vốn ở đây, không chuyển đến"), *reach.choices[1:]]
        self.fields["unit"].label = "Xã, phường nơi đi"
        self.fields["place_text"].label = "Địa chỉ nơi đi"

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("reach") and not said.get("since") and "since" not in self.errors:
            self.add_error("since", "Hãy ghi ngày chuyển đến.")
        if not said.get("reach") and (said.get("unit") or said.get("place_text")):
            self.add_error("reach", "Hãy chọn chuyển đến từ trong tỉnh, ngoài tỉnh hay nước ngoài.")
        return said

    def origin(self) -> Elsewhere | None:
        return self.place() if self.cleaned_data["reach"] else None


class HouseholdCreateForm(ArrivalMixin, HouseholdForm):
    """A new household; its head is a person who has a record already, or is entered right after."""

    version = None
    head = fields.CleanCharField(
        label="Chủ hộ đã có hồ sơ",
        widget=picks.widget("person", placeholder="Gõ tên, năm sinh, số giấy tờ hoặc mã người"),
        required=False,
        help_text="Bỏ trống nếu chủ hộ chưa có hồ sơ, rồi nhập ở phần dưới.",
    )

    replaces = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def clean_head(self) -> Person | None:
        return picked(self.cleaned_data["head"])


class MemberForm(ArrivalMixin, FormKeyMixin):
    """Somebody who has a record joins the family."""

    person = fields.CleanCharField(
        label="Người đã có hồ sơ",
        widget=picks.widget("person", placeholder="Gõ tên, năm sinh, số giấy tờ hoặc mã người"),
    )
    relation = forms.ChoiceField(label="Quan hệ với chủ hộ", choices=_relations)
    move = forms.BooleanField(label="Người này đang ở hộ khác: chuyển sang hộ này", required=False)
    replaces = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["person", "relation", "move", "since", "reach", "unit", "place_text"])

    def clean_person(self) -> Person | None:
        return picked(self.cleaned_data["person"])


class NewMemberForm(ArrivalMixin, PersonCreateForm):
    """Somebody without a record joins the family; the place is the family's."""

    relation = forms.ChoiceField(label="Quan hệ với chủ hộ", choices=_relations)

    def __init__(self, *args: Any, household: Household | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if household is None:  # the head of a new household lives where it stands
            for name in ("relation", "since", "reach", "unit", "place_text"):
                del self.fields[name]
            self.fields["hamlet"].required = False


class LeaveForm(FormKeyMixin):
    on = fields.DateField(label="Ngày cuối ở hộ")
    replaces = forms.UUIDField(widget=forms.HiddenInput, required=False)


class RelationForm(FormKeyMixin, VersionMixin):
    relation = forms.ChoiceField(label="Quan hệ với chủ hộ", choices=_relations)

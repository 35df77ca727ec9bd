"""Forms about facilities, hamlets and practitioners."""

from typing import Any

from django import forms

from apps.core.fields import DateField
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.facilities.models import Facility, Grade, Hamlet, Practitioner


class FacilityForm(FormKeyMixin, VersionMixin, forms.ModelForm):
    """What a station may correct about itself; names and codes are the province's."""

    class Meta:
        model = Facility
        fields = ["address", "phone"]


class PointForm(FormKeyMixin, forms.ModelForm):
    """A point (điểm trạm) of a station."""

    valid_from = DateField(label="Hoạt động từ ngày", required=False)

    class Meta:
        model = Facility
        fields = ["name", "address", "phone", "valid_from"]


class HamletForm(FormKeyMixin, VersionMixin, forms.ModelForm):
    """A hamlet and who cares for it."""

    facility = forms.ModelChoiceField(label="Cơ sở phụ trách", queryset=Facility.objects.none())
    code = forms.CharField(
        label="Mã", max_length=20, required=False, help_text="Để trống: lấy số kế tiếp của xã."
    )
    valid_from = DateField(label="Từ ngày", required=False, help_text="Để trống: từ trước đến nay.")

    field_order = ["name", "kind", "code", "sort_order", "facility", "valid_from"]

    class Meta:
        model = Hamlet
        fields = ["name", "kind", "code", "sort_order", "valid_from"]

    def __init__(self, *args: Any, station: Facility, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = Facility.objects.filter(pk=station.pk) | Facility.objects.filter(part_of=station)
        self.fields["facility"].queryset = places.order_by("kind", "sort_key", "pk")
        self.fields["facility"].initial = station.pk
        self.fields["facility"].empty_label = None

    def clean_code(self) -> str:
        return self.cleaned_data["code"] or self.instance.code


class CatchmentForm(FormKeyMixin):
    """Another station or point for a hamlet, from a day on."""

    facility = forms.ModelChoiceField(label="Giao cho", queryset=Facility.objects.none(), empty_label=None)
    valid_from = DateField(label="Từ ngày", required=True)

    def __init__(self, *args: Any, station: Facility, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = Facility.objects.filter(pk=station.pk) | Facility.objects.filter(part_of=station)
        self.fields["facility"].queryset = places.order_by("kind", "sort_key", "pk")


class PractitionerForm(FormKeyMixin, VersionMixin, forms.ModelForm):
    """Somebody who gives care at a station or one of its points."""

    valid_from = DateField(label="Làm việc từ ngày", required=False)
    valid_to = DateField(
        label="Đến hết ngày", required=False, help_text="Điền khi người này nghỉ hoặc chuyển đi."
    )

    class Meta:
        model = Practitioner
        fields = [
            "full_name",
            "grade",
            "facility",
            "licence_no",
            "licence_scope",
            "prescriber_code",
            "can_sign",
            "signature_title",
            "valid_from",
            "valid_to",
        ]

    def __init__(self, *args: Any, station: Facility, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = Facility.objects.filter(pk=station.pk) | Facility.objects.filter(part_of=station)
        self.fields["facility"].queryset = places.order_by("kind", "sort_key", "pk")
        self.fields["facility"].empty_label = None
        self.fields["grade"].choices = [("", "Chọn chức danh"), *Grade.choices]
        if self.instance._state.adding:
            self.fields["facility"].initial = station.pk

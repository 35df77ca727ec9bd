"""Forms about accounts and posts."""

from typing import Any

from django import forms
from django.utils import timezone

from apps.accounts.models import Role
from apps.core.fields import DateField
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.core.scope import Scope
from apps.facilities.models import LEVEL_OF_KIND, Facility, FacilityKind, Hamlet, Practitioner
from apps.facilities.queries import visible_facilities

PHONE_HELP = "Để trống nếu chưa có."


class FacilityChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.part_of.name})" if obj.part_of_id else obj.name


class PractitionerChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.full_name} – {obj.get_grade_display()}"


class PostForm(FormKeyMixin):
    """A post at one facility of the scope: role, practitioner, days."""

    facility = FacilityChoice(label="Cơ sở", queryset=Facility.objects.none(), empty_label="Chọn cơ sở")
    role = forms.ModelChoiceField(label="Vai trò", queryset=Role.objects.none(), empty_label="Chọn vai trò")
    practitioner = PractitionerChoice(
        label="Người hành nghề",
        queryset=Practitioner.objects.none(),
        required=False,
        empty_label="Không gắn",
        help_text="Chỉ chọn cho người khám, kê đơn hoặc chăm sóc.",
    )
    valid_from = DateField(label="Từ ngày", required=True)
    valid_to = DateField(label="Đến hết ngày", required=False, help_text="Để trống: đến khi thu hồi.")

    def __init__(self, *args: Any, scope: Scope, facility: Facility | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        on = timezone.localdate()
        facilities = visible_facilities(scope).filter(kind__in=LEVEL_OF_KIND).select_related("part_of")
        self.fields["facility"].queryset = facilities.exclude(kind=FacilityKind.OTHER).order_by(
            "sort_key", "pk"
        )
        self.fields["valid_from"].initial = on
        chosen = facility or self._chosen()
        if facility is not None:
            self.fields["facility"].initial = facility.pk
        levels = {chosen.level} if chosen else {"station"} if scope.level == "station" else None
        roles = Role.objects.filter(is_active=True)
        self.fields["role"].queryset = roles if levels is None else roles.filter(level__in=levels)
        if chosen is not None:
            self.fields["practitioner"].queryset = Practitioner.objects.on(on).filter(
                facility__in=[chosen.pk, chosen.station_id]
            )
        elif scope.level == "station":
            self.fields["practitioner"].queryset = Practitioner.objects.on(on).filter(
                facility__in=list(scope.facility_ids)
            )
        else:
            del self.fields["practitioner"]

    def _chosen(self) -> Facility | None:
        """The facility of a posted form, if it is within reach."""
        if not self.is_bound:
            return None
        try:
            return self.fields["facility"].clean(self["facility"].data)
        except forms.ValidationError:
            return None


class AccountForm(PostForm):
    """A new account and its first post."""

    full_name = forms.CharField(
        label="Họ và tên", max_length=120, error_messages={"required": "Cần nhập họ và tên."}
    )
    username = forms.CharField(
        label="Tên đăng nhập",
        max_length=40,
        required=False,
        help_text="Để trống: lập từ tên, ví dụ hoa.nt. Chữ không dấu, chữ số, dấu chấm.",
    )
    phone = forms.CharField(label="Điện thoại", max_length=20, required=False, help_text=PHONE_HELP)

    field_order = ["full_name", "username", "phone", "facility", "role", "practitioner"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["valid_from"], self.fields["valid_to"]


class AccountEditForm(FormKeyMixin, VersionMixin):
    full_name = forms.CharField(
        label="Họ và tên", max_length=120, error_messages={"required": "Cần nhập họ và tên."}
    )
    phone = forms.CharField(label="Điện thoại", max_length=20, required=False)


class HamletsForm(FormKeyMixin, VersionMixin):
    """The hamlets given with a post."""

    hamlets = forms.MultipleChoiceField(
        label="Thôn, tổ phụ trách",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Chỉ xem được hộ và người của những thôn được chọn. Không chọn: không xem được ai.",
        error_messages={"invalid_choice": "Có thôn không thuộc địa bàn của trạm."},
    )

    def __init__(self, *args: Any, offered: list[Hamlet], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {str(hamlet.pk): hamlet for hamlet in offered}
        self.fields["hamlets"].choices = [(pk, hamlet.name) for pk, hamlet in self.offered.items()]

    def clean_hamlets(self) -> list[Hamlet]:
        return [self.offered[pk] for pk in self.cleaned_data["hamlets"]]


class RevokeForm(FormKeyMixin, VersionMixin):
    """Nothing but the key and the version of the post that ends."""

"""Django admin is for administration: catalogues, facilities, users, definitions. It is no back door."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core import audit
from apps.core.guarding import LOCAL, parameter_keep
from apps.core.models import Holiday, Parameter
from apps.core.scope import active


class SectionAdmin(admin.ModelAdmin):
    """An admin page whose permissions are the house's rights for `section`, not Django's own."""

    section: str

    def _can(self, action: str) -> bool:
        scope = active()
        return scope is not None and scope.can(f"{self.section}.{action}")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._can("view")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._can("view")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._can("enter")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._can("edit")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(SectionAdmin):
    """Clinical models: counts and states; no names, no clinical text, nothing written."""

    actions = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ParameterForm(forms.ModelForm):
    """A value stays of its kind: a word where a number is read would stop every page that reads it."""

    def clean_value(self) -> Any:
        value = self.cleaned_data["value"]
        key = self.cleaned_data.get("key") or self.instance.key
        known = Parameter.objects.filter(key=key).values_list("value", flat=True).first()
        if known is not None and _kind(value) is not _kind(known):
            raise forms.ValidationError("Giá trị phải cùng kiểu với giá trị trước.")
        return value


def _kind(value: Any) -> type:
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


CONFIDENCES = {
    "high": "Theo văn bản",
    "medium": "Cần đối chiếu",
    "low": "Chưa chắc",
    "project": "Theo phần mềm",
    LOCAL: "Tỉnh đặt",
}


class ConfidenceFilter(admin.SimpleListFilter):
    title = "độ tin cậy"
    parameter_name = "confidence"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(CONFIDENCES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(confidence=self.value()) if self.value() else queryset


@admin.register(Parameter)
class ParameterAdmin(SectionAdmin):
    section = "parameters"
    list_display = ("key", "value", "unit", "valid_from", "valid_to", "source", "confidence_words")
    search_fields = ("key", "source")
    list_filter = (ConfidenceFilter,)
    form = ParameterForm
    exclude = ("confidence",)
    readonly_fields = ("confidence_words",)

    @admin.display(description="độ tin cậy", ordering="confidence")
    def confidence_words(self, obj: Parameter) -> str:
        return CONFIDENCES.get(obj.confidence, obj.confidence)

    def save_model(self, request: HttpRequest, obj: Parameter, form: forms.ModelForm, change: bool) -> None:
        """What other rules stand on waits for a second person (guarding.py)."""
        if parameter_keep(row=obj, fields=form.changed_data):
            self.message_user(request, "Thay đổi chờ một người khác duyệt mới có hiệu lực.", messages.WARNING)


@admin.register(Holiday)
class HolidayAdmin(SectionAdmin):
    section = "parameters"
    list_display = ("on", "kind", "name", "source", "confidence")
    list_filter = ("kind", "confidence")
    search_fields = ("name", "source")
    fields = ("on", "kind", "name", "source")
    date_hierarchy = "on"

    def save_model(self, request: HttpRequest, obj: Holiday, form: forms.ModelForm, change: bool) -> None:
        """What the province writes stays its own when newer days are shipped; it moves legal deadlines."""
        if change:
            obj.version += 1
        obj.confidence = LOCAL
        super().save_model(request, obj, form, change)
        audit.record(
            "holiday.changed",
            object_id=obj.pk,
            data={"on": obj.on, "kind": obj.kind, "fields": form.changed_data},
        )

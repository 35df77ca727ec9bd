"""Django admin is for administration: catalogues, facilities, users, definitions. It is no back door."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.core.models import Parameter
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


@admin.register(Parameter)
class ParameterAdmin(SectionAdmin):
    section = "parameters"
    list_display = ("key", "value", "unit", "valid_from", "valid_to", "source", "confidence")
    search_fields = ("key", "source")
    list_filter = ("confidence",)

"""Catalogues in the administration: looked through, exported; validity, source and confidence are edited.

Names and codes come in by files, which are compared before they are applied (/danh-muc/).
"""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from import_export.admin import ExportMixin
from import_export.forms import ExportForm

from apps.catalogues import guarding, models, services
from apps.catalogues.resources import resource_for
from apps.catalogues.search import matching, needle
from apps.core.admin import SectionAdmin
from apps.core.sheets import NamedFile

EDITABLE = ("valid_from", "valid_to", "source", "confidence")
# Kept for exchange; the pages are in Vietnamese.
HIDDEN = ("name_en",)


class CatalogueAdmin(NamedFile, ExportMixin, SectionAdmin):
    """One catalogue for the province."""

    section = "catalogues"
    list_filter: ClassVar[tuple[str, ...]] = ("confidence",)
    # Any name switches the search box on; get_search_results looks through the search vector.
    search_fields = ("tokens",)
    show_full_result_count = False
    list_per_page = 50
    actions = None
    export_form_class = ExportForm

    def get_resource_classes(self, request: HttpRequest) -> list[Any]:
        return [resource_for(self.model)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [
            field.name
            for field in self.model._meta.concrete_fields
            if field.editable and field.name not in (*EDITABLE, *HIDDEN)
        ]

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return HIDDEN

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return matching(queryset, needle(search_term)), False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self._can("export")

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.row_changed(obj=obj, fields=form.changed_data)


@admin.register(models.CodeEntry)
class CodeEntryAdmin(CatalogueAdmin):
    list_display = ("code", "name", "list", *EDITABLE)
    list_filter = ("list", "confidence")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if obj.list not in guarding.GUARDED:
            super().save_model(request, obj, form, change)
        elif form.changed_data:
            guarding.row_ask(row=obj, fields=form.changed_data)
            self.message_user(request, "Thay đổi chờ một người khác duyệt mới có hiệu lực.", messages.WARNING)


@admin.register(models.Icd10)
class Icd10Admin(CatalogueAdmin):
    list_display = ("code", "marker", "name", "edition", "common", *EDITABLE)
    list_filter = ("edition", "common", "confidence", "chapter")


@admin.register(models.Icd10Rule)
class Icd10RuleAdmin(CatalogueAdmin):
    list_display = ("code", "rule", "other", "edition", *EDITABLE)
    list_filter = ("rule", "confidence")


@admin.register(models.Drug)
class DrugAdmin(CatalogueAdmin):
    list_display = ("code", "name", "strength", "form", "bhyt_code", "kind", *EDITABLE)
    list_filter = ("kind", "is_antibiotic", "controlled", "confidence")


@admin.register(models.Service)
class ServiceAdmin(CatalogueAdmin):
    list_display = ("code", "name", "group", "level", *EDITABLE)
    list_filter = ("common", "level", "confidence")


@admin.register(models.ServicePrice)
class ServicePriceAdmin(CatalogueAdmin):
    list_display = ("service_id", "price", "payer", "area", *EDITABLE)
    list_filter = ("area", "confidence")


@admin.register(models.Supply)
class SupplyAdmin(CatalogueAdmin):
    list_display = ("code", "name", "unit", "group_code", *EDITABLE)


@admin.register(models.LabTest)
class LabTestAdmin(CatalogueAdmin):
    list_display = ("code", "name", "unit", "specimen", "loinc", *EDITABLE)
    list_filter = ("group", "confidence")


@admin.register(models.CommunicableDisease)
class CommunicableDiseaseAdmin(CatalogueAdmin):
    list_display = ("name", "regime", "report_class", *EDITABLE)
    list_filter = ("regime", "report_class", "confidence")

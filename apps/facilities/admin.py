"""The province's administration of units, facilities, practitioners and posts.

Only Django's admin of the province level opens these pages; the rights are the house's own. Every
save is audited, nothing is deleted: rows are ended.
"""

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from import_export.admin import ImportExportMixin
from import_export.forms import ExportForm

from apps.accounts.models import SignInEvent, User
from apps.core import audit
from apps.core.admin import ReadOnlyAdmin, SectionAdmin
from apps.core.fields import DateField
from apps.core.scope import current
from apps.core.sheets import NamedFile
from apps.core.text import search_key
from apps.facilities.linking import link_keep
from apps.facilities.models import (
    AdminUnit,
    Catchment,
    Facility,
    FacilityLink,
    Hamlet,
    Post,
    Practitioner,
    UnitSuccession,
)
from apps.facilities.queries import (
    administered_facilities,
    administered_hamlets,
    administered_units,
    visible_users,
)
from apps.facilities.resources import FacilityResource, HamletResource, PractitionerResource


class AuditedAdmin(SectionAdmin):
    """Says in the audit who added or changed what, and keeps the version counting."""

    section = "facilities"
    audit_name = ""
    list_per_page = 50
    show_full_result_count = False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, models.DateField) and not isinstance(db_field, models.DateTimeField):
            return DateField(label=db_field.verbose_name, required=False, help_text=db_field.help_text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.remote_field.model is Facility:
            kwargs["queryset"] = administered_facilities(current())
        elif db_field.remote_field.model is AdminUnit:
            kwargs["queryset"] = administered_units(current())
        elif db_field.remote_field.model is User:
            kwargs["queryset"] = visible_users(current())
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Found without accents: the searched columns are folded."""
        return super().get_search_results(request, queryset, search_key(search_term))

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        if change:
            obj.version += 1
        super().save_model(request, obj, form, change)
        if self.audit_name:
            action = f"{self.audit_name}.{'changed' if change else 'created'}"
            audit.record(action, object_id=obj.pk, data={"fields": form.changed_data})


class ExcelAdmin(NamedFile, ImportExportMixin, AuditedAdmin):
    """With an Excel list, for those who may export and enter."""

    # The plain form: the one that lets columns be chosen names them in English.
    export_form_class = ExportForm

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self._can("enter") and self._can("edit")

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self._can("export")


@admin.register(AdminUnit)
class AdminUnitAdmin(AuditedAdmin):
    audit_name = "unit"
    list_display = ("code", "full_name", "level", "parent", "valid_from", "valid_to", "confidence")
    list_filter = ("level", "kind", "confidence")
    search_fields = ("code", "search_key")
    list_select_related = ("parent",)
    autocomplete_fields = ("parent",)
    ordering = ("level", "code", "valid_from")

    @admin.display(description="tên")
    def full_name(self, unit: AdminUnit) -> str:
        return unit.full_name

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The national list is read whole and changed for one's own province."""
        own = obj is None or administered_units(current()).filter(pk=obj.pk).exists()
        return own and super().has_change_permission(request, obj)


@admin.register(UnitSuccession)
class UnitSuccessionAdmin(SectionAdmin):
    section = "facilities"
    list_display = ("old", "new", "on", "share", "is_default")
    search_fields = ("old__code", "old__search_key", "new__code", "new__search_key")
    list_select_related = ("old", "new")
    autocomplete_fields = ("old", "new")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LinkInline(admin.TabularInline):
    model = FacilityLink
    fk_name = "facility"
    extra = 0
    autocomplete_fields = ("parent",)
    fields = ("parent", "kind", "valid_from", "valid_to")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.remote_field.model is Facility:
            kwargs["queryset"] = administered_facilities(current())
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return current().can("facilities.view")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return current().can("facilities.edit")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return current().can("facilities.edit")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Facility)
class FacilityAdmin(ExcelAdmin):
    audit_name = "facility"
    resource_classes = [FacilityResource]
    list_display = ("name", "kind", "kcb_code", "code13", "unit", "part_of", "valid_to", "is_demo")
    list_filter = ("kind", "is_demo")
    search_fields = ("search_key", "code13")
    list_select_related = ("unit", "part_of")
    autocomplete_fields = ("unit", "part_of")
    ordering = ("sort_key", "pk")
    inlines = [LinkInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Facility]:
        return administered_facilities(current())

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A point goes to another station by a reform alone, with everything that is written there."""
        return ("is_demo", "part_of") if obj else ("is_demo",)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """A link decides who sees whom: what moves anybody's reach waits for a second person."""
        waiting = [link for link in formset.save(commit=False) if link_keep(link=link)]
        if waiting:
            self.message_user(
                request, "Quan hệ cấp trên chờ một người khác duyệt mới có hiệu lực.", messages.WARNING
            )


@admin.register(Hamlet)
class HamletAdmin(ExcelAdmin):
    audit_name = "hamlet"
    resource_classes = [HamletResource]
    list_display = ("name", "kind", "code", "commune", "sort_order", "valid_from", "valid_to")
    list_filter = ("kind",)
    search_fields = ("search_key", "commune__search_key", "commune__code")
    list_select_related = ("commune",)
    autocomplete_fields = ("commune",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hamlet]:
        return administered_hamlets(current()).select_related("commune")


@admin.register(Catchment)
class CatchmentAdmin(AuditedAdmin):
    list_display = ("hamlet", "facility", "valid_from", "valid_to")
    search_fields = ("hamlet__search_key", "facility__search_key")
    list_select_related = ("hamlet", "facility")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Catchment]:
        return Catchment.objects.filter(facility__in=administered_facilities(current()))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Practitioner)
class PractitionerAdmin(ExcelAdmin):
    audit_name = "practitioner"
    resource_classes = [PractitionerResource]
    list_display = ("full_name", "grade", "facility", "licence_no", "can_sign", "valid_to")
    list_filter = ("grade", "can_sign")
    search_fields = ("search_key", "facility__search_key")
    list_select_related = ("facility",)
    autocomplete_fields = ("facility", "user")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Practitioner]:
        rows: QuerySet[Practitioner] = super().get_queryset(request)
        return rows.filter(facility__in=administered_facilities(current()))


@admin.register(Post)
class PostAdmin(SectionAdmin):
    """Posts are opened and revoked on the staff pages, where the rule of granting holds."""

    section = "users"
    list_display = ("user", "role", "facility", "valid_from", "valid_to", "revoked_at")
    list_filter = ("role",)
    search_fields = ("user__search_key", "facility__search_key")
    list_select_related = ("user", "role", "facility")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        return Post.objects.filter(facility__in=administered_facilities(current()))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return super().get_search_results(request, queryset, search_key(search_term))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    section = "users"
    list_display = ("full_name", "username", "is_active", "must_change_password", "last_login")
    list_filter = ("is_active", "must_change_password")
    search_fields = ("search_key",)
    fields = (
        *("full_name", "username", "phone", "is_active"),
        *("must_change_password", "slip_expires_at", "max_sessions", "last_login"),
    )
    ordering = ("sort_key", "pk")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return visible_users(current())

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Names are found without accents."""
        return super().get_search_results(request, queryset, search_key(search_term))


@admin.register(SignInEvent)
class SignInEventAdmin(ReadOnlyAdmin):
    section = "audit"
    list_display = ("at", "user", "kind", "address")
    list_filter = ("kind",)
    list_select_related = ("user",)
    date_hierarchy = "at"
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[SignInEvent]:
        return SignInEvent.objects.filter(user__in=visible_users(current()))

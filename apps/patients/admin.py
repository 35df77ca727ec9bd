"""People in the Django admin: that they are there, under what code and state. No names, nothing written."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.patients.models import Person


@admin.register(Person)
class PersonAdmin(ReadOnlyAdmin):
    section = "people"
    list_display = ("code", "station", "life_status", "version", "created_at", "updated_at")
    fields = ("code", "station", "life_status", "version", "created_at", "updated_at")
    readonly_fields = fields
    list_filter = ("life_status",)
    list_select_related = ("station",)
    ordering = ("-updated_at",)
    show_full_result_count = False

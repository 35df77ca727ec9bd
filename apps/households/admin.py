"""Households in the Django admin: that they are there, under what code. No names, nothing written."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.households.models import Household


@admin.register(Household)
class HouseholdAdmin(ReadOnlyAdmin):
    section = "households"
    list_display = ("code", "station", "hamlet", "version", "created_at", "updated_at")
    fields = ("code", "station", "hamlet", "version", "created_at", "updated_at")
    readonly_fields = fields
    list_select_related = ("station", "hamlet")
    ordering = ("-updated_at",)
    show_full_result_count = False

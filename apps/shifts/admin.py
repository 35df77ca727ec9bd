"""Hand-overs in the Django admin: that they are there, in which state. No notes, nothing written."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.shifts.models import ShiftHandover


@admin.register(ShiftHandover)
class ShiftHandoverAdmin(ReadOnlyAdmin):
    section = "shifts"
    list_display = ("on", "shift", "facility", "state", "version", "given_at", "taken_at")
    fields = ("on", "shift", "facility", "point", "state", "version", "given_at", "taken_at", "taken_how")
    readonly_fields = fields
    list_filter = ("state", "shift")
    list_select_related = ("facility",)
    ordering = ("-given_at",)
    show_full_result_count = False

"""Follow-up forms in the Django admin: that they are there, in which state. No figures, nothing written."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.ncd.models import FollowUp


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnlyAdmin):
    section = "ncd"
    list_display = ("id", "facility", "on", "state", "version", "created_at", "updated_at")
    fields = ("facility", "on", "state", "version", "created_at", "updated_at")
    readonly_fields = fields
    list_filter = ("state",)
    list_select_related = ("facility",)
    ordering = ("-updated_at",)
    show_full_result_count = False

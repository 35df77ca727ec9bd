"""Visits and issued papers in the Django admin: that they are there, in which state.

No names, no text, nothing written.
"""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.encounters.models import Certificate, Visit


@admin.register(Visit)
class VisitAdmin(ReadOnlyAdmin):
    section = "visits"
    list_display = ("number", "facility", "on", "state", "version", "created_at", "updated_at")
    fields = ("number", "facility", "on", "state", "version", "created_at", "updated_at")
    readonly_fields = fields
    list_filter = ("state",)
    list_select_related = ("facility",)
    ordering = ("-updated_at",)
    show_full_result_count = False


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin):
    section = "certificates"
    list_display = ("number", "kind", "facility", "on", "state", "version", "created_at", "updated_at")
    fields = ("number", "kind", "facility", "on", "state", "version", "created_at", "updated_at")
    readonly_fields = fields
    list_filter = ("kind", "state")
    list_select_related = ("facility",)
    ordering = ("-updated_at",)
    show_full_result_count = False

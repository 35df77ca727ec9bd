"""Measurements and appointments."""

from django.apps import AppConfig


class CareConfig(AppConfig):
    name = "apps.care"
    verbose_name = "Chỉ số và lịch hẹn"

    def ready(self) -> None:
        from apps.care import plugs  # noqa: F401

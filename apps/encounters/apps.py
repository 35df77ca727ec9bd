"""Visits, from reception to the signed slip."""

from django.apps import AppConfig


class EncountersConfig(AppConfig):
    name = "apps.encounters"
    verbose_name = "Khám bệnh"

    def ready(self) -> None:
        from apps.encounters import plugs  # noqa: F401

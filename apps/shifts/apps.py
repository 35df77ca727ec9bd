from django.apps import AppConfig


class ShiftsConfig(AppConfig):
    name = "apps.shifts"
    label = "shifts"
    verbose_name = "Cuối ngày, bàn giao ca"

    def ready(self) -> None:
        from apps.shifts import plugs  # noqa: F401

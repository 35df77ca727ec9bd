from django.apps import AppConfig


class ImmunizationConfig(AppConfig):
    name = "apps.immunization"
    verbose_name = "Tiêm chủng"

    def ready(self) -> None:
        from apps.immunization import plugs  # noqa: F401 - registers

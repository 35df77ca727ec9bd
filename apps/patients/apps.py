from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "apps.patients"
    label = "patients"
    verbose_name = "Người dân"

    def ready(self) -> None:
        from apps.patients import plugs  # noqa: F401

from django.apps import AppConfig


class NcdConfig(AppConfig):
    name = "apps.ncd"
    verbose_name = "Tăng huyết áp, đái tháo đường"

    def ready(self) -> None:
        from apps.ncd import plugs  # noqa: F401 - registers

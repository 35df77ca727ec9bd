from django.apps import AppConfig


class OversightConfig(AppConfig):
    name = "apps.oversight"
    label = "oversight"
    verbose_name = "Giám sát nhật ký"

    def ready(self) -> None:
        from apps.oversight import plugs  # noqa: F401

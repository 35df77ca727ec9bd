from django.apps import AppConfig


class OutageConfig(AppConfig):
    name = "apps.outage"
    verbose_name = "Dự phòng, nhập bù"

    def ready(self) -> None:
        from apps.outage import plugs  # noqa: F401

from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "apps.sync"
    label = "sync"
    verbose_name = "Đồng bộ"

    def ready(self) -> None:
        from apps.sync import plugs  # noqa: F401

from django.apps import AppConfig


class BackupConfig(AppConfig):
    name = "apps.backup"
    label = "backup"
    verbose_name = "Sao lưu"

    def ready(self) -> None:
        from apps.backup import plugs  # noqa: F401

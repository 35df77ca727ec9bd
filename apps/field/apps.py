from django.apps import AppConfig


class FieldConfig(AppConfig):
    name = "apps.field"
    label = "field"
    verbose_name = "Thôn bản"

    def ready(self) -> None:
        from apps.field import plugs  # noqa: F401  # registers

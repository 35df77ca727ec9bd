from django.apps import AppConfig


class StockConfig(AppConfig):
    name = "apps.stock"
    label = "stock"
    verbose_name = "Kho thuốc, vật tư"

    def ready(self) -> None:
        from apps.stock import plugs  # noqa: F401  # registers

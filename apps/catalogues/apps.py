from django.apps import AppConfig


class CataloguesConfig(AppConfig):
    name = "apps.catalogues"
    verbose_name = "Danh mục"

    def ready(self) -> None:
        from apps.catalogues import plugs  # noqa: F401

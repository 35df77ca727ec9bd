from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"
    verbose_name = "Nền chung"

    def ready(self) -> None:
        from django.core.checks import register

        from apps.core import installation_plugs, plugs  # noqa: F401
        from apps.core.checks import scoped_models_are_scoped

        register(scoped_models_are_scoped)

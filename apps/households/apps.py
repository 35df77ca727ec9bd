from django.apps import AppConfig


class HouseholdsConfig(AppConfig):
    name = "apps.households"
    label = "households"
    verbose_name = "Hộ gia đình"

    def ready(self) -> None:
        from apps.households import plugs  # noqa: F401

from django.apps import AppConfig


class FacilitiesConfig(AppConfig):
    name = "apps.facilities"
    label = "facilities"
    verbose_name = "Cơ sở và nhân lực"

    def ready(self) -> None:
        from apps.facilities import plugs  # noqa: F401

from django.apps import AppConfig


class PopulationConfig(AppConfig):
    name = "apps.population"
    label = "population"
    verbose_name = "Dân số giả lập"

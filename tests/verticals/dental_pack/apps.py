from django.apps import AppConfig


class DentalConfig(AppConfig):
    name = "apps.verticals.dental"
    label = "dental"
    verbose_name = "Dental practice"

from django.apps import AppConfig


class HealthcareConfig(AppConfig):
    name = "apps.verticals.healthcare"
    label = "healthcare"
    verbose_name = "Clinic"

from django.apps import AppConfig


class HealthcareConfig(AppConfig):
    name = "apps.verticals.healthcare"
    label = "healthcare"
    verbose_name = "Clinic"

    def ready(self) -> None:
        from apps.verticals.healthcare import holdings

        holdings.register()

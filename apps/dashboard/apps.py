from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "apps.dashboard"
    verbose_name = "Live floor"

    def ready(self) -> None:
        from apps.dashboard import holdings

        holdings.register()

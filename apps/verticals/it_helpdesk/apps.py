from django.apps import AppConfig


class ItHelpdeskConfig(AppConfig):
    name = "apps.verticals.it_helpdesk"
    label = "it_helpdesk"
    verbose_name = "IT helpdesk"

    def ready(self) -> None:
        from apps.verticals.it_helpdesk import holdings

        holdings.register()

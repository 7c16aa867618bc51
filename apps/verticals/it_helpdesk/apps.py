from django.apps import AppConfig


class ItHelpdeskConfig(AppConfig):
    name = "apps.verticals.it_helpdesk"
    label = "it_helpdesk"
    verbose_name = "IT helpdesk"

from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "apps.live"

    def ready(self) -> None:
        from apps.live import cleaning
        from apps.tenants import data_rights

        data_rights.register_cleaner("Live views and answers", cleaning.clean)

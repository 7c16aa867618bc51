from django.apps import AppConfig


class TelephonyConfig(AppConfig):
    name = "apps.telephony"
    verbose_name = "Phone"

    def ready(self) -> None:
        from apps.telephony import holdings

        holdings.register()

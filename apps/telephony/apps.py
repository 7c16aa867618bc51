from django.apps import AppConfig


class TelephonyConfig(AppConfig):
    name = "apps.telephony"
    verbose_name = "Phone"

    def ready(self) -> None:
        from apps.common import duties
        from apps.telephony import calls, holdings

        holdings.register()
        duties.at_the_end(calls.close)

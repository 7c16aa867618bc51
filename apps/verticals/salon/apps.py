from django.apps import AppConfig

from apps.common import duties


class SalonConfig(AppConfig):
    name = "apps.verticals.salon"
    label = "salon"
    verbose_name = "Salon"

    def ready(self) -> None:
        from apps.telephony import listeners
        from apps.verticals.salon import holdings, notices

        holdings.register()
        listeners.register(notices.TOPIC, notices.Replies())
        duties.register("salon.waitlist", 60.0, notices.fill)
        duties.register("salon.notices", 60.0, notices.send)

from django.apps import AppConfig


class SalesConfig(AppConfig):
    name = "apps.verticals.sales"
    label = "sales"
    verbose_name = "Sales"

    def ready(self) -> None:
        from apps.common import duties
        from apps.conversations import watchers
        from apps.telephony import listeners
        from apps.verticals.sales import holdings, pump
        from apps.verticals.sales.dialed import TOPIC
        from apps.verticals.sales.listener import SalesListener
        from apps.verticals.sales.received import Reception

        holdings.register()
        listeners.register(TOPIC, SalesListener())
        watchers.register(Reception())
        duties.register("sales.dialer", pump.EVERY, pump.perform)

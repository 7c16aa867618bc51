from django.apps import AppConfig


class AfterHoursConfig(AppConfig):
    name = "apps.verticals.after_hours"
    label = "after_hours"
    verbose_name = "After hours"

    def ready(self) -> None:
        from apps.common import duties
        from apps.telephony import listeners
        from apps.verticals.after_hours import escalation, holdings, outreach
        from apps.verticals.after_hours.answers import Answers

        holdings.register()
        listeners.register(outreach.TOPIC, Answers())
        duties.register("after_hours.ladders", 1.0, escalation.climb)
        duties.register("after_hours.outreach", 0.5, outreach.reach_out)

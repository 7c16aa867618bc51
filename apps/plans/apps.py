from django.apps import AppConfig

from apps.common import duties


class PlansConfig(AppConfig):
    name = "apps.plans"
    verbose_name = "Plan & usage"

    def ready(self) -> None:
        from apps.conversations import panels
        from apps.plans import alerts, holdings, receipt_panel, reconciliation, trials, unpaid, usage_bills

        holdings.register()
        panels.register("plans.receipt", receipt_panel.show)
        duties.register("plans.trials", 60.0, trials.move_on)
        duties.register("plans.alerts", 120.0, alerts.Rounds().perform)
        duties.register("plans.unpaid", 120.0, unpaid.warn)
        duties.register("plans.months", 300.0, usage_bills.close_and_bill)
        duties.register("plans.notices", 30.0, reconciliation.catch_up)
        duties.register("plans.nightly", 600.0, reconciliation.nightly)

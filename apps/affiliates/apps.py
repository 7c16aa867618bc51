from django.apps import AppConfig


class AffiliatesConfig(AppConfig):
    name = "apps.affiliates"
    verbose_name = "Affiliates"

    def ready(self) -> None:
        from apps.affiliates import earnings, referrals
        from apps.plans.signals import invoice_paid, invoice_refunded
        from apps.tenants import founding

        founding.register(referrals.on_founded)
        invoice_paid.connect(earnings.on_invoice, dispatch_uid="affiliates.paid")
        invoice_refunded.connect(earnings.on_invoice, dispatch_uid="affiliates.refunded")

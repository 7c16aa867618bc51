from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "apps.api"
    verbose_name = "Developers"

    def ready(self) -> None:
        from apps.api import holdings, registry
        from apps.api.models import WebhookEndpoint
        from apps.api.webhooks import dispatch
        from apps.common import duties, queues, sealing
        from apps.tenants.rest import idempotency

        holdings.register()
        registry.register()
        duties.register("api.webhooks", dispatch.EVERY, dispatch.perform)
        queues.register("webhooks", dispatch.waiting)
        duties.register("api.letters", 60.0, dispatch.write_letters)
        duties.register("api.log", 3_600.0, dispatch.forget_old)
        duties.register("api.answers", 3_600.0, idempotency.forget_old)
        secrets = sealing.Place(WebhookEndpoint.objects.all, ("sealed_secret", "sealed_previous"))
        sealing.register("secrets of webhooks", secrets)

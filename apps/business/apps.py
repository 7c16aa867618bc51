from django.apps import AppConfig

from apps.common import duties, queues


class BusinessConfig(AppConfig):
    name = "apps.business"
    verbose_name = "Your business"

    def ready(self) -> None:
        from apps.business import holdings
        from apps.business.data_rights import exports, requests, retention

        holdings.register()
        queues.register("data_requests", requests.waiting)
        duties.register("business.data_requests", requests.EVERY, requests.perform)
        duties.register("business.exports", 600.0, exports.forget)
        duties.register("business.audit_retention", retention.EVERY, retention.forget_trails)

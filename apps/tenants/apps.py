from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import post_migrate


class TenantsConfig(AppConfig):
    name = "apps.tenants"
    verbose_name = "Business & team"

    def ready(self) -> None:
        from apps.common import sealing
        from apps.tenants import checks, rls
        from apps.tenants.models import KeptAnswer

        register(checks.tenant_models_are_scoped)
        # Django's own hook for what must follow each migration: a new table is walled in before anyone can use it.
        post_migrate.connect(rls.after_migrate, sender=self)
        sealing.register("answers that are kept", sealing.Place(KeptAnswer.objects.all, ("answer",)))

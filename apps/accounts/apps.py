from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from allauth.account.decorators import secure_admin_login
        from allauth.mfa.models import Authenticator
        from django.contrib import admin

        from apps.accounts import checklist, holdings, lockouts
        from apps.accounts.adapters import SEEDS
        from apps.chat import embeds
        from apps.common import duties, sealing

        holdings.register()
        embeds.register(checklist.note_embedded)
        duties.register("accounts.lockouts", 5.0, lockouts.tell)
        seeds = sealing.Place(Authenticator.objects.all, ("data.secret", "data.seed"), SEEDS)
        sealing.register("seeds of two-factor logins", seeds)
        # One login for all: the admin's own would ask for no second factor.
        admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from allauth.account.decorators import secure_admin_login
        from django.contrib import admin

        from apps.accounts import checklist, holdings
        from apps.chat import embeds

        holdings.register()
        embeds.register(checklist.note_embedded)
        # One login for all: the admin's own would ask for no second factor.
        admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

from django.apps import AppConfig


class RealEstateConfig(AppConfig):
    name = "apps.verticals.real_estate"
    label = "real_estate"
    verbose_name = "Real estate"

    def ready(self) -> None:
        from apps.verticals.real_estate import holdings

        holdings.register()

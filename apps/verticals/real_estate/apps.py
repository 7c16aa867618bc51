from django.apps import AppConfig


class RealEstateConfig(AppConfig):
    name = "apps.verticals.real_estate"
    label = "real_estate"
    verbose_name = "Real estate"

from django.apps import AppConfig


class SalonConfig(AppConfig):
    name = "apps.verticals.salon"
    label = "salon"
    verbose_name = "Salon"

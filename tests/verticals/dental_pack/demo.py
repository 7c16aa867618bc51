"""Brightside Dental, the demo tenant."""

import datetime as dt

from apps.agents.sdk import DemoTenant
from apps.business.models import Service


def load(now: dt.datetime) -> None:
    """Three treatments; a practice that has some is left as it is."""
    for name, minutes, dollars in (("Cleaning", 45, 120), ("Check-up", 30, 80), ("White filling", 60, 260)):
        Service.objects.get_or_create(name=name, defaults={"duration_minutes": minutes, "price_cents": dollars * 100})


TENANT = DemoTenant(
    slug="brightside-dental",
    name="Brightside Dental",
    tagline="Gentle dentistry",
    time_zone="Europe/Dublin",
    region="IE",
    phone="+35312345678",
    email="desk@brightside-dental.example",
    address="3 Quay Street, Dublin",
    accent="#0369a1",
    widget_key="wk_demo_dental",
    logins=(("owner@brightside-dental.example", "Dara Quinn", "owner"),),
    load=load,
)

"""The trades that callers need."""

from django.db import models


class Trade(models.TextChoices):
    PLUMBING = "plumbing", "Plumbing"
    HVAC = "hvac", "Heating and cooling"
    ELECTRICAL = "electrical", "Electrical"
    LOCKOUT = "lockout", "Lockout"
    NOISE = "noise", "Noise"
    OTHER = "other", "Other"

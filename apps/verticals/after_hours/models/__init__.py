"""What is special about an after-hours line: who is on call, the buildings, and the incidents with their ladders."""

from apps.verticals.after_hours.models.incidents import (
    Channel,
    Incident,
    LogEntry,
    Outreach,
    Rung,
    Visit,
)
from apps.verticals.after_hours.models.line import Building, Guidance, LineRules
from apps.verticals.after_hours.models.team import Override, Responder, Rotation, RotationMember
from apps.verticals.after_hours.models.trades import Trade

__all__ = [
    "Building",
    "Channel",
    "Guidance",
    "Incident",
    "LineRules",
    "LogEntry",
    "Outreach",
    "Override",
    "Responder",
    "Rotation",
    "RotationMember",
    "Rung",
    "Trade",
    "Visit",
]

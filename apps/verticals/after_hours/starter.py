"""What an after-hours line that signs up begins with: guidance, rules, and the owner on call for everything."""

from apps.agents.sdk import NewBusiness
from apps.business import starting
from apps.business.models import Staff
from apps.verticals.after_hours import cast
from apps.verticals.after_hours.models import Guidance, LineRules, Responder, Rotation, RotationMember


def start(new: NewBusiness) -> None:
    """Fills the new line in scope. Without a phone nobody can be on call; the rules still alert the owner by e-mail."""
    starting.keep_hours()
    write_guidance()
    responder = _be_on_call(new) if new.phone else None
    LineRules.objects.create(alert=responder, alert_email=new.email)


def write_guidance() -> None:
    """What callers are told to do until somebody comes."""
    Guidance.objects.bulk_create(
        Guidance(trade=trade, situation=situation, words=words, text=text)
        for trade, situation, words, text in cast.GUIDANCE
    )


def _be_on_call(new: NewBusiness) -> Responder:
    staff = Staff.objects.create(name=new.owner, title="On call")
    responder = Responder.objects.create(staff=staff, phone=new.phone)
    rotation = Rotation.objects.create(name="Everything", starts_on=new.now.date())
    RotationMember.objects.create(rotation=rotation, responder=responder)
    return responder

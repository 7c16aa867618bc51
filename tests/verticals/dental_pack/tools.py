"""What the agents of a dental practice can do."""

from typing import Annotated

from pydantic import Field

from apps.agents.sdk import Phone, ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.names import is_name
from apps.business.core.wording import listed, spoken_length, spoken_money
from apps.business.models import Contact, Service

from .models import Recall

_SPOKEN = 4


@tool(label="Looking up our treatments")
def get_treatments(ctx: ToolContext) -> ToolResult:
    """Lists the treatments of the practice with their prices and lengths. Returns name, price, duration of each."""
    treatments = list(Service.objects.filter(is_active=True)[:_SPOKEN])
    data = [
        {
            "name": treatment.name,
            "price": spoken_money(treatment.price_cents or 0),
            "duration": treatment.duration_minutes,
        }
        for treatment in treatments
    ]
    said = [f"{row['name']} for {row['price']} ({spoken_length(int(row['duration']))})" for row in data]
    return ToolResult(f"We offer {listed(said)}.", {"treatments": data})


@tool(label="Noting your reminder", writes=True)
def request_recall(
    ctx: ToolContext,
    *,
    first_name: Annotated[str, "the patient's first name"],
    last_name: Annotated[str, "the patient's last name"],
    phone: Annotated[Phone, "where to reach them"],
    months: Annotated[int, Field(ge=1, le=24), "months between two cleanings; 6 when they do not mind"] = 6,
) -> ToolResult:
    """Puts a patient on the list of those who are reminded of their next cleaning. Returns months."""
    for field, name in (("first_name", first_name), ("last_name", last_name)):
        if not is_name(name):
            raise ToolRefused("invalid_name", "I did not catch your name. How is it spelled?", field=field)
    contact, _ = Contact.objects.get_or_create(
        phone=phone, defaults={"given_name": first_name, "family_name": last_name}
    )
    Recall.objects.update_or_create(contact=contact, defaults={"months": months})
    return ToolResult(f"Thank you, {first_name}: we will remind you every {months} months.", {"months": months})

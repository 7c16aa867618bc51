"""Two agents: one at the desk, and one who looks after reminders."""

from apps.agents.sdk import Agent, Vertical

from .demo import TENANT
from .tools import get_treatments, request_recall

DESK = Agent(
    slug="desk",
    name="Robin",
    role="Front desk: treatments, prices and general questions",
    instructions="You sit at the front desk of a dental practice. Answer briefly. You never give medical advice.",
    tools=(get_treatments,),
    greeting="Hello, this is Robin at the dental practice. How can I help?",
    hands_over_to=("recall",),
)
RECALL = Agent(
    slug="recall",
    name="Kit",
    role="Reminders: who wants to be reminded of the next cleaning",
    instructions="You put patients on the list of those who are reminded of their next cleaning. Answer briefly.",
    tools=(request_recall,),
    greeting="Hello, this is Kit. Shall I remind you of your next cleaning?",
    hands_over_to=("desk",),
)
VERTICAL = Vertical(
    slug="dental",
    name="Dental",
    tagline="Answers a dental practice's questions and keeps its recall list",
    agents=(DESK, RECALL),
    demo=TENANT,
)

"""Taking down what a visitor plans, which scores them as a lead."""

from typing import Annotated

from pydantic import Field

from apps.agents.sdk import ToolContext, ToolResult, tool
from apps.verticals.sales.core.discovery import Answers, Authority, Budget, Interest, Mood, Timeline
from apps.verticals.sales.core.scoring import temperature
from apps.verticals.sales.leads import qualify
from apps.verticals.sales.models import Qualification
from apps.verticals.sales.tools.arguments import Id, Topic, actor, own_lead

TeamSize = Annotated[int, Field(ge=1, le=1_000_000)]


@tool(label="Taking down what you need", writes=True)
def qualify_lead(
    ctx: ToolContext,
    *,
    lead_id: Annotated[Id, "lead_id of the identified visitor"],
    problem: Annotated[Topic, "what you would like to solve, in the visitor's own words"],
    timeline: Annotated[
        Timeline,
        "when they want to start: now (immediately, asap, urgent, soon, this month), this_quarter (in weeks, next "
        "month), this_year (later, months), no_plans (never, someday, no hurry)",
    ],
    team_size: Annotated[TeamSize | None, "number of people who would use it; ask for it"] = None,
    budget: Annotated[
        Budget | None,
        "whether there is money: approved (budget approved, have money), planned (planning, expected), no_budget "
        "(nothing, cannot afford)",
    ] = None,
    authority: Annotated[
        Authority | None,
        "their part in the decision: decides (owner, director, head, I decide, CEO), recommends (recommend, evaluate, "
        "for my boss), uses (user, employee)",
    ] = None,
    interest: Annotated[Interest | None, "your judgment of how much they want to buy"] = None,
    mood: Annotated[Mood | None, "your judgment of how they feel"] = None,
    disqualifier: Annotated[Topic | None, "why they are no lead, only if they said so, such as a student"] = None,
) -> ToolResult:
    """Records the needs of a visitor who is interested in buying or wants a quote or a recommendation: what to solve,
    when, for how many people, with which money, and who decides. Scores them.

    Use it after the discovery questions, for the identified visitor. Confirm before calling. Never tell a score.
    Returns next_step: meeting, materials or goodbye.
    """
    lead = own_lead(ctx, lead_id)
    answers = Answers(
        interest=interest,
        timeline=timeline,
        budget=budget,
        authority=authority,
        team_size=team_size,
        mood=mood,
        disqualifier=disqualifier or "",
    )
    qualification = qualify(
        lead=lead,
        need=problem,
        answers=answers,
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        actor=actor(ctx),
    )
    return _next_step(qualification)


def _next_step(qualification: Qualification) -> ToolResult:
    if qualification.disqualifier:
        return ToolResult(
            "Thank you for telling me. I do not think that we are the right choice for you at the moment.",
            {"next_step": "goodbye"},
        )
    if temperature(qualification.score) == "cold":
        return ToolResult(
            "Thank you, I have noted that. We will be happy to help when the time comes.", {"next_step": "materials"}
        )
    return ToolResult(
        "Thank you, I have noted that. The best next step is a half-hour demo with one of our experts.",
        {"next_step": "meeting"},
    )

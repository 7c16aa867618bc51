"""The tools that lead a caller through a guide, one step at a time, and search what the helpdesk knows."""

from typing import Annotated, Any

from apps.agents.sdk import ToolContext, ToolRefused, ToolResult, tool
from apps.verticals.it_helpdesk import guides
from apps.verticals.it_helpdesk.core.flow import HUMAN, SOLVED, Place
from apps.verticals.it_helpdesk.knowledge import find_articles
from apps.verticals.it_helpdesk.models import Category, Ticket, Troubleshooting
from apps.verticals.it_helpdesk.tools.arguments import (
    EmployeeId,
    Id,
    Words,
    actor,
    own_device,
    own_employee,
    spoken_follow_up,
    ticket_data,
    verified,
)

_SPECIALTIES = frozenset(
    {Category.NETWORK, Category.EMAIL, Category.COMPUTER, Category.PRINTER, Category.PHONE, Category.SECURITY}
)


@tool(label="Looking for the right steps", writes=True)
def start_troubleshooting(
    ctx: ToolContext,
    *,
    employee_id: EmployeeId,
    problem: Annotated[Words, "what is wrong, in the caller's words"],
    device_id: Annotated[Id | None, "device_id, when it is known which device it is about"] = None,
) -> ToolResult:
    """Starts troubleshooting a problem that the verified caller reports: something is broken, does not work, fails
    or is slow. Gives the first step to say, exactly as it stands.

    Returns troubleshooting_id, step.
    """
    employee = own_employee(ctx, employee_id)
    device = own_device(employee, device_id) if device_id else None
    category = ctx.agent if ctx.agent in _SPECIALTIES else None
    guide = guides.guide_for(problem, category=category)
    if guide is None:
        raise ToolRefused(
            "no_guide",
            "I have no steps for that problem, so a ticket is the best way: our technicians will look into it.",
        )
    run = guides.begin(
        guide=guide,
        employee=employee,
        problem=problem,
        device=device,
        conversation_id=ctx.conversation_id,
        now=ctx.now,
    )
    place = guides.place_of(run)
    if place.step is None:
        raise ToolRefused("no_guide", "I have no steps for that problem, so a ticket is the best way.")
    return ToolResult(place.step.text, _data(run, place))


@tool(label="Noting your answer", writes=True)
def record_step_answer(
    ctx: ToolContext,
    *,
    troubleshooting_id: Annotated[Id, "troubleshooting_id of the guide under way"],
    answer: Annotated[bool, "the caller's answer to the question of the step: true for yes, false for no"],
) -> ToolResult:
    """Takes down the caller's yes or no to the question of the current troubleshooting step, and gives the next step.

    One step at a time. When nothing helped it opens a ticket with everything that was tried. Returns
    troubleshooting_id, step, outcome, ticket_number.
    """
    employee = verified(ctx)
    run = Troubleshooting.objects.filter(pk=troubleshooting_id, employee=employee).select_related("guide").first()
    if run is None:
        raise ToolRefused("not_started", "Let us start over: what is the problem?", field="troubleshooting_id")
    place = guides.answer(run=run, yes=answer, now=ctx.now, actor=actor(ctx))
    run = Troubleshooting.objects.select_related("guide").get(pk=run.pk)
    if place.step is not None:
        return ToolResult(place.step.text, _data(run, place))
    if place.ending == SOLVED:
        return ToolResult("Great, I am glad that is solved.", _data(run, place))
    ticket = Ticket.objects.select_related("technician__staff", "device").get(pk=run.ticket_id)
    person = "This is one for a person. " if place.ending == HUMAN else "Then a technician has to look at it. "
    return ToolResult(
        f"{person}I have opened ticket {ticket.reference} with everything that we tried. "
        f"{spoken_follow_up(ctx, ticket)}",
        {**_data(run, place), **ticket_data(ticket)},
    )


@tool(label="Searching our knowledge base")
def search_knowledge(
    ctx: ToolContext, *, question: Annotated[Words, "the question, in the caller's words"]
) -> ToolResult:
    """Searches the helpdesk's knowledge for how something is done: how do I, where do I find, how to set up, set,
    change or share something.

    Answers only from what it finds, with the source. Returns title, text, source of each.
    """
    found = find_articles(question)
    if not found:
        return ToolResult(
            "I am not sure about that: I find nothing on it in our handbook. I can open a ticket so that a technician "
            "answers it.",
            {"articles": []},
        )
    best = found[0]
    return ToolResult(
        f"{best.text} That is from {best.source}.",
        {"articles": [{"title": one.title, "text": one.text, "source": one.source} for one in found]},
    )


def _data(run: Troubleshooting, place: Place) -> dict[str, Any]:
    return {
        "troubleshooting_id": run.pk,
        "guide": run.guide.title,
        "step": place.step.text if place.step else None,
        "outcome": run.outcome,
        "tried": [f"{step.text} {'Yes' if yes else 'No'}." for step, yes in place.tried],
    }

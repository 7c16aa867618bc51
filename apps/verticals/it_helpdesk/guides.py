"""Guides: choosing one for a problem, and going through it step by step."""

import datetime as dt

from django.db import transaction

from apps.business.core.names import clean
from apps.tenants import audit
from apps.verticals.it_helpdesk import tickets
from apps.verticals.it_helpdesk.core.flow import HUMAN, SOLVED, Answer, Place, Step, walk
from apps.verticals.it_helpdesk.core.ranking import Document, rank
from apps.verticals.it_helpdesk.models import Device, Employee, Guide, Troubleshooting

Outcome = Troubleshooting.Outcome


def guide_for(problem: str, *, category: str | None) -> Guide | None:
    """The guide whose title and symptoms share most with the caller's words; None when none shares any.

    Args:
        category: only guides of this one; None = all.
    """
    active = Guide.objects.filter(is_active=True)
    found = {guide.pk: guide for guide in (active.filter(category=category) if category else active)}
    documents = [Document(guide.pk, guide.title, guide.symptoms) for guide in found.values()]
    hits = rank(problem, documents)
    return found[hits[0].key] if hits else None


def begin(
    *, guide: Guide, employee: Employee, problem: str, device: Device | None, conversation_id: str, now: dt.datetime
) -> Troubleshooting:
    """Starts the guide; or goes on where this conversation left it, so that nothing is asked twice."""
    open_runs = Troubleshooting.objects.filter(
        conversation_id=conversation_id, employee=employee, guide=guide, outcome=Outcome.UNDER_WAY
    )
    run: Troubleshooting | None = open_runs.select_related("guide").first()
    if run is None:
        run = Troubleshooting.objects.create(
            guide=guide,
            employee=employee,
            device=device,
            problem=clean(problem, limit=tickets.MAX_PROBLEM),
            conversation_id=conversation_id,
            started_at=now,
        )
    return run


def place_of(run: Troubleshooting) -> Place:
    """Where the caller stands in the guide."""
    return walk(steps_of(run.guide), _answers(run))


def steps_of(guide: Guide) -> list[Step]:
    return [Step(step.key, step.text, step.on_yes, step.on_no) for step in guide.steps.all()]


@transaction.atomic
def answer(*, run: Troubleshooting, yes: bool, now: dt.datetime, actor: str) -> Place:
    """Takes down the answer to the step that is open, and gives what follows.

    When the guide ends without a solution, a ticket is opened with everything that was tried; a guide that ends with a
    person has it escalated.
    """
    run = Troubleshooting.objects.select_for_update(of=("self",)).select_related("guide", "device").get(pk=run.pk)
    steps = steps_of(run.guide)
    place = walk(steps, _answers(run))
    if run.outcome != Outcome.UNDER_WAY:
        return place
    if place.step is not None:
        answers = [Answer(step.key, said) for step, said in place.tried] + [Answer(place.step.key, yes)]
        run.answers = [[one.key, one.yes] for one in answers]
        place = walk(steps, answers)
    if place.step is None:
        _end(run, place, now=now, actor=actor)
    run.save()
    return place


def _end(run: Troubleshooting, place: Place, *, now: dt.datetime, actor: str) -> None:
    run.outcome, run.ended_at = Outcome(place.ending), now
    if place.ending == SOLVED:
        audit.record(actor=actor, action="troubleshooting.solved", target=run.pk)
        return
    ticket = tickets.open_ticket(
        employee=Employee.objects.select_related("organization").get(pk=run.employee_id),
        problem=run.problem,
        category=run.guide.category,
        urgency="high" if place.ending == HUMAN else None,
        device=run.device,
        tried=[f"{step.text} {'Yes' if yes else 'No'}." for step, yes in place.tried],
        conversation_id=run.conversation_id,
        now=now,
        actor=actor,
    )
    if place.ending == HUMAN:
        ticket = tickets.escalate(ticket=ticket, reason=f"Guide “{run.guide}” asks for a person.", now=now, actor=actor)
    run.ticket = ticket


def _answers(run: Troubleshooting) -> list[Answer]:
    return [Answer(key, yes) for key, yes in run.answers]

"""Leads: finding one, taking one down, what is learned about one."""

import datetime as dt

from django.db import IntegrityError, transaction

from apps.business.contacts import create_contact
from apps.business.core.names import clean, same_name
from apps.common.errors import AppError
from apps.tenants import audit
from apps.verticals.sales import events
from apps.verticals.sales.core.discovery import Answers, findings
from apps.verticals.sales.core.scoring import score, temperature
from apps.verticals.sales.models import Lead, Qualification, SalesRep
from apps.verticals.sales.models.leads import CLOSED_STATUSES

_LETTERS_PER_SLIP = 4


class LeadKnown(AppError):
    """Somebody is a lead under this number already."""

    code = "lead_known"
    status = 409


def leads_with_phone(phone: str) -> list[Lead]:
    """Who is known by this E.164 number: one or none."""
    return list(Lead.objects.filter(phone=phone).select_related("contact", "rep__staff")) if phone else []


def match_lead(*, name: str, phone: str) -> Lead | None:
    """The lead with this number and, but for a slip, this name."""
    found = leads_with_phone(phone)
    fits = (lead for lead in found if same_name(lead.contact.name, name, letters_per_slip=_LETTERS_PER_SLIP))
    return next(fits, None)


@transaction.atomic
def register(
    *,
    first_name: str,
    last_name: str,
    phone: str,
    source: str,
    now: dt.datetime,
    actor: str,
    email: str = "",
    company: str = "",
    job_title: str = "",
) -> Lead:
    """A new lead and their contact.

    Raises:
        LeadKnown: the number is another lead's.
        InvalidName, InvalidPhone, InvalidEmail: as create_contact.
    """
    contact = create_contact(given_name=first_name, family_name=last_name, phone=phone, email=email, actor=actor)
    lead = Lead(
        contact=contact,
        phone=contact.phone,
        company=clean(company, limit=120),
        job_title=clean(job_title, limit=120),
        source=clean(source, limit=120),
        created_at=now,
    )
    try:
        with transaction.atomic():
            lead.save()
    except IntegrityError:
        raise LeadKnown("Somebody is a lead under this number already.", field="phone") from None
    audit.record(actor=actor, action="lead.created", target=lead.pk)
    events.publish(events.LeadCreated(at=now.timestamp(), lead=lead.pk))
    return lead


@transaction.atomic
def qualify(
    *, lead: Lead, need: str, answers: Answers, conversation_id: str, now: dt.datetime, actor: str
) -> Qualification:
    """Takes down what a talk has found out, and scores the lead by it. The same again is the same."""
    found = findings(answers)
    points = score(found)
    fields = {
        "need": clean(need, limit=400),
        "disqualifier": clean(answers.disqualifier, limit=160),
        "score": points,
        **{
            name: getattr(found, name) or ""
            for name in ("intent", "fit", "authority", "urgency", "budget", "sentiment")
        },
    }
    same = lead.qualifications.filter(conversation_id=conversation_id, **fields).first() if conversation_id else None
    if same is not None:
        return same
    qualification = Qualification(lead=lead, conversation_id=conversation_id, actor=actor[:60], at=now, **fields)
    qualification.save()
    lead.score = points
    if lead.status not in CLOSED_STATUSES and lead.status != Lead.Status.MEETING:
        lead.status = _status_after(found.is_disqualified, points)
    lead.save(update_fields=["score", "status"])
    audit.record(actor=actor, action="lead.qualified", target=lead.pk, details={"score": points})
    events.publish(events.LeadScored(at=now.timestamp(), lead=lead.pk, score=points, temperature=temperature(points)))
    return qualification


def _status_after(is_disqualified: bool, points: int) -> str:
    if is_disqualified:
        return Lead.Status.LOST
    return Lead.Status.NURTURE if temperature(points) == "cold" else Lead.Status.QUALIFIED


@transaction.atomic
def assign(*, lead: Lead, rep: SalesRep | None, now: dt.datetime, actor: str) -> Lead:
    """Gives the lead to a sales rep, or to nobody."""
    lead.rep = rep
    lead.save(update_fields=["rep"])
    audit.record(actor=actor, action="lead.assigned", target=lead.pk, details={"rep": rep.pk if rep else ""})
    events.publish(events.LeadAssigned(at=now.timestamp(), lead=lead.pk, rep=rep.pk if rep else ""))
    return lead

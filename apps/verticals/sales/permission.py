"""Consents and the do-not-call list: who may be called, and who must not, by number."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q

from apps.business.core.names import clean
from apps.common.errors import InvalidInput
from apps.telephony.models import OptOut
from apps.tenants import audit
from apps.verticals.sales import events
from apps.verticals.sales.core.gate import Permit
from apps.verticals.sales.models import Callback, CampaignLead, Consent, DoNotCall, Lead

MAX_SOURCE = 200


class InvalidConsent(InvalidInput):
    """A consent that says not where or when it was given, or ends before it began, is none."""

    code = "invalid_consent"


def consent_of(
    *,
    phone: str,
    kind: str,
    source: str,
    obtained_at: dt.datetime,
    now: dt.datetime,
    actor: str,
    wording: str = "",
    expires_at: dt.datetime | None = None,
    conversation_id: str = "",
) -> Consent:
    """A consent that is not saved yet.

    Raises:
        InvalidConsent: without a source, of a time to come, or over before it began.
    """
    source = clean(source, limit=MAX_SOURCE)
    if not source:
        raise InvalidConsent("A consent needs its source: where and how it was given.", field="source")
    if obtained_at > now:
        raise InvalidConsent("A consent cannot have been given in the future.", field="obtained_at")
    if expires_at is not None and expires_at <= obtained_at:
        raise InvalidConsent("A consent must last longer than its beginning.", field="expires_at")
    return Consent(
        phone=phone,
        kind=kind,
        source=source,
        wording=wording,
        obtained_at=obtained_at,
        expires_at=expires_at,
        conversation_id=conversation_id,
        recorded_by=actor[:60],
        recorded_at=now,
    )


@transaction.atomic
def grant(
    *,
    phone: str,
    kind: str,
    source: str,
    obtained_at: dt.datetime,
    now: dt.datetime,
    actor: str,
    wording: str = "",
    conversation_id: str = "",
) -> Consent:
    """Takes down a consent. Raises InvalidConsent as `consent_of`."""
    consent = consent_of(
        phone=phone,
        kind=kind,
        source=source,
        obtained_at=obtained_at,
        now=now,
        actor=actor,
        wording=wording,
        conversation_id=conversation_id,
    )
    consent.save()
    audit.record(actor=actor, action="consent.recorded", target=consent.pk)
    return consent


@transaction.atomic
def withdraw(*, phone: str, now: dt.datetime, actor: str) -> int:
    """Ends every consent of a number; how many."""
    open_ones = Consent.objects.filter(phone=phone, withdrawn_at=None)
    ended = [consent.pk for consent in open_ones]
    open_ones.update(withdrawn_at=now)
    for consent_id in ended:
        audit.record(actor=actor, action="consent.withdrawn", target=consent_id)
    return len(ended)


@transaction.atomic
def forbid(
    *, phone: str, source: str, now: dt.datetime, actor: str, reason: str = "", conversation_id: str = ""
) -> DoNotCall:
    """Puts a number on the list, for good: consents end, campaigns skip it, promised calls are cancelled.

    A number that is on the list stays as it is there.
    """
    listed, is_new = DoNotCall.objects.get_or_create(
        phone=phone,
        defaults={
            "source": source,
            "reason": clean(reason, limit=200),
            "conversation_id": conversation_id,
            "added_by": actor[:60],
            "added_at": now,
        },
    )
    if is_new:
        audit.record(actor=actor, action="number.forbidden", target=listed.pk)
    close_number(phone=phone, now=now, actor=actor)
    return listed


def close_number(*, phone: str, now: dt.datetime, actor: str) -> None:
    """What follows when a number has come onto the list."""
    withdraw(phone=phone, now=now, actor=actor)
    leads = Lead.objects.filter(phone=phone)
    count = leads.exclude(status=Lead.Status.WON).update(status=Lead.Status.CLOSED)
    CampaignLead.objects.filter(lead__phone=phone, state=CampaignLead.State.WAITING).update(
        state=CampaignLead.State.SKIPPED, reason="do_not_call"
    )
    Callback.objects.filter(lead__phone=phone, state=Callback.State.PROMISED).update(
        state=Callback.State.CANCELLED, reason="do_not_call"
    )
    events.publish(events.NumberForbidden(at=now.timestamp(), leads=count))


def forbidden(phones: Iterable[str]) -> set[str]:
    """Those that must not be called: on the list, or opted out of texts, which we take for calls too."""
    numbers = list(phones)
    listed = DoNotCall.objects.filter(phone__in=numbers).values_list("phone", flat=True)
    stopped = OptOut.objects.filter(number__in=numbers).values_list("number", flat=True)
    return {*listed, *stopped}


def permits(phones: Iterable[str], *, now: dt.datetime) -> dict[str, list[Permit]]:
    """The consents that were not withdrawn, by number; one that has no source counts for nothing."""
    rows = Consent.objects.filter(Q(withdrawn_at=None) | Q(withdrawn_at__gt=now), phone__in=list(phones))
    found: dict[str, list[Permit]] = {}
    for phone, kind, obtained_at, expires_at in rows.exclude(source="").values_list(
        "phone", "kind", "obtained_at", "expires_at"
    ):
        found.setdefault(phone, []).append(Permit(kind == Consent.Kind.WRITTEN, obtained_at, expires_at))
    return found


def last_consent(phone: str) -> Consent | None:
    """The latest consent of a number that holds: what is told to whoever asks why they were called."""
    return Consent.objects.filter(phone=phone, withdrawn_at=None).first()

"""Erasing a contact everywhere: rows, files, Redis, and last every text that names them.

Each step may be done again, and the contact's own row goes last, in one transaction with the word that it is done: as
long as it is there, whoever goes on knows whom to look for. Two passes, a while apart: what a process that was busy
with the person still wrote after the first is found by the second.
"""

import logging
from dataclasses import replace
from typing import Any, Final

from django.db import transaction
from django.db.models import ProtectedError, RestrictedError

from apps.business.core.traces import Traces
from apps.business.data_rights import subjects, sweep
from apps.business.data_rights.models import DataRequest
from apps.business.data_rights.progress import LostClaim, Progress
from apps.business.models import Contact
from apps.tenants import audit, data_rights
from apps.tenants.data_rights import Holding, Subject
from apps.tenants.scope import tenant_scope

logger = logging.getLogger(__name__)

BATCH = 200
SETTLES = 8.0
"""Seconds until the second pass: longer than a live floor needs to read everything anew."""
NOBODY: Final = "Erased"


def erase(progress: Progress) -> None:
    """One pass; after the first, the request waits for the second."""
    with tenant_scope(progress.tenant.pk):
        contact = Contact.objects.filter(pk=progress.request.contact_id).first()
        if contact is None:
            return progress.finish()
        subject, traces = _known(progress, subjects.subject_of(contact)), subjects.traces_of(contact)
        common = subjects.shared(contact)
    ordered = sorted(data_rights.holdings(), key=lambda holding: holding.rule != "blank")  # before what they hang on
    models = sweep.swept_models()
    report = dict(progress.request.report) or {"erased": {}, "kept": [], "mentions": []}
    progress.begin(len(ordered) + len(data_rights.cleaners()) + len(models) + 1)
    for name, clean in data_rights.cleaners().items():
        progress.step(name)
        _add(report, name, clean(progress.tenant.pk, subject, lambda text: _about(text, subject, traces)))
        progress.did()
    for holding in ordered:
        progress.step(holding.title)
        _take(holding, subject, progress, report)
        progress.did()
    for model in models:
        progress.step(f"Texts: {model._meta.verbose_name_plural}")
        changed = sweep.sweep(model, traces, tenant_id=progress.tenant.pk, beat=progress.beat)
        _add(report, "Texts that named them", changed)
        progress.did()
    with tenant_scope(progress.tenant.pk):
        report["mentions"] = [
            traces.erased(f"{model._meta.verbose_name}: {row}")
            for model in data_rights.OWNERS_WORDS
            for row in sweep.mentions(model, traces)
        ]
    report["shared"] = common
    if not progress.request.report:
        return progress.wait(SETTLES, report=report)
    _end(progress, report)


def _known(progress: Progress, subject: Subject) -> Subject:
    """The person with all ids that any pass has found. What lies outside of the database is known by them alone, and
    their rows may be gone already: so they are written down before anything is deleted."""
    known = progress.request.known
    conversations = subject.conversations | set(known.get("conversations", ()))
    ids = subject.ids | set(known.get("ids", ()))
    progress.note(known={"conversations": sorted(conversations), "ids": sorted(ids)})
    return replace(subject, conversations=conversations, ids=ids)


def _about(text: str, subject: Subject, traces: Traces) -> bool:
    ids = {subject.contact_id, *subject.conversations, *subject.ids}
    return any(each in text for each in ids) or traces.found(text)


def _take(holding: Holding, subject: Subject, progress: Progress, report: dict[str, Any]) -> None:
    """Erases or blanks the rows of a holding, a batch at a time; what stays is named with its reason."""
    if holding.rule == "last":
        return
    if holding.rule != "erase":
        with tenant_scope(progress.tenant.pk):
            _keep(report, holding, holding.rows(subject).count())
    last = ""
    while holding.rule != "keep" and (keys := _keys(holding, subject, progress, after=last)):
        if holding.rule == "erase":
            _forget_outside(holding, keys, progress, report)
        with tenant_scope(progress.tenant.pk), transaction.atomic():
            rows = holding.model.objects.filter(pk__in=keys)
            if holding.rule == "erase":
                rows.delete()
                _add(report, holding.title, len(keys))
            elif holding.blanks:
                rows.update(**holding.blanks)
        last = keys[-1]
        progress.beat()


def _keys(holding: Holding, subject: Subject, progress: Progress, *, after: str) -> list[str]:
    with tenant_scope(progress.tenant.pk):
        rows = holding.rows(subject).filter(pk__gt=after).order_by("pk")
        return list(rows.values_list("pk", flat=True)[:BATCH])


def _forget_outside(holding: Holding, keys: list[str], progress: Progress, report: dict[str, Any]) -> None:
    """What others keep for these rows goes before them: afterwards nobody would know of it."""
    forget = data_rights.outside(holding.model)
    if forget is None:
        return
    with tenant_scope(progress.tenant.pk):
        rows = list(holding.model.objects.filter(pk__in=keys))
    progress.beat()
    report["by_hand"] = report.get("by_hand", []) + forget(rows)


def _end(progress: Progress, report: dict[str, Any]) -> None:
    """The contact's own row, and the word that it is done."""
    request = progress.request
    with tenant_scope(progress.tenant.pk), transaction.atomic():
        own = DataRequest.objects.select_for_update().filter(pk=request.pk, claim=request.claim)
        if not own.exists():
            raise LostClaim(request.pk)
        contact = Contact.objects.get(pk=request.contact_id)
        try:
            with transaction.atomic():
                contact.delete()
            _add(report, "Contacts", 1)
        except (RestrictedError, ProtectedError):
            _blank(contact)
            report["kept"].append({"what": "Contacts", "count": 1, "why": "Other rows that stay are about it."})
        details = {"rows": sum(report["erased"].values()), "kept": sum(each["count"] for each in report["kept"])}
        audit.record(actor=request.actor, action="contact.erased", target=request.contact_id, details=details)
        progress.finish(report=report, known={}, done=progress.request.steps or 1)
    logger.info("contact erased", extra={"tenant": progress.tenant.pk, "request": request.pk, **details})


def _blank(contact: Contact) -> None:
    """A row that must stay, of nobody."""
    contact.given_name, contact.family_name, contact.phone, contact.email, contact.notes = NOBODY, "", "", "", ""
    contact.save()


def _add(report: dict[str, Any], what: str, count: int) -> None:
    if count:
        report["erased"][what] = report["erased"].get(what, 0) + count


def _keep(report: dict[str, Any], holding: Holding, count: int) -> None:
    known = [each for each in report["kept"] if (each["what"], each["why"]) == (holding.title, holding.reason)]
    if count and not known:
        report["kept"].append({"what": holding.title, "count": count, "why": holding.reason})


def preview(contact: Contact) -> list[dict[str, Any]]:
    """What an erasure would take and what would stay, by kind; in the tenant's scope."""
    subject = subjects.subject_of(contact)
    found = []
    for holding in data_rights.holdings():
        count = holding.rows(subject).count()
        if count:
            found.append({"what": holding.title, "count": count, "rule": holding.rule, "why": holding.reason})
    return found

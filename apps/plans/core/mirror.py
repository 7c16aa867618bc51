"""What we hold of a customer's account at the payment provider, and how it follows the provider. Pure.

A notice (webhook) may come twice, late, out of order or never, and its contents may be out of date: so a notice says
only that there is something to look at. Every look takes a ticket before it begins and brings the whole account. A look
is used unless one with a later ticket was used before: whatever a notice was about had happened before its ticket was
taken, so the look that is used instead has seen it, too. What no notice told, the nightly look finds.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal, NamedTuple

from apps.plans.core.trial import Followed

Interval = Literal["month", "year"]


@dataclass(frozen=True, slots=True)
class RemoteSubscription:
    """A subscription as the provider has it. `plan` is "" when its price is none of ours."""

    id: str
    status: str
    plan: str
    interval: Interval
    created_at: datetime
    renews_at: datetime
    cancels_at: datetime | None = None
    schedule: str = ""
    next_plan: str = ""
    next_interval: str = ""


@dataclass(frozen=True, slots=True)
class RemoteInvoice:
    """An invoice as the provider has it, once it is issued. Amounts in whole cents; `refunded` so far."""

    id: str
    number: str
    status: str
    reason: str
    currency: str
    total: int
    tax: int
    due: int
    paid: int
    refunded: int
    usage: int
    subscription: str
    issued_at: datetime
    paid_at: datetime | None
    page_url: str
    pdf_url: str


class Account(NamedTuple):
    """All that the provider has of a customer."""

    subscriptions: tuple[RemoteSubscription, ...] = ()
    invoices: tuple[RemoteInvoice, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """What we hold of the subscription: the provider's, or nothing (`id` "") before there was any."""

    id: str = ""
    plan: str = ""
    interval: str = ""
    status: str = ""
    unpaid_since: datetime | None = None
    renews_at: datetime | None = None
    cancels_at: datetime | None = None
    schedule: str = ""
    next_plan: str = ""
    next_interval: str = ""


@dataclass(frozen=True, slots=True)
class Mirror:
    held: Held = Held()
    invoices: dict[str, RemoteInvoice] = field(default_factory=dict)
    taken: int = 0
    """The latest ticket that was given out."""
    used: int = 0
    """The ticket of the look that is held."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """The provider says that something happened, or it is time to look."""


@dataclass(frozen=True, slots=True)
class Looked:
    ticket: int
    account: Account


@dataclass(frozen=True, slots=True)
class Look:
    """Fetch the account, and come back with this ticket."""

    ticket: int


@dataclass(frozen=True, slots=True)
class Changed:
    """What is held is another now: the subscription, or these invoices."""

    subscription: bool
    invoices: tuple[str, ...]


Event = Noticed | Looked
Action = Look | Changed


def handle(mirror: Mirror, event: Event) -> tuple[Mirror, list[Action]]:
    """What is held after the event, and what is to be done."""
    if isinstance(event, Noticed):
        ticket = mirror.taken + 1
        return replace(mirror, taken=ticket), [Look(ticket)]
    if event.ticket <= mirror.used:
        return mirror, []
    held = hold(mirror.held, event.account)
    invoices = {invoice.id: invoice for invoice in event.account.invoices}
    changed = tuple(key for key, invoice in invoices.items() if mirror.invoices.get(key) != invoice)
    after = replace(mirror, held=held, invoices=mirror.invoices | invoices, used=event.ticket)
    if held == mirror.held and not changed:
        return after, []
    return after, [Changed(held != mirror.held, changed)]


_RUNNING: Final = ("active", "trialing", "past_due", "unpaid", "paused")
_STATUS: Final[dict[str, Literal["active", "paused"]]] = {
    "active": "active",
    "trialing": "active",
    "past_due": "active",
    "unpaid": "paused",
    "paused": "paused",
}


def hold(before: Held, account: Account) -> Held:
    """What we make of the account. Of several subscriptions the oldest that runs counts, so that none takes over."""
    running = sorted((s for s in account.subscriptions if s.status in _RUNNING), key=lambda s: (s.created_at, s.id))
    if not running:
        ended = [s for s in account.subscriptions if s.status == "canceled"]
        if not ended:
            return before
        last = max(ended, key=lambda s: (s.created_at, s.id))
        return Held(id=last.id, plan=last.plan or before.plan, interval=last.interval, status="canceled")
    remote = running[0]
    return Held(
        id=remote.id,
        plan=remote.plan or before.plan,
        interval=remote.interval,
        status=_STATUS[remote.status],
        unpaid_since=_unpaid_since(remote, account) if remote.status in ("past_due", "unpaid") else None,
        renews_at=remote.renews_at,
        cancels_at=remote.cancels_at,
        schedule=remote.schedule,
        next_plan=remote.next_plan,
        next_interval=remote.next_interval,
    )


def _unpaid_since(remote: RemoteSubscription, account: Account) -> datetime:
    """Since the oldest invoice of it that is still to be paid."""
    waiting = [i.issued_at for i in account.invoices if i.status == "open" and i.subscription == remote.id]
    return min(waiting, default=remote.created_at)


def followed(held: Held) -> Followed | None:
    """What the life of the subscription (`core.trial`) is told; None while the provider has none."""
    match held.status:
        case "active" | "paused" | "canceled" as status:
            return Followed(status, held.unpaid_since)
        case _:
            return None


def surplus(account: Account) -> tuple[str, ...]:
    """Ids of running subscriptions beside the one that counts: somebody paid twice."""
    running = sorted((s for s in account.subscriptions if s.status in _RUNNING), key=lambda s: (s.created_at, s.id))
    return tuple(s.id for s in running[1:])

"""Renters: finding one, registering one, and their lease and account."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, Sum

from apps.business.contacts import create_contact
from apps.business.core.names import fold
from apps.tenants import audit
from apps.verticals.real_estate.core.rents import Account, account
from apps.verticals.real_estate.models import Lease, RentCharge, Renter, RentPayment


def renters_with_phone(phone: str) -> list[Renter]:
    """Everybody with this E.164 number; couples share one."""
    return list(Renter.objects.filter(contact__phone=phone).select_related("contact")) if phone else []


def match_renter(*, phone: str, date_of_birth: dt.date) -> Renter | None:
    """The one renter with this E.164 number and birth date; None also when several could be meant."""
    found = [renter for renter in renters_with_phone(phone) if renter.date_of_birth == date_of_birth]
    return found[0] if len(found) == 1 else None


def is_registered(*, first_name: str, last_name: str, date_of_birth: dt.date) -> bool:
    """Whether a renter of exactly this name (but for case and accents) and birth date exists."""
    return Renter.objects.filter(
        contact__given_key=fold(first_name)[:80], contact__family_key=fold(last_name)[:80], date_of_birth=date_of_birth
    ).exists()


@transaction.atomic
def register(*, first_name: str, last_name: str, date_of_birth: dt.date, phone: str, email: str, actor: str) -> Renter:
    """A new renter and their contact; without a lease they are an applicant.

    Raises:
        InvalidName, InvalidPhone, InvalidEmail.
    """
    contact = create_contact(given_name=first_name, family_name=last_name, phone=phone, email=email, actor=actor)
    renter = Renter(contact=contact, date_of_birth=date_of_birth)
    renter.save()
    audit.record(actor=actor, action="renter.registered", target=renter.pk)
    return renter


def current_lease(renter: Renter, *, today: dt.date) -> Lease | None:
    """The lease under which they live somewhere, or will; the latest when there are several."""
    living = Q(moved_out_date=None) | Q(moved_out_date__gte=today)
    leases = Lease.objects.filter(living, renter=renter).select_related("property__suburb")
    return leases.order_by("-start_date").first()


@dataclass(frozen=True, slots=True)
class Statement:
    """A lease's account on a day, in cents; `pending` is what the renter says is on its way."""

    account: Account
    charged: int
    pending: int


def statement(lease: Lease, *, today: dt.date) -> Statement:
    """How the renter stands: what was received counts, what is only reported does not yet."""
    status = RentPayment.Status
    sums = RentPayment.objects.filter(lease=lease).aggregate(
        received=Sum("amount_cents", filter=Q(status=status.RECEIVED)),
        pending=Sum("amount_cents", filter=Q(status=status.PENDING)),
    )
    charges = RentCharge.objects.filter(lease=lease, charged_date__lte=today)
    charged = charges.aggregate(sum=Sum("amount_cents"))["sum"] or 0
    standing = account(lease.terms, paid=sums["received"] or 0, charged=charged, today=today)
    return Statement(standing, charged, sums["pending"] or 0)

"""Who is speaking: the tools that find or register a renter, and what stands in their file."""

import datetime as dt
from typing import Annotated

from apps.agents.sdk import Email, Phone, ToolContext, ToolRefused, ToolResult, tool
from apps.business.contacts import InvalidEmail, InvalidName
from apps.business.core.wording import spoken_date, spoken_money
from apps.verticals.real_estate.core.rents import per_week
from apps.verticals.real_estate.models import Renter
from apps.verticals.real_estate.renters import (
    current_lease,
    is_registered,
    match_renter,
    register,
    renters_with_phone,
)
from apps.verticals.real_estate.tools.arguments import (
    Id,
    Name,
    actor,
    check_attempts,
    number,
    own_lease,
    own_renter,
    today,
)

RenterId = Annotated[Id, "renter_id of the identified renter"]
_GUESSES = ("find_tenant_by_phone", "create_tenant")
_FAILURES = ("not_found", "identify_first")
_YOUNGEST = 18
_OLDEST = dt.timedelta(days=366 * 125)


@tool(label="Looking for your tenancy")
def find_tenant_by_phone(
    ctx: ToolContext,
    *,
    phone: Annotated[Phone, "the renter's phone number"],
    date_of_birth: Annotated[dt.date | None, "the renter's date of birth; ask for it"] = None,
) -> ToolResult:
    """Finds a renter by phone number and date of birth, and identifies them for this conversation.

    Use it first, before anything that concerns a renter: rent balance, lease, payments, maintenance. A number alone
    identifies nobody, unless they are calling from it. Returns renter_id.
    """
    mobile = number(phone)
    if ctx.caller_phone == mobile and len(same := renters_with_phone(mobile)) == 1:
        return _identified(ctx, same[0], "Thank you, I have found your tenancy.")
    if date_of_birth is None:
        raise ToolRefused(
            "date_of_birth_needed",
            "Thank you, but a phone number alone is not enough to find your tenancy.",
            field="date_of_birth",
        )
    check_attempts(ctx, *_GUESSES, codes=_FAILURES)
    renter = match_renter(phone=mobile, date_of_birth=date_of_birth)
    if renter is None:
        raise ToolRefused("not_found", "I could not find a tenancy with that phone number and date of birth.")
    return _identified(ctx, renter, "Thank you, I have found your tenancy.")


@tool(label="Taking down your details", writes=True)
def create_tenant(
    ctx: ToolContext,
    *,
    first_name: Annotated[Name, "the renter's first name"],
    last_name: Annotated[Name, "the renter's last name"],
    date_of_birth: Annotated[dt.date, "the renter's date of birth"],
    phone: Annotated[Phone, "the renter's phone number"],
    email: Annotated[Email | None, "the renter's e-mail address, if they gave one"] = None,
) -> ToolResult:
    """Registers a new renter who wants to apply for a home and has never rented from us, and identifies them.

    Confirm before calling. Needs name, date of birth and phone. Not for anyone who may be on file: find them. Returns
    renter_id.
    """
    age_limit = _years_before(today(ctx), _YOUNGEST)
    if not today(ctx) - _OLDEST < date_of_birth <= today(ctx):
        raise ToolRefused("invalid_date_of_birth", "That date of birth cannot be right.", field="date_of_birth")
    if date_of_birth > age_limit:
        raise ToolRefused("too_young", "To apply for a lease you need to be 18 or older.", field="date_of_birth")
    check_attempts(ctx, *_GUESSES, codes=_FAILURES)
    if is_registered(first_name=first_name, last_name=last_name, date_of_birth=date_of_birth):
        raise ToolRefused(
            "identify_first", "I need to look for an existing file first, by your phone number and date of birth."
        )
    try:
        renter = register(
            first_name=first_name,
            last_name=last_name,
            date_of_birth=date_of_birth,
            phone=number(phone),
            email=email or "",
            actor=actor(ctx),
        )
    except InvalidName:
        raise ToolRefused("invalid_name", "I am not sure that I have that name right.", field="first_name") from None
    except InvalidEmail:
        raise ToolRefused("invalid_email", "That e-mail address does not look complete.", field="email") from None
    return _identified(ctx, renter, "Welcome! You are registered, and our leasing team will send you the application.")


@tool(label="Looking at your file")
def get_tenant_details(ctx: ToolContext, *, renter_id: RenterId) -> ToolResult:
    """Tells the identified renter what we have on file: their home, since when, and whether phone and e-mail are on
    file.

    Use it when a renter asks what is on file about them. Returns home, rent, renting_since, phone_ending,
    has_email.
    """
    renter = own_renter(ctx, renter_id)
    lease = current_lease(renter, today=today(ctx))
    data = {
        "renter_name": renter.contact.name,
        "phone_ending": renter.contact.phone[-3:],
        "has_email": bool(renter.contact.email),
    }
    if lease is None:
        return ToolResult("You are on file as an applicant, without a lease so far.", data)
    since = spoken_date(lease.start_date, today=today(ctx))
    return ToolResult(
        f"You have rented {lease.property.address} since {since}.",
        data
        | {
            "home": lease.property.address,
            "rent": f"{spoken_money(lease.rent_cents)} {lease.frequency}",
            "renting_since": lease.start_date.isoformat(),
        },
    )


@tool(label="Looking at your lease")
def get_lease_info(ctx: ToolContext, *, renter_id: RenterId) -> ToolResult:
    """Tells the identified renter about their lease: rent, when it ends, bond, notice.

    Use it for questions about a lease, a tenancy agreement or moving out. Returns start_date, end_date, rent, bond,
    notice_days, pets.
    """
    lease = own_lease(ctx, renter_id)
    day = today(ctx)
    end = spoken_date(lease.end_date, today=day)
    term = (
        f"The fixed term of your lease ends on {end}"
        if lease.end_date >= day
        else f"The fixed term of your lease ended on {end} and it goes on from period to period"
    )
    return ToolResult(
        f"{term}; the rent is {spoken_money(lease.rent_cents)} {lease.frequency}, notice {lease.notice_days} days.",
        {
            "home": lease.property.address,
            "start_date": lease.start_date.isoformat(),
            "end_date": lease.end_date.isoformat(),
            "rent": f"{spoken_money(lease.rent_cents)} {lease.frequency}",
            "rent_of_a_week": spoken_money(per_week(lease.terms)),
            "bond": spoken_money(lease.bond_cents),
            "notice_days": lease.notice_days,
            "pets": "considered" if lease.property.pets_considered else "not allowed",
        },
    )


def _identified(ctx: ToolContext, renter: Renter, say: str) -> ToolResult:
    ctx.bind_contact(renter.contact_id)
    return ToolResult(say, {"renter_id": renter.pk})


def _years_before(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # February 29
        return day.replace(year=day.year - years, day=28)

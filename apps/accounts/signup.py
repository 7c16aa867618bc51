"""Founding a business: its owner, its agents, its trial, all at once or not at all."""

from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from apps.accounts.models import FirstSteps
from apps.accounts.naming import slugs
from apps.agents import releases
from apps.agents.blueprints import NewBusiness, Vertical
from apps.agents.registry import verticals
from apps.business import starting
from apps.common.errors import AppError
from apps.plans.subscriptions import start_trial
from apps.tenants import audit, founding
from apps.tenants.models import Membership, Role, Tenant, User, WidgetKey
from apps.tenants.scope import all_tenants, tenant_scope

_TRIES = 3


class AddressTaken(AppError):
    """Somebody has opened an account with this address meanwhile."""

    code = "address_taken"
    status = 409


@dataclass(frozen=True, slots=True)
class Business:
    """What the form says of it. `phone` is E.164 or ""."""

    name: str
    vertical: str
    region: str
    time_zone: str
    phone: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who will own it; the password is hashed already."""

    name: str
    email: str
    password: str


def found(
    business: Business, *, owner: Person | User, signup: str, now: datetime, request: HttpRequest
) -> tuple[Tenant, User]:
    """The business of the sign-up `signup`, founded unless it is there already, and its owner.

    Args:
        owner: a person without an account, or somebody who founds one more business.
        signup: an id; the same again, also at the same moment, founds nothing more.
        request: for those who want to know where the business came from.

    Raises:
        AddressTaken: the person has an account by now, from elsewhere.
    """
    for tried in range(_TRIES):
        if (before := _founded_by(signup)) is not None:
            return before
        if isinstance(owner, Person) and User.objects.filter(email=owner.email).exists():
            raise AddressTaken("There is an account with this address. Log in, and add the business there.")
        try:
            return _found(business, owner=owner, signup=signup, now=now, request=request)
        except IntegrityError:
            # Another request was faster: with the same sign-up, the same address or the same name.
            if tried == _TRIES - 1:
                raise
    raise AssertionError("The last try returns or raises.")


def _founded_by(signup: str) -> tuple[Tenant, User] | None:
    with all_tenants(reason="a sign-up names the business that it founded"):
        steps = FirstSteps.objects.filter(signup=signup).select_related("tenant").first()
        if steps is None:
            return None
        owners = Membership.objects.filter(tenant_id=steps.tenant_id, role=Role.OWNER).select_related("user")
        owner = owners.order_by("id").first()
        return (steps.tenant, owner.user) if owner is not None else None


@transaction.atomic
def _found(
    business: Business, *, owner: Person | User, signup: str, now: datetime, request: HttpRequest
) -> tuple[Tenant, User]:
    user = owner if isinstance(owner, User) else _register(owner)
    with all_tenants(reason="sign-up makes a tenant"):
        tenant = Tenant.objects.create(
            slug=_free_slug(business.name),
            name=business.name,
            vertical=business.vertical,
            region=business.region,
            time_zone=business.time_zone,
            phone=business.phone,
            email=user.email,
        )
    with tenant_scope(tenant.pk):
        FirstSteps.objects.create(signup=signup)
        Membership.objects.create(user=user, role=Role.OWNER)
        start_trial(now=now)
        _equip(verticals()[business.vertical], tenant, user, now)
        audit.record(
            actor=f"user:{user.pk}",
            action="business.founded",
            target=tenant.pk,
            details={"vertical": business.vertical},
        )
        founding.founded(tenant=tenant, owner=user, request=request)
    return tenant, user


def _register(person: Person) -> User:
    """A login whose address is proven: nobody comes here without its code."""
    user = User(email=person.email, name=person.name, password=person.password, is_staff=True)
    user.save()
    EmailAddress.objects.create(user=user, email=person.email, verified=True, primary=True)
    return user


def _equip(vertical: Vertical, tenant: Tenant, owner: User, now: datetime) -> None:
    """The vertical's agents and what they need to answer, and a key for the website."""
    releases.install(vertical=vertical)
    if vertical.start is None:
        starting.keep_hours()
    else:
        vertical.start(NewBusiness(now.astimezone(tenant.zone), owner.name, owner.email, tenant.phone))
    WidgetKey.objects.create()


def _free_slug(name: str) -> str:
    # A demo's pages are open to anybody, by its slug: no business must come to stand behind them.
    reserved = {vertical.demo.slug for vertical in verticals().values() if vertical.demo}
    free = (slug for slug in slugs(name) if slug not in reserved and not Tenant.objects.filter(slug=slug).exists())
    return next(free)

"""Customers: finding one, registering one."""

from django.db import transaction

from apps.business.contacts import create_contact
from apps.business.core.names import same_name
from apps.tenants import audit
from apps.verticals.salon.models import Customer


def customers_with_phone(phone: str) -> list[Customer]:
    """Everybody with this E.164 number; families share one."""
    return list(Customer.objects.filter(contact__phone=phone).select_related("contact")) if phone else []


def match_customer(*, name: str, phone: str) -> Customer | None:
    """The one customer with this number and, but for a slip, this name; None also when several could be meant."""
    found = [customer for customer in customers_with_phone(phone) if same_name(customer.contact.name, name)]
    return found[0] if len(found) == 1 else None


@transaction.atomic
def register(*, first_name: str, last_name: str, phone: str, email: str, actor: str) -> Customer:
    """A new customer and their contact.

    Raises:
        InvalidName, InvalidPhone, InvalidEmail: as create_contact.
    """
    contact = create_contact(given_name=first_name, family_name=last_name, phone=phone, email=email)
    customer = Customer(contact=contact)
    customer.save()
    audit.record(actor=actor, action="customer.registered", target=customer.pk)
    return customer

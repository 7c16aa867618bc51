"""Callers: who belongs to which organization, and what they may see of it."""

from django.db.models import Q, QuerySet

from apps.verticals.it_helpdesk.core.names import folded, same_company, same_person
from apps.verticals.it_helpdesk.models import Device, Employee, Organization, Ticket


def match_caller(*, company: str, name: str, code: str) -> Employee | None:
    """The employee of this name at the organization of this name and code; None also when several could be meant.

    The code must be exact. A slip in a name is forgiven, unless somebody else's name fits without one.
    """
    organization = Organization.objects.filter(code=code, is_active=True).first()
    if organization is None or not same_company(organization.name, company):
        return None
    people = list(
        Employee.objects.filter(organization=organization, is_active=True).select_related("contact", "organization")
    )
    exact = [person for person in people if folded(person.contact.name) == folded(name)]
    found = exact or [person for person in people if same_person(person.contact.name, name)]
    return found[0] if len(found) == 1 else None


def employee_of(contact_id: str | None) -> Employee | None:
    """The employee behind a contact, while they and their organization are helped."""
    if not contact_id:
        return None
    active = Employee.objects.filter(is_active=True, organization__is_active=True)
    return active.filter(contact_id=contact_id).select_related("contact", "organization").first()


def visible_devices(employee: Employee) -> QuerySet[Device]:
    """Their own devices and those that their office shares, such as printers; an IT contact sees all there are."""
    devices = Device.objects.filter(organization_id=employee.organization_id).exclude(status=Device.Status.RETIRED)
    if not employee.is_it_contact:
        shared = Q(employee=None) & ~Q(kind__in=(Device.Kind.NETWORK, Device.Kind.SERVER))
        devices = devices.filter(Q(employee=employee) | shared)
    return devices.select_related("employee__contact")


def visible_tickets(employee: Employee) -> QuerySet[Ticket]:
    """Their own tickets; an IT contact sees those of the whole organization."""
    tickets = Ticket.objects.filter(organization_id=employee.organization_id)
    if not employee.is_it_contact:
        tickets = tickets.filter(employee=employee)
    return tickets.select_related("technician__staff", "device", "employee__contact")

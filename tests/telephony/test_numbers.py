"""Whose number it is."""

import pytest
from django.core.exceptions import ValidationError

from apps.telephony.models import PhoneNumber
from apps.telephony.numbers import NumberTaken, assign, route
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope

NUMBER = "+12125550100"


def reached(number: str) -> tuple[str, str]:
    """(tenant's id, agent) of a number that somebody has."""
    found = route(number)
    assert found is not None
    return found.tenant_id, found.agent


def test_a_call_finds_its_business_without_a_scope(clinic: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(clinic.pk):
        assign(number=NUMBER, agent="triage")
    with tenant_scope(other_tenant.pk):
        assign(number="+442071838750")
    assert reached(NUMBER) == (clinic.pk, "triage")
    assert reached("+442071838750") == (other_tenant.pk, "")
    assert route("+12125550199") is None


def test_a_number_that_is_switched_off_reaches_nobody(tenant: Tenant) -> None:
    number = assign(number=NUMBER)
    PhoneNumber.objects.filter(pk=number.pk).update(is_active=False)
    assert route(NUMBER) is None


def test_assigning_it_again_changes_it(tenant: Tenant) -> None:
    first = assign(number=NUMBER, agent="triage", label="Main line")
    again = assign(number=NUMBER, agent="billing")
    assert (again.pk, again.label) == (first.pk, "")
    assert reached(NUMBER) == (tenant.pk, "billing")


def test_nobody_takes_the_number_of_another(tenant: Tenant, other_tenant: Tenant) -> None:
    assign(number=NUMBER)
    with tenant_scope(other_tenant.pk), pytest.raises(NumberTaken):
        assign(number=NUMBER)
    assert reached(NUMBER) == (tenant.pk, "")


@pytest.mark.parametrize("number", ["2125550100", "+02125550100", "+1212555010a", "+12125550100\n", ""])
def test_only_e164(tenant: Tenant, number: str) -> None:
    with pytest.raises(ValidationError):
        assign(number=number)


def test_only_carriers_that_there_are(tenant: Tenant) -> None:
    with pytest.raises(ValidationError):
        assign(number=NUMBER, carrier="pigeon")

"""Contacts over the API."""

import pytest

from apps.business.models import Contact
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.scope import tenant_scope
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_life_of_a_contact(crm: Program, clinic: Tenant) -> None:
    made = crm.post("contacts", {"given_name": "Ada", "phone": "(212) 555-0142"})
    assert made.status_code == 201, made.content
    contact = made.json()
    assert made["Location"] == f"/api/contacts/{contact['id']}"
    assert contact["phone"] == "+12125550142"
    assert crm.get(f"contacts/{contact['id']}").json() == contact
    changed = crm.patch(f"contacts/{contact['id']}", {"family_name": "Lovelace"})
    assert changed.json()["family_name"] == "Lovelace"
    assert [row["id"] for row in crm.get("contacts").json()["data"]] == [contact["id"]]
    assert crm.delete(f"contacts/{contact['id']}").status_code == 204
    assert crm.get(f"contacts/{contact['id']}").status_code == 404
    with tenant_scope(clinic.pk):
        assert not Contact.objects.exists()
        actors = set(AuditEntry.objects.filter(action__startswith="contact.").values_list("actor", flat=True))
    assert len(actors) == 1
    assert actors.pop().startswith("key:key_")

"""docs/team.md says what each role may do. It is compared with the admin's checks, and those with what answers come."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.tenants.base import TenantModel
from apps.tenants.models import Membership, Role, Tenant, User
from apps.tenants.scope import tenant_scope
from tests.accounts import team_table
from tests.conftest import make_member, make_tenant
from tests.isolation.conftest import fill

ROLES = [Role.OWNER, Role.MANAGER, Role.STAFF]


def address(page: Any, view: str, *args: str) -> str:
    return reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_{view}", args=args)


def test_the_page_says_what_is_so(db: None) -> None:
    expected = team_table.table()
    assert team_table.written(team_table.PAGE.read_text()) == expected, (
        "docs/team.md is out of step: `DEBUG=1 python -m tests.accounts.team_table` writes its table anew."
    )


def test_the_table_tells_the_roles_apart(db: None) -> None:
    rows = team_table.table().splitlines()
    assert "| Team | view, change, delete | view | – |" in rows
    assert "| Invitations | view, add | view | – |" in rows
    assert "| Contacts | everything | everything | view, add, change |" in rows


@pytest.mark.timeout(600)
@pytest.mark.parametrize("role", ROLES)
def test_answers_are_as_the_table_says(transactional_db: None, role: str) -> None:
    """Each page of the admin, asked for as somebody of that role would, with a row of the business itself."""
    tenant = make_tenant("riverside", "Riverside Clinic")
    fill(tenant, owner="alice@riverside.example")
    client = Client()
    client.force_login(make_member("walker@riverside.example", tenant, role))
    walked = 0
    for page in team_table.pages():
        allowed = team_table.rights(page, role)
        for view, key in (("changelist", ""), ("add", ""), ("change", "row"), ("delete", "row")):
            args = [_row(page, tenant)] if key else []
            if args == [""]:
                continue
            needed = {"changelist": "view", "change": "view"}.get(view, view)
            status = client.get(address(page, view, *args)).status_code
            who = (page.opts.label, view, role, status)
            # One row may be protected further, such as the last owner: then even who may is refused.
            assert status in ((200, 302, 403, 404) if needed in allowed else (403, 404)), who
            if view == "changelist" and needed in allowed:
                assert status in (200, 302), who
            if view == "change" and "change" not in allowed:
                assert client.post(address(page, view, *args), {}).status_code in (403, 404), who
            walked += 1
    assert walked > 150


def _row(page: Any, tenant: Tenant) -> str:
    """The key of a row of the page's model; "" when there is none."""
    with tenant_scope(tenant.pk):
        if issubclass(page.model, TenantModel):
            return str(page.model.objects.values_list("pk", flat=True).first() or "")
    return tenant.pk if page.model is Tenant else ""


def test_who_was_removed_sees_nothing_from_the_next_page_on(clinic: Tenant, alice: User) -> None:
    client = Client()
    client.force_login(make_member("mia@riverside.example", clinic, Role.MANAGER))
    assert client.get("/admin/business/contact/").status_code == 200
    owner = Client()
    owner.force_login(alice)
    with tenant_scope(clinic.pk):
        key = Membership.objects.get(role=Role.MANAGER).pk
    assert owner.post(reverse("admin:tenants_membership_delete", args=[key]), {"post": "yes"}).status_code == 302
    assert client.get("/admin/business/contact/").status_code == 404
    with tenant_scope(clinic.pk):
        from apps.tenants.models import AuditEntry

        entry = AuditEntry.objects.get(action="membership.deleted")
    assert entry.details == {"person": "mia@riverside.example", "role": Role.MANAGER}

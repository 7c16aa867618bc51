"""The team: owners change roles, and a business never loses its last owner."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.tenants.models import AuditEntry, Membership, Role, User
from apps.tenants.scope import tenant_scope
from tests.admin.conftest import World
from tests.conftest import make_member

ADD = "admin:tenants_membership_add"


def membership(world: World, user: User) -> Membership:
    with tenant_scope(world.tenant.pk):
        return Membership.objects.get(user=user)


def url(world: World, user: User, view: str = "change") -> str:
    return reverse(f"admin:tenants_membership_{view}", args=[membership(world, user).pk])


def test_nobody_is_put_on_a_team_by_hand(owner: Client, mine: World, bob: User) -> None:
    """They would not know of it, and whether an address has a login would be told to whoever asks."""
    assert owner.post(reverse(ADD), {"email": bob.email, "name": "", "role": Role.STAFF}).status_code == 403
    with tenant_scope(mine.tenant.pk):
        assert not Membership.objects.filter(user=bob).exists()


def test_a_change_of_role_says_in_the_trail_whose_and_to_what(owner: Client, mine: World, alice: User) -> None:
    mia = make_member("mia@riverside.example", mine.tenant, Role.STAFF)
    assert owner.post(url(mine, mia), {"role": Role.MANAGER}).status_code == 302
    with tenant_scope(mine.tenant.pk):
        entry = AuditEntry.objects.get(action="membership.changed")
    assert entry.actor == f"user:{alice.pk}"
    assert entry.details == {"person": mia.email, "role": Role.MANAGER}


def test_the_last_owner_cannot_step_down_or_leave(owner: Client, mine: World, alice: User) -> None:
    response = owner.post(url(mine, alice), {"role": Role.STAFF})
    assert response.status_code == 200
    assert b"A business needs an owner" in response.content
    assert owner.post(url(mine, alice, "delete"), {"post": "yes"}).status_code == 403
    assert membership(mine, alice).role == Role.OWNER


def test_an_owner_who_cannot_log_in_does_not_count(owner: Client, mine: World, alice: User) -> None:
    other = make_member("gone@riverside.example", mine.tenant)
    User.objects.filter(pk=other.pk).update(is_active=False)
    assert owner.post(url(mine, alice), {"role": Role.STAFF}).status_code == 200
    assert membership(mine, alice).role == Role.OWNER


def test_with_a_second_owner_the_first_may_go(owner: Client, mine: World, alice: User) -> None:
    make_member("second@riverside.example", mine.tenant)
    assert owner.post(url(mine, alice), {"role": Role.MANAGER}).status_code == 302
    assert membership(mine, alice).role == Role.MANAGER


def test_a_member_is_removed(owner: Client, mine: World) -> None:
    stan = make_member("stan@riverside.example", mine.tenant, Role.STAFF)
    assert owner.post(url(mine, stan, "delete"), {"post": "yes"}).status_code == 302
    with tenant_scope(mine.tenant.pk):
        assert not Membership.objects.filter(user=stan).exists()
    assert User.objects.filter(pk=stan.pk).exists()


@pytest.mark.parametrize("role", [Role.MANAGER, Role.STAFF])
def test_others_cannot_make_themselves_owners(mine: World, login, role: str) -> None:
    user = make_member("mallory@riverside.example", mine.tenant, role)
    client = login(user)
    assert client.post(url(mine, user), {"role": Role.OWNER}).status_code == 403
    values = {"email": "x@riverside.example", "name": "", "role": Role.OWNER}
    assert client.post(reverse(ADD), values).status_code == 403
    assert membership(mine, user).role == role


def test_owners_do_not_see_logins(owner: Client, manager: Client, mine: World, bob: User) -> None:
    for client in (owner, manager):
        assert client.get(reverse("admin:tenants_user_changelist")).status_code == 403
        assert client.get(reverse("admin:tenants_user_change", args=[bob.pk])).status_code == 403
        assert (
            client.get(
                reverse("admin:autocomplete"),
                {
                    "app_label": "tenants",
                    "model_name": "membership",
                    "field_name": "user",
                    "term": "bob",
                },
            ).status_code
            == 403
        )

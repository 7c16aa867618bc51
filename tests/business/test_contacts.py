"""Finding people by what they say of themselves, and taking them down safely."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.business.contacts import (
    InvalidEmail,
    InvalidName,
    InvalidPhone,
    create_contact,
    find_contacts,
    normalize_phone,
    readable_phone,
)
from apps.business.core.names import clean, fold, initials
from apps.business.models import Contact
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.scope import tenant_scope


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("(212) 555-0100", "US", "+12125550100"),
        ("212.555.0100 ext. 7", "US", "+12125550100"),
        ("+44 20 7946 0018", "US", "+442079460018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("555-123-4567", "US", "+15551234567"),
    ],
)
def test_a_phone_becomes_e164(text: str, region: str, expected: str) -> None:
    assert normalize_phone(text, region) == expected


@pytest.mark.parametrize("text", ["", "hello", "555-0100", "12", "+", "9" * 40, "+1 212 555 010", "\0"])
def test_what_is_no_phone_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidPhone) as refusal:
        normalize_phone(text, "US")
    assert refusal.value.field == "phone"
    assert refusal.value.status == 422


@pytest.mark.parametrize(
    "asked",
    [
        {"given_name": "jose", "family_name": "NUNEZ"},
        {"given_name": "José", "family_name": "Núñez"},
        {"family_name": " nuñez "},
        {"name": "José María Núñez"},
        {"given_name": "Jose Maria"},
        {"phone": "(212) 555-0100"},
        {"phone": "+1 212 555 0100", "given_name": "José"},
    ],
)
def test_a_contact_is_found(tenant: Tenant, asked: dict) -> None:
    jose = create_contact(given_name="José María", family_name="Núñez", phone="212-555-0100")
    create_contact(given_name="Joan", family_name="Nu", phone="212-555-0101")
    assert find_contacts(**asked) == [jose]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"given_name": "Jos"},
        {"given_name": "José", "family_name": "Miller"},
        {"name": "Núñez"},
        {"name": " "},
        {"phone": "+12125550100", "given_name": "Jane"},
    ],
)
def test_half_a_name_finds_nobody(tenant: Tenant, asked: dict) -> None:
    create_contact(given_name="José", family_name="Núñez", phone="212-555-0100")
    assert find_contacts(**asked) == []


def test_families_share_a_phone(tenant: Tenant) -> None:
    family = [create_contact(given_name=name, family_name="Miller", phone="2125550100") for name in ("Ann", "Bea")]
    assert find_contacts(phone="212 555 0100") == family


def test_names_are_folded_by_bulk_writes_too(tenant: Tenant) -> None:
    Contact.objects.bulk_create([Contact(given_name="Zoë", family_name="O’Neil")])
    assert [contact.name for contact in find_contacts(name="zoe o'neil")] == ["Zoë O’Neil"]


def test_another_tenants_contacts_are_not_found(tenant: Tenant, other_tenant: Tenant) -> None:
    create_contact(given_name="Jane", family_name="Miller", phone="+12125550100")
    with tenant_scope(other_tenant.pk):
        assert find_contacts(phone="+12125550100") == []
        assert find_contacts(name="Jane Miller") == []


def test_a_new_contact_is_tidied_and_audited(tenant: Tenant) -> None:
    contact = create_contact(
        given_name="  Jane\n\u202e ",
        family_name="Miller",
        phone="212 555 0100",
        email=" jane@example.com ",
        actor="agent:x",
    )
    contact.refresh_from_db()
    assert (contact.name, contact.phone, contact.email) == ("Jane Miller", "+12125550100", "jane@example.com")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.target) == ("agent:x", "contact.created", contact.pk)
    assert "Jane" not in str(entry.details)


@pytest.mark.parametrize(
    ("wrong", "error", "field"),
    [
        ({"given_name": ""}, InvalidName, "given_name"),
        ({"given_name": "\u200b \0"}, InvalidName, "given_name"),
        ({"given_name": "12345"}, InvalidName, "given_name"),
        ({"given_name": "J" * 81}, InvalidName, "given_name"),
        ({"family_name": "?!"}, InvalidName, "family_name"),
        ({"phone": "nope"}, InvalidPhone, "phone"),
        ({"email": "jane@"}, InvalidEmail, "email"),
        ({"email": "a" * 250 + "@example.com"}, InvalidEmail, "email"),
    ],
)
def test_a_bad_contact_is_refused_and_not_kept(
    tenant: Tenant, wrong: dict[str, str], error: type[Exception], field: str
) -> None:
    with pytest.raises(error) as refusal:
        create_contact(**{"given_name": "Jane", **wrong})
    assert refusal.value.field == field  # type: ignore[attr-defined]
    assert not Contact.objects.exists()


@given(st.text(max_size=60))
def test_folding_is_idempotent_and_ignores_case_and_space(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(f"  {text} ") == fold(text)


@given(st.text(max_size=60), st.integers(1, 40))
def test_clean_text_is_one_visible_line(text: str, limit: int) -> None:
    cleaned = clean(text, limit=limit)
    assert len(cleaned) <= limit
    assert cleaned == cleaned.strip()
    assert not any(letter in cleaned for letter in "\n\r\t\0\u202e\u200b")
    assert clean(cleaned, limit=limit) == cleaned


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Glow Beauty", "GB"),
        ("Riverside Family Clinic", "RF"),
        ("Nightwatch", "NI"),
        ("Éclair & Co", "EC"),
        ("診所", "BK"),
    ],
)
def test_initials_of_a_business(name: str, expected: str) -> None:
    assert initials(name) == expected


@pytest.mark.parametrize(
    ("phone", "region", "shown"),
    [
        ("", "US", ""),
        ("+12125550100", "US", "(212) 555-0100"),
        ("+12125550100", "GB", "+1 212-555-0100"),
        ("+442079460018", "GB", "020 7946 0018"),
    ],
)
def test_phones_are_shown_as_people_write_them(phone: str, region: str, shown: str) -> None:
    assert readable_phone(phone, region) == shown

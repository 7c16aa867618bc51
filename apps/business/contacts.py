"""Contacts: finding them, and taking down new ones."""

from collections.abc import Mapping

import phonenumbers
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import SET_NULL, Q

from apps.business.core.names import clean, fold
from apps.business.models import Contact
from apps.common.errors import AppError, InvalidInput
from apps.tenants import audit
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id

MAX_NAME = 80
MAX_NOTES = 2_000


class InvalidName(InvalidInput):
    code = "invalid_name"


class InvalidPhone(InvalidInput):
    code = "invalid_phone"


class InvalidEmail(InvalidInput):
    code = "invalid_email"


class ContactInUse(AppError):
    """Something that stays on record names the contact, such as a booking."""

    code = "contact_in_use"
    status = 409


def normalize_phone(text: str, region: str) -> str:
    """A phone number as E.164, such as `+12125550100`; an extension is dropped.

    Args:
        text: as people write it: `(212) 555-0100`, `+44 20 7946 0018`.
        region: two-letter country in which a number without a country code is read.

    Raises:
        InvalidPhone: no number of that country could be this. The length is checked, but not whether the
            range is in use: the library's tables lag behind, and callers know their own numbers better.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None
    possible = phonenumbers.ValidationResult.IS_POSSIBLE  # as against IS_POSSIBLE_LOCAL_ONLY: no area code
    if number is None or phonenumbers.is_possible_number_with_reason(number) != possible:
        raise InvalidPhone("That does not look like a complete phone number.", field="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def readable_phone(phone: str, region: str) -> str:
    """An E.164 number as people of the country write it; one of another country with its code. "" stays ""."""
    if not phone:
        return ""
    number = phonenumbers.parse(phone)
    domestic = number.country_code == phonenumbers.country_code_for_region(region)
    style = phonenumbers.PhoneNumberFormat.NATIONAL if domestic else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def find_contacts(
    *, given_name: str = "", family_name: str = "", name: str = "", phone: str = "", limit: int = 10
) -> list[Contact]:
    """The contacts that match every criterion given; none when none is.

    Names match whole, whatever their case and accents; a first name also matches the first of several (“Anna”
    finds “Anna Maria”). `name` is a full name, however it splits. Families share phones: expect several.

    Raises:
        InvalidPhone: `phone` cannot be read.
    """
    if not (given_name or family_name or name or phone):
        return []
    matches = Q()
    if given_name:
        matches &= Q(given_key=fold(given_name)) | Q(given_key__startswith=f"{fold(given_name)} ")
    if family_name:
        matches &= Q(family_key=fold(family_name))
    if name:
        matches &= _full_name(name)
    if phone:
        matches &= Q(phone=normalize_phone(phone, _region()))
    return list(Contact.objects.filter(matches)[:limit])


def _full_name(name: str) -> Q:
    words = fold(name).split()
    splits = [Q(given_key=" ".join(words[:at]), family_key=" ".join(words[at:])) for at in range(1, len(words) + 1)]
    return Q(*splits, _connector=Q.OR) if splits else Q(pk="")


def create_contact(
    *,
    given_name: str,
    family_name: str = "",
    phone: str = "",
    email: str = "",
    notes: str = "",
    actor: str = "system",
) -> Contact:
    """Takes down a new contact. Whether they are known already is for the caller to find out first.

    Raises:
        InvalidName, InvalidPhone, InvalidEmail: `field` names the argument.
    """
    contact = Contact(
        given_name=_name(given_name, field="given_name"),
        family_name=_name(family_name, field="family_name") if family_name.strip() else "",
        phone=normalize_phone(phone, _region()) if phone.strip() else "",
        email=_email(email) if email.strip() else "",
        notes=clean(notes, limit=MAX_NOTES),
    )
    contact.save()
    audit.record(actor=actor, action="contact.created", target=contact.pk)
    return contact


@transaction.atomic
def change_contact(*, contact: Contact, changes: Mapping[str, str], actor: str) -> Contact:
    """Writes what is given, by the names of `create_contact`'s arguments, and leaves the rest as it is.

    Raises:
        InvalidName, InvalidPhone, InvalidEmail: `field` names the argument.
    """
    read = {
        "given_name": lambda text: _name(text, field="given_name"),
        "family_name": lambda text: _name(text, field="family_name") if text.strip() else "",
        "phone": lambda text: normalize_phone(text, _region()) if text.strip() else "",
        "email": lambda text: _email(text) if text.strip() else "",
        "notes": lambda text: clean(text, limit=MAX_NOTES),
    }
    values = {name: read[name](text) for name, text in changes.items()}
    changed = sorted(name for name, value in values.items() if getattr(contact, name) != value)
    if not changed:
        return contact
    for name in changed:
        setattr(contact, name, values[name])
    contact.save()
    audit.record(actor=actor, action="contact.changed", target=contact.pk, details={"fields": changed})
    return contact


@transaction.atomic
def delete_contact(*, contact: Contact, actor: str) -> None:
    """Deletes a contact of whom nothing else is kept. Conversations stay, without saying whose they were.

    Raises:
        ContactInUse: bookings, or what an industry keeps of people, name the contact.
    """
    key = contact.pk
    for relation in Contact._meta.related_objects:
        # What would go with the contact is refused like what must stay: nobody said that it may go.
        kept = relation.on_delete is not SET_NULL
        if kept and relation.related_model._base_manager.filter(**{relation.field.name: contact}).exists():
            what = relation.related_model._meta.verbose_name_plural
            raise ContactInUse(f"There are {what} of this contact.", kind=str(what))
    contact.delete()
    audit.record(actor=actor, action="contact.deleted", target=key)


def _name(text: str, *, field: str) -> str:
    name = clean(text, limit=MAX_NAME + 1)
    if len(name) > MAX_NAME or not any(letter.isalpha() for letter in name):
        raise InvalidName(f"A name needs a letter and at most {MAX_NAME} characters.", field=field)
    return name


def _email(text: str) -> str:
    try:
        Contact._meta.get_field("email").run_validators(text.strip())
    except ValidationError:
        raise InvalidEmail("That does not look like an e-mail address.", field="email") from None
    return text.strip()


def _region() -> str:
    return Tenant.objects.get(pk=current_tenant_id()).region

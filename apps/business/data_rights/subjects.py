"""Who a contact is, for those who hold something of them."""

import phonenumbers
from phonenumbers import NumberParseException

from apps.business.core.traces import Traces
from apps.business.models import Contact
from apps.tenants import data_rights
from apps.tenants.data_rights import Subject


def subject_of(contact: Contact) -> Subject:
    """The contact with all conversations that are theirs; in the tenant's scope."""
    return data_rights.with_conversations(
        Subject(
            contact_id=contact.pk,
            phone="" if _shared(contact, "phone") else contact.phone,
            email="" if _shared(contact, "email") else contact.email,
        )
    )


def traces_of(contact: Contact) -> Traces:
    """What texts are searched for. What another contact has, too, is not: it may be theirs that is written there."""
    country_code, national = ("", "") if _shared(contact, "phone") else _split(contact.phone)
    namesakes = Contact.objects.filter(given_key=contact.given_key, family_key=contact.family_key)
    named = not namesakes.exclude(pk=contact.pk).exists()
    return Traces(
        given_name=contact.given_name if named else "",
        family_name=contact.family_name if named else "",
        country_code=country_code,
        national=national,
        email="" if _shared(contact, "email") else contact.email,
    )


def shared(contact: Contact) -> list[str]:
    """What another contact has, too, in words: where only that is written, nothing can be erased."""
    found = [
        name for field, name in (("phone", "phone number"), ("email", "e-mail address")) if _shared(contact, field)
    ]
    return found if traces_of(contact).parts or not contact.name else [*found, "name"]


def _shared(contact: Contact, field: str) -> bool:
    value = getattr(contact, field)
    if not value:
        return False
    return bool(Contact.objects.filter(**{f"{field}__iexact": value}).exclude(pk=contact.pk).exists())


def _split(phone: str) -> tuple[str, str]:
    """(country code, the rest), in digits."""
    if not phone:
        return "", ""
    try:
        number = phonenumbers.parse(phone)
    except NumberParseException:
        return "", "".join(letter for letter in phone if letter.isdigit())
    return str(number.country_code), phonenumbers.national_significant_number(number)

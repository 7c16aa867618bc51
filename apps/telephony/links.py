"""The addresses under which the carrier asks and tells us, as it must write them."""

from urllib.parse import urlencode

from django.conf import settings

from apps.common.errors import AppError
from apps.telephony.calls import Line

PREFIX = "/voice/twilio/"


class NoPublicAddress(AppError):
    """A call or a text that we begin needs addresses for what comes of it, and PUBLIC_URL is not set."""

    code = "no_public_address"
    status = 503


def path(name: str, **query: str) -> str:
    """The path of a webhook, such as `/voice/twilio/amd?call=out_…`."""
    return f"{PREFIX}{name}?{urlencode(query)}" if query else f"{PREFIX}{name}"


def link(name: str, **query: str) -> str:
    """The same with the host that the outside calls us by.

    Raises:
        NoPublicAddress: nobody has said which that is.
    """
    if not settings.PUBLIC_URL:
        raise NoPublicAddress("Set PUBLIC_URL to the https address by which the phone carrier reaches this server.")
    return f"{settings.PUBLIC_URL}{path(name, **query)}"


def wanted(sid: str = "") -> Line:
    """How a number of ours is to be set up at the carrier.

    Raises:
        NoPublicAddress: see `link`.
    """
    return Line(sid, voice=link("incoming"), sms=link("sms"), status=link("status"))

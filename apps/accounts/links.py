"""Addresses as they stand in mails."""

from django.conf import settings
from django.http import HttpRequest


def absolute(request: HttpRequest, path: str) -> str:
    """`path` with the platform's own address: PUBLIC_URL, else the one that the request came to.

    A Host header is the visitor's own claim; with ALLOWED_HOSTS set, Django has checked it before this.
    """
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)

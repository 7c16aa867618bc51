"""What allauth asks of the house: who may sign up where, from which address somebody comes, how secrets are kept."""

import base64
import hashlib
from secrets import token_hex
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.encoding import force_bytes

from apps.accounts import links
from apps.common.addresses import client_address


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never there: /signup/ makes a business with its owner."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """For the limits by address. Where nobody can tell the address, they do not apply; those by account do."""
        return client_address(request) or token_hex()

    def get_reset_password_from_key_url(self, key: str) -> str:
        # The key is `<user>-<token>`, both of which the address takes apart.
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return links.absolute(self.request, path.replace("UID-KEY", key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return links.absolute(request, reverse("account_confirm_email", args=[emailconfirmation.key]))


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the seeds of one-time codes encrypted: who reads the database cannot make codes."""

    def get_totp_issuer(self) -> str:
        return "CallSphere"

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> MultiFernet:
    """With the server's key; what was written with one before it can still be read."""
    digests = (
        hashlib.sha256(b"mfa:" + force_bytes(key)).digest()
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])

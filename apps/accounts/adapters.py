"""What allauth asks of the house: who may sign up where, from which address somebody comes, how secrets are kept."""

from secrets import token_hex
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts import links, lockouts
from apps.common import sealing
from apps.common.addresses import client_address

SEEDS = "mfa:"
"""The purpose under which seeds are sealed."""


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never there: /signup/ makes a business with its owner."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """For the limits by address. Where nobody can tell the address, they do not apply; those by account do."""
        return client_address(request) or token_hex()

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Not the package's, which holds the host's name: who counts must not be told apart by a header of theirs."""
        return f"login:{str(credentials.get('email') or credentials.get('username') or '').lower()}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            if email := credentials.get("email"):
                lockouts.note(str(email))
            raise

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
        return sealing.seal(text, purpose=SEEDS)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text, purpose=SEEDS)

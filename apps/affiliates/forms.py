"""What affiliates fill in."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from apps.affiliates.models import Affiliate


class _PlainForm(forms.Form):
    """Labels without a colon, as everywhere on the site."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})


class JoinForm(_PlainForm):
    """Applying with a login."""

    name = forms.CharField(
        label="Your name, or your company’s",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text="As it shall stand on payouts.",
    )
    website = forms.URLField(
        label="Website or profile",
        required=False,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "url"}),
        help_text="Where people will find your link, if you have one.",
    )
    audience = forms.CharField(
        label="How will you recommend CallSphere?",
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Two or three sentences: who listens to you, and where.",
    )
    agrees = forms.BooleanField(
        label="I have read the terms above and keep to them.",
        error_messages={"required": "Please accept the terms: without them we cannot pay you."},
    )


class StrangersJoinForm(JoinForm):
    """Applying without a login: the address is confirmed by e-mail."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="You will log in with it. We send you a link to confirm it.",
    )
    field_order = ("name", "email", "website", "audience", "agrees")


class PasswordForm(_PlainForm):
    """The first password of a new login."""

    password = forms.CharField(
        label="Choose a password",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 8 characters, and none that everybody uses.",
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


class PayoutForm(_PlainForm):
    """Where money goes. What the chosen way needs must be there."""

    method = forms.ChoiceField(label="Pay me by", choices=Affiliate.PayoutMethod.choices)
    email = forms.EmailField(
        label="E-mail of the account", required=False, max_length=254, help_text="For PayPal and Wise."
    )
    account = forms.CharField(
        label="Bank account", required=False, max_length=200, help_text="IBAN, or routing and account number."
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        by_bank = given.get("method") == Affiliate.PayoutMethod.BANK
        if by_bank and not given.get("account"):
            raise ValidationError({"account": "A bank transfer needs an account."})
        if not by_bank and "email" in given and not given["email"]:
            raise ValidationError({"email": "PayPal and Wise need the e-mail address of your account there."})
        return given

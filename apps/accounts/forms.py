"""What people are asked when they sign up or join a team. Every field says its error beside itself."""

from typing import Any, cast

from django import forms
from django.contrib.auth.password_validation import validate_password

from apps.accounts import places
from apps.agents.registry import verticals
from apps.business.contacts import InvalidPhone, normalize_phone
from apps.tenants.models import User, check_time_zone


class SiteForm(forms.Form):
    """A form of the public pages: a field that is wrong says so to a screen reader, too."""

    required_css_class = "required"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        for name, field in self.fields.items():
            if field.required and name in _MISSING:
                field.error_messages["required"] = _MISSING[name]


_MISSING = {
    "business": "What is your business called?",
    "vertical": "Choose what comes closest.",
    "region": "Choose your country.",
    "time_zone": "Choose your time zone.",
    "name": "What is your name?",
    "email": "Your e-mail address is missing.",
    "password": "Choose a password.",
    "code": "Enter the six digits from the mail.",
}


def _name(text: str) -> str:
    """On one line. It stands in mails to whatever address was typed, so it must not carry a link there."""
    if "://" in text or "www." in text.lower():
        raise forms.ValidationError("Please write the name alone, without a web address.")
    return " ".join(text.split())


def _text(**attributes: Any) -> forms.TextInput:
    return forms.TextInput(attrs=attributes)


class BusinessForm(SiteForm):
    """The business alone: for somebody who has an account and founds one more."""

    business = forms.CharField(
        label="Name of your business", max_length=120, widget=_text(autocomplete="organization", autofocus=True)
    )
    vertical = forms.ChoiceField(label="What do you do?", widget=forms.RadioSelect)
    region = forms.ChoiceField(label="Country", widget=forms.Select(attrs={"autocomplete": "country"}))
    time_zone = forms.ChoiceField(
        label="Time zone", help_text="Your hours and bookings are kept on this clock.", validators=[check_time_zone]
    )
    phone = forms.CharField(
        label="Phone of the business",
        max_length=40,
        required=False,
        help_text="Your agents give it to whoever wants to talk to a person.",
        widget=_text(type="tel", autocomplete="tel"),
    )
    website = forms.CharField(required=False, widget=_text(tabindex="-1", autocomplete="off"))
    """Nobody sees it, so only a program fills it in."""
    attempt = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    """Of this page as it was opened: sent twice, it is one sign-up."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["vertical"]).choices = [
            (slug, vertical.name) for slug, vertical in verticals().items()
        ]
        cast(forms.ChoiceField, self.fields["region"]).choices = [("", "Choose …"), *places.countries()]
        cast(forms.ChoiceField, self.fields["time_zone"]).choices = [("", "Choose …"), *places.time_zones()]

    @property
    def is_filled_by_a_program(self) -> bool:
        return bool(self.data.get("website"))

    def clean_business(self) -> str:
        return _name(self.cleaned_data["business"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("phone") and cleaned.get("region"):
            try:
                cleaned["phone"] = normalize_phone(cleaned["phone"], cleaned["region"])
            except InvalidPhone as error:
                self.add_error("phone", error.message)
        return cleaned


class PersonFields(forms.Form):
    """Who somebody is, and the password they choose."""

    name = forms.CharField(label="Your name", max_length=120, widget=_text(autocomplete="name"))
    email = forms.EmailField(
        label="Your e-mail address", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=128,
        help_text="At least eight characters, and none of the usual ones.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_name(self) -> str:
        return _name(self.cleaned_data["name"])

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def check_password(self, *, email: str) -> None:
        """Says beside the field what is wrong with the password, given who chose it."""
        password = self.cleaned_data.get("password")
        if password:
            try:
                validate_password(password, User(email=email, name=self.cleaned_data.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)


class SignUpForm(PersonFields, BusinessForm):
    """A business, and who will own it."""

    field_order = ("business", "vertical", "region", "time_zone", "phone", "name", "email", "password")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self.check_password(email=cleaned.get("email", ""))
        return cleaned


class SixDigits(forms.CharField):
    """As mails and people write them: also `123 456` and `123-456`."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return "".join(text.replace("-", " ").split()) if text else text

    def validate(self, value: Any) -> None:
        super().validate(value)
        if not (len(value) == 6 and value.isascii() and value.isdigit()):
            raise forms.ValidationError("The code has six digits.")


class CodeForm(SiteForm):
    code = SixDigits(
        label="Code",
        widget=_text(autocomplete="one-time-code", inputmode="numeric", maxlength="9", autofocus=True),
    )


class JoinForm(PersonFields, SiteForm):
    """Somebody new accepts an invitation; the address is the invitation's."""

    field_order = ("name", "password")

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["email"]
        self.address = email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.check_password(email=self.address)
        return cleaned

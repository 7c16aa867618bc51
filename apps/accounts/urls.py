"""Addresses of sign-up, login and joining. allauth's own are under /account/."""

from django.urls import include, path
from django.views.generic import RedirectView

from apps.accounts.pages import first_steps, join, pricing, signup

urlpatterns = [
    path("pricing/", pricing.pricing, name="pricing"),
    path("signup/", signup.signup, name="signup"),
    path("signup/code/", signup.code, name="signup-code"),
    path("join/<str:secret>/", join.join, name="join"),
    path("account/first-steps/hide/", first_steps.hide, name="first-steps-hide"),
    path("account/first-steps/hours/", first_steps.confirm_hours, name="first-steps-hours"),
    path("account/signup/", RedirectView.as_view(pattern_name="signup"), name="account_signup"),
    path(  # where the admin's menu leads: passwords are changed in one place
        "admin/password_change/",
        RedirectView.as_view(pattern_name="account_change_password"),
        name="admin-password-change",
    ),
    path("account/", include("allauth.account.urls")),
    path("account/two-factor/", include("allauth.mfa.urls")),
]

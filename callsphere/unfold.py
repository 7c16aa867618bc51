"""Look and navigation of the admin (django-unfold). Dotted names are functions that it calls with the request."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _static(path: str) -> Any:
    def address(request: HttpRequest) -> str:
        return static(path)

    return address


FORMAT_MODULE_PATH = "callsphere.formats"
LOGIN_REDIRECT_URL = "admin:index"
"""unfold's login form forgets Django's own `next`."""

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "CallSphere",
    "SITE_HEADER": "callsphere.navigation.header",
    "SITE_SUBHEADER": "callsphere.navigation.subheader",
    "SITE_ICON": _static("site/favicon.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _static("site/favicon.svg")}],
    "SITE_URL": "/",
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "callsphere.navigation.environment",
    "DASHBOARD_CALLBACK": "callsphere.today.dashboard",
    "STYLES": [_static("admin_site/admin.css")],
    "SCRIPTS": [_static("admin_site/admin.js")],
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 264)",
            "100": "oklch(93.5% .03 264)",
            "200": "oklch(88% .06 264)",
            "300": "oklch(80% .105 264)",
            "400": "oklch(70.5% .155 264)",
            "500": "oklch(62% .2 264)",
            "600": "oklch(51.5% .216 264)",
            "700": "oklch(45.5% .2 264)",
            "800": "oklch(39.5% .165 264)",
            "900": "oklch(34.5% .125 264)",
            "950": "oklch(25.5% .09 264)",
        },
    },
    "SIDEBAR": {"navigation": "callsphere.navigation.sidebar"},
    "ACCOUNT": {
        "navigation": [
            {"title": "E-mail address", "link": reverse_lazy("account_email")},
            {"title": "Password", "link": reverse_lazy("account_change_password")},
            {"title": "Two-factor login", "link": reverse_lazy("mfa_index")},
            {"title": "Add a business", "link": reverse_lazy("signup")},
        ]
    },
}

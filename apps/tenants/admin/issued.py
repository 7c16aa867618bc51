"""The page on which a secret is shown, once."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse


def shown_once(
    request: HttpRequest, *, site: AdminSite, title: str, secret: str, advice: str, back: str
) -> TemplateResponse:
    """In the answer to the POST itself: no address leads here again, and no session or cache keeps it."""
    context = {
        **site.each_context(request),
        "title": title,
        "secret": secret,
        "advice": advice,
        "back": back,
    }
    return TemplateResponse(request, "admin/tenants/issued.html", context)

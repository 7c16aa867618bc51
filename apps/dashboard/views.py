"""The addresses that the floor's page asks: tickets for its socket, and leads to choose from.

They are on the lean handler (common/streaming.py), for when a server has come back and a thousand pages ask at once:
the pages' stack opens a thread and a database connection for each request (see tenants/sessions.py).
"""

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from apps.common import cors, drain
from apps.common.api import api_view
from apps.common.database import in_thread
from apps.dashboard.lead_search import find_leads
from apps.dashboard.steering import Forbidden
from apps.dashboard.tickets import Ticket, mint
from apps.dashboard.viewers import STEERING
from apps.tenants.scope import in_tenant
from apps.tenants.sessions import check_not_forged, person_of


@api_view("POST")
async def tickets(request: HttpRequest) -> HttpResponseBase:
    """`{"ticket"}` for one connection to the floor of the session's tenant."""
    drain.refuse()
    check_not_forged(request)
    return JsonResponse({"ticket": await mint(await in_thread(ticket_of, request))})


@api_view("GET")
async def leads(request: HttpRequest) -> HttpResponseBase:
    """`?q=`: `{"leads": [{"id", "name", "company", "phone", "status", "score", "temperature"}]}` that fit the words."""
    cors.refuse_origin(request)  # a cookie answers for the person here, so no other page may read it
    asking = await in_thread(ticket_of, request)
    if asking.role not in STEERING:
        raise Forbidden("Your role does not allow this.")
    text = request.GET.get("q", "")[:100].replace("\0", "")
    return JsonResponse({"leads": await in_tenant(asking.tenant_id, find_leads, text=text)})


def ticket_of(request: HttpRequest) -> Ticket:
    """What the person of the request's session may watch: the floor of the tenant that they are in.

    Raises:
        NotLoggedIn, NotFound: none.
    """
    person = person_of(request)
    return Ticket(tenant_id=person.tenant.pk, user_id=str(person.user.pk), name=str(person.user), role=person.role)

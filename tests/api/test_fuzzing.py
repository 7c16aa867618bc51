"""Every operation of the OpenAPI document against the product on a real socket, with requests that schemathesis makes.

No server error, and every answer as the document says. A few examples for each; docs/api.md has the command of a run as
long as one likes.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.agents import releases
from apps.agents.registry import verticals
from apps.api.models import WebhookDelivery, WebhookEndpoint
from apps.api.registry import places
from apps.business import bookings
from apps.business.models import Contact, Service, Staff, StaffService, WeeklyHours
from apps.conversations import calls, turns
from apps.plans.subscriptions import start_trial
from apps.tenants.models import ApiKey, Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.after_hours.intake import Report, from_api
from apps.verticals.it_helpdesk import tickets
from apps.verticals.sales.leads import register
from apps.verticals.sales.models import Campaign
from tests.conftest import make_tenant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
EXAMPLES = 8
_MOSTLY: Any = st.integers(0, 3)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
INDUSTRIES = ("sales", "after_hours", "it_helpdesk")


class Business:
    """One with some rows of everything, a key, and the ids of its rows."""

    def __init__(self, vertical: str) -> None:
        self.tenant: Tenant = make_tenant(vertical.replace("_", "-"), vertical.title(), vertical=vertical)
        now = datetime.now(UTC)
        with tenant_scope(self.tenant.pk):
            start_trial(now=now)
            releases.install(vertical=verticals()[vertical])
            self.references = self._fill(now)
            _fill_industry(vertical, now)
            self.headers = {"Authorization": f"Bearer {ApiKey.issue(name='fuzzer')[1]}"}
            self.ids = {
                prefix: [row.pk for row in resource().rows().order_by("pk")[:5]]
                for prefix, resource in places()
                if "<" not in prefix and resource.vertical in ("", vertical)
            }
            self.deliveries = list(WebhookDelivery.objects.values_list("pk", flat=True))

    def _fill(self, now: datetime) -> list[str]:
        endpoint = WebhookEndpoint(url="https://example.com/hook", events=["contact.created"], is_active=False)
        endpoint.take_secret("whsec_test")
        endpoint.save()
        WebhookDelivery.objects.create(endpoint=endpoint, event="contact.created", status="failed")
        staff, service = Staff.objects.create(name="Kim"), Service.objects.create(name="Cut")
        StaffService.objects.create(staff=staff, service=service)
        people = [Contact.objects.create(given_name=name) for name in ("Ada", "Bea", "Cleo")]
        for day in range(7):
            WeeklyHours.objects.create(weekday=day, opens=time(0), closes=time(23, 59))
        for hours, contact in enumerate(people):
            at = now.replace(hour=15) + timedelta(days=2, hours=hours)  # by day where the business is
            bookings.book(contact=contact, staff=staff, service=service, starts_at=at, now=now)
        call = calls.begin(agent="front", channel="phone", carrier="t", carrier_call="c", now=now)
        turns.add_visitor_turn(conversation=call.conversation, text="hi", message_id="m", run="r", now=now)
        return [staff.pk, service.pk, *(contact.pk for contact in people)]


def _fill_industry(vertical: str, now: datetime) -> None:
    match vertical:
        case "sales":
            for number in (1, 2):
                register(
                    first_name="Ada", last_name="", phone=f"+1212555010{number}", source="fair", now=now, actor="system"
                )
                Campaign.objects.create(name="Autumn", purpose="a demo")
        case "after_hours":
            for number in (1, 2):
                from_api(Report(key=str(number), description="A pipe burst"), now=now, actor="system")
        case "it_helpdesk":
            for problem in ("No network", "The printer is jammed"):
                tickets.open_ticket(employee=None, problem=problem, now=now, actor="system")


@pytest.fixture
def businesses(settings: Any) -> dict[str, Business]:
    settings.API_REQUESTS_PER_MINUTE = 100_000
    return {vertical: Business(vertical) for vertical in ("salon", *INDUSTRIES)}


def test_no_request_finds_a_server_error_or_an_answer_that_is_not_described(
    server: str, businesses: dict[str, Business]
) -> None:
    document = schemathesis.openapi.from_url(f"{server}/api/schema/")
    answered: dict[str, set[int]] = {}
    of_industry = {resource.resource: resource.vertical for _, resource in places() if resource.vertical}
    for result in document.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]  # what is no operation raises here
        root = operation.path.split("/")[2]
        business = businesses[of_industry.get(root, "salon")]
        answered[operation.label] = fuzz(operation, root, business)
    reached = [label for label, codes in answered.items() if codes & {200, 201, 202, 204}]
    assert len(answered) > 55
    assert len(reached) > len(answered) * 0.5, sorted(set(answered) - set(reached))


def fuzz(operation: Any, root: str, business: Business) -> set[int]:
    """The status codes that the requests were answered with."""
    codes: set[int] = set()

    @bounded(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def run(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy())
        for name in case.path_parameters or {}:
            known: list[Any] = [1, 2] if name == "number" else business.ids[root]
            if "deliveries/" in operation.path and name == "id":
                known = business.deliveries
            if known and data.draw(_MOSTLY):
                case.path_parameters[name] = data.draw(st.sampled_from(known))
        if isinstance(case.body, dict):
            for name in ("contact", "staff", "service", "rep", "employee"):
                if name in case.body and data.draw(st.booleans()):
                    case.body[name] = data.draw(st.sampled_from(business.references))
        response = case.call(headers=business.headers)
        codes.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    run()
    return codes

"""Attacks on somebody's money: words that cost tokens, and numbers that cost minutes.

What one visitor and one address may is in tests/chat/test_budgets.py and tests/plans/test_budgets.py; calls from the
browser in tests/voice/test_attacks.py.
"""

import asyncio
import uuid
from typing import Any

import httpx2 as httpx
import pytest
from asgiref.sync import sync_to_async

from apps.common.database import in_thread
from apps.plans.core.budget import estimate
from apps.telephony import numbers, placing, texting
from apps.telephony.models import PlacedCall, TextMessage
from apps.tenants.models import Tenant, WidgetKey
from apps.tenants.scope import in_tenant, tenant_scope
from tests.attacks.obedient import Obedient
from tests.chat.conftest import open_for_business

pytestmark = [pytest.mark.timeout(240), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def widget(clinic: Tenant) -> WidgetKey:
    return open_for_business(clinic, key="wk_wallet")


def limit(widget: WidgetKey, **limits: int) -> None:
    with tenant_scope(widget.tenant_id):
        WidgetKey.objects.filter(pk=widget.pk).update(**limits)


async def crowd(server: str, widget: WidgetKey, count: int, *, text: str = "hello") -> list[int]:
    """So many visitors at once, each new, each from an address of their own; the statuses."""
    async with httpx.AsyncClient(base_url=server, timeout=120, limits=httpx.Limits(max_connections=100)) as http:

        async def one(number: int) -> int:
            headers = {"X-Widget-Key": widget.key, "X-Forwarded-For": f"198.51.{number // 250}.{number % 250 + 1}"}
            body = {"message": text, "message_id": str(uuid.uuid4())}
            return (await http.post("/api/chat/stream", json=body, headers=headers)).status_code

        return list(await asyncio.gather(*(one(number) for number in range(count))))


async def test_a_crowd_of_strangers_spends_what_the_widget_may_and_no_more(
    server: str, widget: WidgetKey, obedient: Obedient, settings: Any
) -> None:
    settings.TRUSTED_PROXIES = 1
    await in_thread(limit, widget, widget_messages=12)
    statuses = await crowd(server, widget, 80)
    assert (statuses.count(200), statuses.count(429)) == (12, 68)
    assert len(obedient.asked) == 12, "the model was asked for those alone"


async def test_tokens_are_reserved_before_they_are_spent(
    server: str, widget: WidgetKey, obedient: Obedient, settings: Any
) -> None:
    """Also when all come at once: what is under way counts as if it cost the most that it may."""
    settings.TRUSTED_PROXIES = 1
    text = "x" * 4_000
    most = 3 * estimate(text) + 10
    await in_thread(limit, widget, widget_tokens=most, widget_messages=1_000)
    obedient.words = "y" * 2_000
    statuses = await crowd(server, widget, 40, text=text)
    assert set(statuses) == {200, 429}
    # One that is over gives back what it did not use, so that another may begin; never more than fit at once.
    spent = len(obedient.asked) * 110  # what this model says that it used
    assert spent <= most
    assert statuses.count(200) == len(obedient.asked)


async def test_a_text_of_many_bytes_is_reserved_by_its_bytes(
    server: str, widget: WidgetKey, obedient: Obedient, settings: Any
) -> None:
    """Signs that cost a token each are not counted as letters, of which four do."""
    settings.TRUSTED_PROXIES = 1
    await in_thread(limit, widget, widget_tokens=estimate("a" * 4_000), widget_messages=1_000)
    assert await crowd(server, widget, 1, text="\U0001f4a3" * 4_000) in ([429], [413])
    assert obedient.asked == []


COSTLY = {
    "a premium number of the US": "+19005550123",
    "one of the United Kingdom": "+449098790000",
    "one of Germany": "+499001234567",
    "one of France": "+33899123456",
    "a satellite": "+881612345678",
    "Inmarsat": "+870773123456",
    "an international network": "+882161234567",
    "a premium number of the world": "+979123456789",
}
NO_NUMBERS = (
    *("911", "112", "+1", "+0012125550100", "*67+12125550100", "+12125550100,,1", "+12125550100;ext=1", ""),
    *("sip:a@b", "tel:+12125550100", "+1212555010a", "+\u0661\u0662\u0661\u0662\u0665\u0665\u0665\u0660\u0661"),
)


@pytest.mark.parametrize("to", [*COSTLY.values(), *NO_NUMBERS])
async def test_nobody_is_made_to_call_a_number_that_costs(server: str, clinic: Tenant, to: str, settings: Any) -> None:
    settings.PUBLIC_URL = server
    await in_tenant(clinic.pk, lambda: numbers.assign(number="+12125550100"))
    for attempt in (
        placing.place_call(tenant_id=clinic.pk, to=to),
        texting.send_text(tenant_id=clinic.pk, to=to, body="hello"),
    ):
        with pytest.raises(placing.InvalidNumber) as refused:
            await attempt
        assert (refused.value.code == "costly_number") == (to in COSTLY.values())

    def counted() -> int:
        with tenant_scope(clinic.pk):
            return PlacedCall.objects.count() + TextMessage.objects.count()

    assert await sync_to_async(counted)() == 0

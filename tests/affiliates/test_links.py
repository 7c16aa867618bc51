"""Links: who counts as a click, who was first, and where they lead."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from apps.affiliates import affiliates, links
from apps.affiliates.models import Affiliate, Clicks, Referral
from apps.common.redis import client as redis_client
from apps.tenants.models import Tenant
from tests.affiliates.conftest import BROWSER, NOW

pytestmark = pytest.mark.django_db


def clicks(affiliate: Affiliate) -> int:
    return sum(Clicks.objects.filter(affiliate=affiliate).values_list("count", flat=True))


def test_a_click_is_counted_once_a_day_and_leads_on(mila: Affiliate, visitor: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        response = visitor.get(f"/r/{mila.code}?to=/affiliates/")
        assert (response.status_code, response["Location"]) == (302, "/affiliates/")
        assert "no-store" in response["Cache-Control"]
        visitor.get(f"/r/{mila.code}")
        assert clicks(mila) == 1
        Client(headers={"user-agent": BROWSER + " other"}).get(f"/r/{mila.code}")
        assert clicks(mila) == 2
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        visitor.get(f"/r/{mila.code}")
    assert clicks(mila) == 3


def test_robots_heads_and_browsers_that_look_ahead_are_no_clicks(mila: Affiliate) -> None:
    robot = Client(headers={"user-agent": "Googlebot/2.1"})
    ahead = Client(headers={"user-agent": BROWSER, "sec-purpose": "prefetch;prerender"})
    head = Client(headers={"user-agent": BROWSER})
    for response in (robot.get(f"/r/{mila.code}"), ahead.get(f"/r/{mila.code}"), head.head(f"/r/{mila.code}")):
        assert response.status_code == 302
        assert links.COOKIE not in response.cookies
    assert clicks(mila) == 0


def test_the_cookie_is_signed_and_out_of_reach_for_scripts(mila: Affiliate, visitor: Client) -> None:
    cookie = visitor.get(f"/r/{mila.code}").cookies[links.COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 60 * 86_400


def test_the_first_touch_wins(mila: Affiliate, nina: Affiliate, visitor: Client, found: Callable[..., Tenant]) -> None:
    visitor.get(f"/r/{mila.code}")
    visitor.get(f"/r/{nina.code}")
    found(visitor)
    assert Referral.objects.get().affiliate == mila
    assert clicks(nina) == 1


@pytest.mark.parametrize(("days", "counts"), [(59, True), (61, False)])
def test_the_first_touch_lasts_60_days(
    mila: Affiliate, visitor: Client, found: Callable[..., Tenant], days: int, counts: bool
) -> None:
    with time_machine.travel(NOW, tick=False):
        visitor.get(f"/r/{mila.code}")
    with time_machine.travel(NOW + timedelta(days=days), tick=False):
        found(visitor)
    assert Referral.objects.exists() is counts


def test_a_forged_cookie_refers_nobody(mila: Affiliate, visitor: Client, found: Callable[..., Tenant]) -> None:
    visitor.get(f"/r/{mila.code}")
    genuine = visitor.cookies[links.COOKIE].value
    visitor.cookies[links.COOKIE] = genuine.replace(mila.code, "nina-noor") if mila.code in genuine else genuine + "x"
    found(visitor)
    assert not Referral.objects.exists()


def test_links_of_the_unknown_and_the_suspended_lead_home_and_count_nothing(mila: Affiliate, visitor: Client) -> None:
    affiliates.decide(affiliate_id=mila.pk, status="suspended", note="", actor="user:1", now=NOW)
    for code in (mila.code, "nobody"):
        response = visitor.get(f"/r/{code}")
        assert (response.status_code, response["Location"]) == (302, "/")
        assert links.COOKIE not in response.cookies
    assert clicks(mila) == 0


def test_what_is_kept_of_a_click_names_nobody(mila: Affiliate) -> None:
    visitor = Client(headers={"user-agent": BROWSER}, REMOTE_ADDR="93.184.215.14")
    visitor.get(f"/r/{mila.code}")
    redis = redis_client()
    found = [key for key in redis.scan_iter("cs:{platform}:affiliates:seen:*") if mila.pk.encode() in key]
    assert len(found) == 1
    assert 0 < redis.ttl(found[0]) <= 2 * 86_400
    kept = b"".join(redis.smembers(found[0]))
    assert len(kept) == 16
    assert b"93.184" not in kept

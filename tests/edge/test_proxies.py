"""The product through each of the four real servers, as docker/edge/ configures them."""

import httpx2 as httpx
import pytest

from apps.tenants.models import WidgetKey
from tests.chat.client import Visitor
from tests.chat.conftest import open_for_business
from tests.conftest import make_tenant
from tests.edge.certificates import NAME
from tests.edge.conftest import Front
from tests.edge.proxies import KINDS

pytestmark = pytest.mark.once

EVERY = pytest.mark.parametrize("name", sorted(KINDS))
BROWSER = {"Host": NAME, "Accept-Encoding": "gzip, br"}


def browser(address: str) -> httpx.Client:
    """Somebody to whom NAME leads to this address, and who accepts compression."""

    def by_name(request: httpx.Request) -> None:
        request.extensions["sni_hostname"] = NAME

    return httpx.Client(
        base_url=address, headers=BROWSER, timeout=30, verify=False, event_hooks={"request": [by_name], "response": []}
    )


@pytest.fixture
def widget(transactional_db: None) -> WidgetKey:
    return open_for_business(make_tenant("riverside", "Riverside Clinic"), key="wk_riverside")


@EVERY
def test_a_whole_chat_passes_uncompressed(front: Front, widget: WidgetKey, name: str) -> None:
    visitor = Visitor(front(name).url, widget.key)
    streams: list[httpx.Response] = []
    visitor.http = browser(str(visitor.http.base_url))
    visitor.http.event_hooks["response"].append(streams.append)
    answer = visitor.ask("When are you open?").check()
    assert answer.text
    again = visitor.resume(answer.run["run"], after=3)
    assert again is not None
    again.check(after=3)
    assert len(streams) == 2
    for response in streams:
        assert response.headers.get("content-encoding", "identity") == "identity"
        assert "no-transform" in response.headers["cache-control"]


@EVERY
def test_styles_are_compressed(front: Front, name: str) -> None:
    with browser(front(name).url) as client:
        answer = client.get("/static/site/site.css")
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")


@EVERY
def test_plain_http_leads_to_tls(front: Front, name: str) -> None:
    with browser(front(name).plain) as client:
        answer = client.get("/demo/clinic/")
    assert answer.status_code in (301, 308)
    assert answer.headers["location"].startswith(f"https://{NAME}")

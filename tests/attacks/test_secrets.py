"""Whatever we sign opens what it was signed for: nothing else, not for ever, and not when it was made elsewhere."""

import base64
import json
import time

import httpx2 as httpx
import pytest
from django.core import signing
from django.core.signing import TimestampSigner

from apps.agents import trials
from apps.agents.models import AgentVersion
from apps.chat import tokens
from apps.edge import tickets as edge_tickets
from apps.edge.core.probe import Probe
from apps.tenants.models import WidgetKey
from apps.tenants.scope import tenant_scope
from tests.chat.client import Visitor
from tests.chat.conftest import other_widget, widget

__all__ = ["other_widget", "widget"]

pytestmark = pytest.mark.timeout(240)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forgeries(visitor: Visitor, widget: WidgetKey, foreign: str) -> dict[str, str]:
    """Tokens that are no visitor's token of this widget."""
    assert visitor.token is not None
    payload, stamp, signature = visitor.token.split(":")
    whose = tokens.read(visitor.token)
    fields = [whose.tenant_id, whose.id, whose.widget_key]
    with tenant_scope(widget.tenant_id):
        trial = trials.key_of(AgentVersion.objects.first())
    return {
        "no signature": payload,
        "an empty signature": f"{payload}:{stamp}:",
        "another time": f"{payload}:{stamp[:-1]}{'A' if stamp[-1] != 'A' else 'B'}:{signature}",
        "another visitor": f"{part([*fields[:1], 'vis_00000000000000000000', *fields[2:]])}:{stamp}:{signature}",
        "alg none": f"{part({'alg': 'none', 'typ': 'JWT'})}.{part({'tenant': fields[0], 'sub': fields[1]})}.",
        "another key": signing.dumps(fields, key="another deployment's", salt="callsphere.visitor"),
        "another purpose": signing.dumps(fields, salt="callsphere.edge"),
        "no purpose": signing.dumps(fields),
        "more fields": signing.dumps([*fields, "owner"], salt="callsphere.visitor"),
        "another shape": signing.dumps({"tenant_id": fields[0]}, salt="callsphere.visitor"),
        "the operator's ticket": edge_tickets.mint(Probe("p", 2, 1.0)),
        "a test chat's key": trial.partition("_")[2],
        "another business's": foreign,
        "cut": visitor.token[:-1],
        "doubled": f"{visitor.token}:{signature}",
    }


def old_token(visitor: Visitor) -> str:
    whose = tokens.read(str(visitor.token))

    class Earlier(TimestampSigner):
        def timestamp(self) -> str:
            return signing.b62_encode(int(time.time()) - tokens.LIFETIME - 60)

    return Earlier(salt="callsphere.visitor").sign_object([whose.tenant_id, whose.id, whose.widget_key])


def test_only_the_visitors_own_token_opens_their_conversation(
    server: str, widget: WidgetKey, other_widget: WidgetKey
) -> None:
    alice, bob = Visitor(server, widget.key), Visitor(server, other_widget.key)
    run = alice.ask("my secret is swordfish").run["run"]
    bob.ask("hello")
    forged = forgeries(alice, widget, str(bob.token)) | {"too old": old_token(alice)}
    doors = (
        ("GET", f"/api/chat/conversations/{alice.conversation}"),
        ("GET", f"/api/chat/conversations/{alice.conversation}/stream"),
        ("GET", f"/api/chat/runs/{run}/stream"),
        ("POST", f"/api/chat/runs/{run}/stop"),
    )
    with httpx.Client(base_url=server, timeout=60) as http:
        for method, door in doors:
            for what, token in forged.items():
                for way in ({"headers": {"Authorization": f"Bearer {token}"}}, {"params": {"token": token}}):
                    answer = http.request(method, door, **way)  # type: ignore[arg-type]
                    assert answer.status_code in (401, 404), (door, what, answer.status_code)
                    assert "swordfish" not in answer.text
        own = http.get(doors[0][1], headers={"Authorization": f"Bearer {alice.token}"})
        assert "swordfish" in own.text, "or this would prove nothing"


def test_a_visitors_token_is_no_operators_ticket(server: str, widget: WidgetKey) -> None:
    visitor = Visitor(server, widget.key)
    visitor.ask("hello")
    with httpx.Client(base_url=server, timeout=60) as http:
        for ticket in (
            visitor.token,
            widget.key,
            signing.dumps(["p", 2, 1.0], key="another deployment's"),
            "",
            "a" * 9_000,
        ):
            assert http.get("/healthz/stream", params={"ticket": ticket}).status_code == 404


@pytest.mark.parametrize("number", ["-1", "1e3", "9" * 30, "1;drop", "0x10", "../1", "1\n2"])
def test_a_position_is_a_number_of_ones_own_run(
    server: str, widget: WidgetKey, other_widget: WidgetKey, number: str
) -> None:
    alice, bob = Visitor(server, widget.key), Visitor(server, other_widget.key)
    run, other = alice.ask("hello").run["run"], bob.ask("hello").run["run"]
    for address, position in (
        (run, number),
        (other, "0"),
        (run, f"{other}:0"),
        ("../" + run, "0"),
        (run + "/../x", "0"),
    ):
        answer = alice.http.get(
            f"/api/chat/runs/{address}/stream", params={"after": position}, headers=alice.headers(), timeout=60
        )
        known = address == run and position == "9" * 30  # beyond the end: nothing is left
        assert answer.status_code in ((204, 200) if known else (404, 422)), (address, position)

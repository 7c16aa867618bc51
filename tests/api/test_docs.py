"""docs/api.md says what is so: its snippet runs, its scopes and events are all there are."""

import re
import time
from pathlib import Path
from typing import Any

import pytest

from apps.api.core.signature import sign
from apps.api.webhooks import catalogue
from apps.common.errors import AppError
from apps.tenants import key_scopes
from tests.docs.test_docs import subclasses

pytestmark = pytest.mark.once
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_the_snippet_tells_ours_from_others() -> None:
    [snippet] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    defined: dict[str, Any] = {}
    exec(snippet, defined)
    check, now, body = defined["is_from_callsphere"], int(time.time()), '{"id": "evt_é"}'.encode()
    header = sign(body=body, secrets=["whsec_new", "whsec_old"], at=now)
    assert check(header, body, "whsec_new")
    assert check(header, body, "whsec_old")
    assert not check(header, body, "whsec_other")
    assert not check(header, body + b" ", "whsec_new")
    assert not check(sign(body=body, secrets=["whsec_new"], at=now - 301), body, "whsec_new")
    assert not check("nonsense", body, "whsec_new")


def test_every_scope_is_documented() -> None:
    documented = set(re.findall(r"`([a-z]+:(?:read|write))`", section("Scopes")))
    assert documented == set(key_scopes.scopes())


def test_every_event_is_documented() -> None:
    rows = "".join(
        line.rpartition(" | ")[0] for line in section("Receiving webhooks").splitlines() if line.startswith("| `")
    )
    documented = set(re.findall(r"`([a-z]+\.[a-z_]+)`", rows))
    assert documented == {kind.name for kind in catalogue.every_kind()} | {catalogue.PING}


def test_the_codes_that_are_documented_exist() -> None:
    codes = {error.code for error in subclasses(AppError)}
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", section("Refusals"))) - {"request_id"}
    assert named <= codes

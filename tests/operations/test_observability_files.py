"""The dashboard and the alerts ask for metrics that there are, and each alert says what to do."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from apps.common import exposition, metrics

pytestmark = pytest.mark.once
FOLDER = Path(settings.BASE_DIR) / "docker" / "observability"
PAGE = (Path(settings.BASE_DIR) / "docs" / "operators.md").read_text()
KNOWN = {each._name: each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)}
PROMETHEUS_OWN = {"up"}
_SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",), "gauge": ("",)}
_WORDS = {"sum", "by", "rate", "increase", "histogram_quantile", "le", "time", "max", "topk", "or", "and", "absent"}


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    board = json.loads((FOLDER / "dashboards" / "callsphere.json").read_text())
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    return [rule["expr"] for rule in alerts()] + [t["expr"] for panel in panels() for t in panel["targets"]]


def exposed() -> set[str]:
    """Names that a sample may have, by what /metrics declares."""
    exposition.text()
    found = set()
    for family in REGISTRY.collect():
        suffixes = _SUFFIXES.get(family.type, ("",))
        found |= {family.name + suffix for suffix in suffixes}
    return found


def test_every_metric_that_is_asked_for_exists() -> None:
    names = exposed()
    for expression in expressions():
        bare = re.sub(r"\{[^}]*\}|\"[^\"]*\"|\[[^\]]*\]|by \([^)]*\)", " ", expression)
        asked = {word for word in re.findall(r"[a-z_]{2,}", bare) if word not in _WORDS and word != "offset"}
        assert asked, expression
        assert asked - names - PROMETHEUS_OWN == set(), expression


def test_every_label_that_is_asked_for_exists() -> None:
    for expression in expressions():
        for name, selector in re.findall(r"(callsphere_[a-z_]+)\{([^}]*)\}", expression):
            base = re.sub(r"_(bucket|count|sum|total)$", "", name)
            known = KNOWN.get(name) or KNOWN[base]
            assert set(re.findall(r"([a-z_]+)\s*[!=]~?", selector)) <= set(known._labelnames), expression


def test_every_metric_is_on_the_dashboard_or_in_an_alert_and_documented() -> None:
    asked = " ".join(expressions())
    for name in KNOWN:
        assert name in asked, name
        assert f"`{name.removeprefix('callsphere_')}`" in PAGE, name


def test_no_label_grows_with_the_tenants() -> None:
    few = {"method", "route", "status", "level", "reason", "operation", "outcome", "tool", "kind", "channel", "code"}
    few |= {"ok", "duty", "queue"}
    assert {label for each in KNOWN.values() for label in each._labelnames} <= few


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_every_alert_says_what_is_wrong_and_what_to_do(alert: dict[str, Any]) -> None:
    assert alert["annotations"]["summary"].endswith(".")
    assert alert["labels"]["severity"] in {"page", "warn"}
    page, _, anchor = alert["annotations"]["runbook"].partition("#")
    assert page == "docs/operators.md"
    headings = re.findall(r"^### (.+)\n(.+)", PAGE, re.MULTILINE)
    assert anchor in {title.lower() for title, _ in headings}
    assert anchor == alert["alert"].lower()


def test_every_runbook_has_its_alert() -> None:
    section = PAGE.partition("What to do about each alert:")[2].partition("\n## ")[0]
    assert set(re.findall(r"^### (.+)$", section, re.MULTILINE)) == {alert["alert"] for alert in alerts()}


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.yml")), ids=lambda path: path.name)
def test_every_file_can_be_read_and_names_files_that_exist(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    assert isinstance(content, dict)
    for mounted in re.findall(r"- \./(observability/[^:]+):", path.read_text()):
        assert (FOLDER.parent / mounted).exists(), mounted


def test_panels_lie_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells

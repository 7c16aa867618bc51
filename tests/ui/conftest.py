from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apps.tenants.models import WidgetKey
from tests.chat.conftest import widget
from tests.ui import node

__all__ = ["play", "widget"]


@pytest.fixture(scope="session")
def workshop(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return node.workshop(tmp_path_factory.mktemp("ai-sdk"), node.installed(pytestconfig.cache.mkdir("ai-sdk")))


@pytest.fixture
def play(workshop: Path, server: str, widget: WidgetKey) -> Callable[..., dict[str, Any]]:
    """Plays a scenario at Riverside's widget, or at the one with another key."""

    def run(scenario: str, *, key: str = widget.key) -> dict[str, Any]:
        return node.play(workshop, scenario, server, key)

    return run

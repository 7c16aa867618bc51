"""The layers hold (import-linter's own contract file), and no app is left unplaced."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.once
def test_the_layers_hold() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.once
def test_an_unplaced_app_is_noticed(tmp_path: Path) -> None:
    contract = (
        (ROOT / ".importlinter")
        .read_text()
        .replace("    chat | dashboard | sandbox | voice\n", "    dashboard | sandbox | voice\n")
    )
    (tmp_path / "contract").write_text(contract)
    command = [
        str(Path(sys.executable).parent / "lint-imports"),
        "--no-cache",
        "--config",
        str(tmp_path / "contract"),
    ]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "apps.chat" in result.stdout

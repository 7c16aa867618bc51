"""The harness of bench/, whose scripts import each other as top-level modules."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import processes
import servers

__all__ = ["processes", "servers"]

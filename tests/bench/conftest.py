"""The benchmarks' own parts; their scripts import each other as top-level modules."""

import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))

"""The chat widget in a real browser, against a stand-in for the product that can misbehave."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

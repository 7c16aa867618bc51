"""The admin's pages of calls: each call, and what is kept of them."""

from apps.voice.admin import calls, policy

__all__ = ["calls", "policy"]

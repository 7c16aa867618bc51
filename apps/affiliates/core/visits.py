"""Which requests for a referral link are a person's click, and where a link may lead."""

import re
from typing import Final

_ROBOT: Final = re.compile(
    r"(?<!cu)bot\b|(?<!cu)bot[/;]|crawl|spider|slurp|preview|scan|monitor|fetch|archiv|validator|headless|lighthouse|facebookexternal"
    r"|embedly|whatsapp|telegram|discord|slack|skype|curl|wget|python|java/|go-http|okhttp|httpx|axios|node|libwww|ruby",
    re.IGNORECASE,
)
_OWN_PATH: Final = re.compile(r"/(?![/\\])[^\x00-\x1f\x7f\\]*\Z")
HOME: Final = "/"


def is_robot(user_agent: str) -> bool:
    """Whether this is said by a program that nobody clicks in; who says nothing is one."""
    return not user_agent.strip() or _ROBOT.search(user_agent) is not None


def landing(to: str) -> str:
    """Where a link leads: a path of this site, else its first page. Never another site, never another link."""
    return to if _OWN_PATH.match(to) and len(to) <= 500 and not to.startswith("/r/") else HOME

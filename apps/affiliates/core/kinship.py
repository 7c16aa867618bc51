"""Who may not earn by whom: nobody is paid for their own business."""

from dataclasses import dataclass
from typing import Final, Literal

Kinship = Literal["same_person", "same_address", "same_domain", "same_team", "payout_address"]

WORDS: Final[dict[str, str]] = {
    "same_person": "The affiliate founded this business.",
    "same_address": "The founder's e-mail address is the affiliate's.",
    "same_domain": "The founder's e-mail address is of the affiliate's own domain.",
    "same_team": "The founder and the affiliate are on one team.",
    "payout_address": "The affiliate is paid at the founder's or the business's e-mail address.",
    "joined": "The affiliate joined the business.",
    "suspended": "The affiliate was suspended.",
}

PUBLIC_DOMAINS: Final = frozenset({
    "aol.com", "fastmail.com", "free.fr", "gmail.com", "gmx.at", "gmx.com", "gmx.de", "gmx.net",
    "googlemail.com", "hey.com", "hotmail.co.uk", "hotmail.com", "hotmail.fr", "icloud.com", "laposte.net",
    "libero.it", "live.com", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "naver.com", "orange.fr",
    "outlook.com", "outlook.de", "pm.me", "posteo.de", "proton.me", "protonmail.com", "qq.com",
    "rocketmail.com", "t-online.de", "web.de", "wanadoo.fr", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com",
    "yahoo.de", "yahoo.fr", "yandex.com", "yandex.ru", "ymail.com", "zoho.com", "163.com",
})  # fmt: skip
"""Mail for everybody: two addresses there say nothing of each other."""


@dataclass(frozen=True, slots=True)
class Party:
    """A person as the rules see them: their login, addresses and the teams (ids of businesses) that they are on."""

    user: str
    email: str
    other_emails: tuple[str, ...] = ()
    """Where an affiliate is paid; a founder's business."""
    teams: frozenset[str] = frozenset()


def kinship(affiliate: Party, founder: Party) -> Kinship | None:
    """Why this is a self-referral; None = it is none. Checked in this order; the first that holds is named."""
    mine, theirs = plain_address(affiliate.email), plain_address(founder.email)
    if affiliate.user == founder.user:
        return "same_person"
    if mine == theirs:
        return "same_address"
    paid_at = {plain_address(email) for email in affiliate.other_emails if email}
    if paid_at & {theirs, *(plain_address(email) for email in founder.other_emails if email)}:
        return "payout_address"
    domain = _domain(mine)
    if domain and domain == _domain(theirs) and domain not in PUBLIC_DOMAINS:
        return "same_domain"
    return "same_team" if affiliate.teams & founder.teams else None


def plain_address(email: str) -> str:
    """An e-mail address without what makes no difference: case, and a tag such as `+shop`."""
    name, _, domain = email.strip().lower().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


def _domain(email: str) -> str:
    return email.rpartition("@")[2]

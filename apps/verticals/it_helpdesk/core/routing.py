"""Whose desk a problem belongs to, how urgent it is, and what a person must take over at once. Pure."""

import re
from typing import Literal

from apps.verticals.it_helpdesk.core.names import folded

Category = Literal["network", "email", "computer", "printer", "phone", "security", "data_center", "device", "other"]
Urgency = Literal["critical", "high", "normal", "low"]

# The earlier one wins a tie: what is dangerous or goes to a person stands first.
_WORDS: dict[Category, str] = {
    "data_center": (
        "data center, datacenter, data centre, server room, server rack, rack, hypervisor, storage array, san, ups, "
        "production server, cooling, virtual machine host"
    ),
    "security": (
        "phishing, phished, virus, malware, ransomware, hacked, hacker, suspicious, scam, breach, spyware, stolen, "
        "encrypted files, leaked, fraud, gift cards, attacker"
    ),
    "printer": "printer, print, printing, toner, paper jam, cartridge, scanner, scan, copier, paper, ink",
    "phone": "phone, desk phone, handset, voicemail, headset, extension, dial tone, voip, call quality, mobile phone",
    "email": (
        "email, e mail, mail, outlook, mailbox, inbox, calendar, attachment, shared mailbox, spam folder, signature"
    ),
    "network": (
        "network, internet, wifi, wi fi, wireless, vpn, ethernet, router, switch, connection, connect, offline, "
        "website, network drive, dns"
    ),
    "computer": (
        "computer, laptop, desktop, pc, screen, monitor, keyboard, mouse, windows, blue screen, slow, freezes, frozen, "
        "boot, password, log in, login, software, battery, update, crash, usb, webcam"
    ),
    "device": "device, asset tag, asset, warranty, tablet, equipment",
}
HUMAN: frozenset[str] = frozenset({"data_center"})
"""Categories whose tickets go straight to a person."""
MINUTES: dict[str, int] = {"critical": 30, "high": 120, "normal": 480, "low": 1440}
"""Until somebody answers, in minutes of support time."""


def categorize(text: str) -> Category:
    """The category that most of the words speak of; "other" when none is known."""
    said = f" {folded(text)} "
    best: Category = "other"
    most = 0
    for category, words in _WORDS.items():
        count = sum(len(word.split()) for word in words.split(", ") if _speaks_of(said, word))
        if count > most:
            best, most = category, count
    # A server room that has lost its network is a matter of the server room.
    return "data_center" if _any(said, "data_center") else best


def urgency_of(category: str, wished: str | None) -> str:
    """The urgency of a ticket: what the caller says, but never less than what the category demands."""
    if category in HUMAN:
        return "critical"
    if category == "security":
        return "critical" if wished == "critical" else "high"
    return wished or "normal"


def _any(said: str, category: Category) -> bool:
    return any(_speaks_of(said, word) for word in _WORDS[category].split(", "))


def _speaks_of(said: str, word: str) -> bool:
    return bool(re.search(rf" {word}s? ", said))

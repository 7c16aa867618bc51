"""Countries and time zones to choose from."""

import zoneinfo
from functools import cache

import phonenumbers
from phonenumbers.geodata.locale import LOCALE_DATA

Choices = tuple[tuple[str, str], ...]


@cache
def countries() -> Choices:
    """(two-letter code, English name) of every country that has telephone numbers, by name."""
    named = ((code, _name(code)) for code in phonenumbers.SUPPORTED_REGIONS if code in LOCALE_DATA)
    return tuple(sorted(named, key=lambda country: country[1]))


def _name(code: str) -> str:
    names: dict[str, str] = LOCALE_DATA[code]
    # `*aa` stands for “as in the language aa”.
    return names[names["en"][1:]] if names["en"].startswith("*") else names["en"]


@cache
def time_zones() -> tuple[tuple[str, Choices], ...]:
    """The places of the IANA time zones by region: (`Europe`, ((`Europe/London`, `London`), …)) …; UTC comes last."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(zoneinfo.available_timezones()):
        region, _, place = name.partition("/")
        if place and region not in ("Etc", "SystemV", "US", "Brazil", "Canada", "Chile", "Mexico"):
            regions.setdefault(region, []).append((name, place.replace("_", " ").replace("/", ", ")))
    return (*((region, tuple(places)) for region, places in regions.items()), ("Other", (("UTC", "UTC"),)))

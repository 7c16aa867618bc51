"""Countries and time zones to choose from."""

import zoneinfo
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import phonenumbers

Choices = tuple[tuple[str, str], ...]


@cache
def countries() -> Choices:
    """(two-letter code, English name) of every country that has telephone numbers, by name."""
    locales = _locales()
    named = ((code, _name(locales[code])) for code in phonenumbers.SUPPORTED_REGIONS if code in locales)
    return tuple(sorted(named, key=lambda country: country[1]))


def _locales() -> dict[str, dict[str, str]]:
    """Names of countries by language. From the module's file: its package holds 100 MB of places, for every process."""
    path = Path(phonenumbers.__file__).parent / "geodata" / "locale.py"
    spec = spec_from_file_location("phonenumbers.geodata.locale", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, dict[str, str]] = module.LOCALE_DATA
    return found


def _name(names: dict[str, str]) -> str:
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

"""Every builder of Redis keys: the tenant stands first, and no argument leads out of it."""

import inspect
import re
from collections.abc import Callable
from typing import Any, Final

from apps.chat import records
from apps.common.redis import client
from apps.operations.isolation.findings import Line, Section
from apps.operations.isolation.probes import Probe
from apps.tenants import keys

EXPLAINED: Final = (
    "Every function of apps/tenants/keys.py, the only place where names of keys are made. A tenant's key must begin "
    "with its id, whatever the other arguments say; without one tenant's id it must raise. What of the other's is in "
    "Redis must not be found by the rival's keys. Last, the names of the keys that are in Redis now are looked at."
)
MOST: Final = 200_000
"""Names of keys that are looked at."""
_SHAPE: Final = re.compile(rb"cs:\{(platform|[a-z]{2,10}_[0-9a-z]{20})\}:")


async def examine(*, rival: Probe, victim: Probe) -> Section:
    section = Section("Redis keys", EXPLAINED)
    for name, builder in inspect.getmembers(keys, inspect.isfunction):
        if name.startswith("_") or builder.__module__ != keys.__name__ or name.startswith("is_"):
            continue
        _builder(section.line(f"{name}()"), builder, rival, victim)
    line = section.line("a chat run of the other's, asked for by its id")
    mine = await records.find(tenant_id=victim.tenant.pk, run_id=victim.run)
    line.expect(mine is not None, "found in its own business", "not even its own business finds it: nothing was tried")
    theirs = await records.find(tenant_id=rival.tenant.pk, run_id=victim.run)
    line.expect(theirs is None, "not found in the rival's", "found in the rival's")
    _names(section.line("names of the keys in Redis now"))
    return section


def _builder(line: Line, builder: Callable[..., Any], rival: Probe, victim: Probe) -> None:
    parameters = list(inspect.signature(builder).parameters.values())
    if not parameters or parameters[0].name != "tenant_id":
        made = builder(*(_argument(parameter, "x") for parameter in parameters))
        names = made if isinstance(made, tuple) else (made,)
        line.expect(
            all(name.startswith("cs:{platform}:") for name in names), "the platform's own", f"made {', '.join(names)}"
        )
        line.note = " ".join((builder.__doc__ or "").split())
        return
    for hostile in (victim.tenant.pk, f"}}:{victim.tenant.pk}", f"{{{victim.tenant.pk}}}", "*", "a\nb"):
        made = builder(rival.tenant.pk, *(_argument(parameter, hostile) for parameter in parameters[1:]))
        line.expect(made.startswith(f"cs:{{{rival.tenant.pk}}}:"), "begins with the tenant", f"made {made!r}")
    for nobody in ("", "{", "}", f"{rival.tenant.pk}}}:x", "{platform"):
        try:
            made = builder(nobody, *(_argument(parameter, "x") for parameter in parameters[1:]))
        except ValueError:
            line.refuse("raises without one tenant")
        else:
            line.fail(f"made {made!r} of {nobody!r}")


def _argument(parameter: inspect.Parameter, text: str) -> Any:
    return 1 if parameter.annotation in (int, "int") else text


def _names(line: Line) -> None:
    """Names only: no value of a real business is read."""
    seen = 0
    for name in client().scan_iter(count=1_000):
        seen += 1
        if not _SHAPE.match(name):
            line.fail(f"{name[:40]!r} names no tenant")
        if seen >= MOST:
            break
    line.refuse(f"{seen:,} names begin with one tenant or with the platform")

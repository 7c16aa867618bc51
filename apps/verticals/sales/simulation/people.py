"""Whom a simulated floor calls: people with numbers that no phone company gives out, so far apart that some are awake.

Numbers are those that regulators keep for fiction: 555-0100 to 555-0199 of an area code in North America; Ofcom's and
ACMA's numbers for drama use; the Bundesnetzagentur's for film and television.
"""

import random
from typing import Final, NamedTuple

from apps.verticals.sales import cast


class Block(NamedTuple):
    """Numbers from `prefix` on, with `digits` more."""

    prefix: str
    digits: int


_AMERICA: Final = tuple(
    Block(f"+1{area}55501", 2)
    for area in (
        *(212, 646, 718, 617, 215, 305, 404, 704, 312, 773, 314, 504, 512, 713, 214, 612),
        *(303, 720, 801, 505, 602, 702, 213, 310, 415, 510, 619, 503, 206, 808, 907),
    )
)
_BRITAIN: Final = tuple(
    Block(f"+44{area}0", 3)
    for area in (
        *("207946", "161496", "131496", "141496", "113496", "117496", "121496", "151496"),
        *("114496", "116496", "118496", "191498"),
    )
)
_GERMANY: Final = (Block("+493023125", 3), Block("+496990009", 3), Block("+494066969", 3), Block("+498999998", 3))
_AUSTRALIA: Final = tuple(Block(f"+61{area}", 4) for area in ("25550", "27010", "35550", "37010", "75550", "77010"))
BLOCKS: Final = (*_AMERICA, *_BRITAIN, *_GERMANY, *_AUSTRALIA)


class Person(NamedTuple):
    given: str
    family: str
    phone: str
    company: str
    title: str


def somebody(chance: random.Random) -> Person:
    """Anybody; whether they may be called now, the dialer's gate says."""
    block = chance.choice(BLOCKS)
    return Person(
        given=chance.choice(cast.GIVEN),
        family=chance.choice(cast.FAMILY),
        phone=f"{block.prefix}{chance.randrange(10**block.digits):0{block.digits}}",
        company=chance.choice(cast.COMPANIES),
        title=chance.choice(cast.TITLES),
    )

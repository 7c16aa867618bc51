"""How people write the words of hair, nails and brows: spellings, nicknames and who it is for. Pure."""


def _words(text: str) -> list[str]:
    return text.split()


_SPELLINGS = {
    "color": "colour coloring colouring colored coloured dye dyed dyeing tint tinting tinted",
    "cut": "haircut hairct cuts snip chop",
    "trim": "trimmed trimming tidy",
    "men": "man mens gent gents gentleman gentlemen guy guys male husband boyfriend dad father brother him",
    "women": "woman womens lady ladies female wife girlfriend mom mum mother sister her",
    "kid": "kids child children childrens boy girl son daughter toddler little",
    "fringe": "bang bangs",
    "blowout": "blowdry blowdrying blowouts",
    "highlight": "highlights hilights hilites highlites hilite lites foil foils streak streaks",
    "partial": "half some few",
    "full": "whole complete entire all",
    "gloss": "glossing glaze toner toning",
    "manicure": "mani manis",
    "pedicure": "pedi pedis",
    "gel": "shellac gelish",
    "brow": "eyebrow eyebrows brows",
    "lash": "eyelash eyelashes lashes",
    "touchup": "retouch regrowth touchups",
    "updo": "updos upstyle",
    "bridal": "bride wedding",
    "perm": "permed",
    "gray": "grey grays greys",
    "conditioning": "conditioner condition",
    "smoothing": "straightening straighten smooth straightener",
    "removal": "remove removed removing off",
    "shaping": "shape shaped",
    "wax": "waxing waxed",
    "correction": "correct fix fixing",
    "consultation": "consult",
}
_COMPOUNDS = {
    "hair cut": "cut",
    "hair do": "updo",
    "blow dry": "blowout",
    "blow out": "blowout",
    "blow drying": "blowout",
    "up do": "updo",
    "up style": "updo",
    "touch up": "touchup",
    "touch ups": "touchup",
    "hi lite": "highlight",
    "hi lites": "highlight",
    "hi light": "highlight",
    "hi lights": "highlight",
    "high light": "highlight",
    "high lights": "highlight",
    "eye brow": "brow",
    "eye brows": "brow",
    "eye lash": "lash",
    "eye lashes": "lash",
    "take off": "removal",
}
MODIFIERS = frozenset(_words("men women kid full partial long short"))
"""They tell services apart, but none of them is a service."""
GENERIC = frozenset(_words("treatment removal style styling classic express spa deep polish head set"))
"""Too common to stand for one service."""
IGNORED = frozenset(
    _words(
        """
    hair a an the my our your me us i you we it to of for on in at with and or plus also as well then please pls
    thanks thank hi hello hey want need would like love d ll m s t have get getting got do does done doing be is are
    am was can could may will shall book booking booked appointment appointments schedule slot time times available
    free offer offers service services how much what which cost costs price prices take takes looking after
    just only any one today tomorrow morning afternoon evening next this week weekend monday tuesday wednesday
    thursday friday saturday sunday new make give see think about maybe both too same again so that there here
    """
    )
)
"""Said around the name of a service."""
JOINERS = frozenset(_words("and plus with then also & + , ; / or"))
"""Between one service and the next."""

CANONICAL = {spelling: word for word, spellings in _SPELLINGS.items() for spelling in _words(spellings)}
COMPOUNDS = {tuple(_words(phrase)): word for phrase, word in _COMPOUNDS.items()}
KNOWN = frozenset(_SPELLINGS) | frozenset(CANONICAL)

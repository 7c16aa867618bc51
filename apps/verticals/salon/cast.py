"""The people and the menu of the demo salon. All are made up; numbers 555-01xx are reserved for fiction."""

from dataclasses import dataclass

WEEK = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class ServiceRow:
    """`dollars` is None for a price on request; `add_on` names another service."""

    category: str
    name: str
    minutes: int
    dollars: int | None
    also_called: str = ""
    add_on: str = ""
    reason: str = ""
    bookable: bool = True


_SHINE = ("Toner gloss", "it keeps the color bright for weeks longer")
_MASK = ("Deep conditioning", "it gives back what coloring takes")

SERVICES = (
    ServiceRow(
        *("Cuts", "Women's haircut", 60, 75, "haircut, trim, ladies cut, layers, bob, cut and style"),
        *("Blowout", "you leave with your hair done, not just cut"),
    ),
    ServiceRow(
        *("Cuts", "Men's haircut", 30, 45, "haircut, trim, barber cut, fade, buzz cut, crew cut"),
        *("Beard trim", "it takes a quarter of an hour, in the same chair"),
    ),
    ServiceRow("Cuts", "Kids' haircut", 30, 35, "haircut for a child, first haircut"),
    ServiceRow("Cuts", "Fringe trim", 15, 20, "bangs, bang cut, fringe cut"),
    ServiceRow("Cuts", "Beard trim", 15, 25, "beard shaping, beard cut, beard"),
    ServiceRow("Color", "Root touch-up", 90, 95, "roots, gray coverage, grey roots, root color, regrowth", *_SHINE),
    ServiceRow("Color", "Full color", 120, 130, "all over color, hair color, color, single process", *_MASK),
    ServiceRow("Color", "Partial highlights", 90, 140, "half head highlights, highlights, face frame", *_SHINE),
    ServiceRow("Color", "Full highlights", 150, 195, "full head highlights, highlights, babylights", *_SHINE),
    ServiceRow("Color", "Balayage", 150, 210, "ombre, hand painted highlights, sombre, hair painting", *_SHINE),
    ServiceRow("Color", "Toner gloss", 30, 55, "toner, gloss, glaze, brass correction"),
    ServiceRow("Color", "Color correction", 240, None, "fix my color, box dye removal, bleach fix", bookable=False),
    ServiceRow("Styling", "Blowout", 45, 50, "blow dry, wash and blow dry, shampoo and style, wash and style"),
    ServiceRow("Styling", "Updo", 60, 85, "prom hair, evening updo, chignon, formal hair, braids"),
    ServiceRow("Styling", "Bridal styling", 120, None, "wedding hair, bridal hair, bride", bookable=False),
    ServiceRow("Treatments", "Deep conditioning", 30, 40, "hair mask, conditioning treatment, moisture treatment"),
    ServiceRow("Treatments", "Keratin smoothing", 150, 240, "keratin, brazilian blowout, straightening, smoothing"),
    ServiceRow("Treatments", "Scalp treatment", 30, 45, "scalp massage, scalp scrub, scalp"),
    ServiceRow("Treatments", "Perm", 150, 150, "permanent wave, beach wave perm, body wave"),
    ServiceRow("Nails", "Classic manicure", 30, 35, "manicure, nails, regular manicure, nails done", "Classic pedicure", "both together are ready in just over an hour"),  # noqa: E501
    ServiceRow("Nails", "Gel manicure", 60, 55, "gel, gel nails, gel polish, nails, nails done", "Gel removal", "it takes the old gel off first"),  # noqa: E501
    ServiceRow("Nails", "Classic pedicure", 45, 50, "pedicure, toes, foot treatment, spa pedicure"),
    ServiceRow("Nails", "Gel removal", 15, 15, "gel polish removal, soak off, soak off gel, take off gel"),
    ServiceRow("Brows and lashes", "Brow shaping", 15, 25, "brow wax, threading, eyebrow wax, brows done, eyebrows", "Brow tint", "it gives them shape on days without makeup"),  # noqa: E501
    ServiceRow("Brows and lashes", "Brow tint", 15, 25, "eyebrow tint, brow dye, eyebrow color"),
    ServiceRow("Brows and lashes", "Lash lift", 45, 80, "lash perm, eyelash lift, lashes"),
)  # fmt: skip


@dataclass(frozen=True)
class StylistRow:
    """`days` are weekdays, Monday = 0; `hours` the spans of each such day.

    `skills` are the services they do; `own` what takes or costs them otherwise: name, minutes, dollars.
    """

    name: str
    title: str
    known_for: str
    languages: str
    days: tuple[int, ...]
    hours: tuple[tuple[int, int], ...]
    bio: str
    skills: tuple[str, ...]
    own: tuple[tuple[str, int | None, int | None], ...] = ()


_CUTS = ("Women's haircut", "Men's haircut", "Kids' haircut", "Fringe trim")
_COLORS = (
    *("Root touch-up", "Full color", "Partial highlights", "Full highlights", "Balayage", "Toner gloss"),
    *("Color correction", "Deep conditioning"),
)

STYLISTS = (
    StylistRow(
        *("Elena Rossi", "Creative director", "Cuts, color and weddings", "English, Italian"),
        *((1, 2, 3, 4, 5), ((9, 13), (14, 18))),
        "Founded Glow Beauty after ten years in Milan, and still does every wedding herself.",
        (*_CUTS, *_COLORS, "Blowout", "Updo", "Bridal styling", "Keratin smoothing"),
        (("Women's haircut", None, 95), ("Balayage", None, 240), ("Full color", None, 150)),
    ),
    StylistRow(
        *("Maya Torres", "Color specialist", "Balayage and lived-in blonde", "English, Spanish"),
        *(WEEK, ((10, 14), (15, 19))),
        "Paints by hand and by eye, and would rather talk you out of bleach than into it.",
        ("Women's haircut", *_COLORS, "Blowout", "Scalp treatment"),
        (("Balayage", 120, 225), ("Root touch-up", 75, None)),
    ),
    StylistRow(
        *("Noah Kim", "Barber", "Fades, beards and short hair", "English, Korean"),
        *((*WEEK, 5), ((9, 13), (14, 17))),
        "Learned in his grandfather's barber shop; quiet when you want quiet.",
        ("Men's haircut", "Kids' haircut", "Beard trim", "Scalp treatment"),
    ),
    StylistRow(
        *("Jade Carter", "Junior stylist", "Blowouts and curls", "English"),
        *((0, 2, 3, 4, 5), ((9, 13), (14, 17))),
        "In her second year, patient with curls and with children.",
        (*_CUTS, "Blowout", "Updo", "Deep conditioning", "Toner gloss", "Perm"),
        (("Women's haircut", 75, 60), ("Kids' haircut", None, 30)),
    ),
    StylistRow(
        *("Chloe Martin", "Nail artist", "Gel manicures and pedicures", "English, French"),
        *((0, 1, 2, 4, 5), ((10, 18),)),
        "Steady hands and a drawer of two hundred colors.",
        ("Classic manicure", "Gel manicure", "Classic pedicure", "Gel removal"),
        (("Gel manicure", 45, None),),
    ),
    StylistRow(
        *("Priya Shah", "Brow and lash artist", "Brows, lashes and nails", "English, Hindi"),
        *((1, 3, 4, 5), ((9, 13), (14, 18))),
        "Threads, tints and lifts; shows you in the mirror before she begins.",
        ("Brow shaping", "Brow tint", "Lash lift", "Classic manicure", "Classic pedicure"),
    ),
)

# First name, last name, first name of the preferred stylist, formula. Scenarios speak of these.
CUSTOMERS = (
    ("Lena", "Park", "Elena", "6N + 7G, 20 vol; sensitive scalp, patch test each year."),
    ("Sofia", "Alvarez", "Maya", "Balayage 9V over 7N; wants to keep her length."),
    ("Marcus", "Reed", "Noah", "Skin fade, 0.5 to 2; scissors on top."),
    ("Dana", "Wells", "Chloe", "Gel, almond; colors 14 and 52."),
    ("Tara", "Quinn", "", ""),
    ("Ines", "Duarte", "Maya", "Allergic to PPD: no permanent dark color."),
    ("Zoë", "O’Hara", "", ""),
)
# Everybody else, who fills the book.
GIVEN = ("Amber", "Bruno", "Celia", "Derek", "Farah", "Gina", "Hugo", "Imani", "Joan", "Kofi", "Lucia", "Mona")
FAMILY = ("Abbott", "Bell", "Castro", "Drake", "Ellis", "Flores")

"""General-English word lists. Nothing here belongs to an industry: that comes from the tools in a request."""


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def word_set(text: str) -> frozenset[str]:
    """The words of a list written as plain text."""
    return frozenset(text.split())


CONTRACTIONS = (
    ("can't", "can not"),
    ("won't", "will not"),
    ("n't", " not"),
    ("'re", " are"),
    ("'ve", " have"),
    ("'ll", " will"),
    ("'d", " would"),
    ("'m", " am"),
    ("what's", "what is"),
    ("who's", "who is"),
    ("when's", "when is"),
    ("where's", "where is"),
    ("how's", "how is"),
    ("that's", "that is"),
    ("it's", "it is"),
    ("there's", "there is"),
    ("let's", "let us"),
    ("name's", "name is"),
)

STOPWORDS = word_set(
    """
    never mind a about after all am an and any anything are as at be because been before being but by can could did
    do does doing done else for from get give go going good got had has have having he her here hers him
    his how i if in into is it its just know let like ll me might mine more most much must my need no nor
    not now of off oh ok okay on one only or our out over own perhaps please possible put really same say
    shall she should so some somebody someone something still such sure take tell than thank thanks that
    the their them then there these they thing this those to too under until up us use very want was we
    well were what when where which while who whom whose why will wish with would yes yet you your yours
    hello hi hey able also maybe try today tomorrow tonight morning afternoon evening monday tuesday
    wednesday thursday friday saturday sunday week weekend day days month year time okay first second
    third return returns give given used using only required optional
    """
)

# A concept is met by any of its words or phrases, in a visitor's words and in a tool's text alike.
CONCEPTS: dict[str, tuple[str, ...]] = {
    "@book": _split(
        "book, schedule, scheduled, reserve, arrange, set up, come in, get in, come by, stop by, drop by, "
        "fit me in, make an appointment, make a booking, get an appointment, need an appointment, want an "
        "appointment, like an appointment, have an appointment for, appointment please, visit you, pencil "
        "me in, squeeze me in, sign up for"
    ),
    "@appointment": _split(
        "appointment, booking, bookings, reservation, visit, session, meeting, viewing, slot, be seen"
    ),
    "@cancel": _split(
        "cancel, cancellation, call off, called off, calling off, drop my, get rid of, delete, withdraw, "
        "scrap, no longer need, do not need my, will not be coming, can not come, can not make it, not "
        "make it"
    ),
    "@move": _split(
        "reschedule, move, change, postpone, shift, push back, push, switch, rearrange, swap, bring "
        "forward, another time, different time, another day, different day, put off, delay"
    ),
    "@update": _split("update, change, edit, correct, modify, amend"),
    "@register": _split("register, registration, enroll, enrol, sign up, create, new account, first time, never been"),
    "@report": _split(
        "report, log, raise, file, submit, open a, complain, complaint, broken, broke, not working, does "
        "not work, stopped working, issue, problem, fault, failing, fix, repair, trouble"
    ),
    "@pay": _split("pay, payment, settle, invoice, bill, balance, owe, owing, due"),
    "@join": _split("join, waitlist, waiting list, put me on"),
    "@search": _split("search, find, look for, looking for, browse, look up, seek"),
    "@price": _split("price, cost, fee, charge, rate, how much, expensive, cheap, pricing, quote, estimate, afford"),
    "@hours": _split(
        "hour, hours, open, opening, close, closing, closed, opening times, business hours, what time do "
        "you, when are you, when do you"
    ),
    "@place": _split("address, location, located, where, directions, find you, get there"),
    "@services": _split(
        "service, services, offer, offering, provide, menu, do you do, can you do, what do you do, kinds of"
    ),
    "@people": _split("who, staff, team, people, specialist, works, working there, employee, practitioner, expert"),
    "@available": _split(
        "available, availability, free, vacancy, vacancies, slot, slots, openings, soonest, next time, next slot, "
        "earliest, when can, free times, fit in, next free, next opening"
    ),
    "@status": _split("status, progress, track, happening with, update on, any news, where is my, how far"),
    "@mine": _split(
        "my appointments, my appointment, my booking, my bookings, do i have, did i book, have i got, am "
        "i booked, i booked, when am i, when do i come, my visit, my visits, upcoming"
    ),
    "@information": _split("information, info, detail, details, tell me about, more about, background"),
    "@human": _split(
        "human, person, real person, representative, operator, manager, supervisor, someone in charge, "
        "speak to, talk to, put me through, call me back, callback, escalate"
    ),
}

# What a tool does to the world when its name starts with such a verb; every other verb only reads.
READING_VERBS = word_set(
    """
    get find list lookup look search check show suggest calculate estimate read fetch view query describe
    compare verify browse recommend count track
    """
)
ACTIONS = ("@cancel", "@move", "@book", "@register", "@report", "@pay", "@join", "@update")

NUMBERS = {
    word: value
    for value, word in enumerate(
        _split("one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve"), start=1
    )
} | {
    "a": 1,
    "an": 1,
    "couple": 2,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "forty-five": 45,
    "fifty": 50,
    "sixty": 60,
    "ninety": 90,
}
ORDINALS = {
    word: value
    for value, word in enumerate(
        _split(
            "first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth, eleventh, twelfth, "
            "thirteenth, fourteenth, fifteenth, sixteenth, seventeenth, eighteenth, nineteenth, twentieth"
        ),
        start=1,
    )
} | {"thirtieth": 30}
# The value that a careful person picks from a closed list when the visitor gave no hint.
NEUTRAL_OPTIONS = _split("consultation, general, standard, regular, normal, routine, medium, default, other, any")
RELATIVES = word_set(
    """
    neighbor neighbour husband wife friend boss colleague coworker mother father mom dad brother sister
    son daughter girlfriend boyfriend partner ex cousin uncle aunt landlord roommate
    """
)

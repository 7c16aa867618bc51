"""What is said in simulated calls. `{agent}`, `{name}`, `{company}` and `{business}` are filled in."""

from typing import Final, NamedTuple

AGENT, CALLER = "agent", "visitor"


class Dialogue(NamedTuple):
    """`outcome` is a disposition, "" = none is recorded; a line is (who, text), or (to whom it is handed over,)."""

    outcome: str
    lines: tuple[tuple[str, ...], ...]


_OPENING: Final = (
    (AGENT, "Hello, this is {agent}, an AI assistant of {business}. Am I speaking with {name}?"),
    (CALLER, "Yes, that is me. What is it about?"),
    (AGENT, "About the route planning webinar you signed up for. Is now a good moment?"),
)

OUTBOUND: Final = (
    Dialogue(
        "meeting_booked",
        (
            *_OPENING,
            (CALLER, "Sure, I have a few minutes."),
            (AGENT, "Great. How do you plan your crews' routes today?"),
            (CALLER, "On a whiteboard, honestly. It is a mess on Mondays."),
            (AGENT, "Crew plans the day for you and moves jobs when something runs late. How many people are you?"),
            (CALLER, "Fourteen in the field, two in the office."),
            (AGENT, "That fits Summit Crew well. Would you like to see it with one of our people, for half an hour?"),
            (CALLER, "Yes, that would be great. Thursday works."),
            (AGENT, "Thursday at ten it is. You will get an invitation. Thank you, {name}."),
            (CALLER, "Perfect, thanks. Bye."),
        ),
    ),
    Dialogue(
        "interested",
        (
            *_OPENING,
            (CALLER, "Briefly, yes."),
            (AGENT, "What would you most like to have less work with?"),
            (CALLER, "Invoices. They go out two weeks late and I hate it."),
            (AGENT, "With Summit they can go out the same day, from the phone. May I send you how that works?"),
            (CALLER, "Please do. Sounds good."),
            (AGENT, "You will have it in a minute. Thank you for your time."),
        ),
    ),
    Dialogue(
        "callback",
        (
            *_OPENING,
            (CALLER, "I am on a roof right now. Can you call me tomorrow?"),
            (AGENT, "Of course. Is three in the afternoon all right?"),
            (CALLER, "Three is fine, thank you."),
        ),
    ),
    Dialogue(
        "not_interested",
        (
            *_OPENING,
            (CALLER, "No, not really. We changed our software last month and I am tired of these calls."),
            (AGENT, "I understand, and I am sorry to have disturbed you. Shall I make a note that nobody calls again?"),
            (CALLER, "No, it is fine. Just not this year."),
            (AGENT, "Noted. Have a good day."),
        ),
    ),
    Dialogue(
        "nurture",
        (
            *_OPENING,
            (CALLER, "Go on."),
            (AGENT, "How many jobs do you have in a week?"),
            (CALLER, "About sixty. But we have no budget before spring."),
            (AGENT, "Then let us talk in March. Is it you who decides about it?"),
            (CALLER, "My brother and I. March is okay."),
            (AGENT, "I have put it down. Thank you, {name}."),
        ),
    ),
    Dialogue(
        "wrong_person",
        (
            (AGENT, "Hello, this is {agent}, an AI assistant of {business}. Am I speaking with {name}?"),
            (CALLER, "No, you have the wrong number."),
            (AGENT, "I am sorry. I will take the number off our list. Goodbye."),
        ),
    ),
    Dialogue(
        "do_not_call",
        (
            *_OPENING,
            (CALLER, "This is awful, you people never stop. Take me off your list, I want no more calls."),
            (AGENT, "I have put your number on our do-not-call list just now. I am sorry. Goodbye."),
        ),
    ),
    Dialogue(
        "not_qualified",
        (
            *_OPENING,
            (CALLER, "Okay."),
            (AGENT, "How many people work with you?"),
            (CALLER, "Just me, and I am closing the business in summer."),
            (AGENT, "Then we are not the right thing for you. All the best, and thank you for telling me."),
        ),
    ),
)
SHARES: Final = (16, 18, 16, 20, 14, 6, 3, 7)
"""How often each of them comes in a hundred."""

_RECEPTION: Final = ((AGENT, "{business}, this is {agent}, an AI assistant. How can I help?"),)

INBOUND: Final = (
    Dialogue(
        "",
        (
            *_RECEPTION,
            (CALLER, "Hi. What does the Crew plan cost?"),
            ("inbound",),
            (AGENT, "Crew is 39 dollars for each user and month, with routes and the mobile app."),
            (CALLER, "And can I cancel it any time?"),
            (AGENT, "At the end of any month, yes."),
            (CALLER, "Great, thank you. That is all."),
        ),
    ),
    Dialogue(
        "",
        (
            *_RECEPTION,
            (CALLER, "I have a demo tomorrow and I cannot make it. I need to move it."),
            ("appointment",),
            (AGENT, "No problem. Friday at nine, at eleven, or at two?"),
            (CALLER, "Friday at eleven is perfect."),
            (AGENT, "It is moved to Friday at eleven. You will get a new invitation."),
            (CALLER, "Wonderful, thanks a lot."),
        ),
    ),
    Dialogue(
        "",
        (
            *_RECEPTION,
            (CALLER, "We are twenty people and want to buy something for our schedules this month."),
            ("lead",),
            (AGENT, "Good to hear. What do you use today, and what annoys you most about it?"),
            (CALLER, "Spreadsheets. Nobody knows who is where, it is terrible."),
            (AGENT, "Who decides about it, and is there a budget?"),
            (CALLER, "I do, and about a thousand a month."),
            (AGENT, "Then a demo is the next step. I have taken everything down; a colleague calls you today."),
            (CALLER, "Excellent. I look forward to it."),
        ),
    ),
    Dialogue(
        "",
        (
            *_RECEPTION,
            (CALLER, "The app loses my photos again. This is the third time and I am really angry."),
            ("inbound",),
            (AGENT, "I am sorry about that. Were you offline when you took them?"),
            (CALLER, "Yes, in a basement. I have lost half a day with this problem."),
            (AGENT, "They are kept on the phone until it is online again. Please open the app once with a connection."),
            (CALLER, "Okay, there they are. Thank you."),
        ),
    ),
)

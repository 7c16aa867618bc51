"""What a short utterance does in a dialogue: agree, refuse, greet, thank, give up …"""

import re
from enum import Flag, auto


class Act(Flag):
    NONE = 0
    YES = auto()
    NO = auto()
    GREETING = auto()
    THANKS = auto()
    GOODBYE = auto()
    NEVER_MIND = auto()
    HUMAN = auto()
    ANGRY = auto()
    QUESTION = auto()
    WISH = auto()
    NEW_HERE = auto()
    WHO_ARE_YOU = auto()
    REPEAT = auto()
    ANYONE = auto()
    WHAT_CAN_YOU_DO = auto()


def _start(words: str) -> re.Pattern[str]:
    return re.compile(rf"^\W*(?:(?:oh|ah|well|um|ok|okay|so)\W+)*(?:{words})\b", re.I)


def _inside(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\b", re.I)


NEVER_MIND = _inside(
    r"never ?mind|forget (?:it|about it|that)|changed my mind|leave it|keep it|drop it|stop (?:that"
    r"|it)|scratch that"
    r"|not (?:any ?more|interested)|don['’]?t bother|skip it|start over|on second thoughts?"
)
_PATTERNS: tuple[tuple[Act, re.Pattern[str]], ...] = (
    (
        Act.YES,
        _start(
            r"yes|yeah|yep|yup|ya|sure|ok|okay|correct|right|exactly|please do|go ahead|do it"
            r"|absolutely|of course"
            r"|definitely|certainly|perfect|great|fine|sounds (?:good|great|perfect)|good|lovely"
            r"|(?:that|this|it)(?:['’]?s"
            r"| is)? (?:works?|fine|right|correct|good|perfect|great|ok|okay|suits?)"
            r"|that would be (?:great|good|fine)"
            r"|works for me|i(?: will|['’]ll) take (?:it|that)|let['’]?s do (?:it|that)|why not|i do"
            r"|i am|i would"
        ),
    ),
    (Act.NO, _start(r"no|nope|nah|not (?:really|yet|at all|quite)|no thanks?|don['’]?t|neither|none"
                    r"|never|wrong|i['’]?m not")),
    (Act.GREETING, _start(r"hi|hello|hey|good (?:morning|afternoon|evening|day)|greetings|howdy|hiya")),
    (Act.THANKS, _inside(r"thanks?|thank you|thx|cheers|much appreciated|appreciate it")),
    (
        Act.GOODBYE,
        _inside(r"bye|goodbye|bye-bye|see (?:you|ya)(?: (?:later|then|soon|tomorrow))?\W*$"
                r"|have a (?:good|nice|great) (?:day|one|evening)"
                r"|that(?: will be|['’]?ll be|['’]?s| is| was) (?:all|it|everything)|nothing else"),
    ),
    (Act.NEVER_MIND, NEVER_MIND),
    (
        Act.HUMAN,
        _inside(r"(?:speak|talk|chat|connect|transfer|put) (?:me )?(?:to|with|through to) (?:a|an|the"
                r"|some|your|somebody|someone)"
                r"(?: (?:real|actual|live|human))* ?(?:human|person|people|agent|representative|rep"
                r"|operator|manager|supervisor|one|body"
                r"|employee|colleague|staff)?|(?:real|actual|live) (?:person|human|people)"
                r"|a human(?: being)?"),
    ),
    (
        Act.ANGRY,
        _inside(r"ridiculous|terrible|awful|unacceptable|disgrace(?:ful)?|fed up|furious|angry|pissed"
                r"|useless|stupid|worst|damn|hell"
                r"|fuck\w*|shit\w*|crap|sick of|joke|incompetent|horrible|annoy(?:ed|ing)|frustrat(?:ed"
                r"|ing)|waste of (?:my )?time"
                r"|idiots?|rude"),
    ),
    (
        Act.QUESTION,
        re.compile(
            r"\?\s*$|^\W*(?:(?:hi|hello|hey|and|so|ok|okay|also|but|please|actually|sorry|thanks"
            r"|wait)\W+)*(?:what|which|who|whom|when|where"
            r"|why|how|do|does|did|is|are|can|could|would|will|may|has|have you|tell me|show me|give me)\b",
            re.I,
        ),
    ),
    (
        Act.WISH,
        _inside(r"i(?: would|['’]?d) (?:like|love|prefer|need)|i(?: really| just| also)? ?(?:want|need)"
                r"|wanna|looking (?:for|to)|gonna need"
                r"|hoping (?:for|to)|can (?:i|you|we)|could (?:i|you|we)|help me|please"),
    ),
    (
        Act.NEW_HERE,
        _inside(r"(?:i(?: am|['’]?m) )?(?:a )?new (?:here|customer|client|to you)|i(?: am|['’]?m) new"
                r"|(?:my |it['’]?s my )?first (?:time|visit)"
                r"|never been|haven['’]?t been|not (?:registered|been|in your system)"
                r"|don['’]?t have (?:an account|a file)"
                r"|register me|sign me up"),
    ),
    (
        Act.WHO_ARE_YOU,
        _inside(r"who are you|what are you|are you (?:a |an )?(?:real|human|robot|bot|ai|machine"
                r"|computer|person)|your name"),
    ),
    (
        Act.WHAT_CAN_YOU_DO,
        re.compile(r"\bwhat (?:all )?(?:can|could|do) you (?:do|help)|\bhow can you help"
                   r"|\bwhat can i (?:ask|do here)|^\W*help\W*$", re.I),
    ),
    (Act.REPEAT, _start(r"(?:sorry|pardon|what)\s*\?|(?:can|could) you (?:say that again|repeat)"
                        r"|say (?:that )?again|pardon me")),
    (
        Act.ANYONE,
        _inside(r"any(?:one|body)?(?: (?:of (?:them|those|these)|one|is fine|works|will do|time))?"
                r"|whichever|whatever(?: works)?|doesn['’]?t matter"
                r"|does not matter|don['’]?t (?:care|mind)|no preference|you (?:choose|pick|decide)"
                r"|earliest|soonest|first available"
                r"|as soon as possible|asap|either"),
    ),
)  # fmt: skip


def acts(text: str) -> Act:
    """Every act that `text` performs, as flags."""
    found = Act.NONE
    for act, pattern in _PATTERNS:
        if pattern.search(text):
            found |= act
    return found

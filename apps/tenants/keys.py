"""Every Redis key, tenant first. The braces are a hash tag: one tenant's keys share a slot in Redis Cluster."""

EVERYBODYS = "cs:*"
"""Pattern of all keys of the product, for SCAN; only a restore asks for it."""


def _key(tenant_id: str, *parts: str) -> str:
    if not tenant_id or "{" in tenant_id or "}" in tenant_id:
        raise ValueError("A Redis key needs the id of one tenant.")
    return ":".join((f"cs:{{{tenant_id}}}", *parts))


def run_log(tenant_id: str, run_id: str) -> str:
    """Stream of a chat run's events."""
    return _key(tenant_id, "run", run_id, "log")


def run_state(tenant_id: str, run_id: str) -> str:
    """Hash of a run: conversation, visitor, whether it is over."""
    return _key(tenant_id, "run", run_id, "state")


def message_run(tenant_id: str, visitor: str, message_id: str) -> str:
    """Which run a visitor's message id started: the idempotency of POST."""
    return _key(tenant_id, "visitor", visitor, "message", message_id)


def active_run(tenant_id: str, conversation_id: str) -> str:
    """The run that a conversation is in; one at a time."""
    return _key(tenant_id, "conversation", conversation_id, "run")


def floor_log(tenant_id: str) -> str:
    """Stream of what happens at a tenant, for its live views."""
    return _key(tenant_id, "floor", "log")


def floor_simulated(tenant_id: str) -> str:
    """Exists while calls of a tenant's floor are simulated."""
    return _key(tenant_id, "floor", "simulated")


def budget(tenant_id: str, scope: str, who: str, measure: str, seconds: int) -> str:
    """Hash of one limit's counter: index of its window, current, previous. `who` is an id or a hash, no address."""
    return _key(tenant_id, "budget", scope, who, measure, str(seconds))


def budget_held(tenant_id: str, reservation_id: str) -> str:
    """Exists while a reservation is neither settled nor released."""
    return _key(tenant_id, "budget", "held", reservation_id)


def budget_refusals(tenant_id: str, day: str) -> str:
    """Hash of a UTC day's refusals, by hour and limit."""
    return _key(tenant_id, "budget", "refusals", day)


def leases() -> tuple[str, str, str]:
    """The platform's own: which process holds which run until when, who it is, and which runs shall stop.

    The members name their tenant; no request reads these keys by a name of its own.
    """
    return "cs:{platform}:leases:until", "cs:{platform}:leases:owner", "cs:{platform}:leases:stop"


def voice_ticket(secret: str) -> str:
    """The platform's own: what a ticket opens. Only who was given the secret can name the key."""
    return f"cs:{{platform}}:voice:ticket:{secret}"


def voice_address(tenant_id: str, address: str, hour: int) -> str:
    """How many calls without a sign-up one address has begun at a tenant in an hour; `address` is a hash."""
    return _key(tenant_id, "voice", "address", address, str(hour))


def calls() -> str:
    """The platform's own: which calls are under way until when; the members name their tenant."""
    return "cs:{platform}:calls"


def floor_ticket(secret: str) -> str:
    """The platform's own: who may watch a floor. Only who was given the secret can name the key."""
    return f"cs:{{platform}}:floor:ticket:{secret}"


def floor_view(tenant_id: str, epoch: str) -> str:
    """Stream of the live floor's deltas, as the keeper of that name writes it: numbers without gaps."""
    return _key(tenant_id, "floor", "view", epoch)


def floor_state(tenant_id: str, epoch: str) -> str:
    """The floor's state at a position of that stream."""
    return _key(tenant_id, "floor", "state", epoch)


def floor_keeper(tenant_id: str) -> str:
    """Hash: which epoch is being kept, and up to where it is known to be true. Gone when its keeper is."""
    return _key(tenant_id, "floor", "keeper")


def floor_presence(tenant_id: str) -> str:
    """Hash of who watches: one field for each process."""
    return _key(tenant_id, "floor", "presence")


def orders() -> str:
    """The platform's own: channel of orders for calls under way. Each names its tenant, and its receiver checks it."""
    return "cs:{platform}:orders"


def order_answer(tenant_id: str, order_id: str) -> str:
    """Channel on which the one answer to an order is said."""
    return _key(tenant_id, "order", order_id, "answer")


def call_sound(tenant_id: str, call_id: str) -> str:
    """Channel of what is heard in a call, for those who listen in."""
    return _key(tenant_id, "call", call_id, "sound")


def call_voice(tenant_id: str, call_id: str, user_id: str) -> str:
    """Channel of what a supervisor says into a call."""
    return _key(tenant_id, "call", call_id, "voice", user_id)


def conversation_bell(tenant_id: str, conversation_id: str) -> str:
    """Channel that rings when a conversation has something that none of its runs says."""
    return _key(tenant_id, "conversation", conversation_id, "bell")


def inbox_looking(tenant_id: str) -> str:
    """Exists while somebody of the tenant has its inbox open."""
    return _key(tenant_id, "inbox", "looking")


def api_rate(tenant_id: str, who: str) -> str:
    """When the requests of an API key, or of a person, will have been spread out evenly; `who` is an id."""
    return _key(tenant_id, "api", "rate", who)


def click_salt(day: str) -> str:
    """The platform's own: the secret by which a UTC day's clicks on referral links are told apart."""
    return f"cs:{{platform}}:affiliates:salt:{day}"


def clicks_seen(affiliate_id: str, day: str) -> str:
    """The platform's own: set of the visitors who clicked an affiliate's link that day, as salted hashes."""
    return f"cs:{{platform}}:affiliates:seen:{affiliate_id}:{day}"


def affiliate_application(secret: str) -> str:
    """The platform's own: an application whose e-mail address is to be confirmed. Only who got the secret names it."""
    return f"cs:{{platform}}:affiliates:application:{secret}"


def affiliate_applicants(who: str, hour: int) -> str:
    """The platform's own: how often one address or mailbox has applied in an hour; `who` is a hash."""
    return f"cs:{{platform}}:affiliates:applicants:{who}:{hour}"


def of_tenant(tenant_id: str) -> str:
    """Pattern of all keys of a tenant, for SCAN."""
    return _key(tenant_id, "*")


def is_floor(key: str) -> bool:
    """Whether a key is the view that a floor's keeper makes of the database: its deltas and its state."""
    return ":floor:view:" in key or ":floor:state:" in key


def lockouts() -> str:
    """The platform's own: set of e-mail addresses whose logins were shut, until their owners were told."""
    return "cs:{platform}:lockouts"

"""Every Redis key, tenant first. The braces are a hash tag: one tenant's keys share a slot in Redis Cluster."""


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

"""Every Redis key, tenant first. The braces are a hash tag: one tenant's keys share a slot in Redis Cluster."""


def _key(tenant_id: str, *parts: str) -> str:
    if not tenant_id or "{" in tenant_id or "}" in tenant_id:
        raise ValueError("A Redis key needs the id of one tenant.")
    return ":".join((f"cs:{{{tenant_id}}}", *parts))


def run_log(tenant_id: str, run_id: str) -> str:
    """Stream of a chat run's events."""
    return _key(tenant_id, "run", run_id, "log")


def run_state(tenant_id: str, run_id: str) -> str:
    """Hash of a run: conversation, agent, status."""
    return _key(tenant_id, "run", run_id, "state")


def run_lease(tenant_id: str, run_id: str) -> str:
    """Held by the process that generates the run."""
    return _key(tenant_id, "run", run_id, "lease")


def run_stop(tenant_id: str, run_id: str) -> str:
    """Set when somebody asked for the run to stop."""
    return _key(tenant_id, "run", run_id, "stop")


def message_run(tenant_id: str, visitor: str, message_id: str) -> str:
    """Which run a visitor's message id started: the idempotency of POST."""
    return _key(tenant_id, "visitor", visitor, "message", message_id)


def active_run(tenant_id: str, conversation_id: str) -> str:
    """The run that a conversation is in; one at a time."""
    return _key(tenant_id, "conversation", conversation_id, "run")


def floor_log(tenant_id: str) -> str:
    """Stream of what happens at a tenant, for its live views."""
    return _key(tenant_id, "floor", "log")

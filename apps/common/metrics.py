"""What /metrics tells of this process, in Prometheus' words."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)

CALLS = Gauge("callsphere_calls_under_way", "Calls that are held now.", ["channel"])
CALLS_ENDED = Counter("callsphere_calls_ended", "Calls that are over, by why they ended.", ["channel", "reason"])
CALL_SETUP = Histogram(
    "callsphere_call_setup_seconds", "From the carrier's start to the agent's first sound.", buckets=_SECONDS
)
RESPONSE = Histogram(
    "callsphere_call_response_seconds", "From the caller's last word to the agent's first sound.", buckets=_SECONDS
)
INTERRUPTIONS = Counter("callsphere_call_interruptions", "Times that what the agent said was cut off.")
FAULTS = Counter("callsphere_model_faults", "Errors and lost connections of the voice model, by code.", ["code"])
TOOLS = Counter("callsphere_call_tools", "Tools that were run in calls.", ["ok"])
TOKENS = Counter("callsphere_tokens", "Tokens that models read and wrote, in chats and calls.", ["kind"])
FLOOR_VIEWERS = Gauge("callsphere_floor_viewers", "Open sockets that watch a live floor.")
FLOOR_REPAIRS = Counter("callsphere_floor_repairs", "Events of live floors that only an audit found.")
STREAMS = Gauge("callsphere_chat_streams_open", "Answers that are being streamed now.")
LAG = Gauge("callsphere_event_loop_lag_seconds", "How late the event loop is; new calls are turned away by it.")

"""What /metrics tells of this process, in Prometheus' words. Labels have few values: never a tenant, never an id.

What a business takes is asked of the database (`manage.py tenants_report`): a label of every tenant would be a
thousand series for each bucket.
"""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
_WORK = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)

# Requests

REQUESTS = Histogram(
    "callsphere_http_request_seconds",
    "From a request to the beginning of its answer.",
    ["method", "route", "status"],
    buckets=_WORK,
)
STREAMS = Gauge("callsphere_chat_streams_open", "Answers that are being streamed now.")
LOGGED = Counter("callsphere_log_lines", "Lines of the log.", ["level"])
DRAINING = Gauge("callsphere_draining", "1 = this process is about to leave and takes nothing new.")
LAG = Gauge("callsphere_event_loop_lag_seconds", "How late the event loop is; new calls are turned away by it.")

# Chats

RUNS = Gauge("callsphere_chat_runs_under_way", "Answers that this process generates now.")
RUNS_ENDED = Counter("callsphere_chat_runs_ended", "Answers that are over, by why they ended.", ["reason"])
RUN_SECONDS = Histogram("callsphere_chat_run_seconds", "A whole answer, with its tools.", buckets=_WORK)
FIRST_WORD = Histogram(
    "callsphere_chat_first_word_seconds", "From a message to its answer's first word.", buckets=_WORK
)
TAKEN_OVER = Counter("callsphere_chat_runs_taken_over", "Answers taken up from a process that was lost.")
RUN_EVENTS = Histogram(
    "callsphere_chat_run_log_events", "Events in the log of an answer.", buckets=(4, 16, 64, 256, 1_024, 4_096)
)

# Models and tools

MODEL = Histogram(
    "callsphere_model_request_seconds",
    "A request to the model provider, to its end.",
    ["operation", "outcome"],
    buckets=_WORK,
)
FIRST_CHUNK = Histogram(
    "callsphere_model_first_chunk_seconds", "From a request to the model's first word or tool.", buckets=_WORK
)
TOOLS_RUN = Histogram(
    "callsphere_tool_seconds", "A tool, in chats and calls.", ["tool", "outcome"], buckets=(0.01, 0.05, 0.25, 1.0, 5.0)
)
TOKENS = Counter("callsphere_tokens", "Tokens that models read and wrote, in chats and calls.", ["kind"])
COST = Counter("callsphere_cost_dollars", "What models cost, by the price table, in dollars.")

# Calls

CALLS = Gauge("callsphere_calls_under_way", "Calls that are held now.", ["channel"])
CALLS_ENDED = Counter("callsphere_calls_ended", "Calls that are over, by why they ended.", ["channel", "reason"])
CALL_SETUP = Histogram(
    "callsphere_call_setup_seconds", "From the carrier's start to the agent's first sound.", buckets=_SECONDS
)
RESPONSE = Histogram(
    "callsphere_call_response_seconds", "From the caller's last word to the agent's first sound.", buckets=_SECONDS
)
AUDIO_GAPS = Histogram(
    "callsphere_call_audio_gap_seconds",
    "Silences within an answer: its next audio came after the last was played.",
    buckets=(0.04, 0.1, 0.2, 0.5, 1.0, 2.0),
)
INTERRUPTIONS = Counter("callsphere_call_interruptions", "Times that what the agent said was cut off.")
FAULTS = Counter("callsphere_model_faults", "Errors and lost connections of the voice model, by code.", ["code"])
TOOLS = Counter("callsphere_call_tools", "Tools that were run in calls.", ["ok"])
CARRIER = Histogram(
    "callsphere_carrier_request_seconds",
    "A request to the phone carrier, with its repetitions.",
    ["operation", "outcome"],
    buckets=_WORK,
)

# The live floor and Redis

FLOOR_VIEWERS = Gauge("callsphere_floor_viewers", "Open sockets that watch a live floor.")
FLOOR_REPAIRS = Counter("callsphere_floor_repairs", "Events of live floors that only an audit found.")
FLOOR_TICK = Histogram("callsphere_floor_tick_seconds", "One reading of a live floor and its telling.", buckets=_WORK)
APPEND = Histogram("callsphere_live_append_seconds", "A group of events on its way to Redis and back.", buckets=_QUICK)
READER = Gauge(
    "callsphere_live_reader_silent_seconds", "Since Redis last answered who follows other processes' logs; 0 = nobody."
)
REDIS = Gauge("callsphere_redis_ping_seconds", "Redis' answer to a PING, at the moment of the scrape; -1 = none.")

# The worker

WEBHOOKS = Histogram("callsphere_webhook_seconds", "An attempt to deliver a webhook.", ["outcome"], buckets=_WORK)
DUTY_SECONDS = Histogram("callsphere_duty_seconds", "A turn of a duty.", ["duty"], buckets=(0.01, 0.1, 1.0, 10.0, 60.0))
DUTY_DONE = Gauge("callsphere_duty_last_success_timestamp_seconds", "When a duty last ended well, unix time.", ["duty"])
DUTY_LATE = Gauge("callsphere_duty_late_seconds", "By how much a duty's last turn began later than due.", ["duty"])
DUTY_FAILURES = Counter("callsphere_duty_failures", "Turns of a duty that failed.", ["duty"])
DUTY_THINGS = Counter("callsphere_duty_things", "What a duty has done.", ["duty"])
QUEUE = Gauge("callsphere_queue_depth", "What waits, of all tenants together.", ["queue"])
QUEUE_AGE = Gauge("callsphere_queue_oldest_seconds", "For how long the oldest of it is overdue.", ["queue"])

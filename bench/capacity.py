"""The plan of docs/capacity.md, reckoned: `python bench/capacity.py` prints its tables from the constants below.

Every constant says where it is from: by which command it was measured, and when; or that it is assumed. Change one,
run this, and put what it prints between the marks of the page: a test holds the two together.
"""

from typing import NamedTuple

REST = "at rest, 2026-11-30"
BUSY = "busy (load 20 to 30), 2026-11-30"


class Constant(NamedTuple):
    value: float
    unit: str
    what: str
    command: str = ""
    """Empty = assumed."""
    when: str = ""


MEASURED = {
    "token": Constant(30, "µs", "CPU of a token of a chat, while streaming", "bench/chat.py", REST),
    "answer": Constant(2.8, "ms", "CPU of beginning and ending an answer", "bench/chat.py", REST),
    "stream": Constant(38, "kB", "memory of an answer under way", "bench/chat.py", REST),
    "idle": Constant(25.9, "kB", "memory of an open chat in which nothing happens", "bench/idle_streams.py", BUSY),
    "idle_cpu": Constant(12.0, "µs/s", "CPU of it", "bench/idle_streams.py", BUSY),
    "opening": Constant(4.62, "ms", "CPU of opening it", "bench/idle_streams.py", BUSY),
    "call": Constant(3.5, "ms/s", "CPU of a second of a call, mu-law", "bench/voice.py", REST),
    "call_ends": Constant(12, "ms", "CPU of beginning and ending a call", "bench/voice.py", REST),
    "call_memory": Constant(96, "kB", "memory of a call under way", "bench/voice.py", REST),
    "delivery": Constant(4.56, "µs", "CPU of an event for a viewer of a floor, Redis included", "bench/floor.py", REST),
    "floor": Constant(20, "ms/s", "CPU of reading a floor on which something happens", "bench/floor.py", REST),
    "viewer": Constant(4.4, "kB", "memory of a viewer", "bench/floor.py", REST),
    "question": Constant(
        6.1, "ms", "a question to 2,000 pieces of knowledge", "bench/knowledge.py", "busy, 2026-11-23"
    ),
    "process": Constant(190, "MB", "a process after 2,000 calls", "bench/calls_growth.py", "busy, 2026-11-30"),
    "redis_run": Constant(7_319, "bytes", "Redis memory of an answer, kept for an hour", "bench/footprint.py", BUSY),
    "redis_commands": Constant(91, "", "Redis commands of an answer of 60 tokens", "bench/footprint.py", BUSY),
    "rows": Constant(8.4, "", "rows written by an answer, PostgreSQL", "bench/footprint.py", BUSY),
    "transactions": Constant(2.2, "", "transactions of it", "bench/footprint.py", BUSY),
    "bytes": Constant(5_789, "bytes", "PostgreSQL's disk for an answer, indexes included", "bench/footprint.py", BUSY),
}
ASSUMED = {
    "tenants": Constant(10_000, "", "tenants"),
    "chats": Constant(100_000, "", "open chats at the peak"),
    "calls": Constant(10_000, "", "calls at the peak"),
    "pause": Constant(60, "s", "between two messages of an open chat"),
    "tokens": Constant(60, "", "tokens of an answer, at 25 a second"),
    "length": Constant(180, "s", "length of a call"),
    "turns": Constant(0.25, "/s", "turns of a call"),
    "share": Constant(0.2, "", "of the peak, on the average of a month"),
    "watched": Constant(0.05, "", "of the tenants have their floor watched, by 3 people"),
    "events": Constant(5, "/s", "events of a watched floor"),
    "busy": Constant(0.5, "", "of a core that a process may be busy with: room for bursts, and for a neighbor's fall"),
    "connections": Constant(2, "", "connections to the database that a process holds at a time, of its pool of 8"),
    "token_wire": Constant(120, "bytes", "a token on the wire: event, chunk, TLS and TCP"),
    "frame_wire": Constant(400, "bytes", "20 ms of mu-law on the wire: base64 in JSON, WebSocket, TLS and TCP"),
    "prompt": Constant(2_500, "", "tokens read for an answer: instructions, tools, what was said"),
    "ports": Constant(28_000, "", "connections from one edge address to one server address (Linux's usual range)"),
    "redis_core": Constant(80_000, "/s", "commands of one Redis, which has one core"),
}

Row = tuple[str, str, str]


def reckon() -> list[Row]:
    """(what, how much, how it is reckoned) of the plan."""
    m = {name: constant.value for name, constant in MEASURED.items()}
    a = {name: constant.value for name, constant in ASSUMED.items()}
    answers = a["chats"] / a["pause"]
    tokens = answers * a["tokens"]
    streaming = answers * a["tokens"] / 25
    calls_begun = a["calls"] / a["length"]
    spoken = a["calls"] * a["turns"]
    chat_cores = tokens * m["token"] / 1e6 + answers * m["answer"] / 1e3 + a["chats"] * m["idle_cpu"] / 1e6
    call_cores = a["calls"] * m["call"] / 1e3 + calls_begun * m["call_ends"] / 1e3
    floors = a["tenants"] * a["watched"]
    floor_cores = floors * (m["floor"] / 1e3 + 3 * a["events"] * m["delivery"] / 1e6)
    chat_processes, call_processes, floor_processes = (
        -(-cores // a["busy"]) for cores in (chat_cores, call_cores, floor_cores)
    )
    processes = chat_processes + call_processes + floor_processes
    memory = a["chats"] * m["idle"] + streaming * m["stream"] + a["calls"] * m["call_memory"] + 3 * floors * m["viewer"]
    commands = answers * m["redis_commands"] + spoken * 3 + floors * a["events"] * 4
    month = 30 * 24 * 3600 * a["share"]
    bits = tokens * a["token_wire"] * 8 / 1e9, a["calls"] * 4 * 50 * a["frame_wire"] * 8 / 1e9
    sockets = a["chats"] + streaming + 2 * a["calls"]
    return [
        ("answers begun", f"{answers:,.0f} /s", "chats ÷ pause"),
        ("tokens to visitors", f"{tokens:,.0f} /s", "answers × tokens"),
        ("answers under way", f"{streaming:,.0f}", "answers × tokens ÷ 25"),
        ("calls begun", f"{calls_begun:,.0f} /s", "calls ÷ length"),
        ("CPU of chats", f"{chat_cores:,.1f} cores", "tokens × token + answers × answer + chats × idle"),
        ("CPU of calls", f"{call_cores:,.1f} cores", "calls × call + calls begun × their ends"),
        ("CPU of floors", f"{floor_cores:,.1f} cores", "floors × (reading + 3 viewers × events × delivery)"),
        ("**for 1,000 open chats**", f"**{chat_cores / a['chats'] * 1000:.3f} cores**", "CPU of chats ÷ chats"),
        ("**for 1,000 calls**", f"**{call_cores / a['calls'] * 1000:.2f} cores**", "CPU of calls ÷ calls"),
        ("web processes", f"{chat_processes + floor_processes:,.0f}", "CPU of chats and floors ÷ busy"),
        ("voice processes", f"{call_processes:,.0f}", "CPU of calls ÷ busy"),
        (
            "memory of all processes",
            f"{(processes * m['process'] * 1e3 + memory) / 1e6:,.0f} GB",
            "processes + all open",
        ),
        (
            "opening all chats anew in 5 minutes",
            f"{a['chats'] / 300 * m['opening'] / 1e3:,.1f} cores",
            "after an outage",
        ),
        ("Redis commands", f"{commands:,.0f} /s", "answers × commands + 3 a turn of a call + 4 an event of a floor"),
        ("Redis shards for them", f"{-(-commands // (a['redis_core'] * a['busy'])):,.0f}", "at half of what one can"),
        ("Redis memory", f"{answers * 3600 * m['redis_run'] / 1e9:,.0f} GB", "answers × 3,600 s × an answer's"),
        ("channels with a subscriber", f"{a['chats']:,.0f}", "one for each open chat"),
        (
            "PostgreSQL transactions",
            f"{answers * m['transactions'] + spoken:,.0f} /s",
            "answers × its + turns of calls",
        ),
        (
            "PostgreSQL rows written",
            f"{answers * m['rows'] + 2 * spoken:,.0f} /s",
            "answers × its + 2 a turn of a call",
        ),
        (
            "PostgreSQL disk",
            f"{(answers * m['bytes'] + spoken * m['bytes'] / 2) * month / 1e12:,.1f} TB a month",
            "both × seconds of a month × share; before retention",
        ),
        ("connections without PgBouncer", f"{processes * 8:,.0f}", "processes × pool of 8"),
        ("connections with it", f"{processes * a['connections']:,.0f}", "processes × those in use"),
        (
            "hourly duties",
            f"{a['tenants'] * 2 * 3 / 3600:,.0f} statements/s",
            "tenants × 2 duties × 3 statements, an hour",
        ),
        ("network, chats", f"{bits[0]:,.2f} Gbit/s", "tokens × wire"),
        ("network, calls", f"{bits[1]:,.1f} Gbit/s", "calls × 4 directions × 50 frames × wire"),
        ("sockets of the servers", f"{sockets:,.0f}", "open chats + answers + 2 a call"),
        ("server addresses for the edge", f"{-(-(a['chats'] + streaming + a['calls']) // a['ports']):,.0f}", "÷ ports"),
        ("model, requests", f"{answers * 60:,.0f} /min", "answers"),
        ("model, tokens read", f"{answers * a['prompt'] * 60 / 1e6:,.0f} M/min", "answers × prompt"),
        ("model, tokens written", f"{tokens * 60 / 1e6:,.1f} M/min", "tokens"),
        ("realtime sessions", f"{a['calls']:,.0f}", "one a call"),
    ]


def tables() -> str:
    """Everything between the marks of docs/capacity.md."""
    lines = ["| measured | | by | machine |", "|---|--:|---|---|"]
    for each in MEASURED.values():
        lines.append(f"| {each.what} | {each.value:,g} {each.unit} | `{each.command}` | {each.when} |")
    lines += ["", "| assumed | |", "|---|--:|"]
    lines += [f"| {each.what} | {each.value:,g} {each.unit} |" for each in ASSUMED.values()]
    lines += ["", "| at the peak | | reckoned |", "|---|--:|---|"]
    lines += [f"| {what} | {much} | {how} |" for what, much, how in reckon()]
    return "\n".join(line.replace("  |", " |") for line in lines)


if __name__ == "__main__":
    print(tables())

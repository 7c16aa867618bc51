"""What a run of the mixed load comes to, as tables. Pure."""

from collections import Counter
from collections.abc import Sequence
from statistics import median

from mixed_load.breaking import Fault
from mixed_load.running import Report

REQUESTS = ("chat", "call", "floor", "API", "admin")


def printed(report: Report) -> str:
    """All of it, in Markdown."""
    return "\n\n".join((_recovery(report), _load(report), _growth(report), _rest(report)))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _recovery(report: Report) -> str:
    by_kind: dict[str, list[Fault]] = {}
    for fault in report.journal.faults:
        by_kind.setdefault(fault.kind, []).append(fault)
    rows = []
    for kind, faults in sorted(by_kind.items()):
        took = [fault.done - fault.began for fault in faults]
        cells = [f"{median(took):.1f} / {max(took):.1f}"]
        for name in REQUESTS:
            back = [fault.recovered[name] for fault in faults if name in fault.recovered]
            failed = sum(fault.failed.get(name, 0) for fault in faults)
            cells.append(f"{median(back):.1f} / {max(back):.1f} ({failed})" if back else "never")
        rows.append([kind, str(len(faults)), *cells])
    head = ["fault", "times", "restarted after s", *(f"{name}: back after s (failed)" for name in REQUESTS)]
    return f"p50 / max\n\n{table(head, rows)}"


def _load(report: Report) -> str:
    chat, calls, floor, office = report.chat, report.calls, report.floor, report.office
    wrong = Counter(words.split(": ")[1] for words in chat.violations)
    rows = [
        ["chat messages", str(chat.outcomes.total()), _words(chat.outcomes), _words(wrong)],
        ["streams resumed", str(chat.resumed), f"longest silence {chat.silence:.1f} s", ""],
        ["calls", str(calls.outcomes.total()), _words(calls.outcomes), _words(calls.violations)],
        ["of them not whole", "", _words(calls.reasons), ""],
        ["tools in calls", str(calls.tools), f"{calls.bookings} bookings", ""],
        [
            "floor rounds",
            str(floor.outcome.trials),
            f"{floor.outcome.converged} converged, slowest {floor.outcome.slowest:.1f} s, {floor.holes} holes",
            f"{floor.outcome.wrong} wrong as live, {floor.outcome.late} late",
        ],
        ["commands", str(len(floor.acks)), _words(floor.codes), ""],
        [
            "API and admin",
            str(office.answered.total() - office.answered["again"]),
            f"{len(office.booked)} bookings, {len(office.cancelled)} cancelled, {office.answered['again']} asked again",
            f"{len(office.problems)} problems",
        ],
    ]
    return table([f"{report.seconds / 60:.1f} minutes", "number", "of them", "not as promised"], rows)


def _words(found: Counter[str] | Sequence[str]) -> str:
    if not isinstance(found, Counter):
        return str(len(found)) if found else "0"
    return ", ".join(f"{count} {name}" for name, count in found.most_common()) or "0"


def _growth(report: Report) -> str:
    head = ["", "first", "after the warm-up", "last", "most", "slope a minute", "95 % confidence"]
    return table(head, report.samples.table())


def _rest(report: Report) -> str:
    calls = report.calls
    lines = [
        f"Callers waited in silence for {calls.silence_ms / 1000:.1f} s at most, {calls.silent} of them for more than"
        f" 3 s. A call was on record as ended after {calls.ended_after:.1f} s at most.",
        f"{len(report.problems)} broken promises.",
    ]
    logged = [f"- {count} × {words}" for words, count in list(report.logged.items())[:12]]
    return "\n".join([*lines, *(["Logged as errors:", *logged] if logged else [])])

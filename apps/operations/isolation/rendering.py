"""A report as JSON for programs, Markdown for a repository, and HTML for an auditor's screen or printer."""

import json
from typing import Any

from django.template.loader import render_to_string

from apps.operations.isolation.findings import Report

FORMAT = "callsphere.isolation.v1"


def as_json(report: Report) -> str:
    sections: list[dict[str, Any]] = [
        {
            "title": section.title,
            "explained": section.explained,
            "tried": section.tried,
            "refused": section.refused,
            "lines": [
                {"subject": line.subject, "outcomes": dict(line.outcomes), "holes": line.holes, "note": line.note}
                for line in section.lines
            ],
        }
        for section in report.sections
    ]
    told = {
        "format": FORMAT,
        "facts": dict(report.facts),
        "tried": report.tried,
        "refused": report.refused,
        "holes": [{"section": section, "subject": subject, "hole": hole} for section, subject, hole in report.holes],
        "sections": sections,
        "limits": report.limits,
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def verdict(report: Report) -> str:
    """One sentence."""
    if report.holes:
        return f"{len(report.holes):,} of {report.tried:,} attempts got through or could not be made."
    return f"{report.tried:,} attempts, {report.refused:,} as promised, none got through."


def as_markdown(report: Report) -> str:
    lines = ["# Tenant isolation: what was tried, and what happened", "", f"**{verdict(report)}**", ""]
    lines += ["| | |", "|---|---|", *(f"| {name} | {_cell(value)} |" for name, value in report.facts), ""]
    lines += ["| section | tried | as promised | got through |", "|---|--:|--:|--:|"]
    lines += [
        f"| {section.title} | {section.tried:,} | {section.refused:,} | {len(section.holes)} |"
        for section in report.sections
    ]
    if report.holes:
        lines += ["", "## What got through", ""]
        lines += [f"- **{section}**, {_cell(subject)}: {_cell(hole)}" for section, subject, hole in report.holes]
    for section in report.sections:
        lines += ["", f"## {section.title}", "", section.explained, ""]
        if section.lines:
            lines += ["| what | tried | what happened | got through | remark |", "|---|--:|---|---|---|"]
        lines += [
            f"| {_cell(line.subject)} | {line.tried} | {_cell(line.happened())} | {_cell('; '.join(line.holes))} "
            f"| {_cell(line.note)} |"
            for line in section.lines
        ]
    lines += ["", "## What was not tried", "", *(f"- {limit}" for limit in report.limits), ""]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<").replace("*", "\\*").replace("\n", " ")


def as_html(report: Report) -> str:
    return render_to_string("operations/isolation_report.html", {"report": report, "verdict": verdict(report)})

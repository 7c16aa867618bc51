"""Runs `manage.py stream_doctor` in this process, which has the server's own SECRET_KEY."""

import io
from dataclasses import dataclass

from django.core.management import call_command

from tests.edge.certificates import NAME


@dataclass(frozen=True)
class Examination:
    status: int
    text: str

    @property
    def checks(self) -> dict[str, bool]:
        """Check → passed."""
        lines = [line for line in self.text.splitlines() if line.startswith(("ok  ", "FAIL"))]
        return {line[6:28].strip(): line.startswith("ok") for line in lines}

    @property
    def failed(self) -> set[str]:
        return {check for check, passed in self.checks.items() if not passed}


def examine(url: str, *, idle: float = 1, name: str | None = NAME) -> Examination:
    out = io.StringIO()
    try:
        call_command("stream_doctor", url, idle=idle, host_header=name, stdout=out)
    except SystemExit as end:
        return Examination(int(end.code or 0), out.getvalue())
    return Examination(0, out.getvalue())

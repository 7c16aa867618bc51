"""The reader's own process: bounded in time and memory, so that no file can hold a worker or fill the machine."""

import json
import resource
import sys
from dataclasses import asdict

from apps.agents.knowledge.core.blocks import outlined
from apps.agents.knowledge.reading import docx, html, pdf
from apps.agents.knowledge.reading.document import Document, Unreadable, bounded
from apps.agents.knowledge.reading.kinds import decoded

SECONDS = 60
"""Of the processor."""
MEMORY = 1024 * 1024 * 1024
"""Bytes of address space."""
_READERS = {
    "pdf": pdf.read,
    "docx": docx.read,
    "html": html.read,
    "text": lambda data: Document(outlined(decoded(data))),
}


def main() -> None:
    """Writes `{"blocks": [[text, level, page], …], "pages", "notes"}`, or `{"problem": …}`."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        document = _READERS[sys.argv[1]](sys.stdin.buffer.read())
        document.blocks = bounded(document.blocks)
        answer = asdict(document) | {"blocks": [[block.text, block.level, block.page] for block in document.blocks]}
    except Unreadable as problem:
        answer = {"problem": str(problem)}
    except (MemoryError, RecursionError):
        answer = {"problem": "This file is too complicated to read. Save it anew, or split it into several."}
    sys.stdout.write(json.dumps(answer))


main()

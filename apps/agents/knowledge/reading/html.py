"""A web page by lxml: its main text without navigation, scripts and forms."""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree  # type: ignore[import-untyped]
from lxml import html as lxml_html

from apps.agents.knowledge.core.blocks import Block
from apps.agents.knowledge.reading.document import Document, Unreadable

_DROPPED = re.findall(
    r"\w+",
    "script style noscript template svg math iframe object embed canvas video audio head nav aside form button select "
    "dialog menu",
)
_ROLES = {"navigation", "banner", "contentinfo", "search", "complementary", "dialog", "menu", "menubar"}
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article blockquote body br caption dd details div dl dt fieldset figcaption figure footer h1 h2 h3 h4 "
        "h5 h6 header hr html li main ol p pre section summary table tbody td tfoot th thead tr ul",
    )
)
_MAIN = "//main | //*[@role='main'] | //article"


def read(data: bytes) -> Document:
    """The document.

    Raises:
        Unreadable: there is no text in it.
    """
    parser = lxml_html.HTMLParser(encoding=_encoding(data), no_network=True, remove_comments=True, remove_pis=True)
    try:
        page = lxml_html.document_fromstring(data, parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        raise Unreadable("This page has no text in it.") from None
    _drop(page)
    blocks = list(_blocks(_main(page)))
    if not any(block.text for block in blocks):
        raise Unreadable(
            "This page has no text in it: pages that a script fills arrive empty. Copy the text from your browser "
            "instead."
        )
    return Document(blocks)


def _encoding(data: bytes) -> str | None:
    """UTF-8 where it is that; else what the page itself says."""
    return "utf-8" if data.isascii() or "\ufffd" not in data.decode("utf-8", errors="replace") else None


def _drop(page: Any) -> None:
    outer = page.xpath("//header[not(ancestor::main or ancestor::article)] | //footer[not(ancestor::article)]")
    hidden = page.xpath("//*[@hidden or @aria-hidden='true' or contains(translate(@style, ' ', ''), 'display:none')]")
    roles = [element for element in page.iter() if isinstance(element.tag, str) and element.get("role") in _ROLES]
    for element in [*page.iter(*_DROPPED), *outer, *hidden, *roles]:
        if element.getparent() is not None and element.tag not in ("html", "body"):
            element.drop_tree()


def _main(page: Any) -> Any:
    """The part that says it is the main one, if most of the text is in it."""
    whole = len(page.text_content())
    best = max(page.xpath(_MAIN), key=lambda element: len(element.text_content()), default=None)
    return best if best is not None and len(best.text_content()) * 2 >= whole else page


def _blocks(root: Any) -> Iterator[Block]:
    """In order and without recursion: a hostile page is nested as deep as it likes."""
    text: list[str] = []
    level = 0

    def ended() -> Block | None:
        joined = " ".join("".join(text).split())
        text.clear()
        return Block(joined.strip(" |"), level) if joined.strip(" |") else None

    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        # The cells of a row stay in one line.
        breaks = tag in _BLOCKS and tag not in ("td", "th") and not _in_row(element)
        if breaks and (block := ended()) is not None:
            yield block
        if event == "start":
            if tag in ("td", "th"):
                text.append(" | ")
            level = _level(tag) or (0 if breaks else level)
            text.append(element.text or "")
        else:
            if _level(tag):
                level = 0
            if element is not root:
                text.append((" " if tag in _BLOCKS else "") + (element.tail or ""))
    if (block := ended()) is not None:
        yield block


def _level(tag: str) -> int:
    return int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit() else 0


def _in_row(element: Any) -> bool:
    parent = element.getparent()
    return parent is not None and parent.tag in ("td", "th")

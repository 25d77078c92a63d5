"""Text and tables in Markdown; text that is not ours is made inert, so that it shows as it is and does nothing."""

import re
from collections.abc import Iterable, Sequence

# What opens markup, HTML or an entity anywhere in a line, and the links that renderers make of bare text.
_ACTIVE = re.compile(r"(?i)(?P<link>\b(?:https?|ftp|mailto|xmpp)(?=:)|\bwww(?=\.))(?P<sign>[:.])|[\\`*_\[\]#|~$!&<>@]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"}
# What opens a list, a rule or an underlined heading at the start of a line.
_LINE_START = re.compile(r"(\d*)([-+=.)])")
# Control characters, and marks that turn the direction of what follows them.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def inert(text: str) -> str:
    """Give *text* as one line of Markdown that shows the same text: no markup, HTML, link or entity of its own."""
    line = " ".join(_UNSEEN.sub(" ", text).split())
    start = _LINE_START.match(line)
    if start:
        return f"{start[1]}\\{start[2]}" + _ACTIVE.sub(_quietened, line[start.end() :])
    return _ACTIVE.sub(_quietened, line)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a Markdown table; a bar in a cell is escaped, numbers stand to the right under a header that ends in ':'."""
    names = [name.removesuffix(":") for name in header]
    marks = ["---:" if name.endswith(":") else "---" for name in header]
    lines = [names, marks, *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _quietened(match: re.Match[str]) -> str:
    if match["link"]:
        return f"{match['link']}&#{ord(match['sign'])};"
    return _ENTITIES.get(match[0], f"\\{match[0]}")


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", text).replace("\n", " ")

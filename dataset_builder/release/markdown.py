"""Text and tables in Markdown; text that is not ours is made inert, so that it shows as it is and does nothing."""

import re
from collections.abc import Iterable, Sequence

# What opens markup anywhere in a line. A line's first sign is dealt with apart.
_MARKUP = re.compile(r"[\\`*_\[\]#|~$!]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"}
# Links that renderers make of bare text.
_BARE_LINK = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp)(:)|\b(www)(\.)")
_LINE_START = re.compile(r"^([-+=:]|\d+(?=[.)]))")
# Control characters, and marks that turn the direction of what follows them.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def inert(text: str) -> str:
    """Give *text* as one line of Markdown that shows the same text: no markup, HTML, link or entity of its own."""
    line = " ".join(_UNSEEN.sub(" ", text).split())
    line = "".join(_ENTITIES.get(char, char) for char in line)
    line = _MARKUP.sub(lambda match: "\\" + match[0], line)
    line = _BARE_LINK.sub(lambda match: (match[1] or match[3]) + f"&#{ord(match[2] or match[4])};", line)
    return _LINE_START.sub(lambda match: f"{match[1]}&#8203;" if match[1].isdigit() else "\\" + match[1], line)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a Markdown table; a bar in a cell is escaped, numbers stand to the right under a header that ends in ':'."""
    names = [name.removesuffix(":") for name in header]
    marks = ["---:" if name.endswith(":") else "---" for name in header]
    lines = [names, marks, *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", text).replace("\n", " ")

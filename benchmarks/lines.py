"""The split that the peers and the floor do: the lines of a text that hold something, trimmed."""

from collections.abc import Iterator
from pathlib import Path


def split_lines(text: str) -> list[str]:
    """Give the lines of *text* that hold something, without white space around them."""
    return [line for part in text.replace("\r\n", "\n").split("\n") if (line := part.strip())]


def texts_of(source: Path) -> Iterator[tuple[str, str]]:
    """Yield the path under *source* and the text of each file, in order."""
    for path in sorted(source.rglob("*.txt")):
        with path.open(encoding="utf-8", newline="") as file:
            yield path.relative_to(source).as_posix(), file.read()

"""What a character is: classes of code points from a table that is shipped, so that every Python gives the same answer.

`character_classes.tsv` gives each code point one class and says which are wide (two columns of a
terminal) and which are unsettled (normalising to NFC may change a text that holds one).
"""

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Codes = npt.NDArray[np.uint32]
Classes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]

# The order is the number.
NAMES = "other space invisible upper lower letter logogram mark digit end open close dash punctuation symbol".split()
(OTHER, SPACE, INVISIBLE, UPPER, LOWER, LETTER, LOGOGRAM, MARK, DIGIT, END, OPEN, CLOSE, DASH, PUNCTUATION, SYMBOL) = (
    range(15)
)
WIDE, UNSETTLED = 0x80, 0x40


def _ranges(name: str) -> list[tuple[int, int, str]]:
    lines = files("dataset_builder").joinpath(name).read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return [(int(first, 16), int(last, 16), value) for first, last, value in rows]


@cache
def _class_table() -> Classes:
    table = np.full(0x110000, OTHER | UNSETTLED, np.uint8)
    for first, last, value in _ranges("character_classes.tsv"):
        name, *marks = value.split()
        wide, unsettled = WIDE * ("wide" in marks), UNSETTLED * ("unsettled" in marks)
        table[first : last + 1] = NAMES.index(name) | wide | unsettled
    return table


@cache
def _fold_table() -> Codes:
    table = np.arange(0x110000, dtype=np.uint32)
    for first, last, value in _ranges("character_folds.tsv"):
        table[first : last + 1] += np.uint32(int(value) % 2**32)
    return table


def marked_classes_of(codes: Codes) -> Classes:
    """Give the class of each code point, with the bits `WIDE` and `UNSETTLED` set where they hold."""
    return _class_table().take(codes)


def classes_of(codes: Codes) -> Classes:
    """Give the class of each code point: one of the constants of this module, `OTHER` to `SYMBOL`."""
    return marked_classes_of(codes) & np.uint8(0x3F)


def fold_of(codes: Codes) -> Codes:
    """Give each code point in lower case, where that is one code point."""
    return _fold_table().take(codes)


def codes_of_text(text: str) -> Codes:
    """Give the code points of a string without lone surrogates."""
    return np.frombuffer(text.encode("utf-32-le"), "<u4")


def codes_of(texts: pa.Array) -> tuple[Codes, Offsets]:
    """Give the code points of all strings of an Arrow array, end to end, and the n + 1 offsets at which they start."""
    texts = texts.cast(pa.large_string())
    ends = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    data = texts.buffers()[2]
    raw = memoryview(data)[ends[0] : ends[-1]] if data is not None else b""
    lengths = pc.utf8_length(texts).to_numpy(zero_copy_only=False)
    return codes_of_text(str(raw, "utf-8")), np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def sums_between(values: npt.NDArray[Any], bounds: Offsets) -> Offsets:
    """Give the sum of *values* (flags or whole numbers) between each two of *bounds*; the last bound is their end."""
    filled = bounds[:-1] < bounds[1:]
    sums = np.zeros(len(bounds) - 1, np.int64)
    if filled.any():
        numbers = values.view(np.uint8) if values.dtype == np.bool_ else values
        sums[filled] = np.add.reduceat(numbers, bounds[:-1][filled], dtype=np.int64)
    return sums

"""What a text is searched for, as regular expressions that Polars runs over a column.

The classes of white space, invisible and unsettled characters are those of `characters.py`, so that a check and the
segmenter mean the same.
"""

from functools import cache

import numpy as np

from dataset_builder.characters import INVISIBLE, SPACE, UNSETTLED, marked_classes_of

# C0 without white space, DEL, and C1 without NEL.
CONTROL = r"[\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f]"
REPLACEMENT = r"\x{fffd}"
# Embeddings, overrides and isolates: what they open reaches beyond the paragraph. Plain marks (200E, 200F) do not.
DIRECTION = r"[\x{202a}-\x{202e}\x{2066}-\x{2069}]"
# Soft hyphen, zero width space, word joiner, byte order mark: a search for the word that holds one fails.
HIDDEN = r"[\x{ad}\x{200b}\x{2060}\x{feff}]"
# UTF-8 read as Windows-1252 or ISO 8859-1: a lead byte as a letter, then a continuation byte that no word has there.
# A word can end in Ã before », ”, … and dashes (MANHÃ).
MOJIBAKE = (
    r"Ã[\x{80}-\x{9f}\x{a1}-\x{ba}\x{bc}-\x{bf}€‚ƒ„ˆ‰Š‹ŒŽ˜™š›œžŸ]|Â[\x{80}-\x{9f}\x{a1}-\x{bf}€‚ƒ„ˆ‰Š‹ŒŽ˜™š›œžŸ]|â(?:€[\x{80}-\x{9f}œžŸ˜™š›¢¦“”]|[\x{80}-\x{9f}]{2})|ï»¿|ï¿½"
    r"|(?:[ÐÑ][\x{80}-\x{bf}‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]){2}"
)
# Tags and entities that HTML left behind.
MARKUP = (
    r"(?i)</?(?:a|b|br|blockquote|div|em|font|h[1-6]|i|iframe|img|li|ol|p|script|span|strong|style|table|td|tr|u|ul)"
    r"(?:\s[^<>]*)?/?>|&(?:nbsp|amp|quot|lt|gt|apos|[lr]squo|[lr]dquo|[mn]dash|#\d{2,6}|#x[0-9a-f]{2,5});"
)
# One scan finds the few rows where any of the above can be.
ODD = f"{CONTROL}|{REPLACEMENT}|{DIRECTION}|{HIDDEN}|[<&ÂÃâïÐÑ]"
LETTER_OR_DIGIT = r"[\p{L}\p{N}]"
# BCP 47 by its form: a language and subtags of up to eight letters and digits, or private use alone.
LANGUAGE_TAG = r"^(?:[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*|[xX](?:-[A-Za-z0-9]{1,8})+)$"
SHA256 = r"^[0-9a-f]{64}$"
# Absolute, or with a step up or nowhere.
NOT_RELATIVE = r"^$|^/|^[A-Za-z]:[\\/]|(?:^|/)\.\.?(?:/|$)"


@cache
def white_space() -> str:
    """Give the class of the 29 characters of white space."""
    return f"[{_ranges_of(SPACE)}]"


@cache
def not_normal_space() -> str:
    """Give what normalised white space never is: another character than the space, a run, a text's edge."""
    return f"[{_ranges_of(SPACE, without=0x20)}]|  |^ | $"


@cache
def visible() -> str:
    """Give the class of the characters that are neither white space nor invisible."""
    return f"[^{_ranges_of(SPACE)}{_ranges_of(INVISIBLE)}]"


@cache
def unsettled() -> str:
    """Give the class of the characters without which a text is in NFC already."""
    marked = marked_classes_of(np.arange(0x110000, dtype=np.uint32))
    return f"[{_ranges(np.flatnonzero(marked & UNSETTLED))}]"


def _ranges_of(kind: int, without: int = -1) -> str:
    codes = np.flatnonzero(marked_classes_of(np.arange(0x110000, dtype=np.uint32)) & np.uint8(0x3F) == kind)
    return _ranges(codes[codes != without])


def _ranges(codes: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> str:
    """A character class's inside, surrogates left out: they stand in no text."""
    codes = codes[(codes < 0xD800) | (codes > 0xDFFF)]
    breaks = np.flatnonzero((np.diff(codes) != 1) | (codes[:-1] == 0xD7FF))
    firsts, lasts = codes[np.append(0, breaks + 1)], codes[np.append(breaks, len(codes) - 1)]
    return "".join(f"\\x{{{a:x}}}-\\x{{{b:x}}}" for a, b in zip(firsts, lasts, strict=True))

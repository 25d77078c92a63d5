"""Bytes → text: byte order mark > strict UTF-8 > damaged UTF-8 (refused) > UTF-16/32 by shape > a detector > refused.

A text file is never "repaired": what does not decode whole is quarantined.
"""

import codecs
import re
from dataclasses import dataclass

# The longer marks first: UTF-32-LE starts with the mark of UTF-16-LE.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# First bytes of what is no text though it may hold no NUL.
BINARY = (
    b"%PDF-",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
    b"BZh",
    b"\xfd7zXZ",
)
WHOLE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
WHOLE_SEQUENCES, DAMAGED_SHARE = 5, 10  # at least five whole, at most one high byte in ten outside one
SAMPLE_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text with the codec that gave it (without its byte order mark, which stays in the text as U+FEFF)."""

    text: str
    encoding: str
    bytes_exact: bool


@dataclass(frozen=True, slots=True)
class Undecoded:
    """Why bytes are no text: a code of `errors.RECORD_CODES`, and words."""

    code: str
    reason: str


def decode(data: bytes) -> Decoded | Undecoded:
    """Give the text of *data*, with nothing lost, or why it is none."""
    for mark, codec in MARKS:
        if data.startswith(mark):
            text = _decoded(data, codec)
            return text or Undecoded("E511", f"has the byte order mark of {codec} and is not {codec}")
    if b"\0" in data:
        return _wide_text(data) or Undecoded("E502", "is binary: it holds NUL")
    if data.startswith(BINARY):
        return Undecoded("E502", "is binary by its first bytes")
    return _decoded(data, "utf-8") or _damage(data) or _detected(data)


def _decoded(data: bytes, codec: str) -> Decoded | None:
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    try:
        return Decoded(text, codec, text.encode(codec) == data)
    except UnicodeEncodeError:  # a lone surrogate that a legacy codec let through
        return None


def _damage(data: bytes) -> Undecoded | None:
    whole = [len(m) for m in WHOLE.findall(data)]
    high = len(data) - len(data.translate(None, bytes(range(0x80, 0x100))))
    if len(whole) >= WHOLE_SEQUENCES and (high - sum(whole)) * DAMAGED_SHARE <= high:
        place = _first_fault(data)
        return Undecoded("E503", f"is damaged UTF-8: byte {place} starts no character")
    return None


def _first_fault(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as fault:
        return fault.start
    return len(data)


def _wide_text(data: bytes) -> Decoded | None:
    """UTF-16 or UTF-32 without a byte order mark, where the bytes decode so into letters, spaces and line ends."""
    from dataset_builder.characters import INVISIBLE, OTHER, classes_of, codes_of_text

    for codec, unit in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        if len(data) % unit == 0 and (found := _decoded(data, codec)) is not None:
            classes = classes_of(codes_of_text(found.text))
            odd = int(((classes == OTHER) | (classes == INVISIBLE)).sum())
            ascii_share = sum(map(str.isascii, found.text)) * 10 >= len(found.text)
            if odd * 100 <= len(classes) and ascii_share:
                return found
    return None


def _detected(data: bytes) -> Decoded | Undecoded:
    from charset_normalizer import from_bytes

    guess = from_bytes(data[:SAMPLE_BYTES]).best()
    codec = codecs.lookup(guess.encoding).name if guess is not None else None
    found = _decoded(data, codec) if codec else None
    return found or Undecoded("E504", "has a character encoding that cannot be told; save it as UTF-8")

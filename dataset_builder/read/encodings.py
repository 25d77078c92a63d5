"""Bytes → text: byte order mark > escapes > strict UTF-8 > damaged UTF-8 (refused) > UTF-16/32 by shape > a detector.

A text file is never "repaired": what does not decode whole is quarantined.
"""

import codecs
import re
from dataclasses import dataclass

import numpy as np

# The longer marks first: UTF-32-LE starts with the mark of UTF-16-LE.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
HAN = range(0x3400, 0xA000)
WIDE = (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2))
# ESC $ opens a two-byte set in ISO 2022; such bytes are valid ASCII, and no text in any other encoding.
ESCAPE, ESCAPED = b"\x1b$", ("iso2022_jp", "iso2022_jp_ext", "iso2022_kr")
# First bytes of what is no text though it may hold no NUL.
BINARY = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")
PDF = b"%PDF-"  # may be ASCII throughout
WHOLE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
HIGH = bytes(range(0x80, 0x100))

# What occurs in practice: files of Windows, Unix, DOS and the old Mac, and East Asian ones. A detector that may answer
# with every code page there is takes short German for Maltese, or Greek for a mainframe's letters.
LEGACY = tuple(
    "cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp874 tis_620 iso8859_1 iso8859_2 iso8859_5"
    " iso8859_6 iso8859_7 iso8859_8 iso8859_9 iso8859_13 iso8859_15 iso8859_16 koi8_r koi8_u cp850 cp852 cp866"
    " mac_roman mac_cyrillic cp932 euc_jis_2004 gb18030 big5hkscs cp949".split()
)
LEAST_CONFIDENCE = 0.06  # measured: docs/segmenting.md, "Encodings"
# Words of Latin letters and others at once: what a wrong code page gives. Not so where a word is a single sign anyway.
LATIN, OTHERS = "A-Za-zÀ-ÖØ-öø-ɏ", "\u0370-\u1dff\u3041-\ud7ff\uf900-\ufaff\uff66-\uffdc"
MIXED = re.compile(f"(?<=[{LATIN}])[{OTHERS}]|[{OTHERS}](?=[{LATIN}])")
NOT_LATIN = re.compile(f"[{OTHERS}]")
CONTROLS = re.compile("[\x80-\x84\x86-\x9f]")
# The detector names one of several codecs that give the same text: the usual one is written down.
USUAL = {"iso8859-1": "cp1252", "iso8859-15": "cp1252", "euc_jis_2004": "euc_jp", "big5hkscs": "big5"}


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
    if data.startswith(PDF):
        return Undecoded("E502", "is binary by its first bytes")
    found = _escaped(data) or _decoded(data, "utf-8")
    if found is None and data.startswith(BINARY):
        return Undecoded("E502", "is binary by its first bytes")
    return found or _damage(data) or _detected(data)


def _decoded(data: bytes, codec: str) -> Decoded | None:
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    try:
        return Decoded(text, codec, codec == "utf-8" or text.encode(codec) == data)
    except UnicodeEncodeError:  # a character that the codec reads and does not write
        return Decoded(text, codec, False)


def _escaped(data: bytes) -> Decoded | None:
    if ESCAPE not in data or not data.isascii():
        return None
    readings = (_decoded(data, codec) for codec in ESCAPED)
    return next((found for found in readings if found is not None and "\x1b" not in found.text), None)


def _damage(data: bytes) -> Undecoded | None:
    """Why bytes that are not UTF-8 are UTF-8 with faults all the same.

    Text in a code page has high bytes that look like a whole sequence by chance (French `é »`); that these outnumber
    those outside one happens in damaged UTF-8 only. So does a file that is UTF-8 but for a cut last character.
    """
    fault = _first_fault(data)
    whole = [len(m) for m in WHOLE.findall(data)]
    outside = len(data) - len(data.translate(None, HIGH)) - sum(whole)
    if outside < len(whole) or (whole and fault.reason == "unexpected end of data"):
        return Undecoded("E503", f"is damaged UTF-8: byte {fault.start} starts no character")
    return None


def _first_fault(data: bytes) -> UnicodeDecodeError:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as fault:
        return fault
    raise ValueError("is UTF-8")


def _wide_text(data: bytes) -> Decoded | None:
    """UTF-16 or UTF-32 without a byte order mark, where the bytes decode so into letters, spaces and line ends.

    Pairs of ASCII bytes look like Han characters in UTF-16, so text in these is not told from binary data.
    """
    from dataset_builder.characters import INVISIBLE, OTHER, classes_of, codes_of_text

    for codec, unit in WIDE:
        if len(data) % unit or (found := _decoded(data, codec)) is None:
            continue
        codes = codes_of_text(found.text)
        classes = classes_of(codes)
        odd = np.count_nonzero((classes == OTHER) | (classes == INVISIBLE))
        han = 0 if unit == 4 else np.count_nonzero((codes >= HAN.start) & (codes < HAN.stop))
        if odd * 100 <= len(codes) and han * 10 <= len(codes) <= np.count_nonzero(codes < 0x80) * 10:
            return found
    return None


def _detected(data: bytes) -> Decoded | Undecoded:
    """The first guess, by confidence, that gives words as they are written."""
    from chardet import detect_all

    guesses = detect_all(data, ignore_threshold=True, include_encodings=LEGACY, compat_names=False, max_bytes=len(data))
    for guess in guesses:
        if guess["encoding"] is None or guess["confidence"] < LEAST_CONFIDENCE:
            break
        found = _decoded(data, codecs.lookup(guess["encoding"]).name)
        if found is not None and _is_plausible(found.text):
            usual = _decoded(data, USUAL.get(found.encoding, found.encoding))
            return usual if usual is not None and usual.text == found.text else found
    return Undecoded("E504", "has a character encoding that cannot be told; save it as UTF-8")


def _is_plausible(text: str) -> bool:
    """Whether most letters of other scripts than Latin stand beside none of these, and C1 controls are absent."""
    return CONTROLS.search(text) is None and 2 * len(MIXED.findall(text)) <= len(NOT_LATIN.findall(text))

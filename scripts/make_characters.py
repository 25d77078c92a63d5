"""Write the character tables from the Unicode database: `python scripts/make_characters.py` (needs unicodedata2).

The tables are shipped, and not asked of Python's `unicodedata`, since that differs between Python versions.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import unicodedata2 as ucd

TARGET = Path(__file__).parents[1] / "dataset_builder"
SPACES = {*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F}
SPACES |= {0x205F, 0x3000}
INVISIBLE = {*range(0x20), 0x7F, 0xAD, *range(0x200B, 0x2010), *range(0x2060, 0x2065), *range(0x202A, 0x202F)}
INVISIBLE |= {*range(0x2066, 0x206A), 0xFEFF}
# Sentence_Terminal of the Unicode database, without the marks of a clause; the ellipsis ends a sentence too.
ENDS = set(map(ord, ".!?…。！？．।॥۔؟։።፧፨።｡‼⁇⁈⁉‽‥܀܁܂᙮᠃᠉᥄᥅᪨᪩᪪᪫᭚᭛᭞᭟᰻᰼᱾᱿꓿꘎꘏꛳꛷꡶꡷꣎꣏꤯꧈꧉꩝꩞꩟꫰꫱꯫﹒﹖﹗။។៕།༎߹"))
COUNTED_ALONE = (
    "CJK ",
    "HIRAGANA",
    "KATAKANA",
    "THAI ",
    "LAO ",
    "KHMER ",
    "MYANMAR ",
    "IDEOGRAPHIC",
    "HENTAIGANA",
    "BOPOMOFO",
)
MAJOR = {"M": "mark", "N": "digit", "P": "punctuation", "S": "symbol"}
MINOR = {
    "Lu": "upper",
    "Lt": "upper",
    "Ll": "lower",
    "Ps": "open",
    "Pi": "open",
    "Pe": "close",
    "Pf": "close",
    "Pd": "dash",
}


def class_of(code: int) -> str:
    char = chr(code)
    category: str = ucd.category(char)
    if code in SPACES:
        return "space"
    if code in INVISIBLE:
        return "invisible"
    if code in ENDS:
        return "end"
    if category[0] == "L" and ucd.name(char, "").startswith(COUNTED_ALONE):
        return "logogram"
    return MINOR.get(category) or MAJOR.get(category[0]) or ("letter" if category[0] == "L" else "other")


DECOMPOSITIONS = (ucd.decomposition(chr(code)).split() for code in range(0x110000))
COMPOSES_WITH_THE_ONE_BEFORE = {
    int(parts[1], 16) for parts in DECOMPOSITIONS if len(parts) == 2 and "<" not in parts[0]
}
COMPOSES_WITH_THE_ONE_BEFORE |= {*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}  # Hangul vowels and finals


def is_settled(code: int) -> bool:
    """Whether a text of such characters alone is in NFC, now and in every later Unicode version."""
    char = chr(code)
    if ucd.category(char) in ("Cn", "Cs", "Mn", "Mc", "Me") or code in COMPOSES_WITH_THE_ONE_BEFORE:
        return False
    return bool(ucd.normalize("NFC", char) == char and not ucd.combining(char))


def row_of(code: int) -> str:
    wide = ucd.east_asian_width(chr(code)) in "WF"
    return class_of(code) + (" wide" if wide else "") + ("" if is_settled(code) else " unsettled")


def fold_delta(code: int) -> int:
    lower = chr(code).lower() if ucd.category(chr(code))[0] in "LNS" else chr(code)
    return ord(lower) - code if len(lower) == 1 else 0


def runs(value: Callable[[int], object]) -> Iterator[tuple[int, int, object]]:
    """Yield the runs (first, last, value) of code points with the same value."""
    first, current = 0, value(0)
    for code in range(1, 0x110001):
        new = value(code) if code < 0x110000 else None
        if new != current:
            yield first, code - 1, current
            first, current = code, new


def main() -> None:
    head = f"# Unicode {ucd.unidata_version}; written by scripts/make_characters.py\n"
    lines = [f"{a:04X}\t{b:04X}\t{v}\n" for a, b, v in runs(row_of) if v != "other unsettled"]
    (TARGET / "character_classes.tsv").write_text(
        head + "# first\tlast\tclass, wide, unsettled\n" + "".join(lines), "utf-8"
    )
    lines = [f"{a:04X}\t{b:04X}\t{v}\n" for a, b, v in runs(fold_delta) if v]
    (TARGET / "character_folds.tsv").write_text(
        head + "# first\tlast\tadd to get the lower case\n" + "".join(lines), "utf-8"
    )


if __name__ == "__main__":
    main()

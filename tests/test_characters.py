"""The shipped table of characters against the running Python's, and against the library that normalises."""

import sys
import unicodedata

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_builder import characters as c
from dataset_builder.segment import normalise

WHITE = {*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029}
WHITE |= {0x202F, 0x205F, 0x3000}
INVISIBLE = {*range(0x20), 0x7F, 0xAD, *range(0x200B, 0x2010), *range(0x2060, 0x2065), *range(0x202A, 0x202F)}
INVISIBLE |= {*range(0x2066, 0x206A), 0xFEFF}
ALL = np.arange(0x110000, dtype=np.uint32)
CLASSES = c.classes_of(ALL)
MARKED = c.marked_classes_of(ALL)
LOGOGRAM_SCRIPTS = ("CJK UNIFIED", "CJK COMPAT", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "BOPOMOFO")


def places(flags: npt.NDArray[np.bool_]) -> set[int]:
    return set(np.flatnonzero(flags).tolist())


def assigned(*categories: str) -> set[int]:
    """What Unicode 3.2 assigned and the running Python puts into these categories: older than any of our tables."""
    old = unicodedata.ucd_3_2_0
    return {i for i in range(0x110000) if unicodedata.category(chr(i)) in categories and old.category(chr(i)) != "Cn"}


def test_white_space_is_the_29_characters() -> None:
    assert places(CLASSES == c.SPACE) == WHITE
    assert len(WHITE) == 29


def test_invisible_characters_are_the_listed_ones_that_are_no_white_space() -> None:
    assert places(CLASSES == c.INVISIBLE) == INVISIBLE - WHITE


@pytest.mark.parametrize(
    ("categories", "classes"),
    [
        (("Lu", "Lt"), (c.UPPER,)),
        (("Ll",), (c.LOWER, c.LETTER)),  # later versions of Unicode took the case of one away
        (("Nd",), (c.DIGIT,)),
        (("Lo", "Lm"), (c.LETTER, c.LOGOGRAM, c.LOWER, c.UPPER)),
        (("Mn", "Mc", "Me"), (c.MARK,)),
        (("Pd",), (c.DASH,)),
        (("Ps", "Pi"), (c.OPEN, c.CLOSE, c.PUNCTUATION)),
        (("Pe", "Pf"), (c.CLOSE, c.OPEN, c.PUNCTUATION)),
        (("Po",), (c.PUNCTUATION, c.END, c.CLOSE, c.OPEN)),
        (("Sm", "Sc", "Sk", "So"), (c.SYMBOL, c.PUNCTUATION)),
    ],
)
def test_classes_agree_with_the_running_pythons_categories(
    categories: tuple[str, ...], classes: tuple[int, ...]
) -> None:
    known = assigned(*categories) - WHITE - INVISIBLE
    assert known
    odd = [f"{i:04X} {c.NAMES[CLASSES[i]]}" for i in known if CLASSES[i] not in classes]
    assert odd == []


def test_letters_of_scripts_without_spaces_are_logograms() -> None:
    letters = assigned("Lo")
    named = {i for i in letters if unicodedata.name(chr(i)).startswith(LOGOGRAM_SCRIPTS)}
    assert named <= places(CLASSES == c.LOGOGRAM)
    hangul = {i for i in letters if unicodedata.name(chr(i)).startswith("HANGUL")}
    assert hangul <= places(CLASSES == c.LETTER)


@pytest.mark.parametrize("mark", ".!?…。！？｡।॥۔؟։።‼⁇⁈⁉။។།߹")
def test_ending_marks_of_every_script_end_a_sentence(mark: str) -> None:
    assert CLASSES[ord(mark)] == c.END


def test_wide_characters_are_those_of_two_columns() -> None:
    wide = places((MARKED & c.WIDE) != 0)
    known = {i for i in range(0x110000) if unicodedata.ucd_3_2_0.category(chr(i)) not in ("Cn", "Co", "Cs")}
    assert {i for i in known if unicodedata.east_asian_width(chr(i)) in "WF"} - WHITE <= wide | INVISIBLE
    letters = assigned("Lu", "Ll", "Lo", "Nd")  # later versions of Unicode made signs wide
    assert not {i for i in wide & letters if unicodedata.east_asian_width(chr(i)) in ("N", "Na", "H")}


def test_settled_characters_alone_never_change() -> None:
    surrogates = np.arange(0xD800, 0xE000)
    settled = np.setdiff1d(np.flatnonzero((MARKED & c.UNSETTLED) == 0), surrogates)
    text = pl.Series([chr(i) for i in settled])
    assert (text.str.normalize("NFC") == text).all()


SETTLED = st.characters(exclude_categories=["Cs"]).filter(lambda char: not MARKED[ord(char)] & c.UNSETTLED)


@given(st.text(SETTLED, max_size=40))
def test_settled_characters_together_never_change(text: str) -> None:
    assert pl.Series([text]).str.normalize("NFC")[0] == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=5))
def test_normalising_composes_all_that_the_library_composes(texts: list[str]) -> None:
    normal = normalise(pa.array(texts, pa.string())).to_pylist()
    assert pl.Series(normal, dtype=pl.String).str.normalize("NFC").to_list() == normal


def test_everything_below_the_combining_marks_is_settled() -> None:
    assert not (MARKED[:0x300] & c.UNSETTLED).any()


def test_characters_without_an_assignment_are_other_and_unsettled() -> None:
    assert c.NAMES[CLASSES[0x10FFFF]] == "other"
    assert MARKED[0x0378] == c.OTHER | c.UNSETTLED


def test_lower_case_agrees_with_the_running_python() -> None:
    folds = c.fold_of(ALL)
    known = assigned("Lu", "Lt", "Ll", "Lo", "Nd", "Po")
    odd = [i for i in known if len(chr(i).lower()) == 1 and chr(folds[i]) != chr(i).lower()]
    assert odd == []


def test_code_points_of_an_array_come_with_their_offsets() -> None:
    codes, bounds = c.codes_of(pa.array(["aé", "", "👩日"], pa.string()))
    assert codes.tolist() == [0x61, 0xE9, 0x1F469, 0x65E5]
    assert bounds.tolist() == [0, 2, 2, 4]
    sliced = pa.array(["skipped", "aé", "b"], pa.large_string()).slice(1, 1)
    assert c.codes_of(sliced)[0].tolist() == [0x61, 0xE9]
    assert c.codes_of(pa.array([], pa.string()))[1].tolist() == [0]


def test_the_table_knows_what_the_running_python_does() -> None:
    assert tuple(map(int, unicodedata.unidata_version.split("."))) >= (14, 0)
    assert sys.maxunicode == len(ALL) - 1
    known = {i for i in ALL.tolist() if unicodedata.category(chr(i)) not in ("Cn", "Co", "Cs", "Cc", "Cf")}
    assert not {
        i for i in known - WHITE - INVISIBLE if CLASSES[i] == c.OTHER and unicodedata.category(chr(i))[0] == "L"
    }

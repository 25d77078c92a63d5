"""Characters, words and sentences of texts, by column; the rules stand in docs/segmenting.md."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dataset_builder.characters import (
    CLOSE,
    DIGIT,
    END,
    LETTER,
    LOGOGRAM,
    LOWER,
    MARK,
    OTHER,
    UPPER,
    Classes,
    Offsets,
    classes_of,
    codes_of,
)

Counts = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

IN_WORD = (UPPER, LOWER, LETTER, DIGIT, MARK)
IN_TEXT = (UPPER, LOWER, LETTER, DIGIT, LOGOGRAM)
GOES_ON = (UPPER, LOWER, LETTER, DIGIT, MARK, END, CLOSE)  # after an ending mark: the sentence has not ended yet


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCounts:
    """Code points, words and sentences, one of each a text."""

    chars: Counts
    words: Counts
    sentences: Counts


def count_texts(texts: pa.Array) -> TextCounts:
    """Count each text of an Arrow string array without nulls.

    A word is a run of letters, marks and digits; each letter of a script without spaces is a word, and the marks after
    it belong to it. A sentence ends at an ending mark that no letter, digit or further ending or closing mark follows;
    what comes after the last one counts as a sentence if it holds a letter or digit.
    """
    codes, bounds = codes_of(texts)
    kind = classes_of(codes)
    n = len(kind)
    first = np.zeros(n + 1, bool)
    first[bounds] = True
    base = _with_logogram_marks(kind, first)
    in_word = _is_one_of(base, IN_WORD)
    begins = in_word.copy()
    begins[1:] &= ~in_word[:-1] | first[1:n]
    begins |= kind == LOGOGRAM
    ends = _sentence_ends(kind, first)
    sentences = _between(ends, bounds)
    sentences += _last(np.flatnonzero(_is_one_of(kind, IN_TEXT)), bounds) > _last(ends, bounds)
    return TextCounts(
        chars=np.diff(bounds).astype(np.int32),
        words=_between(np.flatnonzero(begins), bounds).astype(np.int32),
        sentences=sentences.astype(np.int32),
    )


def _with_logogram_marks(kind: Classes, first: Flags) -> Classes:
    """The classes, with each mark that belongs to a logogram as one."""
    marks = np.flatnonzero(kind == MARK)
    if not len(marks):
        return kind
    base = kind.copy()
    base[marks[kind[_before_run(marks, first)] == LOGOGRAM]] = LOGOGRAM
    return base


def _sentence_ends(kind: Classes, first: Flags) -> Offsets:
    """Where sentences end: at ending marks, and closing marks in a run right after one, where nothing goes on."""
    closing = np.flatnonzero(kind == CLOSE)
    closes = kind == END
    closes[closing[kind[_before_run(closing, first)] == END]] = True
    ends = np.flatnonzero(closes)
    following = np.append(kind, np.uint8(OTHER))[ends + 1]
    return ends[~_is_one_of(following, GOES_ON) | first[ends + 1]]


def _is_one_of(kind: Classes, classes: tuple[int, ...]) -> Flags:
    result: Flags = kind == classes[0]
    for one in classes[1:]:
        result |= kind == one
    return result


def _before_run(places: Offsets, first: Flags) -> Offsets:
    """For each of *places* the character before the run of them that it stands in; the run's own first one where that
    starts a text.
    """
    opens = np.ones(len(places), bool)
    opens[1:] = (np.diff(places) != 1) | first[places[1:]]
    starts = places[opens]
    before = starts - ~first[starts]
    result: Offsets = before[np.cumsum(opens) - 1]
    return result


def _between(places: Offsets, bounds: Offsets) -> Offsets:
    return np.diff(np.searchsorted(places, bounds)).astype(np.int64)


def _last(places: Offsets, bounds: Offsets) -> Offsets:
    """The last of *places* in each text, -1 where there is none."""
    before = np.searchsorted(places, bounds)
    last = np.full(len(bounds) - 1, -1, np.int64)
    some = before[1:] > before[:-1]
    last[some] = places[before[1:][some] - 1]
    return last

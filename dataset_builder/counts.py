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
    NAMES,
    UPPER,
    Offsets,
    classes_of,
    codes_of,
)

Counts = npt.NDArray[np.int32]


def _holds(*classes: int) -> npt.NDArray[np.bool_]:
    return np.isin(np.arange(len(NAMES)), classes)


IN_WORD = _holds(UPPER, LOWER, LETTER, DIGIT, MARK)
IN_TEXT = _holds(UPPER, LOWER, LETTER, DIGIT, LOGOGRAM)
GOES_ON = _holds(UPPER, LOWER, LETTER, DIGIT, MARK, END, CLOSE)  # after an ending mark: the sentence has not ended yet


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
    index = np.arange(n)
    is_mark = kind == MARK
    base = kind
    if is_mark.any():
        base = kind[np.maximum.accumulate(np.where(~is_mark | first[:n], index, 0))] if n else kind
        base = np.where(is_mark & (base != LOGOGRAM), np.uint8(MARK), np.where(is_mark, base, kind))
    in_word = IN_WORD[base]
    continues = np.zeros(n, bool)
    continues[1:] = in_word[:-1]
    begins = in_word & ~(continues & ~first[:n]) | (kind == LOGOGRAM)
    next_kind = np.append(kind[1:], np.uint8(0))[:n]
    goes_on = GOES_ON[next_kind] & ~first[1:]
    closes = (kind == END) | ((kind == CLOSE) & _after_end(kind, first[:n]))
    ends = np.flatnonzero(closes & ~goes_on)
    solid = np.flatnonzero(IN_TEXT[kind])
    sentences = _between(ends, bounds)
    sentences += _last(solid, bounds) > _last(ends, bounds)
    return TextCounts(
        chars=np.diff(bounds).astype(np.int32),
        words=_between(np.flatnonzero(begins), bounds).astype(np.int32),
        sentences=sentences.astype(np.int32),
    )


def _after_end(kind: npt.NDArray[np.uint8], first: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether the run of closing marks that a character stands in comes right after an ending mark of the same text."""
    index = np.arange(len(kind))
    opener = np.maximum.accumulate(np.where((kind != CLOSE) | first, index, 0)) if len(kind) else index
    result: npt.NDArray[np.bool_] = kind[opener] == END
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

"""Which lines start a paragraph: all of them, unless an article is hard-wrapped.

An article is wrapped when the width near its longest lines lies between 40 and 120 columns, and nearly all breaks
inside its blocks are soft: the next line's first word would not have fitted. The numbers stand in docs/segmenting.md.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dataset_builder.characters import (
    CLOSE,
    DIGIT,
    END,
    LETTER,
    LOGOGRAM,
    LOWER,
    PUNCTUATION,
    SPACE,
    UPPER,
    Codes,
    Offsets,
)

LEAST_WIDTH, GREATEST_WIDTH = 40, 120
WIDTH_PERCENTILE = 95
SOFT_PERCENT = 80
LEAST_SOFT = 2
WORD_REACH = 40  # a longer first word counts as this long
BULLETS = np.array([ord(c) for c in "-*+•‣◦▪"], np.uint32)

Flags = npt.NDArray[np.bool_]
Classes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The visible lines of a batch: number among all lines, article, trimmed span, columns of the indent and in all."""

    numbers: Offsets
    articles: Offsets
    starts: Offsets
    ends: Offsets
    indents: Offsets
    widths: Offsets


def paragraph_starts(lines: Lines, codes: Codes, kind: Classes) -> Flags:
    """Give, for each line, whether it starts a paragraph."""
    n = len(lines.starts)
    opens = np.ones(n, bool)
    if n < 2:
        return opens
    adjacent = np.zeros(n, bool)
    adjacent[1:] = (np.diff(lines.numbers) == 1) & (np.diff(lines.articles) == 0)
    width = _widths(lines)
    candidates = adjacent & ((width >= LEAST_WIDTH) & (width <= GREATEST_WIDTH))[lines.articles]
    if not candidates.any():
        return opens
    soft = np.zeros(n, bool)
    after = np.flatnonzero(candidates)
    word, spaced = _first_words(lines.starts[after], codes, kind)
    soft[after] = lines.widths[after - 1] + spaced + word > width[lines.articles[after]]
    wrapped = _wrapped(lines, candidates, soft, width, kind)[lines.articles]
    if not wrapped.any():
        return opens
    return _joined(lines, adjacent & wrapped, soft, codes, kind)


def _widths(lines: Lines) -> Offsets:
    """The wrap width of each article: the percentile of its lines' widths, the nearest rank above."""
    order = np.lexsort((lines.widths, lines.articles))
    n_articles = int(lines.articles[-1]) + 1
    first = np.searchsorted(lines.articles, np.arange(n_articles))
    count = np.searchsorted(lines.articles, np.arange(n_articles), side="right") - first
    rank = np.maximum(-(-count * WIDTH_PERCENTILE // 100) - 1, 0)
    widths = np.zeros(n_articles, np.int64)
    widths[count > 0] = lines.widths[order][(first + rank)[count > 0]]
    return widths


def _first_words(starts: Offsets, codes: Codes, kind: Classes) -> tuple[Offsets, Offsets]:
    """The columns that the first word of a line takes, and those of the space before it.

    In scripts without spaces the word is a character, with the marks after it that may not start a line.
    """
    reach = np.minimum(starts[:, None] + np.arange(WORD_REACH), len(codes) - 1)
    kinds = kind[reach]
    ends = kinds == SPACE
    ends[:, -1] = True
    words = ends.argmax(axis=1)
    bound = ~np.isin(kinds[:, 1:], (CLOSE, END, PUNCTUATION))
    bound[:, -1] = True
    single = kinds[:, 0] == LOGOGRAM
    return np.where(single, 2 * (bound.argmax(axis=1) + 1), words).astype(np.int64), (~single).astype(np.int64)


def _wrapped(lines: Lines, breaks: Flags, soft: Flags, width: Offsets, kind: Classes) -> Flags:
    """Whether each article is hard-wrapped.

    A break after a line of less than two thirds of the width says nothing (an address, verse, a heading). Where most lines
    before soft breaks end a sentence, the lines are paragraphs that happen to be alike in length.
    """
    n = len(width)
    after = np.flatnonzero(breaks)
    article = lines.articles[after]
    telling = 3 * lines.widths[after - 1] >= 2 * width[article]
    last = lines.ends[after - 1] - 1
    closes = kind[last] == CLOSE
    last = np.where(closes, np.maximum(last - 1, 0), last)
    ends_sentence = kind[last] == END
    count = np.bincount(article[telling], minlength=n)
    softs = np.bincount(article[soft[after]], minlength=n)
    sentences = np.bincount(article[soft[after] & ends_sentence], minlength=n)
    return (softs >= LEAST_SOFT) & (softs * 100 >= count * SOFT_PERCENT) & (sentences * 2 <= softs)


def _joined(lines: Lines, joinable: Flags, soft: Flags, codes: Codes, kind: Classes) -> Flags:
    n = len(lines.starts)
    marked = _list_marks(lines.starts, codes, kind)
    before = np.arange(n) - 1
    deeper = lines.indents > lines.indents[before]
    # The line that a hanging continuation belongs to: the last marked, unindented or first line of the block.
    anchors = np.maximum.accumulate(np.where(marked | (lines.indents == 0) | ~joinable, np.arange(n), 0))
    anchor = anchors[before]
    hangs = marked[anchor] & (lines.indents > lines.indents[anchor])
    starts_item = marked & (~soft | marked[before])
    continues = (soft & (~deeper | hangs)) | hangs
    return ~joinable | starts_item | (~marked & ~continues)


def _list_marks(starts: Offsets, codes: Codes, kind: Classes) -> Flags:
    """Whether a line starts with a list mark and a space: a bullet, or a number or letter with `.` or `)`."""
    last = len(codes) - 1
    c = [codes[np.minimum(starts + i, last)] for i in range(5)]
    k = [kind[np.minimum(starts + i, last)] for i in range(5)]
    bullet = np.isin(c[0], BULLETS) & (k[1] == SPACE)
    digits = [k[i] == DIGIT for i in range(3)]
    closes = [(c[i] == ord(".")) | (c[i] == ord(")")) for i in range(4)]
    letter = np.isin(k[0], (UPPER, LOWER, LETTER)) & closes[1] & (k[2] == SPACE)
    one = digits[0] & closes[1] & (k[2] == SPACE)
    two = digits[0] & digits[1] & closes[2] & (k[3] == SPACE)
    three = digits[0] & digits[1] & digits[2] & closes[3] & (k[4] == SPACE)
    return bullet | letter | one | two | three

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
    OPEN,
    PUNCTUATION,
    SPACE,
    UPPER,
    Codes,
    Offsets,
)

LEAST_WIDTH, GREATEST_WIDTH = 40, 120
WIDTH_PERCENTILE = 95
OVERLONG_SHARE = 8  # of the lines of two thirds of the width one in so many may be longer than the width
SOFT_PERCENT = 80
LEAST_SOFT = 2
BOUND_REACH = 8  # so many marks after a character of a script without spaces may not start a line
BULLETS = np.array([ord(c) for c in "-*+•‣◦▪"], np.uint32)
MARK_REACH = 5
TAB, QUOTE = 0x09, ord(">")

Flags = npt.NDArray[np.bool_]
Classes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The visible lines of a batch: number among all lines, article, trimmed span, columns of the indent and in all.

    wide: the places of all characters that take two columns.
    """

    numbers: Offsets
    articles: Offsets
    starts: Offsets
    ends: Offsets
    indents: Offsets
    widths: Offsets
    wide: Offsets


def paragraph_starts(lines: Lines, codes: Codes, kind: Classes) -> Flags:
    """Give, for each line, whether it starts a paragraph."""
    n = len(lines.starts)
    opens = np.ones(n, bool)
    if n < 2:
        return opens
    adjacent = np.zeros(n, bool)
    adjacent[1:] = (np.diff(lines.numbers) == 1) & (np.diff(lines.articles) == 0)
    if not _may_be_wrapped(lines, adjacent):
        return opens
    white = np.flatnonzero(kind == SPACE)
    width = _widths(lines, adjacent, white, kind)
    breaks = adjacent & ((width >= LEAST_WIDTH) & (width <= GREATEST_WIDTH))[lines.articles]
    alone = _rows_and_quotes(lines, codes, white)
    alone[1:] |= alone[:-1]
    breaks &= ~alone
    soft = np.zeros(n, bool)
    after = np.flatnonzero(breaks)
    soft[after] = lines.widths[after - 1] + _first_words(after, lines, kind) > width[lines.articles[after]]
    wrapped = _wrapped(lines, breaks, soft, width, kind)[lines.articles]
    if not wrapped.any():
        return opens
    return _joined(lines, breaks & wrapped, soft, codes, kind)


def _may_be_wrapped(lines: Lines, adjacent: Flags) -> bool:
    """Whether any article has as many lines before breaks as it takes; most batches end here."""
    before = lines.widths[:-1]
    likely = adjacent[1:] & (3 * before >= 2 * LEAST_WIDTH) & (before <= GREATEST_WIDTH)
    return bool((np.bincount(lines.articles[1:][likely], minlength=1) >= LEAST_SOFT).any())


def _widths(lines: Lines, adjacent: Flags, white: Offsets, kind: Classes) -> Offsets:
    """The wrap width of each article: the percentile of the widths of its lines in blocks, the nearest rank above; 0
    where too many of its lines are longer.

    A line without a place to break it (an address of the web) says nothing, nor does one alone as long as it is rare.
    """
    n_articles = int(lines.articles[-1]) + 1
    length = lines.ends - lines.starts
    spaced = np.searchsorted(white, lines.ends) > np.searchsorted(white, lines.starts)
    breakable = spaced | (lines.widths - lines.indents > length) | (kind[lines.starts] == LOGOGRAM)
    in_block = breakable & (adjacent | np.append(adjacent[1:], False))
    articles, widths = lines.articles[in_block], lines.widths[in_block]
    order = np.lexsort((widths, articles))
    first = np.searchsorted(articles, np.arange(n_articles))
    count = np.searchsorted(articles, np.arange(n_articles), side="right") - first
    rank = np.maximum(-(-count * WIDTH_PERCENTILE // 100) - 1, 0)
    width = np.zeros(n_articles, np.int64)
    width[count > 0] = widths[order][(first + rank)[count > 0]]
    long = breakable & (3 * lines.widths >= 2 * width[lines.articles])
    overlong = long & (lines.widths > width[lines.articles])
    longs, overlongs = (np.bincount(lines.articles[some], minlength=n_articles) for some in (long, overlong))
    width[overlongs * OVERLONG_SHARE > longs] = 0
    return width


def _rows_and_quotes(lines: Lines, codes: Codes, white: Offsets) -> Flags:
    """Lines that are neither joined nor tell anything: rows of a table (a tab or three spaces inside), quoted mail.

    A gap after a list mark makes no row.
    """
    runs = np.zeros(len(white), bool)
    runs[:-2] = white[2:] - white[:-2] == 2
    gaps = white[runs | (codes[white] == TAB)]
    is_row = np.searchsorted(gaps, lines.ends) > np.searchsorted(gaps, lines.starts + MARK_REACH)
    result: Flags = is_row | (codes[lines.starts] == QUOTE)
    return result


def _first_words(after: Offsets, lines: Lines, kind: Classes) -> Offsets:
    """The columns that the first word of a line takes, with the space before it.

    A character of a script without spaces is a word, with the marks after it that may not start a line, and ends a word
    before it.
    """
    starts, ends = lines.starts[after], lines.ends[after]
    chances = np.flatnonzero((kind == SPACE) | (kind == LOGOGRAM))
    stops = np.minimum(np.append(chances, len(kind))[np.searchsorted(chances, starts)], ends)
    words = stops - starts + np.searchsorted(lines.wide, stops) - np.searchsorted(lines.wide, starts)
    at_logogram = (stops < ends) & (kind[np.minimum(stops, len(kind) - 1)] == LOGOGRAM)
    words += np.where(at_logogram, 2 * (kind[starts] == OPEN), 1)
    reach = np.minimum(starts[:, None] + np.arange(1, BOUND_REACH), len(kind) - 1)
    bound = ~np.isin(kind[reach], (CLOSE, END, PUNCTUATION))
    bound[:, -1] = True
    result: Offsets = np.where(kind[starts] == LOGOGRAM, 2 * (bound.argmax(axis=1) + 1), words)
    return result


def _wrapped(lines: Lines, breaks: Flags, soft: Flags, width: Offsets, kind: Classes) -> Flags:
    """Whether each article is hard-wrapped.

    A break says nothing after a line of less than two thirds of the width (an address, verse, a heading), or one that
    is indented more than others (a quotation set narrower). Where most lines before soft breaks end a sentence, the
    lines are paragraphs that happen to be alike in length.
    """
    n = len(width)
    margin = np.full(n, np.iinfo(np.int64).max)
    np.minimum.at(margin, lines.articles, lines.indents)
    after = np.flatnonzero(breaks)
    telling = 3 * lines.widths[after - 1] >= 2 * width[lines.articles[after]]
    telling &= lines.indents[after - 1] == margin[lines.articles[after]]
    after = after[telling]
    article = lines.articles[after]
    last = lines.ends[after - 1] - 1
    closes = kind[last] == CLOSE
    last = np.where(closes, np.maximum(last - 1, 0), last)
    ends_sentence = kind[last] == END
    count = np.bincount(article, minlength=n)
    softs = np.bincount(article[soft[after]], minlength=n)
    sentences = np.bincount(article[soft[after] & ends_sentence], minlength=n)
    result: Flags = (softs >= LEAST_SOFT) & (softs * 100 >= count * SOFT_PERCENT) & (sentences * 2 <= softs)
    return result


def _joined(lines: Lines, joinable: Flags, soft: Flags, codes: Codes, kind: Classes) -> Flags:
    n = len(lines.starts)
    marked = _list_marks(lines.starts, codes, kind)
    before = np.arange(n) - 1
    deeper = joinable & (lines.indents > lines.indents[before])
    # The line that a hanging continuation belongs to: the last marked, unindented or first line of the block.
    anchors = np.maximum.accumulate(np.where(marked | (lines.indents == 0) | ~joinable, np.arange(n), 0))
    anchor = anchors[before]
    hangs = marked[anchor] & (lines.indents > lines.indents[anchor])
    # An indent opens paragraphs, or hangs below the first line of each: then it comes after lines that are full.
    indents = deeper & ~hangs
    n_articles = int(lines.articles[-1]) + 1
    full = np.bincount(lines.articles[indents & soft], minlength=n_articles)
    short = np.bincount(lines.articles[indents & ~soft], minlength=n_articles)
    opens = indents & (full <= short)[lines.articles]
    starts_item = marked & (~soft | marked[before])
    continues = (soft & ~opens) | hangs
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
    result: Flags = bullet | letter | one | two | three
    return result

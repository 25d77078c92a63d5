"""What a block looks like, and where it stands: whole numbers by column, from the code points of a batch."""

import numpy as np
import numpy.typing as npt

from dataset_builder.characters import (
    CLOSE,
    DASH,
    DIGIT,
    END,
    LETTER,
    LOGOGRAM,
    LOWER,
    OPEN,
    PUNCTUATION,
    SPACE,
    SYMBOL,
    UPPER,
    Codes,
    Offsets,
    classes_of,
    fold_of,
    sums_between,
)
from dataset_builder.label.powers import BACK, BASE, powers_of

Columns = dict[str, npt.NDArray[np.int32]]
Ints = npt.NDArray[np.int64]

LONG_CHARS = 100  # a block of running text: at least so long, and ended by a mark
REACH = 3  # how many neighbours on each side a block sees
BEYOND = -1  # what a neighbour's columns hold past the article's ends
SIGNS = {"bar": "|", "at": "@", "copyright": "©®™", "arrow": "»›→►▶‹«←·•", "colon": ":：", "slash": "/", "hash": "#"}
MOST = 9_999


def block_shapes(codes: Codes, bounds: Offsets, article_of: Ints, articles: Offsets) -> Columns:
    """Give the shape columns of each block of a batch, int32, in order.

    codes, bounds: the blocks' code points end to end; article_of: the article of each block; articles: the blocks'
    offsets by article. Every value depends on the block's own article alone.
    """
    own = _own(codes, bounds)
    columns = dict(own)
    columns |= _places(own, article_of, articles)
    columns |= _repeats(codes, bounds, article_of)
    for name in ("chars", "words", "closing", "upper_share", "digit_share", "long", "first_class", "lead"):
        columns |= neighbours(name, own[name], article_of)
    return columns


def neighbours(name: str, values: npt.NDArray[np.int32], article_of: Ints, reach: int = REACH) -> Columns:
    """Give a column as the blocks up to *reach* before and after have it; `BEYOND` past the article's ends."""
    found = {}
    n = len(values)
    for step in (s for s in range(-reach, reach + 1) if s):
        shifted = np.full(n, BEYOND, np.int32)
        here = slice(max(-step, 0), n - max(step, 0))
        there = slice(max(step, 0), n - max(-step, 0))
        if abs(step) < n:
            same = article_of[here] == article_of[there]
            shifted[here] = np.where(same, values[there], BEYOND)
        found[f"{name}{step:+d}"] = shifted
    return found


def _own(codes: Codes, bounds: Offsets) -> Columns:
    kind = classes_of(codes)
    n = np.diff(bounds)
    some = np.maximum(n, 1)
    first, last = bounds[:-1], np.maximum(bounds[1:] - 1, 0)
    end = max(len(kind) - 1, 0)

    def at(places: Ints) -> npt.NDArray[np.int32]:
        if not len(kind):
            return np.zeros(len(n), np.int32)
        inside = (places >= first) & (places < bounds[1:])
        return np.where(inside, kind[np.minimum(places, end)], 0).astype(np.int32)

    def count(flags: npt.NDArray[np.bool_]) -> Ints:
        return sums_between(flags, bounds)

    space = kind == SPACE
    letters = {k: count(kind == k) for k in (UPPER, LOWER, LETTER, LOGOGRAM, DIGIT, END, PUNCTUATION, SYMBOL, DASH)}
    starts_word = np.ones(len(kind), bool)
    starts_word[1:] = space[:-1]
    starts_word[bounds[:-1][n > 0]] = True
    words = np.where(n > 0, count(space) + 1, 0)
    capital = count(starts_word & (kind == UPPER))
    second = at(first + 1)
    bullet = (at(first) == PUNCTUATION) & (second == SPACE)
    number = (at(first) == DIGIT) & (np.isin(second, (PUNCTUATION, END, CLOSE)) | (at(first + 2) == END))
    lead = (at(first) == SYMBOL) + 2 * (at(first) == DASH) + 4 * bullet
    closing = at(last)
    columns = {
        "chars": np.minimum(n, MOST),
        "words": np.minimum(words, MOST),
        "ends": np.minimum(letters[END], 255),
        "closing": np.where(closing == CLOSE, 16 + at(last - 1), closing),
        "first_class": at(first),
        "second_class": second,
        "lead": lead + 8 * number,
        "quoted": ((at(first) == OPEN) | ((at(first) == PUNCTUATION) & (closing == PUNCTUATION))) * 1,
        "upper_share": letters[UPPER] * 1000 // some,
        "capital_share": capital * 1000 // np.maximum(words, 1),
        "digit_share": letters[DIGIT] * 1000 // some,
        "digits": np.minimum(letters[DIGIT], 255),
        "mark_share": (letters[PUNCTUATION] + letters[SYMBOL]) * 1000 // some,
        "dashes": np.minimum(letters[DASH], 255),
        "letter_share": (letters[UPPER] + letters[LOWER] + letters[LETTER] + letters[LOGOGRAM]) * 1000 // some,
        "logogram_share": letters[LOGOGRAM] * 1000 // some,
        "word_length": np.minimum((n - words) * 10 // np.maximum(words, 1), MOST),
    }
    columns["weight"] = np.minimum(n + letters[LOGOGRAM] * 2, MOST)  # characters, a logogram counted threefold
    ended = np.isin(columns["closing"], (END, 16 + END)) | ((closing == PUNCTUATION) & (at(last - 1) == END))
    columns["long"] = ((columns["weight"] >= LONG_CHARS) & ended) * 1
    places = np.flatnonzero(kind > DIGIT)  # a sign is no letter, digit or space
    signs_at = codes[places]
    for name, signs in SIGNS.items():
        found = places[np.isin(signs_at, np.array([ord(s) for s in signs], np.uint32))]
        columns[name] = np.minimum(np.diff(np.searchsorted(found, bounds)), 255)
    return {name: np.asarray(values).astype(np.int32) for name, values in columns.items()}


def _places(own: Columns, article_of: Ints, articles: Offsets) -> Columns:
    n = len(article_of)
    index = np.arange(n)
    first, size = articles[article_of], np.diff(articles)[article_of]
    long = own["long"].astype(np.int64)
    before = np.concatenate([[0], np.cumsum(long)])
    weight = np.concatenate([[0], np.cumsum(own["weight"], dtype=np.int64)])
    stop = articles[article_of + 1]
    total = np.maximum(weight[stop] - weight[first], 1)
    last_long = np.maximum.accumulate(np.where(long > 0, index, -1)) if n else index
    next_long = (n - 1 - np.maximum.accumulate(np.where(long[::-1] > 0, index, -1))[::-1]) if n else index
    previous = np.where((last_long >= first) & (last_long >= 0), index - last_long, 99)
    following = np.where((next_long < stop) & (next_long >= index), next_long - index, 99)
    places = {
        "from_start": np.minimum(index - first, 200),
        "from_end": np.minimum(stop - 1 - index, 200),
        "place": (index - first) * 1000 // np.maximum(size, 1),
        "blocks": np.minimum(size, 500),
        "long_before": np.minimum(before[index] - before[first], 200),
        "long_after": np.minimum(before[stop] - before[index + 1], 200),
        "long_share": (before[stop] - before[first]) * 1000 // np.maximum(size, 1),
        "text_before": (weight[index] - weight[first]) * 1000 // total,
        "text_after": (weight[stop] - weight[index + 1]) * 1000 // total,
        "mean_weight": np.minimum(total // np.maximum(size, 1), MOST),
        "since_long": np.minimum(previous, 99),
        "until_long": np.minimum(following, 99),
    }
    return {name: values.astype(np.int32) for name, values in places.items()}


def _repeats(codes: Codes, bounds: Offsets, article_of: Ints) -> Columns:
    """How often the block's text stands in its article, by a hash of its folded code points."""
    n = len(article_of)
    if not n:
        return {"repeats": np.zeros(0, np.int32), "seen": np.zeros(0, np.int32)}
    folded = fold_of(codes).astype(np.uint64)
    folded *= powers_of(BASE, len(codes))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(folded)])
    back = powers_of(BACK, len(codes) + 1)
    salt = article_of.astype(np.uint64) * np.uint64(0xD1342543DE82EF95)
    keys = (sums[bounds[1:]] - sums[bounds[:-1]]) * back[bounds[:-1]] ^ salt
    order = np.argsort(keys, kind="stable")
    new = np.concatenate([[True], keys[order][1:] != keys[order][:-1]])
    group = np.cumsum(new) - 1
    starts = np.flatnonzero(new)
    sizes = np.diff(np.append(starts, n))
    repeats, seen = np.empty(n, np.int32), np.empty(n, np.int32)
    repeats[order] = np.minimum(sizes[group], 50)
    seen[order] = np.minimum(np.arange(n) - starts[group], 50)
    return {"repeats": repeats, "seen": seen}

"""What a block looks like, and where it stands: whole numbers by column, from the code points of a batch."""

from functools import cache

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
)
from dataset_builder.label.text_model import Grams

Columns = dict[str, npt.NDArray[np.int32]]
Ints = npt.NDArray[np.int64]

LONG_CHARS = 100  # a block of running text: at least so long, and ended by a mark
LONG_WORD = 5  # a word that says what a text is about: at least so many characters
REACH = 3  # how many neighbours on each side a block sees
BEYOND = -1  # what a neighbour's columns hold past the article's ends
SIGNS = {"bar": "|", "at": "@", "copyright": "©®™", "arrow": "»›→►▶‹«←·•", "colon": ":：", "slash": "/", "hash": "#"}
MOST = 9_999
BULLETS = np.array([ord(sign) for sign in "-*+•‣◦▪"], np.uint32)
BULLETED, NUMBERED = 1, 2  # how an entry of a list may begin: `- `, or `1. `, `12) `
PLACES = 2**13  # places for the words of one article


def block_shapes(codes: Codes, bounds: Offsets, grams: Grams, article_of: Ints, articles: Offsets) -> Columns:
    """Give the shape columns of each block of a batch, int32, in order.

    codes, bounds: the blocks' code points end to end; grams: of the same blocks; article_of: the article of each block;
    articles: the blocks' offsets by article. Every value depends on the block's own article alone.
    """
    own = _own(codes, bounds)
    columns = dict(own)
    columns |= _places(own, article_of, articles)
    columns |= _repeats(grams, np.diff(bounds), article_of)
    columns |= _shared_words(grams, article_of, articles)
    for name in ("chars", "words", "closing", "upper_share", "digit_share", "long", "first_class", "lead"):
        columns |= neighbours(name, own[name], article_of)
    return columns


def neighbours(name: str, values: npt.NDArray[np.int32], article_of: Ints, reach: int = REACH) -> Columns:
    """Give a column as the blocks up to *reach* before and after have it; `BEYOND` past the article's ends."""
    found = {}
    n = len(values)
    for step in (s for s in range(-reach, reach + 1) if s):
        shifted = np.full(n, BEYOND, np.int32)
        if abs(step) < n:
            here = slice(max(-step, 0), n - max(step, 0))
            there = slice(max(step, 0), n - max(-step, 0))
            same = article_of[here] == article_of[there]
            shifted[here] = np.where(same, values[there], BEYOND)
        found[f"{name}{step:+d}"] = shifted
    return found


@cache
def _kinds() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], dict[str, list[int]]]:
    """The kind of each code point, the class of each kind, and the kinds of each of `SIGNS`.

    A kind is a class of characters, or the signs of one name that are of one class.
    """
    table = classes_of(np.arange(0x110000, dtype=np.uint32))
    class_of = list(range(int(table.max()) + 1))
    kinds: dict[str, list[int]] = {}
    for name, signs in SIGNS.items():
        codes = np.array([ord(sign) for sign in signs])
        classes = table[codes]
        for one in np.unique(classes).tolist():
            table[codes[classes == one]] = len(class_of)
            kinds.setdefault(name, []).append(len(class_of))
            class_of.append(one)
    return table, np.array(class_of), kinds


def _own(codes: Codes, bounds: Offsets) -> Columns:
    table, class_of, signs = _kinds()
    n = np.diff(bounds)
    some = np.maximum(n, 1)
    first, last = bounds[:-1], bounds[1:] - 1
    kind = table.take(codes)

    def at(places: Ints) -> npt.NDArray[np.int64]:
        inside = (places >= first) & (places <= last)
        found = kind.take(places, mode="clip") if len(kind) else np.zeros(len(n), np.uint8)
        return np.where(inside, class_of[found], 0)

    cells = np.repeat(np.arange(len(n)) * len(class_of), n)
    cells += kind
    counts = np.bincount(cells, minlength=len(n) * len(class_of)).reshape(len(n), len(class_of))

    def count(*classes: int) -> npt.NDArray[np.int64]:
        total: npt.NDArray[np.int64] = counts[:, np.isin(class_of, classes)].sum(axis=1)
        return total

    starts_word = np.zeros(len(kind), bool)
    np.equal(kind[:-1], SPACE, out=starts_word[1:])
    starts_word[first[n > 0]] = True
    starts_word &= kind == UPPER
    capital = np.diff(np.searchsorted(np.flatnonzero(starts_word), bounds))
    words = np.where(n > 0, count(SPACE) + 1, 0)
    digits, logograms = count(DIGIT), count(LOGOGRAM)
    opening, second, closing, before = at(first), at(first + 1), at(last), at(last - 1)
    bullet = (opening == PUNCTUATION) & (second == SPACE)
    number = (opening == DIGIT) & (np.isin(second, (PUNCTUATION, END, CLOSE)) | (at(first + 2) == END))
    sign = codes.take(first, mode="clip") if len(codes) else np.zeros(len(n), np.uint32)
    closed = [(at(first + i) == END) | (at(first + i) == CLOSE) for i in (1, 2)]
    spaced = [at(first + i) == SPACE for i in (1, 2, 3)]
    numbered = (opening == DIGIT) & ((closed[0] & spaced[1]) | ((second == DIGIT) & closed[1] & spaced[2]))
    weight = np.minimum(n + logograms * 2, MOST)  # characters, a logogram counted threefold
    ended = (closing == END) | ((before == END) & np.isin(closing, (CLOSE, PUNCTUATION)))
    columns = {
        "chars": np.minimum(n, MOST),
        "words": np.minimum(words, MOST),
        "weight": weight,
        "ends": np.minimum(count(END), 255),
        "closing": np.where(closing == CLOSE, 16 + before, closing),
        "first_class": opening,
        "second_class": second,
        "lead": (opening == SYMBOL) + 2 * (opening == DASH) + 4 * bullet + 8 * number,
        "mark": np.where(np.isin(sign, BULLETS) & spaced[0], BULLETED, numbered * NUMBERED),
        "quoted": ((opening == OPEN) | ((opening == PUNCTUATION) & (closing == PUNCTUATION))) * 1,
        "upper_share": count(UPPER) * 1000 // some,
        "capital_share": capital * 1000 // np.maximum(words, 1),
        "digit_share": digits * 1000 // some,
        "digits": np.minimum(digits, 255),
        "mark_share": count(PUNCTUATION, SYMBOL) * 1000 // some,
        "dashes": np.minimum(count(DASH), 255),
        "letter_share": count(UPPER, LOWER, LETTER, LOGOGRAM) * 1000 // some,
        "logogram_share": logograms * 1000 // some,
        "word_length": np.minimum((n - words) * 10 // np.maximum(words, 1), MOST),
        "long": ((weight >= LONG_CHARS) & ended) * 1,
    }
    columns |= {name: np.minimum(counts[:, kinds].sum(axis=1), 255) for name, kinds in signs.items()}
    return {name: np.asarray(values).astype(np.int32) for name, values in columns.items()}


def _places(own: Columns, article_of: Ints, articles: Offsets) -> Columns:
    n = len(article_of)
    index = np.arange(n)
    first, stop = articles[article_of], articles[article_of + 1]
    size = stop - first
    long = own["long"].astype(np.int64)
    before = np.concatenate([[0], np.cumsum(long)])
    weight = np.concatenate([[0], np.cumsum(own["weight"], dtype=np.int64)])
    total = np.maximum(weight[stop] - weight[first], 1)
    last_long = np.maximum.accumulate(np.where(long > 0, index, -1)) if n else index
    next_long = (n - 1 - np.maximum.accumulate(np.where(long[::-1] > 0, index, -1))[::-1]) if n else index
    previous = np.where(last_long >= first, index - last_long, 99)
    following = np.where(next_long < stop, next_long - index, 99)
    places = {
        "from_start": np.minimum(index - first, 200),
        "from_end": np.minimum(stop - 1 - index, 200),
        "place": (index - first) * 1000 // size,
        "blocks": np.minimum(size, 500),
        "long_before": np.minimum(before[index] - before[first], 200),
        "long_after": np.minimum(before[stop] - before[index + 1], 200),
        "long_share": (before[stop] - before[first]) * 1000 // size,
        "text_before": (weight[index] - weight[first]) * 1000 // total,
        "text_after": (weight[stop] - weight[index + 1]) * 1000 // total,
        "mean_weight": np.minimum(total // size, MOST),
        "since_long": np.minimum(previous, 99),
        "until_long": np.minimum(following, 99),
    }
    return {name: values.astype(np.int32) for name, values in places.items()}


def _repeats(grams: Grams, sizes: Ints, article_of: Ints) -> Columns:
    """How often the block's text stands in its article, and how often it stood there before."""
    n = len(article_of)
    keys = (grams.wholes.astype(np.int64) << 31) | np.minimum(sizes, 2**31 - 1)
    # The sort is stable: equal texts of one article stand together, in order.
    order = np.argsort(keys, kind="stable")
    same = (keys[order][1:] == keys[order][:-1]) & (article_of[order][1:] == article_of[order][:-1])
    starts = np.flatnonzero(np.concatenate([[True], ~same])) if n else np.zeros(0, np.int64)
    counts = np.diff(np.append(starts, n))
    repeats, seen = np.empty(n, np.int32), np.empty(n, np.int32)
    repeats[order] = np.minimum(np.repeat(counts, counts), 50)
    seen[order] = np.minimum(np.arange(n) - np.repeat(starts, counts), 50)
    return {"repeats": repeats, "seen": seen}


def _shared_words(grams: Grams, article_of: Ints, articles: Offsets) -> Columns:
    """How many of the block's longer words stand elsewhere in its article, and how many in the first block.

    Words are told apart by a hash of 13 bits: two words of one article may count as one.
    """
    n = len(article_of)
    long = np.flatnonzero(grams.word_sizes >= LONG_WORD)
    block = np.repeat(np.arange(n), np.diff(grams.word_bounds))[long]
    mixed = (grams.words[long] * np.uint32(0x85EBCA6B)) >> np.uint32(19)
    place = article_of[block] * PLACES + mixed
    first, last = np.empty((2, max(len(articles) - 1, 0) * PLACES), np.int64)
    last[place] = block  # of equal places, the last one written stays
    first[place[::-1]] = block[::-1]
    elsewhere = (first[place] != block) | (last[place] != block)
    begins = articles[article_of[block]]
    titled = (first[place] == begins) & (block != begins)
    words, shared, title = (np.bincount(block[flags], minlength=n) for flags in (slice(None), elsewhere, titled))
    return {
        "long_words": np.minimum(words, MOST).astype(np.int32),
        "shared_share": (shared * 1000 // np.maximum(words, 1)).astype(np.int32),
        "new_words": np.minimum(words - shared, MOST).astype(np.int32),
        "title_share": (title * 1000 // np.maximum(words, 1)).astype(np.int32),
    }

"""Hashed character and word grams of a block, and sums of whole-number weights over them: exact on any machine.

Hashes are polynomials in wrapping 32-bit arithmetic. What is summed over a block lies in one range of an array, so that
a sum is one call of `np.add.reduceat` over the borders of ranges.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from dataset_builder.characters import DIGIT, LETTER, LOWER, MARK, UPPER, Codes, Offsets, classes_of, fold_of

HEAD, TAIL = 160, 96  # of a longer block, only its first and last characters are read
SIZES = (2, 3, 4, 5)  # of character grams
BITS = 16
BASE = np.uint32(0x9E3779B1)
BACK = np.uint32(pow(0x9E3779B1, -1, 2**32))
EDGE = 2  # stands before and after each block
IN_WORD = np.uint32(2**31)  # set in the values of letters, marks and digits
LANE = 32  # two weights share a whole number of 64 bits; one lane's sum stays below 2 ** 31

Words32 = npt.NDArray[np.uint32]
Ints = npt.NDArray[np.int64]
Part = tuple[Ints, Ints, Ints]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grams:
    """The grams of blocks, a part a kind: all buckets, and where each block's own start and end.

    words, word_sizes, word_bounds: each word's hash and number of characters, and the n + 1 offsets by block; wholes: a
    hash of each block's text.
    """

    parts: tuple[Part, ...]
    words: Words32
    word_sizes: Ints
    word_bounds: Ints
    wholes: Words32

    @property
    def counts(self) -> Ints:
        """How many grams each block has."""
        total: Ints = np.sum([ends - starts for _, starts, ends in self.parts], axis=0)
        return total


def grams_of(codes: Codes, bounds: Offsets) -> Grams:
    """Give the grams of each block: of its folded head and tail, digits alike, an edge sign at both ends."""
    text, starts = _capped(codes, bounds)
    first, stop = starts[:-1], starts[1:]
    parts: list[Part] = []
    rolling = text
    for size in range(2, max(SIZES) + 1):
        rolling = rolling[:-1] * BASE
        rolling += text[size - 1 :]
        if size in SIZES:
            parts.append((_bucket(rolling, size), first, np.maximum(stop - size + 1, first)))
    sums = np.zeros(len(text) + 1, np.uint32)
    np.cumsum(text * _powers(len(text), BASE), out=sums[1:])
    begin, end = _words(text)
    words = (sums[end] - sums[begin]) * _powers(len(text) + 1, BACK)[begin]
    word_bounds = np.searchsorted(begin, starts)
    pairs = words[:-1] * np.uint32(31) + words[1:]
    last = np.maximum(word_bounds[1:] - 1, word_bounds[:-1])
    parts += [(_bucket(words, 11), word_bounds[:-1], word_bounds[1:]), (_bucket(pairs, 13), word_bounds[:-1], last)]
    wholes = (sums[stop] - sums[first]) * _powers(len(text) + 1, BACK)[first]
    return Grams(parts=tuple(parts), words=words, word_sizes=end - begin, word_bounds=word_bounds, wholes=wholes)


def sums_over(grams: Grams, weights: npt.NDArray[np.int16]) -> Ints:
    """Give the sums of weights over each block's grams, divided (floor) by the root of their number.

    weights: int16 [outputs, buckets]. Returns int64 [outputs, blocks].
    """
    roots = np.maximum(_roots(grams.counts), 1)
    totals = []
    for pair in range(0, len(weights), 2):
        low, high = weights[pair].astype(np.int64), weights[min(pair + 1, len(weights) - 1)].astype(np.int64)
        table = low + (high << LANE)
        both = np.sum([range_sums(table.take(buckets), s, e) for buckets, s, e in grams.parts], axis=0)
        first = both.astype(np.int32).astype(np.int64)
        totals += [first, (both - first) >> LANE]
    return np.array(totals[: len(weights)]) * 16 // roots


def range_sums(values: Ints, starts: Ints, ends: Ints) -> Ints:
    """Give the sum of *values* over each range; ranges stand in order and do not overlap."""
    some = np.flatnonzero(starts < ends)
    sums = np.zeros(len(starts), np.int64)
    if len(some):
        borders = np.stack([starts[some], ends[some]], 1).ravel()
        # A border at the very end is none to `reduceat`: the last range runs up to there by itself.
        sums[some] = np.add.reduceat(values, borders[:-1] if borders[-1] == len(values) else borders)[::2]
    return sums


def _roots(n: Ints) -> Ints:
    """The floor of 16 times the square root of whole numbers, from a table of squares."""
    limit = int(n.max(initial=0)) * 256
    squares = np.arange(int(limit**0.5) + 3, dtype=np.int64) ** 2
    return np.searchsorted(squares, n * 256, side="right") - 1


def _bucket(hashes: Words32, salt: int) -> Ints:
    mixed = hashes ^ np.uint32(salt * 0x4F6CDD1D % 2**32)
    mixed *= np.uint32(0xED558CCD)
    mixed >>= np.uint32(32 - BITS)
    return mixed.astype(np.int64)  # NumPy's own index type: looked up in several tables, cast once


def _powers(n: int, base: np.uint32) -> Words32:
    """The first *n* powers of *base*."""
    return _power_table(max(n, 2**16).bit_length(), int(base))[:n]


@cache
def _power_table(bits: int, base: int) -> Words32:
    return np.cumprod(np.full(2**bits, base, np.uint32), dtype=np.uint32)


@cache
def _values() -> Words32:
    """The value of each code point: in lower case, every digit as 0, marked where it belongs to a word."""
    codes = np.arange(0x110000, dtype=np.uint32)
    kind = classes_of(codes)
    values: Words32 = np.where(kind == DIGIT, np.uint32(0x30), fold_of(codes))
    values[np.isin(kind, (UPPER, LOWER, LETTER, MARK, DIGIT))] |= IN_WORD
    return values


def _capped(codes: Codes, bounds: Offsets) -> tuple[Words32, Ints]:
    """The values of each block's head and tail between two edges, and the n + 1 offsets by block."""
    n = np.diff(bounds)
    long = n > HEAD + TAIL
    kept = np.where(long, HEAD + TAIL, n) + 2
    starts = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
    # Each block is one or two pieces, each with the place before or after it that the edge takes.
    tail = np.where(long, TAIL + 1, 0)
    sizes = np.stack([kept - tail, tail], 1).ravel()
    shifts = np.stack([bounds[:-1] - 1 - starts[:-1], bounds[1:] + 1 - starts[1:]], 1).ravel()
    places = np.repeat(shifts, sizes)
    places += np.arange(len(places))
    text = _values().take(codes.take(places, mode="clip")) if len(codes) else np.zeros(len(places), np.uint32)
    text[starts[:-1]] = EDGE
    text[starts[1:] - 1] = EDGE
    return text, starts


def _words(text: Words32) -> tuple[Ints, Ints]:
    """Where words start and end."""
    inside = np.zeros(len(text) + 2, bool)
    np.greater_equal(text, IN_WORD, out=inside[1:-1])
    borders = np.flatnonzero(inside[1:] != inside[:-1])
    return borders[::2], borders[1::2]

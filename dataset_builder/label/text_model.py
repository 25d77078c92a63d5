"""Hashed character and word grams of a block, and sums of whole-number weights over them: exact on any machine."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dataset_builder.characters import (
    DIGIT,
    LETTER,
    LOWER,
    MARK,
    UPPER,
    Codes,
    Offsets,
    classes_of,
    fold_of,
    sums_between,
)
from dataset_builder.label.powers import BACK, BASE, powers_of

HEAD, TAIL = 160, 96
GRAMS = (2, 3, 4, 5)
BITS = 16
PIECE = 1024  # blocks
EDGE = 2

Part = tuple[npt.NDArray[np.int64], Offsets]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grams:
    """The grams of blocks, a part a size: the buckets, block after block, and the n + 1 offsets by block."""

    parts: tuple[Part, ...]

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """How many grams each block has."""
        total: npt.NDArray[np.int64] = np.sum([np.diff(offsets) for _, offsets in self.parts], axis=0)
        return total


def grams_of(codes: Codes, bounds: Offsets) -> Grams:
    """Give the grams of each block: of its folded head and tail, digits alike, an edge sign at both ends."""
    text, starts = _capped(codes, bounds)
    values = text.astype(np.uint64)
    parts = []
    rolling = values.copy()
    for size in range(2, max(GRAMS) + 1):
        ahead = np.zeros(len(values), np.uint64)
        ahead[: max(len(values) - size + 1, 0)] = values[size - 1 :]
        rolling *= np.uint64(BASE)
        rolling += ahead
        if size in GRAMS:
            whole = np.ones(len(text) + 1, bool)
            for back in range(1, size):
                whole[np.maximum(starts[1:] - back, starts[:-1])] = False
            offsets = np.concatenate([[0], np.cumsum(np.maximum(np.diff(starts) - size + 1, 0))]).astype(np.int64)
            parts.append((_bucket(rolling[whole[:-1]], size), offsets))
    parts += _words(text, values, starts)
    return Grams(parts=tuple(parts))


def gram_pieces(codes: Codes, bounds: Offsets) -> Iterator[Grams]:
    """Yield the grams of blocks, some blocks at a time: what is at hand then stays in the processor's cache."""
    for first in range(0, len(bounds) - 1, PIECE):
        own = bounds[first : first + PIECE + 1]
        yield grams_of(codes[own[0] : own[-1]], own - own[0])


def sums_over(pieces: Iterable[Grams], weights: npt.NDArray[Any]) -> list[npt.NDArray[np.int64]]:
    """Give the sum of each row of *weights* over each block's grams, divided (floor) by the root of their number.

    Several rows (int16 or int8) are added up at once, each in some bits of one number: the 1,300 grams that a block may
    have fill 27 bits of int16, 19 of int8.
    """
    bits = 32 if weights.dtype.itemsize == 2 else 21
    groups = [weights[k : k + 64 // bits].astype(np.int64) for k in range(0, len(weights), 64 // bits)]
    packed = [(rows << (bits * np.arange(len(rows)))[:, None]).sum(axis=0) for rows in groups]
    roots, totals = [np.zeros(0, np.int64)], [np.zeros((len(packed), 0), np.int64)]
    for grams in pieces:
        roots.append(np.maximum(_roots(grams.counts), 1))
        totals.append(np.array([_totals(grams, row) for row in packed]))
    root, sums = np.concatenate(roots), []
    for rows, left in zip(groups, np.concatenate(totals, axis=1), strict=True):
        for _ in rows:
            low = (left << (64 - bits)) >> (64 - bits)
            sums.append(low * 16 // root)
            left = (left - low) >> bits
    return sums


def _totals(grams: Grams, weights: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    total = np.zeros(1, np.int64)
    for buckets, offsets in grams.parts:
        total = total + sums_between(weights.take(buckets), offsets)
    return total


def _roots(n: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The floor of 16 times the square root of whole numbers, from a table of squares."""
    limit = int(n.max(initial=0)) * 256
    squares = np.arange(int(limit**0.5) + 3, dtype=np.int64) ** 2
    return np.searchsorted(squares, n * 256, side="right") - 1


def _bucket(hashes: npt.NDArray[np.uint64], salt: int) -> npt.NDArray[np.int64]:
    mixed = (hashes ^ np.uint64(salt * 0x2545F4914F6CDD1D % 2**64)) * np.uint64(0xFF51AFD7ED558CCD)
    return (mixed >> np.uint64(64 - BITS)).view(np.int64)


def _capped(codes: Codes, bounds: Offsets) -> tuple[Codes, Offsets]:
    n = np.diff(bounds)
    over = n > HEAD + TAIL
    if over.any():
        turns = np.zeros(len(codes), np.int8)
        turns[bounds[:-1][over] + HEAD] = 1
        turns[bounds[1:][over] - TAIL] = -1
        codes = codes[np.cumsum(turns, dtype=np.int8) == 0]
    starts = np.concatenate([[0], np.cumsum(np.minimum(n, HEAD + TAIL) + 2)]).astype(np.int64)
    text = np.full(int(starts[-1]), EDGE, np.uint32)
    inside = np.ones(len(text), bool)
    inside[starts[:-1]] = False
    inside[starts[1:] - 1] = False
    text[inside] = np.where(classes_of(codes) == DIGIT, np.uint32(0x30), fold_of(codes))
    return text, starts


IN_WORD = (UPPER, LOWER, LETTER, MARK, DIGIT)


def _words(text: Codes, values: npt.NDArray[np.uint64], starts: Offsets) -> list[Part]:
    """The grams of words and of pairs of words that follow each other."""
    kind = classes_of(text)
    inside = np.logical_or.reduce([kind == one for one in IN_WORD])
    edge = np.diff(np.concatenate([[False], inside, [False]]).view(np.int8))
    first, last = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    back = powers_of(BACK, len(text) + 1)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values * powers_of(BASE, len(text)))])
    words = (sums[last] - sums[first]) * back[first]
    offsets = np.searchsorted(first, starts).astype(np.int64)
    pairs = words[:-1] * np.uint64(31) + words[1:]
    same = np.ones(len(words), bool)
    same[np.maximum(offsets[1:] - 1, 0)[np.diff(offsets) > 0]] = False
    pair_offsets = np.concatenate([[0], np.cumsum(np.maximum(np.diff(offsets) - 1, 0))]).astype(np.int64)
    return [(_bucket(words, 11), offsets), (_bucket(pairs[same[:-1]], 13), pair_offsets)]

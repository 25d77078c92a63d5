"""Oblivious trees over whole-number columns with whole-number leaves: the same sums on any machine.

A tree of depth d asks d questions `column > border`; the answers are the bits of the leaf's number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

ROWS = 4096  # rows answered at a time: enough that what a call costs by itself is little


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """An ensemble: the columns' names, distinct splits (column number, border), splits by tree, leaves, bias.

    split_columns, split_borders: int32 [splits], by column; trees: int32 [trees, depth], the first is the lowest bit;
    leaves: int32 [trees, 2 ** depth, outputs], whose sums stay in 32 bits; bias: int64 [outputs].
    """

    columns: tuple[str, ...]
    split_columns: npt.NDArray[np.int32]
    split_borders: npt.NDArray[np.int32]
    trees: npt.NDArray[np.int32]
    leaves: npt.NDArray[np.int32]
    bias: npt.NDArray[np.int64]

    def is_sound(self) -> bool:
        """Whether the arrays belong together, and no sum of leaves can wrap."""
        trees, depth = self.trees.shape if self.trees.ndim == 2 else (0, 0)
        kinds = {array.dtype for array in (self.split_columns, self.split_borders, self.trees, self.leaves)}
        shapes = (self.split_columns.shape == self.split_borders.shape, self.bias.ndim == 1)
        return (
            kinds == {np.dtype(np.int32)}
            and all(shapes)
            and 1 <= depth <= 8
            and self.leaves.shape == (trees, 2**depth, len(self.bias))
            and bool((np.diff(self.split_columns) >= 0).all())
            and _all_below(self.split_columns, len(self.columns))
            and _all_below(self.trees, len(self.split_columns))
            and int(np.abs(self.leaves.astype(np.int64)).max(axis=(1, 2)).sum()) < 2**31
        )

    def sums(self, columns: Mapping[str, npt.NDArray[np.int32]], n: int) -> npt.NDArray[np.int64]:
        """Give the sum of leaves of *n* rows, int64 [n, outputs]."""
        total = np.empty((n, len(self.bias)), np.int64)
        values = [columns[name] for name in self.columns]
        for start in range(0, n, ROWS):
            part = slice(start, min(start + ROWS, n))
            total[part] = self._sums([column[part] for column in values], part.stop - start)
        return total

    def _sums(self, values: Sequence[npt.NDArray[np.int32]], n: int) -> npt.NDArray[np.int64]:
        answers = np.empty((len(self.split_columns), n), np.uint8)
        borders = np.searchsorted(self.split_columns, np.arange(len(values) + 1))
        for column, first, stop in zip(values, borders[:-1], borders[1:], strict=True):
            asked = self.split_borders[first:stop, None]
            np.greater(column, asked, out=answers[first:stop].view(bool))
        leaf = answers[self.trees[:, 0]]
        for bit in range(1, self.trees.shape[1]):
            leaf |= answers[self.trees[:, bit]] << np.uint8(bit)
        total = np.zeros((n, len(self.bias)), self.leaves.dtype)
        for places, leaves in zip(leaf, self.leaves, strict=True):
            total += leaves.take(places, axis=0)
        return total + self.bias


def _all_below(numbers: npt.NDArray[np.int32], limit: int) -> bool:
    return bool(((numbers >= 0) & (numbers < limit)).all())


def pack_trees(names: Sequence[str], model: Mapping[str, Any], scale: int) -> Trees:
    """Give an ensemble from CatBoost's JSON, leaves and bias times *scale*, rounded."""
    raw = model["oblivious_trees"]
    depth = max(len(t["splits"]) for t in raw)
    pairs = sorted({(s["float_feature_index"], int(np.floor(s["border"]))) for t in raw for s in t["splits"]})
    used = sorted({column for column, _ in pairs})
    number = {pair: i for i, pair in enumerate(pairs)}
    scale_bias = model["scale_and_bias"]
    bias = np.atleast_1d(np.array(scale_bias[1], float))
    outputs = len(bias)
    trees, leaves = [], []
    for t in raw:
        splits = [number[s["float_feature_index"], int(np.floor(s["border"]))] for s in t["splits"]]
        values = np.array(t["leaf_values"], float).reshape(-1, outputs)
        # A shallower tree asks its first question again: both answers lead to the same leaf.
        while len(splits) < depth:
            splits.append(splits[0] if splits else 0)
            values = np.concatenate([values, values])
        trees.append(splits)
        leaves.append(np.rint(values * scale))
    return Trees(
        columns=tuple(names[c] for c in used),
        split_columns=np.array([used.index(c) for c, _ in pairs], np.int32),
        split_borders=np.array([b for _, b in pairs], np.int32),
        trees=np.array(trees, np.int32),
        leaves=np.array(leaves, np.int32),
        bias=np.rint(bias * scale).astype(np.int64),
    )

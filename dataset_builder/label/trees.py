"""Oblivious trees over whole-number columns with whole-number leaves: the same sums on any machine.

A tree of depth d asks d questions `column > border`; the answers are the bits of the leaf's number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """An ensemble: the columns' names, distinct splits (column number, border), each tree's splits, leaves, bias.

    split_columns, split_borders: int32 [splits]; trees: int32 [trees, depth], the first split is the lowest bit;
    leaves: int32 [trees, 2 ** depth, outputs]; bias: int64 [outputs].
    """

    columns: tuple[str, ...]
    split_columns: npt.NDArray[np.int32]
    split_borders: npt.NDArray[np.int32]
    trees: npt.NDArray[np.int32]
    leaves: npt.NDArray[np.int32]
    bias: npt.NDArray[np.int64]

    def sums(self, columns: Mapping[str, npt.NDArray[np.int32]], n: int) -> npt.NDArray[np.int64]:
        """Give the sum of leaves of *n* rows, int64 [n, outputs]."""
        answers = np.empty((len(self.split_columns), n), np.uint8)
        for number, (column, border) in enumerate(zip(self.split_columns, self.split_borders, strict=True)):
            np.greater(columns[self.columns[column]], border, out=answers[number].view(bool))
        total = np.repeat(self.bias[None, :], n, axis=0)
        for splits, leaves in zip(self.trees, self.leaves.astype(np.int64), strict=True):
            leaf = answers[splits[-1]].copy()
            for split in splits[-2::-1]:
                leaf += leaf
                leaf |= answers[split]
            total += leaves.take(leaf, axis=0)
        return total


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

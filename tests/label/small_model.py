"""Weights of random numbers: what must hold for any weights is tested without those that were trained."""

from functools import cache

import numpy as np
import pyarrow as pa

from dataset_builder.label.model import (
    ROLES,
    SCALE,
    TABLE_SIZE,
    TABLE_STEP,
    TEXTS,
    Model,
    block_columns,
    category_columns,
    logit_columns,
)
from dataset_builder.label.text_model import BITS
from dataset_builder.label.trees import Trees
from dataset_builder.schema import label_names

CATEGORIES = label_names("category")[1:]


@cache
def random_model(seed: int = 0) -> Model:
    """Weights that know nothing, but ask about every column and give every answer."""
    random = np.random.default_rng(seed)
    text = random.integers(-30_000, 30_000, (len(TEXTS), 2**BITS)).astype(np.int16)
    category_text = random.integers(-127, 128, (len(CATEGORIES), 2**BITS)).astype(np.int16)
    no_texts, articles, none = pa.array([], pa.large_string()), np.zeros(1, np.int64), np.zeros(0, np.int64)
    first = [*block_columns(no_texts, articles, none, text)]
    later = [*first, *logit_columns(none, none)]
    last = [*later, *category_columns(no_texts, none, none, category_text)]
    trees = {
        "boilerplate": _random_trees(random, first, 1),
        "roles": _random_trees(random, later, len(ROLES)),
        "categories": _random_trees(random, last, len(CATEGORIES)),
    }
    logits = (np.arange(TABLE_SIZE) - TABLE_SIZE // 2 + 0.5) * TABLE_STEP / SCALE
    scores = (1 / (1 + np.exp(-logits))).astype(np.float32)
    return Model(
        text=text,
        category_text=category_text,
        trees=trees,
        scores=scores,
        categories=CATEGORIES,
        threshold=0.5,
        sha256="",
        metrics={},
    )


def _random_trees(random: np.random.Generator, columns: list[str], outputs: int) -> Trees:
    splits = len(columns) * 3
    return Trees(
        columns=tuple(columns),
        split_columns=np.repeat(np.arange(len(columns)), 3).astype(np.int32),
        split_borders=random.choice([-1, 0, 1, 2, 5, 12, 40, 200, 500], splits).astype(np.int32),
        trees=random.integers(0, splits, (90, 6)).astype(np.int32),
        leaves=random.integers(-30_000, 30_000, (90, 64, outputs)).astype(np.int32),
        bias=random.integers(-30_000, 30_000, outputs).astype(np.int64),
    )

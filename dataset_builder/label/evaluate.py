"""Measuring the labeller on labelled pages, as the command `evaluate` shows it."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dataset_builder.errors import InputError
from dataset_builder.label.blocks import label_blocks
from dataset_builder.label.measures import measure_labels
from dataset_builder.label.model import Model
from dataset_builder.label.pages import Pages, pages_of, read_pages

BATCH = 400  # pages labelled at a time


def evaluate_files(paths: list[Path], model: Model) -> dict[str, Any]:
    """Give the measures of *model* on labelled pages, by source and variant: `{"sources": {name: measures}, …}`.

    Pages that the weights were trained on flatter them; the numbers in docs/labeller.md come from pages kept apart.
    Raises InputError E210 for a line that is no labelled page, E211 for a file that cannot be read, E212 for none.
    """
    records = read_pages(paths)
    if not records:
        raise InputError(
            "E212", paths[0] if paths else None, "holds no labelled page", "see docs/labeller.md for the form"
        )
    groups: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        name = str(record.get("source", "pages"))
        variant = str(record.get("variant", "residual"))
        groups.setdefault(name if variant == "residual" else f"{name}, {variant}", []).append(record)
    measured = {}
    for name, group in sorted(groups.items()):
        pages = pages_of(group)
        measured[name] = measure_labels(pages, label_pages(pages, model))
    return {"weights_sha256": model.sha256, "sources": measured}


def label_pages(pages: Pages, model: Model) -> pa.Table:
    """Give the labels of all blocks of pages, some hundred pages at a time."""
    parts = []
    for start in range(0, len(pages.records), BATCH):
        offsets = pages.articles[start : start + BATCH + 1]
        texts = pages.texts.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))
        parts.append(label_blocks(texts, np.asarray(offsets - offsets[0]), model))
    return pa.concat_tables(parts)

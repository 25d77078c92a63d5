"""`datasets` doing the same split, its text loader left out: a generator reads the files, then `map` by batch."""

from pathlib import Path
from typing import Any

import datasets

from benchmarks.jobs.datasets_map import split
from benchmarks.lines import texts_of


def run(source: Path, output: Path) -> dict[str, Any]:
    """Read the files of *source* and map them to paragraphs, with the caches in *output*."""
    articles = datasets.Dataset.from_generator(
        lambda: ({"text": text} for _, text in texts_of(source)), cache_dir=str(output)
    )
    return {"rows": len(articles.map(split, batched=True, with_indices=True, remove_columns=["text"]))}

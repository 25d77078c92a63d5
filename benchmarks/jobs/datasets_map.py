"""`datasets` doing the same split: its loader of text files, then `map` by batch into its Arrow cache."""

from pathlib import Path
from typing import Any

import datasets

from benchmarks.lines import split_lines


def run(source: Path, output: Path) -> dict[str, Any]:
    """Read the files of *source* and map them to paragraphs, with the caches in *output*."""
    files = [str(path) for path in sorted(source.rglob("*.txt"))]
    articles = datasets.load_dataset(
        "text", data_files={"train": files}, sample_by="document", split="train", cache_dir=str(output)
    )
    return {"rows": len(articles.map(split, batched=True, with_indices=True, remove_columns=articles.column_names))}


def split(batch: dict[str, list[str]], numbers: list[int]) -> dict[str, list[Any]]:
    """Give the paragraphs of a batch of articles."""
    lines = [split_lines(text) for text in batch["text"]]
    return {
        "article": [number for number, own in zip(numbers, lines, strict=True) for _ in own],
        "position": [position for own in lines for position in range(len(own))],
        "text": [text for own in lines for text in own],
    }

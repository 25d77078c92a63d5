"""Labelled pages: the JSON lines of docs/labeller.md, read for training and measuring."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dataset_builder.errors import InputError
from dataset_builder.segment import normalise

LABELS = ("content", "heading", "boilerplate", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Pages of one variant: their records, all blocks' normalised texts, and the blocks' offsets by page."""

    records: list[dict[str, Any]]
    texts: pa.Array
    articles: npt.NDArray[np.int64]

    @property
    def page_of(self) -> npt.NDArray[np.int64]:
        """The page of each block."""
        return np.repeat(np.arange(len(self.records)), np.diff(self.articles))

    def blocks(self, name: str) -> npt.NDArray[np.str_]:
        """A field of each block as text, empty where it is missing."""
        return np.array([str(b.get(name) or "") for r in self.records for b in r["blocks"]])

    def pages(self, name: str) -> npt.NDArray[np.str_]:
        """A field of each block's page as text, empty where it is missing."""
        return np.array([str(r.get(name) or "") for r in self.records])[self.page_of]

    def only(self, keep: npt.NDArray[np.bool_]) -> "Pages":
        """The pages for which *keep* (one a page) holds."""
        return pages_of([record for record, kept in zip(self.records, keep, strict=True) if kept])


def pages_of(records: list[dict[str, Any]]) -> Pages:
    """Give pages from their records."""
    sizes = [len(record["blocks"]) for record in records]
    texts = normalise(pa.array([b["text"] for r in records for b in r["blocks"]], pa.large_string()))
    return Pages(records=records, texts=texts, articles=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))


def read_pages(paths: list[Path], variant: str | None = None) -> list[dict[str, Any]]:
    """Give the records in *paths* (plain or gzip), of one variant or all. Raises InputError E210 or E211."""
    records = (record for path in paths for record in _read(path))
    return [record for record in records if variant is None or record.get("variant", variant) == variant]


def _read(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _page(line, f"{path}:{number}")
    except (OSError, EOFError, zlib.error) as fault:
        reason = f"cannot be read: {getattr(fault, 'strerror', None) or fault}"
        raise InputError("E211", path, reason, "give existing files of labelled pages") from None


def _page(line: bytes, place: str) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(line)
        sound = isinstance(record["page_id"], str) and bool(record["blocks"])
        for block in record["blocks"]:
            block["text"].encode()  # a lone surrogate is no text
            sound &= block["label"] in LABELS and bool(block["text"].strip())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        sound = False
    if not sound:
        raise InputError("E210", place, "is no labelled page", "docs/labeller.md has the form")
    return record

"""The shards' facts put together: what only the whole corpus can say."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from dataset_builder.check.columns import typed
from dataset_builder.check.shard import Facts, Hashed
from dataset_builder.schema import TABLES


class Corpus:
    """The facts of the shards so far, in order."""

    def __init__(self) -> None:
        self._columns: dict[str, dict[str, list[pa.Array]]] = {name: {} for name in TABLES}
        self._last: dict[str, tuple[Any, ...] | None] = dict.fromkeys(TABLES)
        self._texts: list[Hashed] = []
        self._articles: list[Hashed] = []
        self._counts: dict[str, int] = {}

    def add(self, facts: Facts) -> None:
        """Take in the next shard."""
        for name, columns in facts.columns.items():
            in_order = columns["is_in_order"] & self._follows(name, facts)
            for column, values in (columns | {"is_in_order": in_order}).items():
                self._columns[name].setdefault(column, []).append(typed(name, column, values))
        self._texts.append(facts.texts)
        self._articles.append(facts.articles)
        for count, value in facts.counts.items():
            self._counts[count] = self._counts.get(count, 0) + value

    def _follows(self, name: str, facts: Facts) -> pl.Series:
        """Whether each row of a shard may stand after the shard before: its first row's key is greater than the last.

        Python orders texts by code points, which is the order of their UTF-8 bytes.
        """
        flags = np.ones(len(facts.columns[name]["is_in_order"]), np.bool_)
        if (ends := facts.keys[name]) is not None:
            last, self._last[name] = self._last[name], ends[1]
            flags[0] = last is None or ends[0] > last
        return pl.Series(flags)

    def tables(self) -> dict[str, pa.Table]:
        """Give the derived columns of the tables' views, and the corpus's own view, which has one row."""
        copies, n_repeated = _copies("paragraphs", self._texts)
        article_copies, _ = _copies("articles", self._articles)
        whole = {
            name: {column: pa.chunked_array(parts) for column, parts in found.items()}
            for name, found in self._columns.items()
        }
        whole["paragraphs"]["n_same_text"], whole["articles"]["n_same_text"] = copies, article_copies
        counts, n_articles, n_rows = self._counts, len(article_copies), len(copies)
        corpus = {
            "n_articles": n_articles,
            "n_paragraphs": n_rows,
            "boilerplate_share": _share(counts["boilerplate"], n_rows),
            "other_share": _share(counts["other"], counts["boilerplate"]),
            "undetermined_share": _share(counts["undetermined"], n_articles),
            "duplicate_share": _share(n_repeated, sum(len(part.hashes) for part in self._texts)),
            "inexact_share": _share(counts["inexact"], counts["plain"]),
        }
        whole["corpus"] = {column: typed("corpus", column, [value]) for column, value in corpus.items()}
        return {name: pa.table(found) for name, found in whole.items()}


def _copies(view: str, parts: Sequence[Hashed]) -> tuple[pa.ChunkedArray, int]:
    """How often the text of each counted row stands among them (1 for the others), and how many repeat another."""
    ordered = np.sort(np.concatenate([part.hashes for part in parts]))
    repeats = ordered[1:][ordered[1:] == ordered[:-1]]
    repeated, counts = np.unique(repeats, return_counts=True)
    columns = []
    for part in parts:
        copies = np.ones(len(part.is_counted), np.int32)
        place = np.minimum(np.searchsorted(repeated, part.hashes), max(len(repeated) - 1, 0))
        if len(repeated):
            copies[part.is_counted] += np.where(repeated[place] == part.hashes, counts[place], 0).astype(np.int32)
        columns.append(typed(view, "n_same_text", copies))
    return pa.chunked_array(columns), len(repeats)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None

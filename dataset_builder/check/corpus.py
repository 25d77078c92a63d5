"""The shards' facts put together: what only the whole corpus can say."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dataset_builder.check.columns import typed
from dataset_builder.check.paragraphs import Flags, Hashes
from dataset_builder.check.shard import Facts
from dataset_builder.schema import TABLES


class Corpus:
    """The facts of the shards so far, in order."""

    def __init__(self) -> None:
        self._columns: dict[str, dict[str, list[pa.Array]]] = {name: {} for name in TABLES}
        self._last: dict[str, tuple[Any, ...] | None] = dict.fromkeys(TABLES)
        self._texts: list[Hashes] = []
        self._own: list[Flags] = []
        self._articles: list[Hashes] = []
        self._has_text: list[Flags] = []
        self._counts: dict[str, int] = {}

    def add(self, facts: Facts) -> None:
        """Take in the next shard."""
        for name, columns in facts.columns.items():
            self._follow(name, facts)
            for column, values in columns.items():
                self._columns[name].setdefault(column, []).append(typed(name, column, values))
        self._texts.append(facts.text_hashes)
        self._own.append(facts.is_own_body)
        self._articles.append(facts.article_hashes)
        self._has_text.append(facts.has_text)
        for count, value in facts.counts.items():
            self._counts[count] = self._counts.get(count, 0) + value

    def _follow(self, name: str, facts: Facts) -> None:
        """Compare a shard's first row with the last one before it."""
        ends, last = facts.keys[name], self._last[name]
        if ends is None:
            return
        first, self._last[name] = ends
        if last is not None and _bytes_key(first) <= _bytes_key(last):
            flags = facts.columns[name]["is_in_order"].to_numpy().copy()
            flags[0] = False
            facts.columns[name]["is_in_order"] = flags

    def tables(self) -> dict[str, pa.Table]:
        """Give the derived columns of the tables' views, and the corpus's own view, which has one row."""
        own, has_text = np.concatenate(self._own), np.concatenate(self._has_text)
        n_same_text, n_distinct = _copies(np.concatenate(self._texts), own)
        n_same_article, _ = _copies(np.concatenate(self._articles), has_text)
        whole = {
            name: {c: pa.chunked_array(parts) for c, parts in found.items()} for name, found in self._columns.items()
        }
        whole["paragraphs"]["n_same_text"] = typed("paragraphs", "n_same_text", n_same_text)
        whole["articles"]["n_same_text"] = typed("articles", "n_same_text", n_same_article)
        counts, n_own = self._counts, int(own.sum())
        corpus = {
            "n_articles": len(has_text),
            "n_paragraphs": len(own),
            "boilerplate_share": _share(counts["boilerplate"], len(own)),
            "other_share": _share(counts["other"], counts["boilerplate"]),
            "undetermined_share": _share(counts["undetermined"], len(has_text)),
            "duplicate_share": _share(n_own - n_distinct, n_own),
            "inexact_share": _share(counts["inexact"], counts["plain"]),
        }
        whole["corpus"] = {column: typed("corpus", column, [value]) for column, value in corpus.items()}
        return {name: pa.table(found) for name, found in whole.items()}


def _bytes_key(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(part.encode() if isinstance(part, str) else part for part in key)


def _copies(hashes: Hashes, counted: Flags) -> tuple[npt.NDArray[np.int64], int]:
    """How often the hash of each counted row stands among them (1 for the others), and how many different ones are.

    They are 64 bits of a sha256: two texts that share one by chance do no harm to a warning.
    """
    _, inverse, counts = np.unique(hashes[counted], return_inverse=True, return_counts=True)
    copies = np.ones(len(hashes), np.int64)
    copies[counted] = counts[inverse]
    return copies, len(counts)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None

"""Compares two releases on disk: digests first, then the rows of the articles whose digests differ, shard by shard."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dataset_builder.diff.contract import Record, contract_changes
from dataset_builder.diff.rows import CHANGES, changes_of, compare_columns, compare_paragraphs
from dataset_builder.layout import Release, read_table
from dataset_builder.release import Decision, Facts, count_row_changes, decide_version, facts_of_release
from dataset_builder.release.judged import ROW_CHANGES, span_of
from dataset_builder.release.version import Changes, compare_articles

ROWS = ("added", "removed", "changed", "edited", "moved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs from *old* to *new*, as `CHANGES`.

    *rows* are of paragraphs, *contract* of tables, columns, labels and identity, *articles* of whole articles and their
    columns, *sources* of that side table; *decision* is what the version rule makes of it.
    """

    old: Release
    new: Release
    decision: Decision
    contract: pa.Table
    articles: pa.Table
    rows: pa.Table
    sources: pa.Table

    @property
    def changes(self) -> pa.Table:
        """All changes."""
        return pa.concat_tables([self.contract, self.articles, self.rows, self.sources])

    @property
    def differs(self) -> bool:
        """Whether there is any change."""
        return bool(self.changes.num_rows)

    @property
    def counts(self) -> dict[str, int]:
        """How many paragraphs, articles, columns … there are of each kind, `sources` apart; rows' kinds always."""
        others = [table["kind"].value_counts().to_pylist() for table in (self.contract, _once(self.articles))]
        found = {item["values"]: item["counts"] for part in others for item in part}
        return row_counts(self.rows) | dict(sorted(found.items()))

    def totals(self, column: str) -> dict[str | None, dict[str, int]]:
        """Give the counts of rows by kind for each value of a column of `CHANGES`, the most changed first."""
        rows = _once(self.rows)
        found = rows.group_by([column, "kind"]).aggregate([([], "count_all")]).to_pylist()
        table: dict[str | None, dict[str, int]] = {}
        for item in found:
            table.setdefault(item[column], dict.fromkeys(ROWS, 0))[item["kind"]] = item["count_all"]
        return dict(sorted(table.items(), key=lambda item: (-sum(item[1].values()), item[0] or "")))

    def to_json(self) -> dict[str, Any]:
        """Give all of it as plain values."""
        by = {"role": "role", "category": "boilerplate_category", "section": "section_title", "article": "article_id"}
        totals = {
            name: [{name: value, **counts} for value, counts in self.totals(column).items()]
            for name, column in by.items()
        }
        return {
            "old": {"name": self.old.name, "version": self.old.version},
            "new": {"name": self.new.name, "version": self.new.version},
            "differs": self.differs,
            "bump": self.decision.bump,
            "reasons": list(self.decision.reasons),
            "counts": self.counts,
            "articles_same": self.decision.counts["articles_same"],
            "totals": totals,
            "contract": _records(self.contract),
            "articles": _records(self.articles),
            "rows": _records(self.rows),
            "sources": _records(self.sources),
        }


def compare_releases(old: Release, new: Release) -> Comparison:
    """Give what differs from the release *old* to *new*.

    Articles whose digests are equal are not compared. In memory are the digests, the changes found, and of the rows one
    shard of *new* with those of *old* that face it. Raises EnvironmentFault E411 when a release is damaged.
    """
    was, now = facts_of_release(old), facts_of_release(new)
    found = compare_articles(was, now)
    judged = ROW_CHANGES.empty_table()
    if len(found.judgement):
        judged = count_row_changes(old.files("paragraphs"), new.files("paragraphs"), found.judgement)
    kept = pa.concat_arrays([found.source, found.judgement, found.values])
    all_ids = pa.concat_arrays([found.new, found.gone, kept])
    contract = [*_name(old, new), *contract_changes(was, now)]
    columns = _compare(old, new, "articles", kept, lambda a, b: compare_columns(a, b, "article_changed"))
    return Comparison(
        old=old,
        new=new,
        decision=decide_version(was, now, judged),
        contract=changes_of(contract),
        articles=pa.concat_tables([changes_of(_article_changes(was, now, found, judged)), columns]),
        rows=_compare(old, new, "paragraphs", all_ids, compare_paragraphs),
        sources=_compare(
            old, new, "sources", _other_sources(was, now), lambda a, b: compare_columns(a, b, "source_changed")
        ),
    )


def row_counts(rows: pa.Table) -> dict[str, int]:
    """Give how many rows there are of each kind."""
    counts = {item["values"]: item["counts"] for item in _once(rows)["kind"].value_counts().to_pylist()}
    return {kind: counts.get(kind, 0) for kind in ROWS}


def _once(changes: pa.Table) -> pa.Table:
    """One line a row, of those that have one for each column."""
    about = ["kind", "article_id", "paragraph_id", "role", "boilerplate_category", "section_title"]
    return changes.group_by(about).aggregate([])


def _name(old: Release, new: Release) -> Iterator[Record]:
    if old.name != new.name:
        yield {"kind": "identity_changed", "column": "name", "old": old.name, "new": new.name}


def _article_changes(was: Facts, now: Facts, found: Changes, judged: pa.Table) -> Iterator[Record]:
    renamed = _renamed(was, now, found)
    for old_id, new_id in renamed:
        yield {"kind": "article_renamed", "article_id": new_id, "column": "article_id", "old": old_id, "new": new_id}
    anew = judged.filter(pc.greater(judged["rows"], 0))
    reviewed = judged.filter(pc.equal(judged["rows"], 0))
    untouched = pc.invert(pc.is_in(found.judgement, value_set=judged["article_id"].combine_chunks()))
    ids = {
        "article_new": found.new,
        "article_gone": found.gone,
        "article_moved": found.moved,
        "article_source_changed": found.source,
        "article_judged_anew": anew["article_id"],
        "article_reviewed": reviewed["article_id"],
        "article_values_changed": pa.concat_arrays([found.values, found.judgement.filter(untouched)]),
    }
    for kind, some in ids.items():
        yield from ({"kind": kind, "article_id": article_id} for article_id in some.to_pylist())


def _renamed(was: Facts, now: Facts, found: Changes) -> list[tuple[str, str]]:
    """Pair the articles that are gone with new ones of the same source: text, and what was declared but the title."""
    waiting: dict[bytes, list[str]] = {}
    for row in _of(was, found.gone).to_pylist():
        waiting.setdefault(row["source"], []).append(row["article_id"])
    pairs = []
    for row in _of(now, found.new).to_pylist():
        if waiting.get(row["source"]):
            pairs.append((waiting[row["source"]].pop(0), row["article_id"]))
    return pairs


def _of(facts: Facts, ids: pa.Array) -> pa.Table:
    articles = facts.articles.select(["article_id", "source"])
    return articles.filter(pc.is_in(articles["article_id"], value_set=ids))


def _other_sources(was: Facts, now: Facts) -> pa.Array:
    left, right = (facts.articles.select(["article_id", "sources"]) for facts in (was, now))
    both = left.join(right, "article_id", join_type="inner", right_suffix="_new").combine_chunks()
    return both["article_id"].filter(pc.not_equal(both["sources"], both["sources_new"])).combine_chunks()


def _compare(
    old: Release, new: Release, table: str, ids: pa.Array, compare: Callable[[pa.Table, pa.Table], pa.Table]
) -> pa.Table:
    """Compare the rows of the articles *ids*, as many at a time as a shard of *new* has."""
    parts = [CHANGES.empty_table()]
    if len(ids):
        befores, afters = ([(path, *span_of(path)) for path in release.files(table)] for release in (old, new))
        for some in _cut(sorted(ids.to_pylist()), [first for _, first, _ in afters]):
            parts.append(compare(_rows(befores, some), _rows(afters, some)))
    return pa.concat_tables(parts)


def _cut(ids: list[str], edges: Sequence[str]) -> Iterator[list[str]]:
    places = sorted({0, *(bisect_left(ids, edge) for edge in edges), len(ids)})
    yield from (ids[start:end] for start, end in pairwise(places))


def _rows(files: Sequence[tuple[Path, str, str]], ids: list[str]) -> pa.Table:
    facing = [path for path, first, last in files if first <= ids[-1] and ids[0] <= last] or [files[0][0]]
    wanted = pa.array(ids, pa.string())
    tables = (read_table(path) for path in facing)
    return pa.concat_tables(table.filter(pc.is_in(table["article_id"], value_set=wanted)) for table in tables)


def _records(changes: pa.Table) -> list[dict[str, Any]]:
    return list(changes.to_pylist())

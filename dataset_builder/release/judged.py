"""Counts, article by article, the rows that were judged anew, and apart from them those that a review changed."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dataset_builder.layout import read_table
from dataset_builder.release.facts import JUDGED

if TYPE_CHECKING:
    import polars as pl

ROW_CHANGES = pa.schema(
    [
        pa.field("article_id", pa.string(), nullable=False),
        *(pa.field(name, pa.int64(), nullable=False) for name in ("rows", *JUDGED, "reviewed")),
    ]
)
_COLUMNS = ["article_id", "paragraph_id", "position", "label_origin", *(c for group in JUDGED.values() for c in group)]


def count_row_changes(old: Sequence[Path], new: Sequence[Path], article_ids: pa.Array) -> pa.Table:
    """Give `ROW_CHANGES` for *article_ids*, from the `paragraphs` files of two releases.

    Rows are paired by paragraph_id. `rows` counts those that differ in a judged column other than by review, `text` to
    `language` in which (a row may count in several; one without a partner counts as text), `reviewed` those that only
    a review changed. A review explains a row's label when either side's label_origin is review, and a row's section
    when at or before it in the article a reviewed row became or ceased to be a heading. Articles stand by id; an
    article where nothing differs has no row. One file of *new* is in memory at a time, and the rows of *old* facing it.
    """
    wanted = article_ids.combine_chunks() if isinstance(article_ids, pa.ChunkedArray) else article_ids
    parts = [_compare(*pair) for pair in _facing(old, new, wanted)]
    return pa.concat_tables([ROW_CHANGES.empty_table(), *parts]).sort_by("article_id")


def _facing(old: Sequence[Path], new: Sequence[Path], wanted: pa.Array) -> Iterator[tuple[pa.Table, pa.Table]]:
    spans = [(path, *span_of(path)) for path in old]
    for path in new:
        rows = _rows([path], wanted)
        if rows.num_rows:
            ids = rows["article_id"].unique()
            first, last = ids[0].as_py(), ids[-1].as_py()
            facing = [place for place, least, most in spans if least <= last and first <= most]
            yield _rows(facing, ids) if facing else rows.slice(0, 0), rows


def span_of(path: Path) -> tuple[str, str]:
    """Give the first and last article of a file; code points stand in the order of their UTF-8."""
    ids = read_table(path, ["article_id"])["article_id"]
    return ids[0].as_py(), ids[-1].as_py()


def _rows(files: Sequence[Path], ids: pa.Array) -> pa.Table:
    tables = (read_table(path, _COLUMNS) for path in files)
    return pa.concat_tables(table.filter(pc.is_in(table["article_id"], value_set=ids)) for table in tables)


def _compare(old: pa.Table, new: pa.Table) -> pa.Table:
    import polars as pl

    left, right = (pl.from_arrow(table) for table in (old, new))
    assert isinstance(left, pl.DataFrame)
    assert isinstance(right, pl.DataFrame)
    paired = left.join(right, on=["article_id", "paragraph_id"], how="inner", suffix="_new")
    changed = _changed_pairs(paired)
    alone = [
        side.join(paired, on=["article_id", "paragraph_id"], how="anti").group_by("article_id").len(name)
        for side, name in ((left, "gone"), (right, "come"))
    ]
    counts = (
        changed.join(alone[0], on="article_id", how="full", coalesce=True)
        .join(alone[1], on="article_id", how="full", coalesce=True)
        .fill_null(0)
        .with_columns(unpaired=pl.max_horizontal("gone", "come"))
        .with_columns(rows=pl.col("rows") + pl.col("unpaired"), text=pl.col("text") + pl.col("unpaired"))
        .select(ROW_CHANGES.names)
        .filter(pl.sum_horizontal(ROW_CHANGES.names[1:]) > 0)
        .sort("article_id")
    )
    return counts.to_arrow().cast(ROW_CHANGES)


def _changed_pairs(paired: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    differs = {
        kind: pl.any_horizontal(pl.col(column).ne_missing(pl.col(f"{column}_new")) for column in columns)
        for kind, columns in JUDGED.items()
    }
    by_review = (pl.col("label_origin") == "review") | (pl.col("label_origin_new") == "review")
    heading_moved = by_review & ((pl.col("role") == "heading") != (pl.col("role_new") == "heading"))
    flags = (
        paired.sort("article_id", "position_new")
        .with_columns(**differs, by_review=by_review, opened_by_review=heading_moved.cum_max().over("article_id"))
        .with_columns(any_difference=pl.any_horizontal(*JUDGED))
        .with_columns(
            label=pl.col("label") & ~pl.col("by_review"), section=pl.col("section") & ~pl.col("opened_by_review")
        )
        .with_columns(rows=pl.any_horizontal(*JUDGED))
        .with_columns(reviewed=pl.col("any_difference") & ~pl.col("rows"))
    )
    return flags.group_by("article_id").agg(pl.col("rows", *JUDGED, "reviewed").sum().cast(pl.Int64))

"""Compares the rows of whole articles, column by column; knows no files."""

from collections.abc import Iterable, Sequence

import polars as pl
import polars_hash as plh
import pyarrow as pa

from dataset_builder.diff.edits import pair_edits

_ABOUT = ("position", "role", "boilerplate_category", "section_title")
# One row a change: what it is, of which row and column, from which value to which; *position* to *section_title* are
# the paragraph's (of NEW where it has it), to count and order by.
CHANGES = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        *(pa.field(name, pa.string()) for name in ("article_id", "paragraph_id", "column", "old", "new")),
        pa.field("position", pa.int32()),
        *(pa.field(name, pa.string()) for name in _ABOUT[1:]),
    ]
)
# Where a row stands. When nothing else of it differs, it moved.
PLACE = frozenset(("position", "char_start", "char_end", "section_index", "section_position"))
# Of a whole text, which its paragraphs show, only the sha256 is given.
_HASHED = frozenset(("text", "source_text"))
_KEYS = ["article_id", "paragraph_id"]


def compare_paragraphs(old: pa.Table, new: pa.Table) -> pa.Table:
    """Give the changes (`CHANGES`) from *old* to *new*, rows of `paragraphs`: whole articles, which may be on one side.

    Rows are paired by their ids, then by `pair_edits`. `added` and `removed` have a line for each row, its text;
    `changed`, `edited` and `moved` one for each column that differs. An edited row's line `paragraph_id` has both ids,
    and all of its lines stand under the new one. Order: article, position, paragraph, column.
    """
    left, right = _same_types(_frame(old), _frame(new))
    columns = [name for name in left.columns if name in right.columns and name not in _KEYS]
    edits = pair_edits(left, right)
    kept = left.join(right.with_columns(paragraph_id_new="paragraph_id"), on=_KEYS, how="inner", suffix="_new")
    edited = left.join(edits, on=_KEYS, how="inner").join(
        right, left_on=["article_id", "paragraph_id_new"], right_on=_KEYS, how="inner", suffix="_new"
    )
    else_differs = pl.any_horizontal(pl.lit(False), *(_differs(name) for name in columns if name not in PLACE))
    kept = kept.with_columns(kind=pl.when(else_differs).then(pl.lit("changed")).otherwise(pl.lit("moved")))
    edited = edited.with_columns(kind=pl.lit("edited"))
    alone = {
        "removed": left.join(right, on=_KEYS, how="anti").join(edits, on=_KEYS, how="anti"),
        "added": right.join(left, on=_KEYS, how="anti").join(
            edits.select("article_id", paragraph_id="paragraph_id_new"), on=_KEYS, how="anti"
        ),
    }
    parts = [_cells(kept, columns), _cells(edited, ["paragraph_id", *columns])]
    parts += [_alone(kind, rows) for kind, rows in alone.items()]
    order = ["article_id", "position", "paragraph_id", "kind", "column"]
    return _table(pl.concat(parts).sort(order))


def compare_columns(old: pa.Table, new: pa.Table, kind: str) -> pa.Table:
    """Give the changes (`CHANGES`, all of one *kind*) of rows with the same article_id: a line for each column."""
    left, right = _same_types(_frame(old), _frame(new))
    columns = [name for name in left.columns if name in right.columns and name != "article_id"]
    paired = left.join(right, on="article_id", how="inner", suffix="_new")
    parts = [
        paired.filter(_differs(name)).select(
            "article_id", column=pl.lit(name), old=_shown(left, name), new=_shown(left, name, "_new")
        )
        for name in columns
    ]
    empty = pl.DataFrame(schema=dict.fromkeys(("article_id", "column", "old", "new"), pl.String))
    return _table(pl.concat([empty, *parts]).with_columns(kind=pl.lit(kind)).sort("article_id", "column"))


def changes_of(records: Iterable[dict[str, str | None]]) -> pa.Table:
    """Give changes that are of no row as `CHANGES`, in their order."""
    return pa.Table.from_pylist(list(records), schema=CHANGES)


def _cells(paired: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    parts = [
        paired.filter(_differs(name)).select(
            "kind",
            "article_id",
            pl.col("paragraph_id_new").alias("paragraph_id"),
            pl.lit(name).alias("column"),
            _shown(paired, name, hashed=False).alias("old"),
            _shown(paired, name, "_new", hashed=False).alias("new"),
            *(pl.col(f"{about}_new").alias(about) for about in _ABOUT),
        )
        for name in columns
    ]
    return pl.concat(parts)


def _alone(kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    text, nothing = pl.col("text"), pl.lit(None, dtype=pl.String)
    old, new = (text, nothing) if kind == "removed" else (nothing, text)
    return rows.select(
        pl.lit(kind).alias("kind"), *_KEYS, pl.lit("text").alias("column"), old.alias("old"), new.alias("new"), *_ABOUT
    )


def _differs(name: str) -> pl.Expr:
    return pl.col(name).ne_missing(pl.col(f"{name}_new"))


def _shown(frame: pl.DataFrame, name: str, suffix: str = "", *, hashed: bool = True) -> pl.Expr:
    """A value as text: a list as JSON, a time by ISO 8601, of a whole text its sha256."""
    value, kind = pl.col(name + suffix), frame.schema[name]
    if isinstance(kind, pl.List):
        json = pl.struct(v=value).struct.json_encode().str.strip_prefix('{"v":').str.strip_suffix("}")
        return pl.when(value.is_not_null()).then(json)
    if isinstance(kind, pl.Datetime):
        return value.dt.to_string("iso:strict")
    if hashed and name in _HASHED:
        return pl.lit("sha256:") + plh.col(name + suffix).chash.sha2_256()
    return value.cast(pl.String)


def _same_types(left: pl.DataFrame, right: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Compare a column of two types as text."""
    other = [n for n in left.columns if n in right.columns and left.schema[n] != right.schema[n]]
    return tuple(frame.with_columns(_shown(frame, n).alias(n) for n in other) for frame in (left, right))  # type: ignore[return-value]


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _table(frame: pl.DataFrame) -> pa.Table:
    missing = [pl.lit(None).alias(name) for name in CHANGES.names if name not in frame.columns]
    return frame.with_columns(missing).select(CHANGES.names).to_arrow().cast(CHANGES)

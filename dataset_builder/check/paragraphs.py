"""What the check view says of each paragraph beside its own columns (`view.toml` describes them)."""

import hashlib
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from dataset_builder.check import patterns

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.uint64]

ID_HEX = 16
# Oddities of a text are counted up to this, in a byte.
MOST = 255


def hashes_of(texts: pa.LargeStringArray) -> tuple[Hashes, pa.LargeStringArray]:
    """Give the first eight bytes of each text's sha256, as a number and in hex."""
    offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1].tolist()
    data = memoryview(texts.buffers()[2] or b"")
    sha256 = hashlib.sha256
    starts = b"".join([sha256(data[a:b]).digest()[:8] for a, b in pairwise(offsets)])
    places = np.arange(0, len(starts) * 2 + 1, ID_HEX, dtype=np.int64)
    hex_ = pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(places), pa.py_buffer(starts.hex().encode()))
    return np.frombuffer(starts, ">u8").astype(np.uint64), hex_


def normal_form(texts: pl.Series) -> pl.Series:
    """Whether each text is in NFC, trimmed, and its only white space single spaces."""
    return ~texts.str.contains(patterns.not_normal_space()) & _is_composed(texts)


def normalised(texts: pl.Series) -> pl.Series:
    """Give texts in NFC, each run of white space one space, trimmed."""
    spaced = texts.str.replace_all(f"{patterns.white_space()}+", " ").str.strip_chars(" ")
    return spaced.str.normalize("NFC")


def _is_composed(texts: pl.Series) -> pl.Series:
    unsettled = texts.str.contains(patterns.unsettled())
    if not unsettled.any():
        return ~unsettled
    some = texts.filter(unsettled)
    composed = (~unsettled).to_numpy().copy()
    composed[unsettled.to_numpy()] = (some.str.normalize("NFC") == some).to_numpy()
    return pl.Series(composed)


def is_slice(texts: pl.Series, is_normal: pl.Series, slices: pl.Series) -> Flags:
    """Whether normalising each slice of a source gives the text; a slice that is null gives none.

    Where both are the same, that is whether the text is in its normal form.
    """
    right = np.asarray((slices == texts).fill_null(False).to_numpy() & is_normal.to_numpy())
    others = np.flatnonzero(~right)
    if len(others):
        same = normalised(slices.gather(others)) == texts.gather(others)
        right[others] = same.fill_null(False).to_numpy()
    return right


def id_is_right(rows: pl.DataFrame, hex_: pa.LargeStringArray) -> pl.Series:
    """Whether each paragraph_id follows from article_id, text and the identical rows before it in the article."""
    expected = rows.select("article_id", "paragraph_id", hex=pl.Series(hex_))
    key = ["article_id", "hex"]
    suffix = pl.lit("")
    if expected.select(key).is_duplicated().any():
        earlier = pl.int_range(pl.len()).over(key)
        suffix = pl.when(earlier > 0).then(pl.format("-{}", earlier + 1)).otherwise(pl.lit(""))
    built = pl.concat_str(pl.col("article_id"), pl.lit("#"), pl.col("hex"), suffix)
    return expected.select(built == pl.col("paragraph_id")).to_series()


def first_rows(changes: Flags) -> Ints:
    """Give, for each row, the row at which its run starts, from whether each row starts one."""
    return np.maximum.accumulate(np.where(changes, np.arange(len(changes)), 0)).astype(np.int64)


def changes_of(column: pl.Series) -> Flags:
    """Whether each row differs from the row before; the first does."""
    if not len(column):
        return np.zeros(0, np.bool_)
    changed = column.ne_missing(column.shift(1)).to_numpy().copy()
    changed[0] = True
    return np.asarray(changed, np.bool_)


def section_facts(rows: pl.DataFrame, article_changes: Flags) -> dict[str, pl.Series | npt.NDArray[np.generic]]:
    """Give the columns on sections. A section is a run of an article's rows with one section_index."""
    n = len(rows)
    index = rows["section_index"].to_numpy()
    level = rows["section_level"].to_numpy()
    changes = article_changes | changes_of(rows["section_index"])
    first = first_rows(changes)
    is_heading = (rows["role"] == "heading").to_numpy()
    headings = np.cumsum(is_heading)
    starts = first_rows(article_changes)
    before = np.where(starts > 0, headings[starts - 1], 0) if n else headings
    zero = index == 0
    path = rows["section_path"]
    untitled = rows["section_title"].is_null().to_numpy()
    depth = path.list.len().to_numpy()
    shape = np.where(zero, untitled & (level == 0) & (depth == 0), ~untitled & (level >= 1) & (level == level[first]))
    title = (rows["section_title"] == rows["text"].gather(first)).fill_null(False).to_numpy()
    expected = _section_paths(rows, np.flatnonzero(changes), starts)
    same_path = (path == expected.gather(np.cumsum(changes) - 1)).fill_null(False).to_numpy() if n else zero
    return {
        "headings_so_far": headings - before,
        "row_of_section": np.arange(n) - first,
        "is_section_shape_right": shape,
        "is_section_title_right": zero | title,
        "is_section_path_right": zero | same_path,
    }


def _section_paths(rows: pl.DataFrame, sections: Ints, article_starts: Ints) -> pl.Series:
    """The path that each section should have: that of its parent as it is written, then its own title."""
    some = rows[sections].select("section_level", "section_title", "section_path")
    parents = _parents(some["section_level"].to_numpy(), article_starts[sections])
    above = some["section_path"].gather(np.maximum(parents, 0))
    empty = pl.lit([], dtype=pl.List(pl.String))
    frame = pl.DataFrame({"above": above, "has": parents >= 0, "title": some["section_title"]})
    outer = pl.when(pl.col("has")).then(pl.col("above")).otherwise(empty)
    return frame.select(pl.concat_list(outer, "title")).to_series()


def _parents(levels: npt.NDArray[np.int32], articles: Ints) -> Ints:
    """The nearest earlier section of the same article with a level that is smaller and at least 1; -1 for none."""
    n = len(levels)
    parents = np.full(n, -1, np.int64)
    for level in np.unique(levels[levels > 1]):
        outer = np.where((levels >= 1) & (levels < level), np.arange(n), -1)
        nearest = np.maximum.accumulate(outer)
        mine = np.flatnonzero(levels == level)
        mine = mine[nearest[mine] >= 0]
        same = articles[nearest[mine]] == articles[mine]
        parents[mine[same]] = nearest[mine[same]]
    return parents


def label_facts(rows: pl.DataFrame) -> pl.DataFrame:
    """Give whether category and role agree with is_boilerplate, and with one another."""
    boilerplate, category, role = pl.col("is_boilerplate"), pl.col("boilerplate_category"), pl.col("role")
    own_form = ~(boilerplate & role.is_in(["title", "heading"]))
    byline = (role != "byline") | (boilerplate & (category == "byline"))
    caption = (role != "caption") | (boilerplate & (category == "media"))
    return rows.select(
        is_category_agreeing=(category == "none") != boilerplate,
        is_role_agreeing=own_form & byline & caption,
    )


def text_facts(rows: pl.DataFrame) -> pl.DataFrame:
    """Give the counts of what is odd in a text; texts where nothing can be are looked at once."""
    odd = rows["text"].str.contains(patterns.ODD)
    names = {
        "n_control": patterns.CONTROL,
        "n_replacement": patterns.REPLACEMENT,
        "n_mojibake": patterns.MOJIBAKE,
        "n_direction": patterns.DIRECTION,
        "n_hidden": patterns.HIDDEN,
        "n_markup": patterns.MARKUP,
    }
    some = rows.filter(odd)
    counts = some.select(
        pl.col("text").str.count_matches(p).clip(0, MOST).cast(pl.UInt8).alias(n) for n, p in names.items()
    )
    counts = counts.with_columns(n_markup=pl.when(some["role"] == "code").then(0).otherwise(pl.col("n_markup")))
    places = odd.arg_true()
    whole = {name: pl.zeros(len(rows), pl.UInt8, eager=True).scatter(places, counts[name]) for name in names}
    return pl.DataFrame({**whole, "has_letters": rows["text"].str.contains(patterns.LETTER_OR_DIGIT)})

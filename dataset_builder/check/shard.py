"""The derived columns of one shard: the rows of some articles, those articles, and their sources."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from dataset_builder.check import articles as of_articles
from dataset_builder.check import paragraphs as of_paragraphs
from dataset_builder.check import patterns
from dataset_builder.check.paragraphs import Flags, Hashes, Ints
from dataset_builder.check.stored import Shard, read_columns
from dataset_builder.schema import table

# Row by row, the articles' column that each of these columns of a paragraph repeats.
REPEATED = {"article_title": "title", "url": "url", "published_at": "published_at", "language": "language"}

Columns = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashed:
    """Hashes of the texts of some rows: 64 bits of a sha256 each, so two texts share one by chance only."""

    is_counted: Flags
    hashes: Hashes

    @classmethod
    def of(cls, hashes: Hashes, is_counted: pl.Series) -> "Hashed":
        """Keep the hashes of the counted rows."""
        flags = is_counted.to_numpy()
        return cls(is_counted=flags, hashes=hashes[flags])


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A shard's derived columns by view, and what is to be put together over the corpus.

    columns: view → column → values, row for row. keys: view → the sorting key of the first and of the last row, None
    without rows. texts: hashes of the body rows that are not boilerplate; articles: of the articles' texts that are not
    empty. counts: sums.
    """

    columns: dict[str, Columns]
    keys: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]] | None]
    texts: Hashed
    articles: Hashed
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frames:
    """A shard's tables without nulls where there may be none, and each row's place in the next table, -1 for none."""

    rows: pl.DataFrame
    articles: pl.DataFrame
    sources: pl.DataFrame
    n_nulls: dict[str, Ints]
    article_of_row: Ints
    source_of_article: Ints
    article_of_source: Ints


def facts_of(shard: Shard) -> Facts:
    """Give what the check view says of the shard in these files."""
    frames = _read(shard)
    rows, articles, sources = frames.rows, frames.articles, frames.sources
    text_hashes, hex_ = of_paragraphs.hashes_of(_texts(rows["text"]))
    is_normal = of_paragraphs.normal_form(rows["text"])
    media_type = _gathered(sources["media_type"], frames.source_of_article)
    is_gapless = media_type.is_in(list(of_articles.GAPLESS)).fill_null(False).to_numpy()
    is_slice, lost = of_articles.cut_facts(
        _texts(articles["source_text"]), is_gapless, frames.article_of_row, rows, is_normal
    )
    own_body = (rows["role"] == "body") & ~rows["is_boilerplate"]
    return Facts(
        columns={
            "paragraphs": _paragraph_columns(frames)
            | {
                "is_id_right": of_paragraphs.id_is_right(rows, hex_),
                "is_normalised": is_normal,
                "is_source_slice": is_slice,
            },
            "articles": _article_columns(frames) | {"lost_text": lost},
            "sources": _source_columns(frames),
        },
        keys={
            "paragraphs": _ends(rows, "article_id", "position"),
            "articles": _ends(articles, "article_id"),
            "sources": _ends(sources, "article_id"),
        },
        texts=Hashed.of(text_hashes, own_body),
        articles=Hashed.of(of_paragraphs.hashes_of(_texts(articles["text"]))[0], articles["text"] != ""),
        counts=_counts(frames),
    )


def _read(shard: Shard) -> _Frames:
    rows, row_nulls = _frame("paragraphs", shard)
    articles, article_nulls = _frame("articles", shard)
    sources, source_nulls = _frame("sources", shard)
    return _Frames(
        rows=rows,
        articles=articles,
        sources=sources,
        n_nulls={"paragraphs": row_nulls, "articles": article_nulls, "sources": source_nulls},
        article_of_row=_places(rows["article_id"], articles["article_id"]),
        source_of_article=_places(articles["article_id"], sources["article_id"]),
        article_of_source=_places(sources["article_id"], articles["article_id"]),
    )


def _frame(name: str, shard: Shard) -> tuple[pl.DataFrame, Ints]:
    """A table, and how many columns of each row are null (or NaN) that may not be; these are filled."""
    columns = [column.name for column in table(name).columns]
    frame = pl.DataFrame(pl.from_arrow(read_columns(name, shard[name], columns)))
    n_nulls = np.zeros(len(frame), np.int64)
    fills = []
    for column in table(name).columns:
        if column.nullable:
            continue
        values = frame[column.name]
        if values.dtype.is_float():
            values = values.fill_nan(None)
        if values.null_count():
            n_nulls += values.is_null().to_numpy()
            fills.append(_filled(values))
    return frame.with_columns(fills), n_nulls


def _filled(values: pl.Series) -> pl.Series:
    if values.dtype == pl.List:
        return values.to_frame().select(pl.col(values.name).fill_null([])).to_series()
    if values.dtype == pl.String:
        return values.fill_null("")
    return values.fill_null(False) if values.dtype == pl.Boolean else values.fill_null(-1)


def _texts(values: pl.Series) -> pa.LargeStringArray:
    return values.to_arrow().cast(pa.large_string())


def _places(ids: pl.Series, among: pl.Series) -> Ints:
    """The first row of each id in *among*; -1 for none."""
    rows = pl.DataFrame({"id": among}).with_row_index("row").unique("id", keep="first", maintain_order=True)
    found = pl.DataFrame({"id": ids}).join(rows, on="id", how="left", maintain_order="left")
    return found["row"].cast(pl.Int64).fill_null(-1).to_numpy()


def _gathered(values: pl.Series, places: Ints) -> pl.Series:
    """The values at these places; null at -1."""
    numbers = pl.Series(places)
    return values.gather(pl.select(pl.when(numbers >= 0).then(numbers)).to_series())


def _ends(frame: pl.DataFrame, *key: str) -> tuple[tuple[Any, ...], tuple[Any, ...]] | None:
    ids = frame.select(key)
    return (ids.row(0), ids.row(-1)) if len(ids) else None


def _in_order(frame: pl.DataFrame, *rest: str) -> pl.Series:
    """Whether each row's key is greater than that of the row before; text by its UTF-8 bytes. The first row's is."""
    before = frame.select("article_id", *rest).shift(1)
    order = frame["article_id"] > before["article_id"]
    for column in rest:
        order |= (frame["article_id"] == before["article_id"]) & (frame[column] > before[column])
    return order.fill_null(True)


def _paragraph_columns(frames: _Frames) -> Columns:
    rows, owner = frames.rows, frames.article_of_row
    changes = of_paragraphs.changes_of(rows["article_id"])
    code_points = rows["text"].str.len_chars().cast(pl.Int64)
    counts = [rows[name].is_between(pl.lit(0), code_points) for name in ("n_words", "n_sentences")]
    is_repeated = [
        rows[mine].eq_missing(_gathered(frames.articles[theirs], owner)).to_numpy() for mine, theirs in REPEATED.items()
    ]
    return {
        "n_nulls": frames.n_nulls["paragraphs"],
        "has_article": owner >= 0,
        "is_in_order": _in_order(rows, "position"),
        "row_of_article": np.arange(len(rows)) - of_paragraphs.first_rows(changes),
        "previous_end": np.where(changes, 0, rows["char_end"].shift(1, fill_value=0).to_numpy()),
        "source_length": _gathered(frames.articles["source_text"].str.len_chars(), owner),
        "has_visible_text": rows["text"].str.contains(patterns.visible()),
        "code_points": code_points,
        "is_count_possible": counts[0] & counts[1],
        "is_metadata_equal": (owner < 0) | np.logical_and.reduce(is_repeated),
        **of_paragraphs.label_facts(rows).to_dict(),
        **of_paragraphs.section_facts(rows, changes),
        **of_paragraphs.text_facts(rows).to_dict(),
    }


def _article_columns(frames: _Frames) -> Columns:
    articles, owner = frames.articles, frames.article_of_row
    return {
        "n_nulls": frames.n_nulls["articles"],
        "is_in_order": _in_order(articles),
        "has_source": frames.source_of_article >= 0,
        "is_text_joined": of_articles.joined_texts(frames.rows, owner, len(articles)) == articles["text"],
        "is_language_tag": articles["language"].str.contains(patterns.LANGUAGE_TAG),
        **of_articles.row_facts(frames.rows, owner, len(articles)),
    }


def _source_columns(frames: _Frames) -> Columns:
    sources = frames.sources
    texts = _gathered(frames.articles["source_text"], frames.article_of_source)
    return {
        "n_nulls": frames.n_nulls["sources"],
        "is_in_order": _in_order(sources),
        "has_article": frames.article_of_source >= 0,
        "is_path_relative": ~sources["source_path"].str.contains(patterns.NOT_RELATIVE),
        "is_sha256": sources["source_sha256"].str.contains(patterns.SHA256),
        "is_source_rebuilt": of_articles.is_rebuilt(sources, texts),
    }


def _counts(frames: _Frames) -> dict[str, int]:
    is_boilerplate = frames.rows["is_boilerplate"]
    is_plain = frames.sources["media_type"].is_in(list(of_articles.GAPLESS))
    counted = {
        "boilerplate": is_boilerplate,
        "other": is_boilerplate & (frames.rows["boilerplate_category"] == "other"),
        "undetermined": frames.articles["language"] == "und",
        "plain": is_plain,
        "inexact": is_plain & ~frames.sources["bytes_exact"],
    }
    return {name: int(flags.sum()) for name, flags in counted.items()}

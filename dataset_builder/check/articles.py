"""What the check view says of each article and source beside its own columns (`view.toml` describes them)."""

import codecs
import hashlib

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from dataset_builder.check import patterns
from dataset_builder.check.paragraphs import Flags, Ints, is_slice
from dataset_builder.check.spans import cut_sources

# Formats whose gaps hold white space and invisible characters only: no marks of a block, no tags.
GAPLESS = ("text/plain",)
# A short article's longest paragraph says nothing about how it was cut.
LONG_ARTICLE = 2000
LOST_CHARS = 80
# Text codecs that are no encodings of files; their time grows with the square of the text.
NO_ENCODINGS = ("idna", "punycode")


def cut_facts(
    sources: pa.LargeStringArray, is_gapless: Flags, articles: Ints, rows: pl.DataFrame, is_normal: pl.Series
) -> tuple[Flags, pl.Series]:
    """Give whether each row's text is its normalised slice, and each article's first stretch that no row covers."""
    is_source_slice = np.zeros(len(rows), np.bool_)
    lost: dict[int, str] = {}
    spans = rows["char_start"].to_numpy(), rows["char_end"].to_numpy()
    for pieces in cut_sources(sources, articles, *spans):
        texts = pl.Series(pieces.texts)
        gaps = np.flatnonzero(texts.gather_every(2).str.contains(patterns.visible()).to_numpy())
        gaps = gaps[is_gapless[pieces.articles[gaps]]]
        owners, first = np.unique(pieces.articles[gaps], return_index=True)
        stretches = texts.gather(2 * gaps[first]).str.strip_chars().str.slice(0, LOST_CHARS)
        lost.update(zip(owners.tolist(), stretches.to_list(), strict=True))
        own = np.flatnonzero(pieces.rows >= 0)
        slices = texts.gather(2 * own + 1)
        numbers = pieces.rows[own]
        is_source_slice[numbers] = is_slice(rows["text"].gather(numbers), is_normal.gather(numbers), slices)
    return is_source_slice, pl.Series([lost.get(i) for i in range(len(sources))], dtype=pl.String)


def row_facts(rows: pl.DataFrame, articles: Ints, n_articles: int) -> dict[str, npt.NDArray[np.generic]]:
    """Give what is counted over each article's rows; *articles* gives the article of each row, -1 for none."""
    known = articles >= 0
    owner = articles[known]
    boilerplate = rows["is_boilerplate"].to_numpy()[known]
    chars = rows["text"].str.len_chars().to_numpy()[known].astype(np.int64)
    count = np.bincount(owner, minlength=n_articles)
    marked = np.bincount(owner[boilerplate], minlength=n_articles)
    total = np.bincount(owner, chars, minlength=n_articles)
    longest = np.zeros(n_articles, np.int64)
    np.maximum.at(longest, owner, chars)
    own = np.bincount(owner[~boilerplate], chars[~boilerplate], minlength=n_articles)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(count > 0, marked / count, np.nan)
        longest_share = np.where(total >= LONG_ARTICLE, longest / total, np.nan)
    return {
        "rows_counted": count,
        "boilerplate_counted": marked,
        "own_chars": own.astype(np.int64),
        "boilerplate_share": share,
        "longest_share": longest_share,
    }


def joined_texts(rows: pl.DataFrame, articles: Ints, n_articles: int) -> pl.Series:
    """Give each article's rows that are not boilerplate, in the order of their positions, joined by a blank line."""
    own = np.flatnonzero((articles >= 0) & ~rows["is_boilerplate"].to_numpy())
    own = own[np.lexsort((rows["position"].to_numpy()[own], articles[own]))]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(articles[own], minlength=n_articles))])
    texts = rows["text"].gather(own).to_arrow().cast(pa.large_string())
    lists = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), texts)
    return pl.Series(pc.binary_join(lists, pa.scalar("\n\n", pa.large_string())))


def is_rebuilt(sources: pl.DataFrame, texts: pl.Series) -> pl.Series:
    """Whether each article's source text, written in its encoding, is the bytes that were read.

    Null where `bytes_exact` is false. Where the source has no article, *texts* is null and the answer false.
    """
    columns = (sources[name] for name in ("bytes_exact", "encoding", "source_bytes", "source_sha256"))
    found = [
        _is_written_as(text, encoding, n_bytes, sha256) if exact else None
        for exact, encoding, n_bytes, sha256, text in zip(*columns, texts, strict=True)
    ]
    return pl.Series(found, dtype=pl.Boolean)


def _is_written_as(text: str | None, encoding: str, n_bytes: int, sha256: str) -> bool:
    if text is None:
        return False
    try:
        if codecs.lookup(encoding).name in NO_ENCODINGS:
            return False
        data = text.encode(encoding)
    except (LookupError, ValueError):  # no such encoding, or not all characters have a place in it
        return False
    return len(data) == n_bytes and hashlib.sha256(data).hexdigest() == sha256

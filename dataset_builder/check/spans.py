"""Source texts cut at their paragraphs' spans: the slices, and the gaps between them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Ints = npt.NDArray[np.int64]

# Source bytes that are cut at a time: the places of all their characters are held in memory, eight bytes each.
BATCH_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """Some articles' source texts, cut up.

    texts holds a gap and a slice in turn. The last slice of an article is the empty one at its end, so each gap lies in
    one article. `rows` gives the paragraph of each slice, -1 for an article's end; `articles` its article.
    """

    texts: pa.LargeStringArray
    rows: Ints
    articles: Ints


def cut_sources(sources: pa.LargeStringArray, articles: Ints, starts: Ints, ends: Ints) -> Iterator[Pieces]:
    """Yield the pieces of *sources*, all of them, some articles at a time.

    articles, starts and ends give the place of each paragraph: its source's number (-1: none, the paragraph is passed
    over) and its span in code points. A span that leaves its source, or overlaps the one before, is cut short.
    """
    lengths = pl.Series(sources).str.len_chars().to_numpy().astype(np.int64)
    n_articles = len(sources)
    byte_offsets = np.frombuffer(sources.buffers()[1], np.int64)[sources.offset : sources.offset + n_articles + 1]
    data = np.frombuffer(sources.buffers()[2] or b"", np.uint8)
    known = np.flatnonzero(articles >= 0)
    rows = np.concatenate([known, np.full(n_articles, -1)])
    owner = np.concatenate([articles[known], np.arange(n_articles)])
    begin = np.concatenate([np.clip(starts[known], 0, lengths[articles[known]]), lengths])
    end = np.concatenate([np.clip(ends[known], 0, lengths[articles[known]]), lengths])
    order = np.lexsort((rows < 0, end, begin, owner))
    rows, owner, begin, end = rows[order], owner[order], begin[order], end[order]
    for first, last in _batches(byte_offsets):
        part = slice(np.searchsorted(owner, first), np.searchsorted(owner, last))
        base = np.concatenate([[0], np.cumsum(lengths[first:last])])[owner[part] - first]
        edges = np.zeros(2 * (part.stop - part.start) + 1, np.int64)
        edges[1::2], edges[2::2] = base + begin[part], base + end[part]
        low, high = byte_offsets[first], byte_offsets[last]
        places = _character_places(data[low:high])[np.maximum.accumulate(edges)]
        buffers = pa.py_buffer(places), pa.py_buffer(data[low:high])
        texts = pa.LargeStringArray.from_buffers(len(edges) - 1, *buffers)
        yield Pieces(texts=texts, rows=rows[part], articles=owner[part])


def _character_places(data: npt.NDArray[np.uint8]) -> Ints:
    """Where each character of UTF-8 bytes starts, and their end."""
    return np.append(np.flatnonzero((data & 0xC0) != 0x80), len(data)).astype(np.int64)


def _batches(byte_offsets: Ints) -> Iterator[tuple[int, int]]:
    """Ranges of articles of about BATCH_BYTES, at least one article each."""
    first, n_articles = 0, len(byte_offsets) - 1
    while first < n_articles:
        reach = int(np.searchsorted(byte_offsets, byte_offsets[first] + BATCH_BYTES, side="right")) - 1
        last = min(max(reach, first + 1), n_articles)
        yield first, last
        first = last

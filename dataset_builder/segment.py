"""Articles → paragraphs with their exact places: the rules stand in docs/segmenting.md.

A batch of articles is one array of code points, and every rule a column operation on its lines. Lines become
paragraphs; in a hard-wrapped article the lines of a paragraph are joined first (`wrapping.py`).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dataset_builder.characters import INVISIBLE, SPACE, UNSETTLED, WIDE, Codes, Offsets, codes_of, marked_classes_of
from dataset_builder.wrapping import Lines, paragraph_starts

LF, CR, SPACE_CODE, BYTE_ORDER_MARK = 0x0A, 0x0D, 0x20, 0xFEFF
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraphs:
    """The paragraphs of a batch of articles, in order.

    texts: normalised; starts, ends: half-open, in code points of the paragraph's own article; offsets: where each
    article's paragraphs start, n articles + 1.
    """

    texts: pa.LargeStringArray
    starts: Offsets
    ends: Offsets
    offsets: Offsets


def segment(sources: pa.Array) -> Paragraphs:
    """Give the paragraphs of articles from their source texts (an Arrow string array without nulls).

    Spans and the gaps between them rebuild the source; gaps hold white space and invisible characters only;
    normalising a span's slice gives its text.
    """
    codes, bounds = codes_of(sources)
    marked = marked_classes_of(codes)
    kind = marked & np.uint8(0x3F)
    white = kind == SPACE
    if len(codes):
        first = bounds[:-1][bounds[:-1] < bounds[1:]]
        white[first[codes[first] == BYTE_ORDER_MARK]] = True
    lines = _lines(codes, marked, kind, white, bounds)
    opens = paragraph_starts(lines, codes, kind)
    first_line = np.flatnonzero(opens)
    last_line = np.append(first_line[1:], len(lines.starts))[: len(first_line)] - 1
    starts, ends, article = lines.starts[first_line], lines.ends[last_line], lines.articles[first_line]
    offsets = np.searchsorted(article, np.arange(len(bounds))).astype(np.int64)
    base = bounds[article] if len(article) else article
    texts = _normalised(codes, marked, white, starts, ends)
    return Paragraphs(texts=texts, starts=starts - base, ends=ends - base, offsets=offsets)


def normalise(texts: pa.Array) -> pa.LargeStringArray:
    """Give texts in NFC, each run of white space one space, trimmed (an Arrow string array without nulls)."""
    codes, bounds = codes_of(texts)
    marked = marked_classes_of(codes)
    return _normalised(codes, marked, (marked & np.uint8(0x3F)) == SPACE, bounds[:-1], bounds[1:])


def _lines(
    codes: Codes, marked: npt.NDArray[np.uint8], kind: npt.NDArray[np.uint8], white: Flags, bounds: Offsets
) -> Lines:
    """The lines that hold something visible, trimmed of white space."""
    n = len(codes)
    is_end = codes == LF
    returns = np.flatnonzero(codes == CR)
    if len(returns):
        following = np.minimum(returns + 1, max(n - 1, 0))
        ends_article = np.isin(returns + 1, bounds)
        is_end[returns[(codes[following] != LF) | ends_article]] = True
    starts = np.union1d(np.flatnonzero(is_end) + 1, bounds[:-1])
    starts = starts[starts < n].astype(np.int64)
    stops = np.append(starts[1:], n)[: len(starts)]
    visible = np.flatnonzero(~white & (kind != INVISIBLE))
    near = np.searchsorted(visible, starts)
    holds = np.zeros(len(starts), bool)
    inside = near < len(visible)
    holds[inside] = visible[near[inside]] < stops[inside]
    number = np.flatnonzero(holds)
    begin, stop = starts[number], stops[number]
    solid = np.flatnonzero(~white)
    first, last = solid[np.searchsorted(solid, begin)], solid[np.searchsorted(solid, stop) - 1] + 1
    article = np.searchsorted(bounds, begin, side="right") - 1
    columns = np.concatenate([[0], np.cumsum((marked & WIDE) != 0, dtype=np.int64)])
    return Lines(
        numbers=number,
        articles=article,
        starts=first,
        ends=last,
        indents=first - begin,
        widths=last - begin + columns[last] - columns[begin],
    )


def _normalised(
    codes: Codes, marked: npt.NDArray[np.uint8], white: Flags, starts: Offsets, ends: Offsets
) -> pa.LargeStringArray:
    """The slices' texts: white space runs as one space, trimmed, in NFC. Slices stand in order and do not overlap."""
    if not len(starts):
        return pa.array([], pa.large_string())
    kept = _kept(white, starts[starts < ends], ends[starts < ends])
    out = np.where(white, np.uint32(SPACE_CODE), codes)[kept]
    size = 1 + (out >= 0x80) + (out >= 0x800) + (out >= 0x10000)
    before = np.concatenate([[0], np.cumsum(size, dtype=np.int64)])
    count = np.concatenate([[0], np.cumsum(kept, dtype=np.int64)])
    edges = np.append(before[count[starts]], before[count[ends[-1]]])
    data = str(out.astype("<u4").tobytes(), "utf-32-le").encode("utf-8")
    buffers = [None, pa.py_buffer(edges.astype(np.int64).tobytes()), pa.py_buffer(data)]
    texts = pa.LargeStringArray.from_buffers(len(starts), buffers[1], buffers[2])
    unsettled = np.concatenate([[0], np.cumsum((marked & UNSETTLED) != 0, dtype=np.int64)])
    return _composed(texts, unsettled[ends] > unsettled[starts])


def _kept(white: Flags, starts: Offsets, ends: Offsets) -> Flags:
    """The characters that the slices (none empty) keep: of white space the first of each run between solid ones."""
    edges = np.zeros(len(white) + 1, np.int8)
    edges[starts] += 1
    edges[ends] -= 1
    inside = np.cumsum(edges[:-1], dtype=np.int8) > 0
    after_solid = np.zeros(len(white), bool)
    after_solid[1:] = ~white[:-1]
    after_solid[starts] = False
    kept = inside & (~white | after_solid)
    index = np.flatnonzero(kept)
    at = np.searchsorted(index, ends) - 1
    last = index[np.maximum(at, 0)] if len(index) else at
    kept[last[(at >= 0) & (last >= starts) & white[last]]] = False
    return kept


def _composed(texts: pa.LargeStringArray, unsettled: Flags) -> pa.LargeStringArray:
    if not unsettled.any():
        return texts
    import polars as pl

    mask = pa.array(unsettled)
    some = pl.Series(texts.filter(mask)).str.normalize("NFC").to_arrow().cast(pa.large_string())
    return pc.replace_with_mask(texts, mask, some)

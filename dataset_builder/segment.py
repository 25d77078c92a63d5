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
    sources = sources.cast(pa.large_string())
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
    odd = white & (codes != SPACE_CODE)
    odd[1:] |= white[1:] & white[:-1]
    odd |= (marked & UNSETTLED) != 0
    texts = _slices(sources, starts, ends)
    mask = _holding(np.flatnonzero(odd), starts, ends)
    if mask.any():
        texts = pc.replace_with_mask(texts, pa.array(mask), normalise(texts.filter(pa.array(mask))))
    return Paragraphs(texts=texts, starts=starts - base, ends=ends - base, offsets=offsets)


def normalise(texts: pa.Array) -> pa.LargeStringArray:
    """Give texts in NFC, each run of white space one space, trimmed (an Arrow string array without nulls)."""
    codes, bounds = codes_of(texts)
    marked = marked_classes_of(codes)
    white = (marked & np.uint8(0x3F)) == SPACE
    texts = _squeezed(codes, white, bounds)
    return _composed(texts, _holding(np.flatnonzero((marked & UNSETTLED) != 0), bounds[:-1], bounds[1:]))


def _lines(
    codes: Codes, marked: npt.NDArray[np.uint8], kind: npt.NDArray[np.uint8], white: Flags, bounds: Offsets
) -> Lines:
    """The lines that hold something visible, trimmed of white space."""
    n = len(codes)
    bound = np.zeros(n + 1, bool)
    bound[bounds] = True
    is_end = codes == LF
    returns = np.flatnonzero(codes == CR)
    if len(returns):
        following = np.minimum(returns + 1, n - 1)
        is_end[returns[(codes[following] != LF) | bound[returns + 1]]] = True
    bound[1:] |= is_end
    starts = np.flatnonzero(bound[:n])
    stops = np.append(starts[1:], n)[: len(starts)]
    solid = np.flatnonzero(~white)
    near = np.searchsorted(solid, starts)
    visible = solid if (kind != INVISIBLE).all() else np.flatnonzero(~white & (kind != INVISIBLE))
    number = np.flatnonzero(_holding(visible, starts, stops))
    begin = starts[number]
    first, last = solid[near[number]], solid[np.append(near, len(solid))[number + 1] - 1] + 1
    wide = np.flatnonzero((marked & WIDE) != 0)
    return Lines(
        numbers=number,
        articles=np.searchsorted(bounds, begin, side="right") - 1,
        starts=first,
        ends=last,
        indents=first - begin,
        widths=last - begin + np.searchsorted(wide, last) - np.searchsorted(wide, begin),
        wide=wide,
    )


def _holding(places: Offsets, starts: Offsets, ends: Offsets) -> Flags:
    """Whether each of the slices, which stand in order and do not overlap, holds one of *places*."""
    result: Flags = np.searchsorted(places, ends) > np.searchsorted(places, starts)
    return result


def _slices(sources: pa.LargeStringArray, starts: Offsets, ends: Offsets) -> pa.LargeStringArray:
    """The slices, in code points of all texts end to end, as they stand in the texts."""
    if not len(starts):
        return pa.array([], pa.large_string())
    bounds = np.frombuffer(sources.buffers()[1], np.int64)[sources.offset : sources.offset + len(sources) + 1]
    data = sources.buffers()[2].slice(bounds[0], bounds[-1] - bounds[0])
    heads = np.append(np.flatnonzero((np.frombuffer(data, np.uint8) & 0xC0) != 0x80), len(data))
    edges = heads[np.column_stack([starts, ends]).ravel()]  # slices and the gaps between them, in turn
    both = pa.LargeStringArray.from_buffers(len(edges) - 1, pa.py_buffer(edges), data)
    return both.take(pa.array(np.arange(0, len(edges), 2)))


def _squeezed(codes: Codes, white: Flags, bounds: Offsets) -> pa.LargeStringArray:
    """The texts with each run of white space one space, trimmed."""
    filled = bounds[:-1] < bounds[1:]
    kept = _kept(white, bounds[:-1][filled], bounds[1:][filled])
    out = np.where(white, np.uint32(SPACE_CODE), codes)[kept]
    size = 1 + (out >= 0x80) + (out >= 0x800) + (out >= 0x10000)
    before = np.concatenate([[0], np.cumsum(size, dtype=np.int64)])
    count = np.concatenate([[0], np.cumsum(kept, dtype=np.int64)])
    data = str(out.astype("<u4").tobytes(), "utf-32-le").encode("utf-8")
    return pa.LargeStringArray.from_buffers(
        len(bounds) - 1, pa.py_buffer(before[count[bounds]].tobytes()), pa.py_buffer(data)
    )


def _kept(white: Flags, starts: Offsets, ends: Offsets) -> Flags:
    """The characters that texts (none empty) keep: of white space the first of each run between solid ones."""
    after_solid = np.zeros(len(white), bool)
    after_solid[1:] = ~white[:-1]
    after_solid[starts] = False
    kept = ~white | after_solid
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

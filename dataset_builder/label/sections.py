"""Roles → sections: a heading opens one and belongs to it; a title opens none; leftovers stand in the one around."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]


def sections_of(
    texts: pa.Array, is_heading: npt.NDArray[np.bool_], levels: Ints, articles: Ints
) -> dict[str, pa.Array]:
    """Give the section columns of blocks, in order.

    is_heading: which blocks open a section; levels: of these, 1 upwards; articles: the blocks' offsets by article.
    """
    n = len(is_heading)
    article_of = np.repeat(np.arange(len(articles) - 1), np.diff(articles))
    first = articles[:-1][article_of]
    opened = np.concatenate([[0], np.cumsum(is_heading)])
    index = opened[1:] - opened[first]
    heading = np.maximum.accumulate(np.where(is_heading, np.arange(n), -1)) if n else np.zeros(0, np.int64)
    in_section = index > 0
    start = np.where(in_section, heading, first)
    titles = texts.take(pa.array(np.where(in_section, heading, 0), mask=~in_section))
    return {
        "section_index": pa.array(index, pa.int32()),
        "section_title": titles.cast(pa.string()),
        "section_level": pa.array(np.where(in_section, levels[np.maximum(heading, 0)], 0), pa.int32()),
        "section_path": _paths(texts, np.flatnonzero(is_heading), levels, article_of, heading, in_section),
        "section_position": pa.array(np.arange(n) - start, pa.int32()),
    }


def _paths(
    texts: pa.Array, headings: Ints, levels: Ints, article_of: Ints, heading: Ints, in_section: npt.NDArray[np.bool_]
) -> pa.Array:
    chains = nesting(levels[headings].tolist(), article_of[headings].tolist())
    # One chain more, an empty one, for the rows that stand in no section.
    number = np.where(in_section, np.searchsorted(headings, np.maximum(heading, 0)), len(chains))
    sizes = np.array([*map(len, chains), 0], np.int64)
    flat = np.array([headings[place] for chain in chains for place in chain], np.int64)
    size = sizes[number]
    begin = (np.cumsum(sizes) - sizes)[number]
    offsets = np.concatenate([[0], np.cumsum(size)])
    inside = np.arange(offsets[-1]) - np.repeat(offsets[:-1], size)
    values = texts.take(pa.array(flat[np.repeat(begin, size) + inside])).cast(pa.string())
    kind = pa.list_(pa.field("element", pa.string(), nullable=False))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, type=kind)


def nesting(levels: Sequence[int], articles: Sequence[int]) -> list[list[int]]:
    """Give, for each heading, the numbers of the headings around it and its own: those of a lower level before it."""
    chains: list[list[int]] = []
    open_now: list[int] = []
    for place, (level, article) in enumerate(zip(levels, articles, strict=True)):
        open_now = [p for p in open_now if articles[p] == article and levels[p] < level]
        open_now.append(place)
        chains.append(open_now)
    return chains

"""A heading opens a section and belongs to it; nothing else does."""

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dataset_builder.label.sections import nesting, sections_of


def rows_of(marks: list[list[int]]) -> list[list[dict[str, Any]]]:
    """The sections of articles given by their blocks' levels, 0 for a block that is no heading."""
    levels = np.array([level for article in marks for level in article], np.int64)
    offsets = np.concatenate([[0], np.cumsum([len(article) for article in marks])]).astype(np.int64)
    texts = pa.array([f"{i}.{k}" for i, article in enumerate(marks) for k in range(len(article))], pa.large_string())
    table = pa.table(sections_of(texts, levels > 0, np.maximum(levels, 1), offsets))
    rows = table.to_pylist()
    return [rows[a:b] for a, b in pairwise(offsets)]


def column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[f"section_{name}"] for row in rows]


def test_a_heading_belongs_to_the_section_it_opens() -> None:
    rows = rows_of([[0, 0, 1, 0, 0, 1]])[0]
    assert column(rows, "index") == [0, 0, 1, 1, 1, 2]
    assert column(rows, "position") == [0, 1, 0, 1, 2, 0]
    assert column(rows, "title") == [None, None, "0.2", "0.2", "0.2", "0.5"]
    assert column(rows, "level") == [0, 0, 1, 1, 1, 1]
    assert column(rows, "path") == [[], [], ["0.2"], ["0.2"], ["0.2"], ["0.5"]]


def test_without_a_heading_everything_stands_in_section_0() -> None:
    rows = rows_of([[0, 0, 0]])[0]
    assert column(rows, "index") == [0, 0, 0]
    assert column(rows, "position") == [0, 1, 2]
    assert column(rows, "path") == [[], [], []]


def test_an_articles_sections_end_with_it() -> None:
    first, second = rows_of([[1, 0], [0, 1]])
    assert column(first, "index") == [1, 1]
    assert column(second, "index") == [0, 1]
    assert column(second, "title") == [None, "1.1"]


def test_paths_nest_by_level() -> None:
    rows = rows_of([[1, 2, 3, 2, 4, 1, 3]])[0]
    assert column(rows, "path") == [
        ["0.0"],
        ["0.0", "0.1"],
        ["0.0", "0.1", "0.2"],
        ["0.0", "0.3"],
        ["0.0", "0.3", "0.4"],
        ["0.5"],
        ["0.5", "0.6"],
    ]


def test_a_heading_of_the_same_level_is_no_parent() -> None:
    assert nesting([2, 2, 1], [0, 0, 0]) == [[0], [1], [2]]
    assert nesting([1, 2], [0, 1]) == [[0], [1]]


def test_articles_without_blocks_have_no_sections() -> None:
    assert rows_of([[], [1], []]) == [[], rows_of([[], [1], []])[1], []]
    assert rows_of([]) == []


@given(st.lists(st.lists(st.integers(0, 4), max_size=12), max_size=4))
def test_sections_are_those_of_a_walk_through_the_blocks(marks: list[list[int]]) -> None:
    for number, (article, rows) in enumerate(zip(marks, rows_of(marks), strict=True)):
        index, position, path = 0, -1, list[tuple[int, str]]()
        for place, (level, row) in enumerate(zip(article, rows, strict=True)):
            if level:
                path = [*(entry for entry in path if entry[0] < level), (level, f"{number}.{place}")]
            index, position = (index + 1, 0) if level else (index, position + 1)
            assert row == {
                "section_index": index,
                "section_title": path[-1][1] if path else None,
                "section_level": path[-1][0] if path else 0,
                "section_path": [title for _, title in path],
                "section_position": position,
            }

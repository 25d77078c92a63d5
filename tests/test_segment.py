"""Segmenting: exact places for any text, and the golden cases of its rules."""

import re
import unicodedata
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_builder import wrapping
from dataset_builder.segment import normalise, segment

GOLDEN = Path(__file__).parent / "golden" / "segment"
WHITE = "".join(map(chr, [*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)]))
WHITE += "\u2028\u2029\u202f\u205f\u3000"
INVISIBLE = {*range(0x20), 0x7F, 0xAD, *range(0x200B, 0x2010), *range(0x2060, 0x2065), *range(0x202A, 0x202F)}
INVISIBLE |= {*range(0x2066, 0x206A), 0xFEFF}
PIECES = st.sampled_from(
    [
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        " ",
        "\t",
        "\u00a0",
        "\u2028",
        "\u200b",
        "\ufeff",
        "\u202b",
        "\x85",
        "\x1c",
        "a",
        "wörter",
        "e\u0301",
        "\u1100\u1161",
        "日本語。",
        "- ",
        "1. ",
        "word " * 12,
        "The end.",
        "👩🏽‍🌾",
        "\u0958",
        "x" * 70,
        "\u0300",
        "ก็",
    ]
)
TEXTS = (
    st.lists(PIECES | st.text(max_size=6), max_size=40)
    .map("".join)
    .filter(lambda t: not re.search("[\ud800-\udfff]", t))
)


def one(text: str) -> list[tuple[str, int, int]]:
    found = segment(pa.array([text], pa.string()))
    return list(zip(found.texts.to_pylist(), found.starts.tolist(), found.ends.tolist(), strict=True))


def texts_of(text: str) -> list[str]:
    return [row[0] for row in one(text)]


def naive_normal(text: str) -> str:
    squeezed = re.sub(f"[{WHITE}]+", " ", text).strip(" ")
    composed: str = pl.Series([squeezed]).str.normalize("NFC")[0]
    return composed


@given(st.lists(TEXTS, max_size=4))
def test_spans_and_gaps_rebuild_any_source(sources: list[str]) -> None:
    found = segment(pa.array(sources, pa.string()))
    assert found.offsets[0] == 0
    assert found.offsets[-1] == len(found.texts)
    texts = found.texts.to_pylist()
    for number, source in enumerate(sources):
        at = 0
        for row in range(found.offsets[number], found.offsets[number + 1]):
            start, end = int(found.starts[row]), int(found.ends[row])
            assert at <= start < end <= len(source)
            assert all(c in WHITE or ord(c) in INVISIBLE for c in source[at:start])
            assert texts[row] == naive_normal(source[start:end])
            assert not all(c in WHITE or ord(c) in INVISIBLE for c in texts[row])
            assert source[start] not in WHITE
            assert source[end - 1] not in WHITE
            at = end
        assert all(c in WHITE or ord(c) in INVISIBLE for c in source[at:])


@given(st.lists(TEXTS, max_size=4))
def test_an_article_is_segmented_alone_as_among_others(sources: list[str]) -> None:
    together = segment(pa.array(sources, pa.string()))
    rows = list(zip(together.texts.to_pylist(), together.starts.tolist(), together.ends.tolist(), strict=True))
    assert rows == [row for source in sources for row in one(source)]


@given(st.lists(TEXTS, max_size=6))
def test_normalising_agrees_with_the_rule_applied_text_by_text(texts: list[str]) -> None:
    assert normalise(pa.array(texts, pa.string())).to_pylist() == [naive_normal(text) for text in texts]


@given(st.lists(TEXTS, max_size=3))
def test_normalising_twice_changes_nothing(texts: list[str]) -> None:
    once = normalise(pa.array(texts, pa.string()))
    assert normalise(once).equals(once)


def test_a_batch_without_articles_or_text_has_no_paragraphs() -> None:
    assert len(segment(pa.array([], pa.string())).texts) == 0
    assert segment(pa.array(["", " \n\u200b", ""], pa.string())).offsets.tolist() == [0, 0, 0, 0]


def test_a_byte_order_mark_stands_in_the_leading_gap() -> None:
    assert one("\ufeffA dog.") == [("A dog.", 1, 6 + 1)]


def test_line_and_paragraph_separators_are_white_space_inside_a_paragraph() -> None:
    assert texts_of("One\u2028two\u2029three\x0bfour\nfive") == ["One two three four", "five"]


def test_a_carriage_return_at_an_articles_end_joins_no_line_feed_of_the_next() -> None:
    found = segment(pa.array(["a\r", "\nb"], pa.string()))
    assert found.texts.to_pylist() == ["a", "b"]
    assert found.starts.tolist() == [0, 1]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda p: p.stem)
def test_golden(path: Path) -> None:
    """A golden file holds the source, a line of `=`, and the paragraphs, one a line."""
    source, _, expected = path.read_bytes().decode().partition("\n=====\n")
    assert texts_of(source) == expected.rstrip("\n").split("\n")


def test_the_golden_cases_are_there() -> None:
    assert len(list(GOLDEN.glob("*.txt"))) >= 10


def test_the_documentation_names_golden_cases_that_are_there() -> None:
    text = (GOLDEN.parents[2] / "docs" / "segmenting.md").read_text("utf-8")
    rules = text[text.index("## Paragraphs") : text.index("## Counts")]
    named = set(re.findall(r"`([a-z]+(?:-[a-z0-9]+)+)`", rules))
    assert len(named) > 20
    assert named <= {path.stem for path in GOLDEN.glob("*.txt")}


def test_the_documentation_has_the_numbers_of_the_code() -> None:
    text = (GOLDEN.parents[2] / "docs" / "segmenting.md").read_text("utf-8")
    for name, value in (
        ("`WIDTH_PERCENTILE`", wrapping.WIDTH_PERCENTILE),
        ("`LEAST_WIDTH`, `GREATEST_WIDTH`", f"{wrapping.LEAST_WIDTH}, {wrapping.GREATEST_WIDTH} columns"),
        ("`OVERLONG_SHARE`", f"1 in {wrapping.OVERLONG_SHARE}"),
        ("`LEAST_SOFT`, `SOFT_PERCENT`", f"{wrapping.LEAST_SOFT}, and {wrapping.SOFT_PERCENT}%"),
    ):
        assert f"| {value} | {name} |" in text


def test_offsets_count_code_points() -> None:
    text = "👩🏽‍🌾🌾 x\n\nV\u0323\u0302 y"
    rows = one(text)
    assert [text[start:end] for _, start, end in rows] == ["👩🏽‍🌾🌾 x", "V\u0323\u0302 y"]
    assert rows[1][0] == unicodedata.normalize("NFC", "V\u0323\u0302 y")


def test_spans_of_a_batch_lie_apart_and_in_order() -> None:
    found = segment(pa.array(["a\n\nb\nc"] * 3, pa.string()))
    for first, last in pairwise(found.offsets.tolist()):
        assert np.all(found.ends[first : last - 1] <= found.starts[first + 1 : last])

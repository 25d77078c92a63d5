"""The columns that labels come from are what a plain reading of their definition gives, article by article."""

from math import isqrt

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_builder.characters import codes_of
from dataset_builder.label.model import TEXT_LIMIT, article_means, category_columns, text_columns
from dataset_builder.label.shape import Columns, block_shapes, neighbours
from dataset_builder.label.text_model import BITS, grams_of, range_sums, sums_over
from tests.label.naive import buckets_of, shape_columns

SIGNS = "aB9 .,!?:：|@©»•-–—“”\"'()/#_é中のगｱ\u0301\u200b"
WORDS = ("Harbour", "harbour", "council", "1987", "2021", "Бюджет", "新闻稿", "—", "»", "read", "more")
SENTENCE = st.lists(st.sampled_from(WORDS), min_size=1, max_size=30).map(" ".join)
ANY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
LISTED = st.builds("".join, st.tuples(st.sampled_from(["- ", "• ", "1. ", "12) ", "123. ", "1.", "* "]), SENTENCE))
BLOCK = st.one_of(SENTENCE, LISTED, SENTENCE.map(lambda s: s + "."), st.text(SIGNS, min_size=1, max_size=40), ANY)
ARTICLES = st.lists(st.lists(BLOCK, max_size=6), max_size=3)
RANDOM = np.random.default_rng(5)
WEIGHTS = RANDOM.integers(-32767, 32767, (3, 2**BITS)).astype(np.int16)


def batch(articles: list[list[str]]) -> tuple[pa.Array, np.ndarray, np.ndarray]:
    texts = pa.array([text for article in articles for text in article], pa.large_string())
    offsets = np.concatenate([[0], np.cumsum([len(article) for article in articles])]).astype(np.int64)
    return texts, offsets, np.repeat(np.arange(len(articles)), np.diff(offsets))


def shapes_of(articles: list[list[str]]) -> Columns:
    texts, offsets, article_of = batch(articles)
    codes, bounds = codes_of(texts)
    return block_shapes(codes, bounds, grams_of(codes, bounds), article_of, offsets)


@settings(max_examples=40)
@given(ARTICLES)
def test_shape_columns_are_those_of_a_plain_reading(articles: list[list[str]]) -> None:
    found = shapes_of(articles)
    wanted = [row for article in articles for row in shape_columns(article)]
    assert all(column.dtype == np.int32 for column in found.values())
    rows = [{name: int(column[i]) for name, column in found.items()} for i in range(len(wanted))]
    assert rows == wanted


@settings(max_examples=40)
@given(st.lists(BLOCK, max_size=6))
def test_sums_over_grams_are_those_of_a_plain_reading(texts: list[str]) -> None:
    grams = grams_of(*codes_of(pa.array(texts, pa.large_string())))
    wanted = []
    for text in texts:
        buckets = buckets_of(text)
        root = isqrt(len(buckets) * 256)
        wanted.append([sum(int(row[b]) for b in buckets) * 16 // root for row in WEIGHTS])
    assert sums_over(grams, WEIGHTS).T.tolist() == wanted
    assert grams.counts.tolist() == [len(buckets_of(text)) for text in texts]


def test_the_middle_of_a_long_block_is_not_read() -> None:
    head, tail = "a" * 160, "b" * 96
    texts = pa.array([head + tail, head + "c" * 5_000 + tail], pa.large_string())
    first, second = sums_over(grams_of(*codes_of(texts)), WEIGHTS).T
    assert first.tolist() == second.tolist()


def test_sums_of_the_greatest_weights_do_not_run_into_each_other() -> None:
    texts = pa.array(["ab " * 400], pa.large_string())
    grams = grams_of(*codes_of(texts))
    most, least = np.full(2**BITS, 32767, np.int16), np.full(2**BITS, -32767, np.int16)
    count, root = int(grams.counts[0]), isqrt(int(grams.counts[0]) * 256)
    for pair in ((most, least), (least, most), (least, least), (most, most)):
        wanted = [int(row[0]) * count * 16 // root for row in pair]
        assert sums_over(grams, np.stack(pair))[:, 0].tolist() == wanted


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), max_size=9))
def test_a_sum_of_a_range_is_the_sum_of_its_slice(steps: list[tuple[int, int]]) -> None:
    starts, ends, place = [], [], 0
    for size, gap in steps:
        starts.append(place)
        ends.append(place + size)
        place += size + gap
    values = RANDOM.integers(-9, 9, place).astype(np.int64)
    found = range_sums(values, np.array(starts, np.int64), np.array(ends, np.int64))
    assert found.tolist() == [int(values[a:b].sum()) for a, b in zip(starts, ends, strict=True)]


@settings(max_examples=40)
@given(ARTICLES)
def test_means_are_those_of_the_own_article(articles: list[list[str]]) -> None:
    _, offsets, article_of = batch(articles)
    values = RANDOM.integers(-999, 999, len(article_of)).astype(np.int32)
    found = article_means(values, offsets, article_of)
    for i, article in enumerate(article_of.tolist()):
        own = values[offsets[article] : offsets[article + 1]].tolist()
        at = i - int(offsets[article])
        wanted = [sum(part) // len(part) if part else 0 for part in (own, own[:at], own[at + 1 :])]
        assert [int(found[name][i]) for name in ("mean", "mean_before", "mean_after")] == wanted


def test_a_neighbour_past_the_articles_end_is_none() -> None:
    found = neighbours("x", np.array([5, 6, 7], np.int32), np.array([0, 0, 1]), 2)
    assert {name: column.tolist() for name, column in found.items()} == {
        "x-2": [-1, -1, -1],
        "x-1": [-1, 5, -1],
        "x+1": [6, -1, -1],
        "x+2": [-1, -1, -1],
    }


def test_what_a_text_says_of_its_neighbours_is_heard_in_its_own_article_only() -> None:
    scores = {name: np.array([10, 20, 30], np.int32) for name in ("leftover", "heading", "after", "before")}
    columns = text_columns(scores, np.array([0, 2, 3]), np.array([0, 0, 1]))
    assert columns["text_said_before"].tolist() == [-1, 10, -1]
    assert columns["text_said_after"].tolist() == [20, -1, -1]


@settings(max_examples=20)
@given(ARTICLES, st.data())
def test_category_scores_are_the_blocks_own_and_its_neighbours_in_the_article(
    articles: list[list[str]], data: st.DataObject
) -> None:
    texts, _, article_of = batch(articles)
    n = len(texts)
    if not n:
        return
    chosen = np.array(sorted(data.draw(st.sets(st.integers(0, n - 1), min_size=1))), np.int64)
    weights = WEIGHTS // 256
    every = np.clip(sums_over(grams_of(*codes_of(texts)), weights), -TEXT_LIMIT, TEXT_LIMIT)
    found = category_columns(texts, chosen, article_of, weights)
    for i, block in enumerate(chosen.tolist()):
        for step in (-1, 0, 1):
            near = block + step
            inside = 0 <= near < n and article_of[near] == article_of[block]
            for number in range(len(weights)):
                name = f"category{number}{step:+d}" if step else f"category{number}"
                assert found[name][i] == (every[number, near] if inside else -TEXT_LIMIT - 1)

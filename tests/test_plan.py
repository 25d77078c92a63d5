"""Where shards end: decided by the ids, so that one article more or less changes one file."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_builder.plan import GREATEST_BYTES, LEAST_MEAN, MOST_FILES, cut_shards, ends_shard, mean_shard_size

IDS = st.sets(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8), max_size=60).map(
    lambda ids: sorted(ids, key=str.encode)
)


def shards_of(ids: list[str], mean: int = 4, sizes: list[int] | None = None) -> list[tuple[str, ...]]:
    return [tuple(ids[cut]) for cut in cut_shards(ids, sizes or [1] * len(ids), mean)]


@pytest.mark.parametrize(
    ("articles", "before", "mean"),
    [
        (0, None, 1024),
        (1024 * 64, None, 1024),
        (1024 * 64 + 1, None, 2048),
        (10_000_000, None, 262_144),
        (1024 * 64 + 1, 1024, 1024),
        (1024 * 200, 1024, 1024),
        (1024 * 200 + 1, 1024, 2048),
        (10, 8192, 8192),
    ],
)
def test_the_mean_is_chosen_once_kept_and_doubled_above_200_files(articles: int, before: int | None, mean: int) -> None:
    assert mean_shard_size(articles, before) == mean


@given(st.integers(0, 10**9), st.none() | st.integers(0, 20).map(lambda power: LEAST_MEAN << power))
def test_the_mean_is_a_power_of_two_times_the_one_before(articles: int, before: int | None) -> None:
    mean = mean_shard_size(articles, before)
    factor, rest = divmod(mean, before or LEAST_MEAN)
    assert rest == 0
    assert factor.bit_count() == 1
    assert articles <= mean * MOST_FILES


@given(IDS)
def test_shards_hold_every_article_once_in_order(ids: list[str]) -> None:
    shards = shards_of(ids)
    assert [article for shard in shards for article in shard] == ids
    assert all(shards)


@given(IDS, st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8))
def test_one_article_more_changes_the_shard_it_falls_in_and_splits_it_at_most(ids: list[str], new: str) -> None:
    before = shards_of([article for article in ids if article != new])
    after = shards_of(sorted({*ids, new}, key=str.encode))
    changed, gone = set(after) - set(before), set(before) - set(after)
    assert len(gone) <= 1
    assert len(changed) <= 2
    assert {a for shard in changed for a in shard} == {a for shard in gone for a in shard} | {new}


@given(IDS, st.data())
def test_a_changed_size_moves_no_boundary_of_the_next_shards(ids: list[str], data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, GREATEST_BYTES), min_size=len(ids), max_size=len(ids)))
    shards = shards_of(ids, 4, sizes)
    size = dict(zip(ids, sizes, strict=True))
    assert all(len(shard) == 1 or sum(size[a] for a in shard) <= GREATEST_BYTES for shard in shards)
    ends = {shard[-1] for shard in shards}
    assert {article for article in ids if ends_shard(article, 4)} <= ends


def test_one_article_in_so_many_ends_a_shard() -> None:
    ends = sum(ends_shard(f"article-{number}", 16) for number in range(16_000))
    assert 900 < ends < 1100


def test_a_boundary_is_a_published_function_of_the_id() -> None:
    digest = hashlib.sha256("naïve/ид".encode()).digest()
    assert ends_shard("naïve/ид", 2) == (digest[7] % 2 == 0)


def test_a_boundary_of_a_doubled_mean_is_one_of_the_mean_before() -> None:
    ids = [f"article-{number}" for number in range(2000)]
    assert {i for i in ids if ends_shard(i, 32)} < {i for i in ids if ends_shard(i, 16)}

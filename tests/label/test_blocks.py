"""What holds of labels whatever the weights: an article's labels are its own, and roles fit what a block is for."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_builder.label import Model, label_blocks
from dataset_builder.label.blocks import is_listed
from dataset_builder.schema import label_names
from tests.label.small_model import random_model
from tests.label.test_columns import ARTICLES, batch

Rows = list[dict[str, object]]


def labels_of(articles: list[list[str]], model: Model, **options: object) -> list[Rows]:
    texts, offsets, _ = batch(articles)
    rows = label_blocks(texts, offsets, model, **options).to_pylist()  # type: ignore[arg-type]
    return [rows[a:b] for a, b in pairwise(offsets)]


BODY = "A paragraph that runs on for a while, and says what there is to say."
MANY = [
    [f"Heading {i}", BODY * (i % 4 + 1), "- item", "© x", *(f"Read more: {i * k} things" for k in range(i % 7))]
    for i in range(40)
]


@pytest.mark.parametrize("size", [1, 7, 40])
def test_labels_are_the_same_in_batches_of_any_size(size: int) -> None:
    whole = labels_of(MANY, random_model())
    parts = [rows for i in range(0, 40, size) for rows in labels_of(MANY[i : i + size], random_model())]
    assert parts == whole


@settings(max_examples=15)
@given(ARTICLES, st.randoms(use_true_random=False))
def test_labels_do_not_depend_on_the_order_of_articles(articles: list[list[str]], random: object) -> None:
    order = list(range(len(articles)))
    random.shuffle(order)  # type: ignore[attr-defined]
    whole, shuffled = (labels_of(a, random_model()) for a in (articles, [articles[i] for i in order]))
    assert shuffled == [whole[i] for i in order]


@settings(max_examples=25)
@given(ARTICLES)
def test_roles_and_categories_fit_together(articles: list[list[str]]) -> None:
    for article in labels_of(articles, random_model()):
        assert sum(row["role"] == "title" for row in article) <= 1
        for row in article:
            assert row["is_boilerplate"] == (row["boilerplate_category"] != "none")
            assert 0 <= float(str(row["boilerplate_score"])) <= 1
            assert row["role"] in label_names("role")
            allowed = {"byline": {"byline"}, "media": {"caption"}}.get(str(row["boilerplate_category"]))
            if row["is_boilerplate"]:
                assert row["role"] in (allowed or {"body", "list_item"})
            else:
                assert row["role"] not in ("byline", "caption")


def test_random_weights_give_every_kind_of_label() -> None:
    """Else the claims about roles would hold of little."""
    rows = [row for seed in range(3) for article in labels_of(MANY, random_model(seed)) for row in article]
    assert {row["is_boilerplate"] for row in rows} == {True, False}
    assert len({row["role"] for row in rows}) >= 6
    assert len({row["boilerplate_category"] for row in rows}) >= 6


def test_a_title_stands_among_the_first_blocks() -> None:
    article = [f"Line {i}" for i in range(60)]
    for seed in range(8):
        places = [i for i, row in enumerate(labels_of([article], random_model(seed))[0]) if row["role"] == "title"]
        assert all(place < 5 for place in places)


def test_the_threshold_decides_and_reaches_the_score_itself() -> None:
    scores = [float(str(row["boilerplate_score"])) for article in labels_of(MANY, random_model()) for row in article]
    middle = sorted(scores)[len(scores) // 2]
    for threshold in (0.0, middle, 1.0):
        rows = [row for article in labels_of(MANY, random_model(), threshold=threshold) for row in article]
        assert [row["is_boilerplate"] for row in rows] == [score >= np.float32(threshold) for score in scores]


def test_everything_and_nothing_may_be_boilerplate() -> None:
    everything = [row for article in labels_of(MANY, random_model(), threshold=0.0) for row in article]
    nothing = [row for article in labels_of(MANY, random_model(), threshold=1.0) for row in article]
    assert all(row["is_boilerplate"] and row["section_index"] == 0 for row in everything)
    assert not any(row["is_boilerplate"] for row in nothing)


def test_markup_makes_headings_with_levels() -> None:
    article = ["One", "Body of one.", "Two", "Body of two."]
    levels = np.array([1, 0, 2, 0], np.int32)
    rows = labels_of([article], random_model(), threshold=1.0, levels=levels)[0]
    assert [row["role"] in ("heading", "title") for row in rows][0::2] == [True, True]
    assert rows[2]["role"] == "heading"
    assert rows[2]["section_level"] == 2


def test_markup_makes_no_heading_of_a_leftover() -> None:
    rows = labels_of([["Subscribe", "Body."]], random_model(), threshold=0.0, levels=np.array([2, 0], np.int32))[0]
    assert rows[0]["role"] not in ("heading", "title")
    assert rows[1]["section_index"] == 0


@pytest.mark.parametrize(
    "articles", [[], [[]], [[], ["One block."], []], [["a"]], [["!"]], [["1", "—", "⁂"]], [["中"]]]
)
def test_articles_without_blocks_and_blocks_without_letters_are_labelled(articles: list[list[str]]) -> None:
    assert [len(rows) for rows in labels_of(articles, random_model())] == [len(article) for article in articles]


def test_an_empty_batch_has_the_columns_of_a_full_one() -> None:
    empty = label_blocks(pa.array([], pa.large_string()), np.zeros(1, np.int64), random_model())
    full = label_blocks(pa.array(["One"], pa.large_string()), np.array([0, 1]), random_model())
    assert empty.schema == full.schema


def test_ten_thousand_blocks_are_labelled_as_one_article() -> None:
    article = [f"Block {i % 97} of the list" + "." * (i % 3) for i in range(10_000)]
    rows = labels_of([article], random_model())[0]
    assert len(rows) == 10_000
    assert max(int(str(row["section_index"])) for row in rows) > 0


def test_a_slice_of_an_array_is_labelled_as_its_copy() -> None:
    texts = pa.array(["x", *MANY[3], "y"], pa.large_string())
    cut = texts.slice(1, len(MANY[3]))
    offsets = np.array([0, len(MANY[3])])
    assert label_blocks(cut, offsets, random_model()).equals(label_blocks(pa.array(MANY[3]), offsets, random_model()))


def test_entries_of_a_list_are_told_by_their_marks() -> None:
    texts = [
        "- one thing",
        "- another thing",
        "Then a paragraph.",
        "- Said alone, as in a dialogue.",
        "3. May was warm.",
    ]
    marks = np.array([1, 1, 0, 1, 2], np.int32)
    assert is_listed(marks, np.zeros(5, np.int64)).tolist() == [True, True, False, False, False]
    assert is_listed(marks, np.array([0, 1, 1, 1, 1])).tolist() == [False] * 5
    listed = labels_of([texts], random_model(), threshold=0.0)[0]
    assert {row["role"] for row in listed[:2]} <= {"list_item", "byline", "caption"}
    assert {row["role"] for row in listed[2:]} <= {"body", "byline", "caption"}

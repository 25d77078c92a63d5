"""What any reader would expect of the labels, on articles written for these tests (checks.toml)."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dataset_builder.label import label_blocks, load_model
from dataset_builder.schema import label_names

# What the present weights get wrong, by article and block; weights that get more wrong are refused.
KNOWN_WRONG: frozenset[tuple[str, int]] = frozenset(
    {
        ("ar بئر", 5),
        ("ar بئر", 6),
        ("ar بئر", 7),
        ("el πηγάδι", 5),
        ("el πηγάδι", 7),
        ("en interview", 4),
        ("en leftovers in the middle", 5),
        ("en magazines", 2),
        ("en recipe", 3),
        ("en recipe", 4),
        ("es panadería", 1),
        ("fr phare", 1),
        ("fr phare", 8),
        ("ja 灯台", 3),
        ("ja 灯台", 5),
        ("ja 灯台", 6),
        ("nl molen", 5),
        ("nl molen", 7),
        ("pl zegar", 7),
        ("pt farol", 6),
        ("tr çınar", 5),
        ("tr çınar", 7),
        ("zh 渡口", 0),
        ("zh 渡口", 3),
        ("zh 渡口", 6),
    }
)


@cache
def articles() -> dict[str, list[tuple[str, str]]]:
    content = tomllib.loads(Path(__file__).with_name("checks.toml").read_text("utf-8"))
    return {
        article["name"]: [tuple(block.split(": ", 1)) for block in article["blocks"]] for article in content["article"]
    }


@cache
def labels() -> list[tuple[str, int, str, dict[str, Any]]]:
    """The name of the article, the place, what is expected and what is found, of each block."""
    blocks = [(name, place, *block) for name, rows in articles().items() for place, block in enumerate(rows)]
    offsets = np.concatenate([[0], np.cumsum([len(rows) for rows in articles().values()])]).astype(np.int64)
    table = label_blocks(pa.array([text for _, _, _, text in blocks], pa.large_string()), offsets, load_model())
    return [(name, place, want, row) for (name, place, want, _), row in zip(blocks, table.to_pylist(), strict=True)]


def fits(want: str, row: dict[str, Any]) -> bool:
    found: str = row["boilerplate_category"] if row["is_boilerplate"] else row["role"]
    return want == found


def wrong() -> dict[tuple[str, int], str]:
    return {
        (name, place): f"{want}, found {row['boilerplate_category']} {row['role']} {row['boilerplate_score']:.2f}"
        for name, place, want, row in labels()
        if not fits(want, row)
    }


def test_the_articles_are_in_many_languages_and_hold_every_kind_of_block() -> None:
    wanted = {want for _, _, want, _ in labels()}
    assert len({name.split()[0] for name in articles()}) >= 12
    assert len(labels()) >= 120
    assert wanted >= set(label_names("category")) - {"none", "other", "media"}
    assert wanted >= {"title", "heading", "body", "list_item"}


def test_no_more_blocks_are_wrong_than_those_known() -> None:
    new = {key: said for key, said in wrong().items() if key not in KNOWN_WRONG}
    assert len(wrong()) <= len(KNOWN_WRONG), new


def test_every_block_known_to_be_wrong_is_one_of_the_articles() -> None:
    assert {(name, place) for name, place, _, _ in labels()} >= KNOWN_WRONG


def test_running_text_is_never_lost() -> None:
    lost = [(name, place) for name, place, want, row in labels() if want == "body" and row["is_boilerplate"]]
    assert lost == []

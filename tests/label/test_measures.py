"""Measures agree with numbers worked out by hand, and with the benchmark's own program where it is at hand."""

import importlib.util
import random
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dataset_builder.errors import InputError
from dataset_builder.label.evaluate import evaluate_files, label_pages
from dataset_builder.label.measures import (
    measure_calibration,
    measure_categories,
    measure_labels,
    measure_thresholds,
    rank_measures,
)
from dataset_builder.label.pages import pages_of, read_pages
from dataset_builder.label.sections import sections_of
from tests.label.small_model import random_model

Record = dict[str, Any]


def labels_of(roles: list[str], scores: list[float], records: list[Record]) -> pa.Table:
    """Labels as the labeller gives them, from roles (`-` for boilerplate) and scores."""
    pages = pages_of(records)
    is_heading = np.array([role == "heading" for role in roles])
    return pa.table(
        {
            "role": pa.array(["body" if role == "-" else role for role in roles]),
            "is_boilerplate": pa.array([role == "-" for role in roles]),
            "boilerplate_score": pa.array(scores, pa.float32()),
            **sections_of(pages.texts, is_heading, np.ones(len(roles), np.int64), pages.articles),
        }
    )


def block(label: str, text: str = "ten chars.", **more: Any) -> Record:
    return {"label": label, "text": text, **more}


FIRST = {
    "page_id": "a",
    "site": "a.example",
    "sections": True,
    "blocks": [
        block("heading", "Title", sub="title"),
        block("content", sec=None),
        block("heading", "Part"),
        block("content", "x" * 30, sec=2),
        block("content", sec=2),
        block("boilerplate", "x" * 20),
        block("boilerplate", "share"),
        block("unknown"),
    ],
}
SECOND = {"page_id": "b", "site": "b.example", "blocks": [block("content")]}
ROLES = ["heading", "body", "heading", "-", "heading", "-", "body", "-", "body"]
SCORES = [0.1, 0.2, 0.1, 0.8, 0.3, 0.9, 0.4, 1.0, 0.0]


def test_measures_are_those_worked_out_by_hand() -> None:
    found = measure_labels(pages_of([FIRST, SECOND]), labels_of(ROLES, SCORES, [FIRST, SECOND]), intervals=False)
    # One of two leftovers is found, one of six others is called one; the unknown block does not count.
    assert (found["pages"], found["blocks"], found["boilerplate"]) == (2, 8, 2)
    assert (found["precision"], found["recall"], found["f1"]) == (0.5, 0.5, 0.5)
    assert found["macro_f1"] == 0.75  # 0.5, and 1 for the clean page
    assert found["character_f1"] == round(2 * 20 / (2 * 20 + 30 + 5), 4)
    assert found["lost_characters"] == round(30 / (5 + 10 + 4 + 30 + 10 + 10), 4)
    assert found["perfect_pages"] == 0.5
    assert found["heading_f1"] == round(2 / (2 + 1), 4)  # the title counts for nothing, block 4 is none
    # Right: the paragraph under the page's title, and the one under "Part"; block 4 stands under itself.
    assert found["section_accuracy"] == round(2 / 3, 4)
    # Of the 12 pairs of a leftover and another, all but (0.4, 0.8) are in order.
    assert found["auc"] == round(11 / 12, 4)
    assert found["average_precision"] == round((1 + 2 / 3) / 2, 4)


def test_intervals_hold_the_measure_and_draw_publishers() -> None:
    found = measure_labels(pages_of([FIRST, SECOND]), labels_of(ROLES, SCORES, [FIRST, SECOND]))
    assert found["intervals"]["perfect_pages"] == [0.0, 1.0]
    one = measure_labels(pages_of([FIRST]), labels_of(ROLES[:-1], SCORES[:-1], [FIRST]))
    assert one["intervals"]["f1"] == [0.5, 0.5]


def test_what_cannot_be_judged_has_no_measure() -> None:
    found = measure_labels(pages_of([SECOND]), labels_of(["heading"], [0.0], [SECOND]))
    assert (found["heading_f1"], found["section_accuracy"], found["auc"]) == (None, None, None)
    assert "heading_f1" not in found["intervals"]
    assert found["f1"] == 0.0


def test_ties_count_half() -> None:
    assert rank_measures(np.array([True, False]), np.array([0.5, 0.5])) == (0.5, 0.5)
    assert rank_measures(np.array([True, True]), np.array([0.5, 0.5])) == (None, None)


def test_thresholds_and_calibration_are_those_worked_out_by_hand() -> None:
    pages, labels = pages_of([FIRST, SECOND]), labels_of(ROLES, SCORES, [FIRST, SECOND])
    assert measure_thresholds(pages, labels) == {
        "0.3": {"precision": 0.5, "recall": 1.0},
        "0.5": {"precision": 0.5, "recall": 0.5},
        "0.7": {"precision": 0.5, "recall": 0.5},
    }
    # In one bin: the mean score 2.8 / 8 against a share of 2 / 8.
    assert measure_calibration(pages, labels, bins=1) == 0.1
    assert measure_calibration(pages, labels, bins=99) > 0.1


def test_categories_are_measured_by_name() -> None:
    found = measure_categories(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), ["a", "b"])
    assert (found["blocks"], found["accuracy"]) == (4, 0.75)
    assert found["by_category"] == {"a": {"blocks": 2, "f1": 0.6667}, "b": {"blocks": 2, "f1": 0.8}}
    assert found["macro_f1"] == round((2 / 3 + 0.8) / 2, 4)


@pytest.fixture(scope="module")
def score(shared: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", shared / "bench" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    return program


def random_page(draw: random.Random, number: int) -> Record:
    blocks: list[Record] = []
    above = None
    for place in range(draw.randint(1, 12)):
        label = draw.choice(["content", "content", "heading", "boilerplate", "unknown"])
        blocks.append(block(label, "x" * draw.randint(1, 40)))
        if label == "heading" and place == 0:
            blocks[-1]["sub"] = "title"
        elif label == "heading":
            above = place
        elif label == "content" and draw.random() < 0.8:
            blocks[-1]["sec"] = above
    site = f"{draw.randint(0, 5)}.example"
    return {"page_id": str(number), "variant": "residual", "source": "fundus", "site": site, "sections": True} | {
        "blocks": [b | {"by": ["traf"]} for b in blocks]
    }


@pytest.mark.parametrize("seed", range(5))
def test_measures_are_those_of_the_benchmarks_program(score: ModuleType, seed: int) -> None:
    draw = random.Random(seed)
    records = [random_page(draw, number) for number in range(30)]
    blocks = [b for record in records for b in record["blocks"]]
    roles = [draw.choice(["body", "body", "heading", "title", "-"]) for _ in blocks]
    scores = [round(draw.random(), 1) for _ in blocks]
    labels, predictions, place = labels_of(roles, scores, records), {}, 0
    for record in records:
        said: list[Record] = []
        above = None
        for number in range(len(record["blocks"])):
            role = roles[place]
            above = number if role == "heading" else above
            name = {"-": "boilerplate", "body": "content", "title": "heading"}.get(role, role)
            said.append({"label": name, "score": float(np.float32(scores[place])), "section": above})
            place += 1
        predictions[record["page_id"]] = said
    wanted = score.score_text(records, predictions, "residual")["main"]
    found = measure_labels(pages_of(records), labels)
    pairs = {
        "precision": "P", "recall": "R", "f1": "F1", "macro_f1": "macroF1", "character_f1": "charF1", "auc": "AUC",
        "average_precision": "AP", "perfect_pages": "perfect", "lost_characters": "lost_chars",
        "heading_f1": "head_F1", "section_accuracy": "section_acc",
    }  # fmt: skip
    assert {name: found[name] for name in pairs} == {name: wanted[theirs] for name, theirs in pairs.items()}
    for name, theirs in (("f1", "F1_ci"), ("perfect_pages", "perfect_ci"), ("heading_f1", "head_F1_ci")):
        assert found["intervals"][name] == pytest.approx(wanted[theirs], abs=2e-4)


def write_lines(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def test_evaluate_measures_by_source_and_variant(tmp_path: Path) -> None:
    import gzip
    import json

    lines = [json.dumps(FIRST | {"source": "x"}), "", json.dumps(SECOND | {"source": "x", "variant": "full"})]
    plain = write_lines(tmp_path / "pages.jsonl", lines)
    packed = tmp_path / "more.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps(SECOND).encode()))
    found = evaluate_files([plain, packed], random_model())
    assert {name: group["pages"] for name, group in found["sources"].items()} == {"pages": 1, "x": 1, "x, full": 1}
    assert [r["page_id"] for r in read_pages([plain, packed], "full")] == ["a", "b", "b"]  # no variant fits each


def test_labels_of_pages_are_those_of_the_labeller_in_any_number() -> None:
    records: list[Record] = [FIRST, SECOND] * 401
    labels = label_pages(pages_of(records), random_model())
    both = label_pages(pages_of([FIRST, SECOND]), random_model())
    assert labels.slice(len(labels) - len(both)).to_pylist() == both.to_pylist()


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        '{"page_id": "a"}',
        '{"page_id": "a", "blocks": []}',
        '{"page_id": "a", "blocks": [{"text": "x"}]}',
        '{"page_id": "a", "blocks": [{"text": 5, "label": "content"}]}',
        '{"page_id": "a", "blocks": [{"text": " ", "label": "content"}]}',
        '{"page_id": "a", "blocks": [{"text": "x", "label": "advert"}]}',
        '{"page_id": "a", "blocks": [{"text": "\\ud800", "label": "content"}]}',
    ],
)
def test_a_line_that_is_no_labelled_page_is_named(tmp_path: Path, line: str) -> None:
    import json

    path = write_lines(tmp_path / "pages.jsonl", [json.dumps(SECOND), line])
    with pytest.raises(InputError, match=r"^E210 .*pages\.jsonl:2"):
        evaluate_files([path], random_model())


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.jsonl.gz"
    damaged.write_bytes(b"\x1f\x8b\x08\x00 not gzip")
    binary = tmp_path / "binary.jsonl"
    binary.write_bytes(b"\xff\xfe\n")
    for path, code in ((tmp_path / "none.jsonl", "E211"), (damaged, "E211"), (binary, "E210")):
        with pytest.raises(InputError, match=rf"^{code} "):
            evaluate_files([path], random_model())
    with pytest.raises(InputError, match=r"^E212 "):
        evaluate_files([write_lines(tmp_path / "empty.jsonl", [])], random_model())

"""The sample corpus: its release rebuilds, and its labels get no worse than those last accepted."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from dataset_builder import layout
from dataset_builder.config import resolve
from dataset_builder.pipeline import BuildResult, build
from dataset_builder.schema import label_names
from tests.conftest import ROOT, config_for

GOLD = ROOT / "tests" / "gold"
FIELDS = ("role", "category", "section")
ALLOWED = 2


def read(name: str) -> dict[str, list[dict[str, Any]]]:
    lines = (GOLD / name).read_text("utf-8").splitlines()
    return {entry["article_id"]: entry["paragraphs"] for entry in map(json.loads, lines)}


def committed() -> layout.Release:
    release = layout.latest_release(ROOT / "dist", "sample-articles")
    assert release is not None
    return release


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    output = tmp_path_factory.mktemp("samples") / "dist"
    date = next(
        line.split(": ")[1]
        for line in (committed().path / "bag-info.txt").read_text().splitlines()
        if line.startswith("Bagging-Date")
    )
    from datetime import UTC, datetime

    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()))
    try:
        return build(resolve({"output": output}, {}, ROOT))
    finally:
        os.environ.pop("SOURCE_DATE_EPOCH") if before is None else os.environ.update(SOURCE_DATE_EPOCH=before)


def labels_of(release: layout.Release) -> dict[str, list[dict[str, Any]]]:
    import sys

    sys.path.insert(0, str(ROOT / "scripts"))
    import rebuild_samples

    return {entry["article_id"]: entry["paragraphs"] for entry in rebuild_samples.labels_of(release)}


def wrong(found: dict[str, list[dict[str, Any]]], gold: dict[str, list[dict[str, Any]]]) -> set[tuple[str, int]]:
    """The paragraphs whose role, category or section is not the gold's."""
    return {
        (name, place)
        for name, paragraphs in gold.items()
        for place, paragraph in enumerate(paragraphs)
        if any(found[name][place][field] != paragraph[field] for field in FIELDS)
    }


def test_a_rebuild_has_the_digest_of_the_committed_release(rebuilt: BuildResult) -> None:
    provenance = json.loads((committed().path / "provenance.json").read_text())
    assert rebuilt.status == "new"
    assert rebuilt.digest is not None
    assert rebuilt.digest in json.dumps(provenance)


def test_a_rebuild_under_the_locked_libraries_has_the_same_bytes(rebuilt: BuildResult) -> None:
    from importlib.metadata import version

    locked = (ROOT / "requirements.txt").read_text()
    if any(f"{name}=={version(name)} " not in locked for name in ("pyarrow", "polars", "numpy")):
        pytest.skip("other library versions than the locked ones write other bytes")
    assert rebuilt.release is not None
    old = {p.relative_to(committed().path): p.read_bytes() for p in committed().path.rglob("*") if p.is_file()}
    new = {p.relative_to(rebuilt.release): p.read_bytes() for p in rebuilt.release.rglob("*") if p.is_file()}
    assert sorted(old) == sorted(new)
    assert [path for path in old if old[path] != new[path]] == []


def test_no_more_than_two_paragraphs_are_labelled_worse_than_accepted(rebuilt: BuildResult) -> None:
    assert rebuilt.release is not None
    gold, now = read("samples.jsonl"), labels_of(layout.open_release(rebuilt.release))
    worse = wrong(now, gold) - wrong(read("accepted.jsonl"), gold)
    assert len(worse) <= ALLOWED, sorted(worse)


def test_the_comparison_sees_a_label_that_got_worse() -> None:
    gold, now = read("samples.jsonl"), read("accepted.jsonl")
    name = next(iter(gold))
    place = next(i for i in range(len(gold[name])) if (name, i) not in wrong(now, gold))
    now[name][place]["category"] = "consent" if gold[name][place]["category"] != "consent" else "legal"
    assert wrong(now, gold) - wrong(read("accepted.jsonl"), gold) == {(name, place)}


def test_the_gold_has_a_line_for_every_paragraph_and_every_kind_of_leftover() -> None:
    gold, found = read("samples.jsonl"), labels_of(committed())
    assert {name: [p["text_start"] for p in ps] for name, ps in gold.items()} == {
        name: [p["text_start"] for p in ps] for name, ps in found.items()
    }
    assert len(gold) >= 24
    assert {p["category"] for ps in gold.values() for p in ps} == set(label_names("category"))


def test_the_committed_files_are_sealed_by_their_manifests() -> None:
    import hashlib

    lines = (committed().path / "manifest-sha256.txt").read_text("utf-8").splitlines()
    assert lines
    for line in lines:
        digest, path = line.split("  ", 1)
        assert hashlib.sha256((committed().path / path).read_bytes()).hexdigest() == digest


def test_the_twin_of_a_real_article_has_its_shape(tmp_path: Path) -> None:
    """21 paragraphs, a heading at 10 with 8 body rows below, and two leftovers at the end."""
    twin = ROOT / "seeds" / "en" / "port-maddern-swing-bridge.txt"
    source = tmp_path / "articles"
    source.mkdir()
    (source / twin.name).write_bytes(twin.read_bytes())
    assert_shape(build(config_for(source, tmp_path / "out")), "Commuters stranded", "articles")


def test_the_real_article_comes_out_as_read(tmp_path: Path, shared: Path) -> None:
    assert_shape(build(config_for(shared / "seeds", tmp_path / "out")), "Progress thwarted", "seeds")


def assert_shape(result: BuildResult, heading: str, name: str) -> None:
    assert (result.status, result.articles, result.paragraphs, result.name) == ("new", 1, 21, name)
    assert result.release is not None
    release = layout.open_release(result.release)
    rows = release.table("paragraphs").to_pylist()
    assert [r["text"] for r in rows if r["role"] == "heading"] == [heading] == [rows[10]["text"]]
    assert [r["position"] for r in rows if r["is_boilerplate"]] == [19, 20]
    assert [r["boilerplate_category"] for r in rows[19:]] == ["promotion", "related_links"]
    own = [r for r in rows if not r["is_boilerplate"] and r["role"] == "body"]
    assert sum(r["section_index"] == 0 for r in own) == 10
    assert sum(r["section_title"] == heading for r in own) == 8
    source = release.table("articles")["source_text"][0].as_py()
    assert source.count("\u00a0") == 7
    assert not any("\u00a0" in r["text"] for r in rows)

"""A release loads in the tools that people have, with label names, at its version, and without a stale cache."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from dataset_builder import schema
from dataset_builder.layout import Release
from tests.release.release_corpus import IDENTITY, article, build_release, corpus

ROWS = {"paragraphs": 48, "articles": 8, "sources": 8}

LOAD = """
import json, sys
from datasets import ClassLabel, load_dataset
found = {}
for path in sys.argv[1:]:
    for config in (None, "paragraphs", "articles", "sources"):
        for streaming in (False, True):
            arguments = [path] if config is None else [path, config]
            rows = load_dataset(*arguments, split="train", streaming=streaming)
            features = rows.features
            labels = {name: f.names for name, f in features.items() if isinstance(f, ClassLabel)}
            column = "text" if "text" in features else "source_path"
            values = [row[column] for row in rows]
            first = {name: f.int2str(next(iter(rows))[name]) for name, f in features.items() if name in labels}
            found[f"{path} {config} {streaming}"] = [values, labels, first, sorted(features)]
    filtered = load_dataset(path, split="train", filters=[("is_boilerplate", "==", True)])
    found[f"{path} filtered"] = len(filtered)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return build_release(tmp_path_factory.mktemp("dist"), corpus(8))[0]


def load_with(python: str, output: Path, *paths: str) -> dict[str, Any]:
    environment = os.environ | {"HF_HOME": str(output / ".hf"), "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [python, "-c", LOAD, *paths], cwd=output, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def check_loaded(found: dict[str, Any], path: str, release: Release) -> None:
    for config in (None, *schema.TABLES):
        table = config or "paragraphs"
        for streaming in (False, True):
            values, labels, first, columns = found[f"{path} {config} {streaming}"]
            column = "source_path" if table == "sources" else "text"
            rows = release.table(table)
            assert values == rows[column].to_pylist()
            assert columns == sorted(rows.column_names)
            expected = {c.name: list(c.labels) for c in schema.table(table).columns if c.labels}
            assert labels == expected
            assert first == {name: rows[name][0].as_py() for name in expected}
    boilerplate = sum(release.table("paragraphs", ["is_boilerplate"])["is_boilerplate"].to_pylist())
    assert found[f"{path} filtered"] == boilerplate


def test_two_versions_load_in_datasets_one_after_the_other_each_with_its_own_rows(tmp_path: Path) -> None:
    releases = [build_release(tmp_path / "dist", corpus(6))[0], build_release(tmp_path / "dist", corpus(8))[0]]
    paths = [f"dist/{IDENTITY.name}/{release.version}" for release in releases]
    found = load_with(sys.executable, tmp_path, *paths)
    for path, release in zip(paths, releases, strict=True):
        check_loaded(found, path, release)
    assert len(found[f"{paths[0]} None False"][0]) == 36


def test_another_dataset_of_the_same_folder_name_is_never_served_from_the_cache(tmp_path: Path) -> None:
    first, _ = build_release(tmp_path / "a", corpus(2))
    second, _ = build_release(tmp_path / "b", [article(30), article(31)])
    paths = [f"{place}/{IDENTITY.name}/1.0.0" for place in ("a", "b")]
    found = load_with(sys.executable, tmp_path, *paths)
    for path, release in zip(paths, (first, second), strict=True):
        check_loaded(found, path, release)


def test_a_release_loads_in_the_oldest_datasets_that_is_supported(tmp_path: Path, old_datasets: Path) -> None:
    release, _ = build_release(tmp_path / "dist", corpus(8))
    path = f"dist/{IDENTITY.name}/1.0.0"
    check_loaded(load_with(str(old_datasets), tmp_path, path), path, release)


@pytest.mark.parametrize("name", schema.TABLES)
def test_polars_duckdb_and_pandas_read_the_rows_with_label_names(release: Release, name: str) -> None:
    expected = release.table(name)
    pattern = str(release.path / "data" / name / "*.parquet")
    assert pl.read_parquet(pattern).to_arrow().cast(expected.schema).equals(expected)
    with duckdb.connect() as connection:
        rows = connection.execute("select * from read_parquet(?)", [pattern]).fetchall()
    assert len(rows) == ROWS[name]
    frame = pd.concat([pd.read_parquet(path) for path in release.files(name)])
    assert list(frame.columns) == expected.column_names
    for column in schema.table(name).columns:
        if column.labels:
            at = expected.column_names.index(column.name)
            values = expected[column.name].to_pylist()
            assert list(frame[column.name]) == values
            assert [row[at] for row in rows] == values
            assert set(values) <= set(column.labels)


def test_the_cards_own_code_loads_the_clean_text(release: Release, tmp_path: Path) -> None:
    body = (release.path / "README.md").read_text("utf-8").split("---\n", 2)[2]
    code = body.partition("```python\n")[2].partition("```")[0]
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    (tmp_path / "dist").symlink_to(release.path.parents[1])
    script = code + "\nprint(len(paragraphs), len(clean), clean[0]['text'])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == ["48", "40", *"Day 0 at the quay".split()]

"""Readers filter on a label, take columns, a slice and several processes, streaming or not, with every check on."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from dataset_builder import gather
from dataset_builder.layout import open_release
from dataset_builder.pipeline import build
from tests.conftest import config_for
from tests.flows.command import write_articles

READ = """
import functools, sys
import datasets
folder, out = sys.argv[1:]
load = functools.partial(datasets.load_dataset, folder, split="train")
checked = functools.partial(load, verification_mode="all_checks")
role = checked().features["role"]
body = [("role", "==", "body"), ("is_boilerplate", "==", False)]
found = {
    "whole": list(checked()),
    "processes": list(checked(num_proc=2)),
    "stream": list(load(streaming=True)),
    "filter": list(checked(filters=body)),
    "filter stream": list(load(filters=body, streaming=True)),
    "filter later": list(checked().filter(lambda row: row["role"] == role.str2int("body"), num_proc=2)),
    "columns": list(checked(columns=["paragraph_id", "role"])),
    "columns stream": list(load(columns=["paragraph_id", "role"], streaming=True)),
    "filter columns": list(checked(filters=body, columns=["paragraph_id", "role"])),
    "slice": list(datasets.load_dataset(folder, split="train[3:7]", verification_mode="all_checks")),
    "share": list(datasets.load_dataset(folder, split="train[:50%]", verification_mode="all_checks")),
}
for name, rows in found.items():
    for row in rows:
        row["role"] = role.int2str(row["role"])
    with open(f"{out}/{name}", "w") as file:
        file.writelines(f"{row['paragraph_id']} {row['role']} {len(row)}\\n" for row in rows)
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of several shards: with as few articles as a test has, all would go into one."""
    place = tmp_path_factory.mktemp("readers")
    patch = pytest.MonkeyPatch()
    patch.setattr(gather, "mean_shard_size", lambda articles, before: 4)
    result = build(config_for(write_articles(place / "articles", 24), place / "out", license="CC0-1.0"))
    patch.undo()
    assert result.release is not None
    assert len(open_release(result.release).files("paragraphs")) > 2
    return result.release


def lines(rows: pa.Table, width: int | None = None) -> str:
    n = width or rows.num_columns
    return "".join(f"{row['paragraph_id']} {row['role']} {n}\n" for row in rows.to_pylist())


def test_every_way_of_reading_gives_the_rows_that_it_should(release: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", READ, str(release), str(out)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = open_release(release).table("paragraphs")
    is_body = pa.array([role == "body" for role in rows["role"].to_pylist()])
    body = rows.filter(pa.compute.and_(is_body, pa.compute.invert(rows["is_boilerplate"])))
    assert 0 < len(body) < len(rows)
    expected = {
        **dict.fromkeys(("whole", "processes", "stream"), lines(rows)),
        **dict.fromkeys(("filter", "filter stream"), lines(body)),
        "filter later": lines(rows.filter(is_body)),
        **dict.fromkeys(("columns", "columns stream"), lines(rows, 2)),
        "filter columns": lines(body, 2),
        "slice": lines(rows.slice(3, 4)),
        "share": lines(rows.slice(0, round(len(rows) / 2))),
    }
    assert {path.name: path.read_text() for path in out.iterdir()} == expected

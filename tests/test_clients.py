"""Readers as they are: the committed release in `datasets` of another version, and the same checks in this one."""

import json
import os
import subprocess
import sys
from pathlib import Path

from dataset_builder.layout import Release, latest_release
from tests.conftest import ROOT

READ = """
import json, sys
from datasets import load_dataset
folder = sys.argv[1]
found = {}
for config in (None, "paragraphs", "articles", "sources"):
    args = [folder] if config is None else [folder, config]
    rows = load_dataset(*args, split="train")
    stream = load_dataset(*args, split="train", streaming=True)
    assert list(rows) == list(stream), config
    found[str(config)] = [len(rows), rows.column_names]
rows = load_dataset(folder, split="train")
found["role"] = rows.features["role"].names
found["first"] = rows[0]["role"]
found["kept"] = len(load_dataset(folder, split="train", filters=[("is_boilerplate", "==", False)]))
found["slice"] = len(load_dataset(folder, split="train[:10]"))
found["columns"] = load_dataset(folder, split="train", columns=["text", "role"]).column_names
found["processes"] = len(rows.map(lambda row: {"n": len(row["text"])}, num_proc=2))
print(json.dumps(found))
"""


def committed() -> Release:
    release = latest_release(ROOT / "dist", "sample-articles")
    assert release is not None
    return release


def read_with(python: Path, cache: Path) -> dict[str, object]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(cache), "HF_HOME": str(cache), "HF_HUB_OFFLINE": "1"}
    command = [str(python), "-c", READ, str(committed().path.relative_to(ROOT))]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    result: dict[str, object] = json.loads(done.stdout)
    return result


def expected() -> dict[str, object]:
    from dataset_builder import schema

    release = committed()
    tables = {name: release.table(name) for name in schema.TABLES}
    counts: dict[str, object] = {name: [table.num_rows, table.column_names] for name, table in tables.items()}
    rows = tables["paragraphs"]
    roles = list(schema.label_names("role"))
    return counts | {
        "None": counts["paragraphs"],
        "role": roles,
        "first": roles.index(rows["role"][0].as_py()),
        "kept": rows["is_boilerplate"].to_pylist().count(False),
        "slice": 10,
        "columns": ["text", "role"],
        "processes": rows.num_rows,
    }


def test_the_installed_datasets_reads_the_committed_release(tmp_path: Path) -> None:
    assert read_with(Path(sys.executable), tmp_path) == expected()


def test_an_older_datasets_reads_the_committed_release(tmp_path: Path, old_datasets: Path) -> None:
    assert read_with(old_datasets, tmp_path) == expected()


def test_two_releases_of_one_version_in_one_process_and_cache_keep_their_own_rows(tmp_path: Path) -> None:
    """Same version, same counts, same file layout, other texts: nothing is taken from the other's cache."""
    from dataset_builder.pipeline import build
    from tests.conftest import config_for

    places = []
    for name in ("first", "second"):
        source = tmp_path / name / "articles"
        source.mkdir(parents=True)
        (source / "a.txt").write_text(f"The {name} harbour has a wall, and on the wall there are numbers.\n")
        result = build(config_for(source, tmp_path / name / "out"))
        places.append(result.release)
    code = "import sys\nfrom datasets import load_dataset\n"
    code += "for mode in (False, True):\n for config in ('paragraphs', 'articles'):\n  for folder in sys.argv[1:]:\n"
    code += "   print(next(iter(load_dataset(folder, config, split='train', streaming=mode)))['text'][:10])\n"
    environ = {"PATH": os.environ["PATH"], "HF_HOME": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", code, *map(str, places)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:-1] == ["The first ", "The second"] * 4

"""A release whose rows were tampered with, and its manifests mended to match, fails `check` with the row's id."""

import hashlib
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bagit
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataset_builder.cli import run
from dataset_builder.errors import EnvironmentFault
from dataset_builder.layout import data_file_name, data_files, open_release
from dataset_builder.pipeline import build
from tests.conftest import ROOT, config_for
from tests.flows.command import start, write_articles

Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tampering")
    result = build(config_for(write_articles(place / "articles"), place / "out", license="CC0-1.0"))
    assert result.release is not None
    return result.release


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def tampered(release: Path, place: Path, table: str, number: int, change: Change) -> tuple[Path, str]:
    """Copy *release*, change one row of *table*, and give the file its right name and all manifests their sums."""
    copy = Path(shutil.copytree(release, place))
    (old,) = data_files(copy, table)
    rows = pq.read_table(old)
    values = rows.to_pylist()
    row_id: str = values[number][rows.column_names[0]]
    values[number] |= change(values[number])
    old.unlink()
    draft = old.with_name("draft")
    pq.write_table(pa.Table.from_pylist(values, schema=rows.schema), draft, store_schema=False)
    sha256 = hashlib.sha256(draft.read_bytes()).hexdigest()
    new = draft.rename(old.with_name(data_file_name("train", 0, sha256)))
    for path in copy.iterdir():
        if path.is_file():
            text = path.read_bytes().replace(old.name.encode(), new.name.encode())
            path.chmod(0o644)
            path.write_bytes(text)
    bag = bagit.Bag(str(copy))
    bag.save(manifests=True)
    bagit.Bag(str(copy)).validate()
    return copy, row_id


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("paragraphs", lambda row: {"text": row["text"].replace("six", "seven")}),
        ("paragraphs", lambda row: {"char_end": row["char_end"] - 1}),
        ("paragraphs", lambda row: {"is_boilerplate": not row["is_boilerplate"]}),
        ("paragraphs", lambda row: {"n_chars": row["n_chars"] + 1}),
        ("paragraphs", lambda row: {"role": "editorial"}),
        ("articles", lambda row: {"source_text": row["source_text"].replace("six", "seven")}),
    ],
    ids=["text", "span", "label", "count", "role", "source"],
)
def test_a_changed_row_fails_the_check_with_its_id(
    released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], table: str, change: Change
) -> None:
    copy, row_id = tampered(released, tmp_path / "copy", table, 1, change)
    assert run(["check", str(copy)]) == 1
    shown = capsys.readouterr()
    assert row_id in shown.err
    assert shown.err.splitlines()[-1].startswith("E301 ")
    assert "failed" in shown.out


def test_what_is_written_anew_untampered_passes(released: Path, tmp_path: Path) -> None:
    copy, _ = tampered(released, tmp_path / "copy", "paragraphs", 1, lambda row: {})
    assert run(["check", str(copy)]) == 0
    assert open_release(copy).version == "1.0.0"


@pytest.mark.parametrize("name", ["checks.json", "provenance.json"])
@pytest.mark.parametrize("content", ["", "{}", "[]", '{"counts": {"passed": "many"}, "predicate": 1}'])
def test_a_build_names_what_is_damaged_in_the_release_before(
    released: Path, tmp_path: Path, name: str, content: str
) -> None:
    shutil.copytree(released.parents[2], tmp_path, dirs_exist_ok=True)
    damaged = tmp_path / "out" / "articles" / "1.0.0" / name
    damaged.chmod(0o644)
    damaged.write_text(content)
    with pytest.raises(EnvironmentFault, match=rf"^E411 .*/{name}: .*; restore the release"):
        build(config_for(tmp_path / "articles", tmp_path / "out", license="CC0-1.0"))


@pytest.mark.slow
def test_a_damaged_file_always_ends_in_status_one(tmp_path: Path) -> None:
    """Many at once: an error among a library's threads must not end the process in another way."""
    copy = tmp_path / "release"
    shutil.copytree(ROOT / "dist" / "sample-articles" / "1.0.0", copy)
    damaged = next((copy / "data" / "paragraphs").glob("*.parquet"))
    damaged.chmod(0o644)
    content = bytearray(damaged.read_bytes())
    content[300:303] = bytes(255 - byte for byte in content[300:303])
    damaged.write_bytes(content)
    for _ in range(4):
        started = [start("check", copy, cwd=tmp_path) for _ in range(6)]
        ended = [(process.communicate()[1].split()[0], process.returncode) for process in started]
        assert ended == [("E302", 1)] * 6

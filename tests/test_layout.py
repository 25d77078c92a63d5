"""Where releases stand, and how one is opened."""

import os
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_builder.errors import EnvironmentFault
from dataset_builder.layout import (
    DATA_FILE,
    VERSION,
    data_file_name,
    latest_release,
    open_release,
    version_numbers,
    versions_of,
)
from dataset_builder.release.parquet import write_table
from dataset_builder.schema import empty_table


def make_release(path: Path, identifier: str = "notes/1.0.0") -> Path:
    path.mkdir(parents=True)
    (path / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    (path / "bag-info.txt").write_text(f"Bagging-Date: 2025-01-01\nExternal-Identifier: {identifier}\n")
    return path


def test_versions_stand_by_number_and_other_names_are_passed_over(tmp_path: Path) -> None:
    for name in ("1.10.0", "1.2.0", "2.0.0", "1.2.10", "quarantine", ".stage-x", "01.0.0", "1.0", "1.0.0-rc1", "١.0.0"):
        (tmp_path / name).mkdir()
    (tmp_path / "3.0.0").write_text("a file")
    assert versions_of(tmp_path) == ["1.2.0", "1.2.10", "1.10.0", "2.0.0"]
    assert versions_of(tmp_path / "missing") == []


@given(st.lists(st.tuples(*[st.integers(0, 999_999_999)] * 3)))
def test_version_numbers_are_the_numbers_of_the_version(numbers: list[tuple[int, int, int]]) -> None:
    for triple in numbers:
        text = ".".join(map(str, triple))
        assert VERSION.fullmatch(text)
        assert version_numbers(text) == triple


def test_the_latest_release_is_the_one_with_the_highest_number_whatever_latest_says(tmp_path: Path) -> None:
    assert latest_release(tmp_path, "notes") is None
    for version in ("1.9.0", "1.10.0"):
        make_release(tmp_path / "notes" / version, f"notes/{version}")
    (tmp_path / "notes" / "LATEST").write_text("1.9.0\n")
    found = latest_release(tmp_path, "notes")
    assert found is not None
    assert (found.name, found.version, found.path.name) == ("notes", "1.10.0", "1.10.0")


def test_a_release_opens_from_wherever_it_was_copied(tmp_path: Path) -> None:
    path = make_release(tmp_path / "some copy", "a.b-c_d/10.20.30")
    found = open_release(path)
    assert (found.path, found.name, found.version) == (path, "a.b-c_d", "10.20.30")


@pytest.mark.parametrize("content", [None, "External-Identifier: notes\n", "External-Identifier: notes/1.0\n", "\xff"])
def test_a_folder_that_is_no_release_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        make_release(tmp_path / "x")
        (tmp_path / "x" / "bag-info.txt").write_bytes(content.encode("latin-1"))
    with pytest.raises(EnvironmentFault, match=r"E410 .*is no release") as caught:
        open_release(tmp_path / "x")
    assert str(tmp_path / "x") in str(caught.value)


def test_files_stand_by_split_and_number_and_their_rows_in_that_order(tmp_path: Path) -> None:
    path = make_release(tmp_path / "r")
    table = empty_table("sources")
    row = dict.fromkeys(table.column_names, "x") | {"source_bytes": 1, "bytes_exact": True}
    numbers = [2, 100_000, 10, 0]
    for number in numbers:
        rows = pa.Table.from_pylist([row | {"article_id": str(number)}], schema=table.schema)
        write_table(rows, "sources", path, split="train", number=number)
    (path / "data" / "sources" / "notes.txt").write_text("passed over")
    release = open_release(path)
    assert [int(DATA_FILE.fullmatch(f.name)["number"]) for f in release.files("sources")] == sorted(numbers)  # type: ignore[index]
    assert release.table("sources", ["article_id"])["article_id"].to_pylist() == ["0", "2", "10", "100000"]
    assert release.table("sources").schema.equals(table.schema, check_metadata=True)


def test_a_missing_table_or_damaged_file_is_named(tmp_path: Path) -> None:
    path = make_release(tmp_path / "r")
    release = open_release(path)
    with pytest.raises(EnvironmentFault, match=r"E411 .*holds no data files"):
        release.files("articles")
    folder = path / "data" / "articles"
    os.makedirs(folder)
    (folder / data_file_name("train", 0, "0" * 64)).write_bytes(b"PAR1 and nothing more")
    with pytest.raises(EnvironmentFault, match=r"E411 .*train-00000-00000000\.parquet: cannot be read"):
        release.table("articles")

"""A text file becomes a record, or a quarantined one with its reason."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from dataset_builder.config import Limits
from dataset_builder.errors import InputError
from dataset_builder.read import Found, Quarantined, Record, read_text


def found(path: Path) -> Found:
    return Found(file=path, source_path=path.name, article_id=path.stem, size=0)


def read(tmp_path: Path, data: bytes, **limits: int) -> Record | Quarantined:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    return read_text(found(path), Limits(**limits))


def test_a_record_holds_the_text_and_what_its_bytes_were(tmp_path: Path) -> None:
    data = "\ufeffBlåbær\r\npå øen.".encode()
    record = read(tmp_path, data)
    assert record == Record(
        article_id="a",
        source_path="a.txt",
        source_text="\ufeffBlåbær\r\npå øen.",
        source_sha256=hashlib.sha256(data).hexdigest(),
        source_bytes=len(data),
        encoding="utf-8",
        bytes_exact=True,
        media_type="text/plain",
    )


def test_an_empty_file_is_a_record_without_text(tmp_path: Path) -> None:
    record = read(tmp_path, b"")
    assert isinstance(record, Record)
    assert (record.source_text, record.source_bytes) == ("", 0)


def test_what_cannot_be_decoded_keeps_its_digest_and_size(tmp_path: Path) -> None:
    record = read(tmp_path, b"a\0b")
    assert isinstance(record, Quarantined)
    assert (record.code, record.source_sha256, record.source_bytes) == ("E502", hashlib.sha256(b"a\0b").hexdigest(), 3)


def test_a_record_at_the_limit_is_read_and_one_above_it_is_not(tmp_path: Path) -> None:
    assert isinstance(read(tmp_path, b"x" * 100, record_bytes=100), Record)
    record = read(tmp_path, b"x" * 101, record_bytes=100)
    assert isinstance(record, Quarantined)
    assert (record.code, record.source_bytes) == ("E505", 101)
    assert record.reason == "has 101 bytes, the limit is 100 (limits.record_bytes)"
    record = read(tmp_path, b"x" * 5000, record_bytes=100)
    assert isinstance(record, Quarantined)
    assert record.source_bytes == 5000


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_line_at_the_limit_is_read_and_a_longer_one_is_not(tmp_path: Path, end: str) -> None:
    assert isinstance(read(tmp_path, ("é" * 50 + end + "é" * 50).encode(), line_chars=50), Record)
    record = read(tmp_path, ("a" + end + "é" * 51 + end).encode(), line_chars=50)
    assert isinstance(record, Quarantined)
    assert record.code == "E512"
    assert record.reason == "has a line of 51 characters, the limit is 50 (limits.line_chars)"


def test_a_file_that_is_gone_is_quarantined(tmp_path: Path) -> None:
    record = read_text(found(tmp_path / "gone.txt"), Limits())
    assert isinstance(record, Quarantined)
    assert record.code == "E501"


def test_a_pipe_that_took_a_files_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    record = read_text(found(tmp_path / "a.txt"), Limits())
    assert isinstance(record, Quarantined)
    assert record.code == "E506"


@pytest.mark.parametrize("data", [b"longer than before", b"ABC"])
def test_a_file_that_is_changed_while_it_is_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"abc")
    os.utime(path, ns=(0, 0))
    fstat = os.fstat
    calls: list[int] = []

    def change_after_the_first(handle: int) -> Any:
        status = fstat(handle)
        if not calls:
            calls.append(handle)
            path.write_bytes(data)
        return status

    monkeypatch.setattr("dataset_builder.read.text.os.fstat", change_after_the_first)
    with pytest.raises(InputError) as caught:
        read_text(found(path), Limits())
    assert caught.value.code == "E205"
    assert str(path) in str(caught.value)


def test_a_file_that_was_only_touched_by_reading_is_read(tmp_path: Path) -> None:
    assert isinstance(read(tmp_path, b"abc"), Record)
    assert isinstance(read_text(found(tmp_path / "a.txt"), Limits()), Record)

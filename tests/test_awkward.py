"""Awkward files, each with what is awkward about it: how many paragraphs a reader sees, and what stays as it was."""

from pathlib import Path

import pyarrow as pa
import pytest

from dataset_builder import layout
from dataset_builder.options import Limits
from dataset_builder.pipeline import BuildResult, build
from dataset_builder.read import Found, Record, find_files, read_text
from dataset_builder.segment import segment
from tests.conftest import ROOT, config_for

FOLDER = ROOT / "tests" / "fixtures" / "awkward"
PARAGRAPHS = {
    "byline-first": 5,
    "cjk-lines": 6,
    "cjk-wrapped": 3,
    "cr-only": 4,
    "crlf": 4,
    "dialogue": 8,
    "heading-only": 1,
    "line-separator": 2,
    "nbsp": 4,
    "no-final-newline": 2,
    "one-paragraph": 1,
    "right-to-left": 4,
    "stray-blank-line": 7,
    "verse": 12,
    "wrapped-with-address-and-list": 16,
}


def read(name: str) -> Record:
    found = next(e for e in find_files(FOLDER) if isinstance(e, Found) and e.article_id == name)
    record = read_text(found, Limits())
    assert isinstance(record, Record)
    return record


def texts_of(source: str) -> list[str]:
    texts: list[str] = segment(pa.array([source], pa.string())).texts.to_pylist()
    return texts


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    return build(config_for(FOLDER, tmp_path_factory.mktemp("awkward") / "out"))


def test_every_awkward_file_is_known_here() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(PARAGRAPHS)


@pytest.mark.parametrize("name", PARAGRAPHS)
def test_a_reader_sees_so_many_paragraphs(name: str) -> None:
    assert len(texts_of(read(name).source_text)) == PARAGRAPHS[name]


@pytest.mark.parametrize("name", PARAGRAPHS)
def test_the_source_text_gives_the_bytes_again(name: str) -> None:
    record = read(name)
    assert record.bytes_exact
    assert record.source_text.encode(record.encoding) == (FOLDER / f"{name}.txt").read_bytes()


@pytest.mark.parametrize(("name", "end"), [("crlf", "\r\n"), ("cr-only", "\r")])
def test_other_line_ends_give_the_same_paragraphs(name: str, end: str) -> None:
    source = read(name).source_text
    assert end in source
    assert "\n" not in source.replace(end, "")
    assert texts_of(source) == texts_of(source.replace(end, "\n"))


@pytest.mark.parametrize(("name", "sign"), [("nbsp", "\u00a0"), ("line-separator", "\u2028")])
def test_a_sign_that_is_white_space_is_kept_in_the_source_alone(name: str, sign: str) -> None:
    source = read(name).source_text
    assert sign in source
    assert not any(sign in text for text in texts_of(source))


def test_direction_marks_stay_in_the_text() -> None:
    assert any(mark in text for text in texts_of(read("right-to-left").source_text) for mark in "\u200e\u200f\u202b")


def test_awkward_files_are_released_with_warnings_at_most(built: BuildResult) -> None:
    assert (built.status, built.articles, built.quarantined, built.skipped) == ("new", len(PARAGRAPHS), 0, 0)
    assert built.paragraphs == sum(PARAGRAPHS.values())
    assert built.checks["failed"] == 0


def test_a_heading_alone_is_a_release_row_of_its_own(built: BuildResult) -> None:
    assert built.release is not None
    rows = layout.open_release(Path(built.release)).table("paragraphs").to_pylist()
    alone = [row for row in rows if row["article_id"] == "heading-only"]
    assert [row["position"] for row in alone] == [0]
    assert alone[0]["section_position"] == 0

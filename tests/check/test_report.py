"""What a report says: failing rows with their places, the same for the same rows, and nothing of the machine."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataset_builder.check import CheckReport, Suite, check_release, failing_lines, rejection, run_checks
from dataset_builder.errors import EnvironmentFault, RejectedError
from dataset_builder.schema import TABLES
from tests.check.controls import CONTROLS
from tests.check.small_corpus import TEXTS, Block, Text, make_tables, row_of, set_value, write_tables

ODD = (
    Text(
        article_id="odd",
        language="he",
        blocks=(
            Block(
                source="\u200fשלום\u200f, עולם.\u202b הספינה\u202c יצאה מן הנמל לפני עלות השחר ולא חזרה אליו מעולם.",
                gap="\x00\n",
            ),
            Block(source="The \x1b[31mlamp\x1b[0m went \x08out at nine."),
            *(Block(source=f"Buy lamp number {i}!", category="promotion") for i in range(40)),
        ),
    ),
)


@pytest.fixture(scope="module")
def tampered(tmp_path_factory: pytest.TempPathFactory, suite: Suite) -> CheckReport:
    """The report of a corpus in which one paragraph's text was edited after it was written."""
    tables = make_tables()
    row = row_of(tables["paragraphs"], "text", "Sign up for our weekly letter.")
    edited = set_value(tables["paragraphs"], row, "text", "Sign up for our weekly\x1b[2J <b>leaflet</b>")
    return run_checks(write_tables({**tables, "paragraphs": edited}, tmp_path_factory.mktemp("tampered")), suite)


def test_a_row_tampered_with_fails_with_its_id_its_place_and_an_escaped_excerpt(tampered: CheckReport) -> None:
    outcome = next(o for o in tampered.outcomes if o.code == "C110")
    assert (outcome.status, outcome.n_rows, outcome.n_unexpected, outcome.observed) == ("failed", 26, 1, 1 / 26)
    (row,) = outcome.rows
    assert row.id == "city/lighthouse#ef79e7126c9e799a"
    assert (row.source_path, row.char_start, row.char_end) == ("city/lighthouse.txt", 304, 334)
    assert row.excerpt == "Sign up for our weekly\\x1b[2J <b>leaflet</b>"
    assert row.values == {"is_source_slice": False}


def test_the_rejection_names_the_first_failing_check_and_its_row_on_one_line(tampered: CheckReport) -> None:
    error = rejection(tampered)
    assert isinstance(error, RejectedError)
    assert error.report is tampered
    assert error.exit_code == 1
    assert str(error).startswith(
        "E301 city/lighthouse.txt, city/lighthouse#ef79e7126c9e799a: "
        'check C103 "Paragraph ids follow from article and text" failed on 1 of 26 rows, and 2 more checks: '
    )
    assert str(error).isprintable()


def test_failing_rows_are_lines_that_a_terminal_does_not_obey(tampered: CheckReport) -> None:
    lines = list(failing_lines(tampered))
    assert lines[0] == "C103 Paragraph ids follow from article and text (1 of 26 rows)"
    assert lines[1] == (
        "  city/lighthouse#ef79e7126c9e799a  city/lighthouse.txt [304:334]  is_id_right=False  "
        '"Sign up for our weekly\\x1b[2J <b>leaflet</b>"'
    )
    assert all(line.isprintable() for line in lines)
    assert [line[:4] for line in failing_lines(tampered, "warned")] == ["C501", "  ci", "C506", "  ci"]


def test_counts_are_those_of_the_outcomes(tampered: CheckReport, suite: Suite) -> None:
    assert (tampered.failed, tampered.warned) == (3, 2)
    assert tampered.passed == len(suite.expectations) - 5
    assert tampered.to_json()["counts"] == {"passed": tampered.passed, "warned": 2, "failed": 3}


def test_a_report_reads_back_and_keeps_its_words_for_what_did_not_pass(tampered: CheckReport) -> None:
    read = json.loads(tampered.to_text())
    assert read == tampered.to_json()
    assert {"meaning" in e for e in read["expectations"] if e["status"] == "passed"} == {False}
    assert {"meaning" in e and "rows" in e for e in read["expectations"] if e["status"] != "passed"} == {True}


def test_at_most_ten_rows_are_shown_and_all_are_counted(suite: Suite, tmp_path: Path) -> None:
    lines = [Block(source=f"Line {i} is \ufffd broken, as all the lines of this article are.") for i in range(12)]
    files = write_tables(make_tables((replace(TEXTS[0], blocks=(*TEXTS[0].blocks, *lines)), *TEXTS[1:])), tmp_path)
    outcome = next(o for o in run_checks(files, suite).outcomes if o.code == "C502")
    assert (outcome.status, outcome.n_unexpected, len(outcome.rows)) == ("warned", 12, 10)
    assert [row.excerpt[:6] for row in outcome.rows if row.excerpt] == [f"Line {i}" for i in range(10)]


def test_the_same_rows_give_the_same_report_in_one_file_or_in_several(suite: Suite, tmp_path: Path) -> None:
    tables = CONTROLS["C111"].make()
    one = run_checks(write_tables(tables, tmp_path / "one"), suite)
    cuts = {"paragraphs": [17, 23], "articles": [1, 2], "sources": [1, 2]}
    several = run_checks(write_tables(tables, tmp_path / "several", cuts), suite)
    assert one.failed == 2
    assert several.to_text() == one.to_text()


def test_rows_out_of_order_are_seen_between_files_too(suite: Suite, tmp_path: Path) -> None:
    tables = {
        name: table.take(list(range(len(table)))[::-1]) for name, table in make_tables().items() if name != "paragraphs"
    }
    rows = make_tables()["paragraphs"]
    tables["paragraphs"] = pa.concat_tables([rows.slice(23), rows.slice(17, 6), rows.slice(0, 17)])
    cuts = {"paragraphs": [3, 9], "articles": [1, 2], "sources": [1, 2]}
    report = run_checks(write_tables(tables, tmp_path, cuts), suite)
    failed = {o.code: [row.id for row in o.rows] for o in report.outcomes if o.status == "failed"}
    assert sorted(failed) == ["C106", "C204", "C303"]
    assert failed["C204"] == ["city/öl", "city/lighthouse"]


def test_odd_text_that_is_intact_gives_warnings_alone(suite: Suite, tmp_path: Path) -> None:
    report = run_checks(write_tables(make_tables(ODD), tmp_path), suite)
    assert report.failed == 0
    assert {o.code for o in report.outcomes if o.status == "warned"} == {"C501", "C504", "C521", "C541"}


def test_progress_is_told_up_to_the_whole(small_files: dict[str, list[Path]], suite: Suite) -> None:
    told: list[tuple[str, int, int]] = []
    run_checks(small_files, suite, progress=lambda stage, done, whole: told.append((stage, done, whole)))
    ends = {stage: (done, whole) for stage, done, whole in told}
    assert ends == {"check view": (1, 1), "checks": (len(suite.expectations), len(suite.expectations))}


def test_a_release_is_checked_where_it_stands(suite: Suite, tmp_path: Path) -> None:
    write_tables(make_tables(), tmp_path)
    with pytest.raises(EnvironmentFault):
        check_release(tmp_path)
    (tmp_path / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    (tmp_path / "bag-info.txt").write_text("External-Identifier: small/1.0.0\n")
    assert check_release(tmp_path).passed == len(suite.expectations)


def test_a_file_that_is_no_parquet_is_an_error_that_names_it(
    small_files: dict[str, list[Path]], suite: Suite, tmp_path: Path
) -> None:
    broken = tmp_path / "train-00000-0123abcd.parquet"
    for data in (b"", b"PAR1 no PAR1", small_files["articles"][0].read_bytes()[:-9]):
        broken.write_bytes(data)
        with pytest.raises(RejectedError, match=rf"^E302 {broken}: cannot be read as Parquet"):
            run_checks({**small_files, "articles": [broken]}, suite)


def test_file_names_are_no_patterns(suite: Suite, tmp_path: Path) -> None:
    files = write_tables(make_tables(), tmp_path / "a[1]*")
    other = make_tables()["paragraphs"].slice(0, 3)
    for name in ("a1", "a1x"):
        place = tmp_path / name / "data" / "paragraphs"
        place.mkdir(parents=True)
        pq.write_table(other, place / files["paragraphs"][0].name)
    assert run_checks(files, suite).passed == len(suite.expectations)


def test_tables_without_files_fail_and_do_not_crash(suite: Suite) -> None:
    report = run_checks(dict.fromkeys(TABLES, ()), suite)
    assert [o.code for o in report.outcomes if o.status == "failed"] == ["C004"]

"""How the library is used: nothing is left out, nothing is written, and wide tables go in a few columns at a time."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dataset_builder.check import Expectation, Suite, engine, run_checks
from dataset_builder.check.engine import run_expectations
from dataset_builder.check.suite import expectation_types
from dataset_builder.check.view import View
from dataset_builder.errors import RejectedError
from tests.check.controls import CONTROLS
from tests.check.small_corpus import write_tables

ROOT = Path(__file__).parents[2]
# Runs the checks with a record of every file opened for writing and every connection.
QUIET = """
import sys
made = []
def watch(event, args):
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        made.append(f"open {args[0]}")
    elif event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "os.mkdir", "os.rename"):
        made.append(f"{event} {args[1:]}")
sys.addaudithook(watch)
from pathlib import Path
from dataset_builder.check import load_suite, run_checks
tables = {name: sorted((Path(sys.argv[1]) / "data" / name).iterdir()) for name in ("paragraphs", "articles", "sources")}
report = run_checks(tables, load_suite())
assert not made, made
assert report.failed == report.warned == 0
print(report.to_text(), end="")
"""


def changed(suite: Suite, code: str, **changes: Any) -> list[Expectation]:
    return [replace(e, **changes) for e in suite.expectations if e.code == code]


def test_nothing_is_sent_written_or_said_and_the_report_is_the_same(
    small_files: dict[str, list[Path]], suite: Suite, tmp_path: Path
) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir(mode=0o555)
    work.mkdir(mode=0o555)
    environment = {"HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "PYTHONUTF8": "1"}
    command = [sys.executable, "-B", "-c", QUIET, str(small_files["articles"][0].parents[2])]
    run = subprocess.run(command, env=environment, cwd=work, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr[-2000:]) == (0, "")
    assert [*home.iterdir(), *work.iterdir()] == []
    assert run.stdout == run_checks(small_files, suite).to_text()


def test_an_expectation_that_the_library_would_leave_out_is_an_error_that_names_it(
    small_views: dict[str, View], suite: Suite
) -> None:
    for change in ({"type": "expect_column_values_to_be_lovely"}, {"severity": "error"}):
        with pytest.raises(RejectedError, match=r"^E306 checks: C112 \(expect_column_values_to_be_\w+\) are not known"):
            run_expectations(small_views, changed(suite, "C112", **change))


def test_an_expectation_that_raises_is_an_error_that_names_it(small_views: dict[str, View], suite: Suite) -> None:
    broken = changed(suite, "C112", type="expect_column_values_to_match_regex", kwargs={"column": "text", "regex": "("})
    with pytest.raises(
        RejectedError, match=r"^E306 checks: C112 \(expect_column_values_to_match_regex\) could not be run"
    ):
        run_expectations(small_views, broken)


def test_a_wide_table_is_given_a_few_columns_at_a_time_with_the_same_report(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write_tables(CONTROLS["C111"].make(), tmp_path)
    whole = run_checks(files, suite)
    given: list[int] = []
    frame_of = engine._frame

    def watched(view: View, columns: Any) -> Any:
        names = list(columns)
        given.append(len(names))
        return frame_of(view, names)

    monkeypatch.setattr(engine, "_frame", watched)
    assert run_checks(files, suite, wide_rows=0) == whole
    assert max(given) == 2 < len(given)


def test_expectations_on_whole_columns_say_what_was_observed(small_views: dict[str, View], suite: Suite) -> None:
    whole = [
        *changed(suite, "C507", type="expect_column_max_to_be_between", kwargs={"column": "n_chars", "max_value": 50}),
        *changed(
            suite,
            "C115",
            type="expect_column_distinct_values_to_be_in_set",
            kwargs={"column": "label_origin", "value_set": ["review"]},
        ),
    ]
    found = run_expectations(small_views, whole)
    assert (found["C507"].success, found["C507"].observed, found["C507"].rows) == (False, 78, ())
    assert (found["C115"].success, found["C115"].observed) == (False, ["model"])


# For each type that a suite may use, arguments that the small corpus's paragraphs do not meet.
UNMET: dict[str, dict[str, Any]] = {
    "expect_column_distinct_values_to_be_in_set": {"column": "role", "value_set": ["body"]},
    "expect_column_distinct_values_to_contain_set": {"column": "role", "value_set": ["code"]},
    "expect_column_distinct_values_to_equal_set": {"column": "role", "value_set": ["body"]},
    "expect_column_max_to_be_between": {"column": "n_chars", "max_value": 1},
    "expect_column_mean_to_be_between": {"column": "boilerplate_score", "max_value": 0.1},
    "expect_column_median_to_be_between": {"column": "n_words", "max_value": 1},
    "expect_column_min_to_be_between": {"column": "n_chars", "min_value": 50},
    "expect_column_pair_values_a_to_be_greater_than_b": {"column_A": "char_start", "column_B": "char_end"},
    "expect_column_pair_values_to_be_equal": {"column_A": "char_start", "column_B": "char_end"},
    "expect_column_pair_values_to_be_in_set": {
        "column_A": "is_boilerplate",
        "column_B": "role",
        "value_pairs_set": [[True, "body"]],
    },
    "expect_column_proportion_of_non_null_values_to_be_between": {"column": "section_title", "min_value": 0.9},
    "expect_column_proportion_of_unique_values_to_be_between": {"column": "text", "max_value": 0.1},
    "expect_column_stdev_to_be_between": {"column": "n_chars", "max_value": 0.1},
    "expect_column_sum_to_be_between": {"column": "n_chars", "max_value": 1},
    "expect_column_unique_value_count_to_be_between": {"column": "text", "max_value": 1},
    "expect_column_value_lengths_to_be_between": {"column": "text", "max_value": 20},
    "expect_column_value_lengths_to_equal": {"column": "text", "value": 20},
    "expect_column_values_to_be_between": {"column": "published_at", "min_value": "2025-01-01T00:00:00Z"},
    "expect_column_values_to_be_in_set": {"column": "role", "value_set": ["body"]},
    "expect_column_values_to_be_null": {"column": "section_title"},
    "expect_column_values_to_be_unique": {"column": "role"},
    "expect_column_values_to_match_regex": {"column": "text", "regex": "lamp"},
    "expect_column_values_to_match_regex_list": {"column": "text", "regex_list": ["lamp", "tower"]},
    "expect_column_values_to_not_be_in_set": {"column": "role", "value_set": ["body"]},
    "expect_column_values_to_not_be_null": {"column": "section_title"},
    "expect_column_values_to_not_match_regex": {"column": "text", "regex": "lamp"},
    "expect_column_values_to_not_match_regex_list": {"column": "text", "regex_list": ["lamp", "tower"]},
    "expect_compound_columns_to_be_unique": {"column_list": ["role", "is_boilerplate"]},
    "expect_multicolumn_sum_to_equal": {"column_list": ["n_chars", "n_words"], "sum_total": 5},
    "expect_select_column_values_to_be_unique_within_record": {"column_list": ["section_index", "section_position"]},
}


def test_every_type_that_a_suite_may_use_runs_and_can_fail(small_views: dict[str, View], suite: Suite) -> None:
    (any_one,) = changed(suite, "C112")
    some = [replace(any_one, code=type_, type=type_, kwargs=kwargs) for type_, kwargs in UNMET.items()]
    found = run_expectations(small_views, some)
    assert {code for code, finding in found.items() if finding.success} == set()
    assert UNMET.keys() == expectation_types().keys()
    silent = [code for code, finding in found.items() if not finding.rows and finding.observed is None]
    assert silent == []


def test_importing_the_stage_imports_no_heavy_library() -> None:
    code = "import sys, dataset_builder.check; print({'great_expectations', 'polars', 'pandas'} & sys.modules.keys())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout == "set()\n"

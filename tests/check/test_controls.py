"""Each expectation breaks on a table made to break it, and only those others that its meaning implies."""

from pathlib import Path

import pytest

from dataset_builder.check import Suite, run_checks
from dataset_builder.check.engine import run_expectations
from dataset_builder.check.view import View, build_views
from tests.check.controls import CONTROLS
from tests.check.small_corpus import write_tables


def test_a_valid_corpus_passes_every_check(small_files: dict[str, list[Path]], suite: Suite) -> None:
    report = run_checks(small_files, suite)
    assert [o.code for o in report.outcomes if o.status != "passed"] == []
    assert report.passed == len(suite.expectations) >= 25


def test_every_expectation_has_a_control(suite: Suite) -> None:
    assert sorted(CONTROLS) == [e.code for e in suite.expectations]


@pytest.mark.parametrize("code", sorted(CONTROLS))
def test_a_table_that_breaks_an_expectation_breaks_what_it_implies_alone(
    code: str, suite: Suite, small_views: dict[str, View], tmp_path: Path
) -> None:
    control = CONTROLS[code]
    views = build_views(write_tables(control.make(), tmp_path, control.cuts))
    broken = broken_codes(suite, views, small_views)
    assert broken == {code, *control.implies}


def broken_codes(suite: Suite, views: dict[str, View], valid: dict[str, View]) -> set[str]:
    """What the library rejects. An expectation whose columns are those of the valid corpus is not run again."""
    changed = [
        e for e in suite.expectations if not views[e.view].columns(e.columns).equals(valid[e.view].columns(e.columns))
    ]
    return {code for code, finding in run_expectations(views, changed).items() if not finding.success}

"""The checks, run: view → suite → report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dataset_builder.check.engine import FAILING_ROWS, WIDE_ROWS, Finding, run_expectations
from dataset_builder.check.report import CheckReport, FailingRow, Outcome
from dataset_builder.check.suite import Expectation, Suite, load_suite
from dataset_builder.check.view import Progress, View, build_views
from dataset_builder.errors import escape_place
from dataset_builder.layout import open_release
from dataset_builder.schema import TABLES

EXCERPT = 80
# What is shown of a failing row, whatever the expectation looks at.
ROW_COLUMNS = {
    "paragraphs": ("paragraph_id", "article_id", "char_start", "char_end", "text"),
    "articles": ("article_id", "text"),
    "sources": ("article_id",),
    "tables": ("table",),
    "corpus": (),
}


def run_checks(
    files: Mapping[str, Sequence[Path]],
    suite: Suite,
    *,
    wide_rows: int = WIDE_ROWS,
    progress: Progress | None = None,
) -> CheckReport:
    """Give the report of *suite* on the tables in *files*: table name → its Parquet files in the order of their rows.

    Views with more than *wide_rows* rows are given to the library a few columns at a time. *progress* is called with
    a stage's name, what is done and the whole. The report is the same whatever files the rows are cut into.

    Raises RejectedError: E302 for a file that cannot be read, E306 for expectations that the library does not run.
    """
    views = build_views(files, progress)
    findings = run_expectations(views, suite.expectations, wide_rows=wide_rows, progress=progress)
    failing = {e.code: findings[e.code].rows[:FAILING_ROWS] for e in suite.expectations if not findings[e.code].success}
    rows = _failing_rows(views, suite.expectations, failing)
    outcomes = [_outcome(e, findings[e.code], views[e.view].n_rows, rows.get(e.code, ())) for e in suite.expectations]
    return CheckReport(outcomes=tuple(outcomes))


def check_release(path: Path, *, suite: Suite | None = None, progress: Progress | None = None) -> CheckReport:
    """Give the report of the checks on the release in the folder *path*, with the tool's own suite unless one is given.

    Raises EnvironmentFault where it is no release, and what `run_checks` raises.
    """
    release = open_release(path)
    return run_checks({name: release.files(name) for name in TABLES}, suite or load_suite(), progress=progress)


def _outcome(expectation: Expectation, finding: Finding, n_rows: int, rows: Sequence[FailingRow]) -> Outcome:
    unless_passed = "failed" if expectation.severity == "critical" else "warned"
    return Outcome(
        code=expectation.code,
        title=expectation.title,
        view=expectation.view,
        severity=expectation.severity,
        status="passed" if finding.success else unless_passed,
        type=expectation.type,
        columns=expectation.columns,
        arguments=expectation.kwargs,
        n_rows=n_rows,
        n_unexpected=finding.n_unexpected,
        observed=finding.observed,
        meaning=expectation.meaning,
        advice=expectation.advice,
        rows=tuple(rows),
    )


def _failing_rows(
    views: Mapping[str, View], expectations: Sequence[Expectation], failing: Mapping[str, Sequence[int]]
) -> dict[str, list[FailingRow]]:
    """Give the failing rows of each expectation; of the files, only the row groups that hold them are read."""
    tables: dict[str, dict[int, dict[str, Any]]] = {}
    for name, view in views.items():
        mine = [e for e in expectations if e.view == name]
        numbers = sorted({number for e in mine for number in failing.get(e.code, ())})
        columns = dict.fromkeys((*ROW_COLUMNS[name], *(column for e in mine for column in e.columns)))
        rows = view.rows(numbers, list(columns)).to_pylist() if numbers else []
        tables[name] = dict(zip(numbers, rows, strict=True))
    places = _source_places(
        views["sources"], {row.get("article_id") for rows in tables.values() for row in rows.values()}
    )
    return {
        e.code: [_failing_row(tables[e.view][number], e.columns, places) for number in failing[e.code]]
        for e in expectations
        if e.code in failing
    }


def _source_places(sources: View, article_ids: set[str | None]) -> dict[str, tuple[str | None, str | None]]:
    """Give source_path and source_record of these articles, where they have a source."""
    if not article_ids - {None}:
        return {}
    table = sources.columns(["article_id", "source_path", "source_record"])
    wanted = pc.is_in(table["article_id"], pa.array(article_ids - {None}, pa.string()))
    return {row["article_id"]: (row["source_path"], row["source_record"]) for row in table.filter(wanted).to_pylist()}


def _failing_row(
    row: Mapping[str, Any], columns: Sequence[str], places: Mapping[str, tuple[str | None, str | None]]
) -> FailingRow:
    text = row.get("text")
    path, record = places.get(row.get("article_id", ""), (None, None))
    return FailingRow(
        source_path=path,
        source_record=record,
        id=row.get("paragraph_id", row.get("article_id", row.get("table"))),
        article_id=row.get("article_id"),
        char_start=row.get("char_start"),
        char_end=row.get("char_end"),
        excerpt=None if text is None else escape_place(text[:EXCERPT]),
        values={column: _shown(row[column]) for column in columns},
    )


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return escape_place(value[:EXCERPT])
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)

"""What the commands print: a closing table, a check report, measures, warnings, JSON."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from dataset_builder.errors import ArticlesetError, escape_place

if TYPE_CHECKING:
    from dataset_builder.check import CheckReport
    from dataset_builder.pipeline import BuildResult

MARKS = {"passed": "green", "warned": "yellow", "failed": "red"}


def print_json(value: Any) -> None:
    """Print one JSON object on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=True, indent=2) + "\n")


def print_lines(lines: Iterable[str]) -> None:
    """Print *lines* on standard output, each as it is."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def print_warnings(result: "BuildResult") -> None:
    """Print what a person should know on standard error, a line each."""
    for line in result.warnings:
        sys.stderr.write(f"warning: {escape_place(line)}\n")


def print_failing(error: ArticlesetError) -> None:
    """Print the rows that failed checks on standard error, with their ids and source places."""
    from dataset_builder.check import ChecksFailed, failing_lines

    if isinstance(error, ChecksFailed):
        sys.stderr.writelines(f"{line}\n" for line in failing_lines(error.report))


def print_summary(result: "BuildResult") -> None:
    """Print the closing table of a build, and the code that loads what it made."""
    console = Console(highlight=False, emoji=False)
    console.print(_pairs(_summary_rows(result)))
    if result.release is None:
        return
    place = _relative(result.release)
    console.print()
    _plain(console, "from datasets import load_dataset")
    _plain(console, f"rows = load_dataset({place!r}, split={result.splits[0]!r})")


def print_report(report: "CheckReport") -> None:
    """Print the outcome of every check."""
    console = Console(highlight=False, emoji=False)
    rows = Column("rows", justify="right")
    table = Table("check", "severity", "outcome", rows, "what is checked", box=None, pad_edge=False)
    for outcome in report.outcomes:
        count = f"{outcome.n_unexpected:,}" if outcome.n_unexpected else ""
        mark = Text(outcome.status, style=MARKS[outcome.status])
        table.add_row(outcome.code, outcome.severity, mark, count, Text(outcome.title))
    console.print(table)
    console.print(Text(_checks({"passed": report.passed, "warned": report.warned, "failed": report.failed})))


def print_evaluation(measures: Mapping[str, Any]) -> None:
    """Print the labeller's measures, a column a source of pages."""
    groups = dict(measures["sources"])
    console = Console(highlight=False, emoji=False)
    columns = [Column(Text(escape_place(name)), justify="right") for name in groups]
    table = Table("measure", *columns, box=None, pad_edge=False)
    rows = [_measured(group) for group in groups.values()]
    for key in dict.fromkeys(key for row in rows for key in row):
        table.add_row(key, *(row.get(key, "-") for row in rows))
    console.print(table)
    note = "pages that the weights were trained on flatter them; docs/labeller.md has measures of pages kept apart"
    sys.stderr.write(f"note: {note}\n")


def _summary_rows(result: "BuildResult") -> Iterable[tuple[str, str]]:
    yield "dataset", result.name
    yield "status", result.status if not result.reasons else f"{result.status}: {'; '.join(result.reasons)}"
    yield "articles", f"{result.articles:,}"
    yield "paragraphs", f"{result.paragraphs:,}"
    total = sum(result.boilerplate.values())
    share = f" ({total / result.paragraphs:.1%})" if result.paragraphs else ""
    yield "boilerplate", f"{total:,}{share}"
    for category, count in result.boilerplate.items():
        yield f" {category}", f"{count:,}"
    yield "quarantined", _with_reasons(result.quarantined, result.quarantined_by)
    if result.quarantine is not None:
        yield " listed in", _relative(result.quarantine)
    yield "skipped", _with_reasons(result.skipped, result.skipped_by)
    yield "checks", _checks(result.checks)
    yield "digest", result.digest or "none"
    yield "version", result.version or "none"
    yield "path", "none" if result.release is None else _relative(result.release)


def _with_reasons(count: int, by: Mapping[str, int]) -> str:
    return f"{count:,}" + (f" ({', '.join(f'{k}: {v:,}' for k, v in by.items())})" if by else "")


def _checks(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _pairs(rows: Iterable[tuple[str, str]]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, Text(escape_place(value)))
    return table


def _measured(group: Mapping[str, Any]) -> dict[str, str]:
    """The figures of a source of pages, each measure followed by its 95% interval where it has one."""
    figures = {}
    for name, value in group.items():
        if name == "intervals":
            continue
        figures[name] = _figure(value)
        if group.get("intervals", {}).get(name):
            figures[f" {name}, 95%"] = "-".join(f"{end:.2f}" for end in group["intervals"][name])
    return figures


def _figure(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "-" if value is None else str(value)


def _plain(console: Console, line: str) -> None:
    """Print a line that may be copied: never folded."""
    console.print(Text(escape_place(line)), soft_wrap=True)


def _relative(path: Path) -> str:
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return str(path)

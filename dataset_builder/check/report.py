"""What the checks found: one record an expectation, the same for the same rows wherever they are checked."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dataset_builder.errors import RejectedError, escape_place

STATUSES = ("passed", "warned", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingRow:
    """A row that an expectation did not expect.

    id: paragraph_id, article_id or a table's name. values: what the expectation's columns hold. source_path,
    source_record, char_start, char_end: where it comes from. excerpt: the start of its text, escaped.
    """

    id: str | None
    article_id: str | None = None
    source_path: str | None = None
    source_record: str | None = None
    char_start: int | None = None
    char_end: int | None = None
    excerpt: str | None = None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one expectation.

    n_rows: rows of its view; n_unexpected: those that it did not expect (0 for one on a whole column); observed: the
    value of one on a whole column, or the share of unexpected rows among those that are not null; rows: the first ten.
    """

    code: str
    title: str
    view: str
    severity: str
    status: str
    type: str
    columns: tuple[str, ...]
    arguments: Mapping[str, Any]
    n_rows: int
    n_unexpected: int
    observed: Any
    meaning: str
    advice: str
    rows: tuple[FailingRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """The outcomes of all expectations, in the order of their codes."""

    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> int:
        """How many passed."""
        return self._count("passed")

    @property
    def warned(self) -> int:
        """How many warnings did not pass."""
        return self._count("warned")

    @property
    def failed(self) -> int:
        """How many critical ones did not pass: above 0, nothing is released."""
        return self._count("failed")

    def _count(self, status: str) -> int:
        return sum(outcome.status == status for outcome in self.outcomes)

    def to_json(self) -> dict[str, Any]:
        """Give it as checks.json holds it: counts, and the outcomes; words go with those that did not pass."""
        counts = {status: self._count(status) for status in STATUSES}
        return {"counts": counts, "expectations": [_outcome_json(outcome) for outcome in self.outcomes]}

    def to_text(self) -> str:
        """Give `to_json` as text: canonical, one line at the end."""
        return json.dumps(self.to_json(), ensure_ascii=False, sort_keys=True, indent=2) + "\n"


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    fields = asdict(outcome)
    rows = [{name: value for name, value in row.items() if value is not None} for row in fields.pop("rows")]
    words = ("meaning", "advice") if outcome.status == "passed" else ()
    plain = {name: value for name, value in fields.items() if name not in words}
    plain["columns"] = list(outcome.columns)
    return plain | ({"rows": rows} if rows else {})


class ChecksFailed(RejectedError):
    """Critical checks failed; `report` tells of all of them."""

    def __init__(self, report: CheckReport) -> None:
        failed = [outcome for outcome in report.outcomes if outcome.status == "failed"]
        first, others = failed[0], len(failed) - 1
        more = f", and {others} more {'check' if others == 1 else 'checks'}" if others else ""
        rows = f"{first.n_unexpected} of {first.n_rows} rows"
        reason = f'check {first.code} "{first.title}" failed on {rows}{more}: {first.meaning.rstrip(".")}'
        super().__init__("E301", _place(first), reason, _lower_first(first.advice.rstrip(".")))
        self.report = report


def rejection(report: CheckReport) -> ChecksFailed:
    """Give the error (E301) of a report with failed checks: it names the first one and its first row."""
    return ChecksFailed(report)


def failing_lines(report: CheckReport, status: str = "failed") -> Iterator[str]:
    """Yield the expectations of a *status* and their failing rows as lines for a terminal, escaped."""
    for outcome in report.outcomes:
        if outcome.status == status:
            counted = f"{outcome.n_unexpected} of {outcome.n_rows} rows" if outcome.rows else f"{outcome.observed}"
            yield escape_place(f"{outcome.code} {outcome.title} ({counted})")
            yield from (f"  {_row_line(row)}" for row in outcome.rows)


def _row_line(row: FailingRow) -> str:
    place = "" if row.source_path is None else f"  {row.source_path}"
    place += "" if row.source_record is None else f":{row.source_record}"
    place += "" if row.char_start is None else f" [{row.char_start}:{row.char_end}]"
    values = ", ".join(f"{name}={value!r}" for name, value in row.values.items())
    excerpt = "" if row.excerpt is None else f'  "{row.excerpt}"'
    return escape_place(f"{row.id}{place}  {values}{excerpt}")


def _place(outcome: Outcome) -> str:
    if not outcome.rows:
        return outcome.view
    row = outcome.rows[0]
    return str(row.id) if row.source_path is None else f"{row.source_path}, {row.id}"


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]

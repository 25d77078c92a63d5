"""Write the tables of docs/checks.md anew, from the tool's suite and the check view's columns.

python scripts/make_check_docs.py
"""

from pathlib import Path

from dataset_builder.check import Expectation, load_suite
from dataset_builder.check.columns import VIEWS, derived_columns

DOCS = Path(__file__).parent.parent / "docs" / "checks.md"
MARKS = {
    "checks": ("<!-- checks -->\n", "<!-- end of checks -->\n"),
    "view": ("<!-- view -->\n", "<!-- end of view -->\n"),
}


def list_checks() -> str:
    """Give a table of the checks, with their severities and what they mean."""
    lines = [
        "| code | severity | view | what is checked | what it means when it does not pass |",
        "|---|---|---|---|---|",
    ]
    lines += [_check_line(expectation) for expectation in load_suite().expectations]
    return "\n".join(lines) + "\n"


def list_columns() -> str:
    """Give a table of the check view's derived columns."""
    lines = ["| view | column | type | meaning |", "|---|---|---|---|"]
    for view in VIEWS:
        lines += [f"| {view} | `{c.name}` | {c.type} | {_cell(c.description)} |" for c in derived_columns(view)]
    return "\n".join(lines) + "\n"


def _check_line(expectation: Expectation) -> str:
    cells = (expectation.code, expectation.severity, expectation.view, expectation.title, expectation.meaning)
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def with_tables(text: str) -> str:
    """Give the page with its tables made anew."""
    for name, table in (("checks", list_checks()), ("view", list_columns())):
        start, end = MARKS[name]
        before, _, rest = text.partition(start)
        _, _, after = rest.partition(end)
        text = f"{before}{start}{table}{end}{after}"
    return text


if __name__ == "__main__":
    DOCS.write_text(with_tables(DOCS.read_text("utf-8")), "utf-8")

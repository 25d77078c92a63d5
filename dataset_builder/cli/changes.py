"""What `diff` prints: counts, totals, and the first changes of each kind, the words of an edited text marked."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from dataset_builder.config import resolve
from dataset_builder.diff.compare import ROWS, Comparison
from dataset_builder.diff.edits import WORD
from dataset_builder.errors import escape_place
from dataset_builder.layout import VERSION, Release, open_release
from dataset_builder.release.storage import storage_faults

SHOWN = 20
_COLUMNS = 32  # no row has more lines than a table has columns
_TOTALS = {"role": "role", "category": "boilerplate_category", "section": "section_title", "article": "article_id"}
_GONE, _COME = "red", "green"
# Of a long text: how many words are compared, and how many stand around a change.
_WORDS, _AROUND = 2_000, 6
_PIECE = re.compile(rf"\s+|{WORD}")


def find_release(argument: str) -> Release:
    """Give the release that is the folder *argument*, or that version of the configured dataset.

    Raises EnvironmentFault E410 when there is none, UsageError where a version needs a configuration that is faulty.
    """
    path = Path(argument)
    if VERSION.fullmatch(argument) and not path.is_dir():
        config = resolve({})
        path = config.output / config.identity.name / argument
    return open_release(path)


def write_changes(comparison: Comparison, path: Path) -> None:
    """Write all changes as a Parquet file, over one that stands there. Raises EnvironmentFault E403, E404, E409."""
    sink = pa.BufferOutputStream()
    pq.write_table(comparison.changes, sink, compression="zstd", store_schema=False)
    with storage_faults(path):
        path.write_bytes(sink.getvalue())


def print_changes(comparison: Comparison) -> None:
    """Print what differs: the version rule's word, counts, totals, then the changes, at most `SHOWN` of each kind."""
    console = Console(highlight=False, emoji=False)
    old, new, decision = comparison.old, comparison.new, comparison.decision
    _line(console, f"{old.name} {old.version} → {new.name} {new.version}", style="bold")
    if not comparison.differs:
        _line(console, "nothing differs")
        return
    _line(console, f"bump: {decision.bump}")
    for reason in decision.reasons:
        _line(console, f"  {reason}")
    counts = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in comparison.counts.items() if count)
    _line(console, f"counts: {counts or 'none'}; {decision.counts['articles_same']:,} articles are the same")
    if comparison.rows.num_rows:
        for title, column in _TOTALS.items():
            console.print()
            console.print(_totals(title, comparison.totals(column)))
    for heading, changes in _sections(comparison):
        if changes.num_rows:
            console.print()
            _line(console, heading, style="bold")
            for line in _lines(changes):
                console.print(line, soft_wrap=True)


def mark_words(old: str, new: str) -> Text:
    """Give *new* with the words that it has not from *old*, `{+so+}`, and those that it lost, `[-so-]`.

    Far from a change, words are left out as `…`; of a long text the first 2,000 words and spaces are compared.
    """
    left, right = (_PIECE.findall(text)[:_WORDS] for text in (old, new))
    marked = Text()
    steps = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    for place, (step, i, j, k, m) in enumerate(steps):
        if step == "equal":
            marked.append(_shortened(left[i:j], first=place == 0, last=place == len(steps) - 1))
            continue
        if i < j:
            marked.append(f"[-{_plain(left[i:j])}-]", style=_GONE)
        if k < m:
            marked.append(f"{{+{_plain(right[k:m])}+}}", style=_COME)
    return marked


def _sections(comparison: Comparison) -> Iterator[tuple[str, pa.Table]]:
    yield "contract and identity", comparison.contract
    yield "articles", comparison.articles
    yield "paragraphs", comparison.rows
    yield "side table sources", comparison.sources


def _totals(title: str, totals: dict[str | None, dict[str, int]]) -> Table:
    table = Table(title, *(Column(kind, justify="right") for kind in ROWS), box=None, pad_edge=False)
    for value, counts in list(totals.items())[:SHOWN]:
        name = Text(escape_place(value) if value is not None else "(none)")
        table.add_row(name, *(f"{counts[kind]:,}" if counts[kind] else "" for kind in ROWS))
    if len(totals) > SHOWN:
        table.add_row(f"… and {len(totals) - SHOWN:,} more")
    return table


def _lines(changes: pa.Table) -> Iterator[Text]:
    for kind in changes["kind"].unique().to_pylist():
        found = changes.filter(pc.equal(changes["kind"], kind))
        rows = found.group_by(["article_id", "paragraph_id"]).aggregate([]).num_rows
        first = groupby(found.slice(0, SHOWN * _COLUMNS).to_pylist(), itemgetter("article_id", "paragraph_id"))
        shown = [_row(list(row)) for _, row in islice(first, SHOWN)]
        yield from shown
        if rows > len(shown):
            more = f"  … and {rows - len(shown):,} more {kind.replace('_', ' ')}"
            yield Text(f"{more} (--json or --parquet gives all)")


def _row(changes: list[dict[str, Any]]) -> Text:
    """Give what differs of one row, on a line."""
    kind, place = changes[0]["kind"], changes[0]["paragraph_id"] or changes[0]["article_id"]
    alone = kind in ("added", "removed")
    line = Text(f"  {kind.replace('_', ' ')}" + ("" if place is None else f" {escape_place(place)}"))
    for number, change in enumerate(changes):
        if change["column"] is None and change["new"] is None:
            continue
        line.append("; " if number else ": " if place is not None else " ")
        if change["column"] is not None and not alone:
            line.append(escape_place(change["column"]) + " ")
        line.append_text(_values(change["column"], change["old"], change["new"]))
    return line


def _values(column: str | None, old: str | None, new: str | None) -> Text:
    if old is None or new is None:
        return Text.assemble((_cut(old or ""), _GONE), (_cut(new or ""), _COME))
    if column == "text" and not old.startswith("sha256:"):
        return mark_words(old, new)
    return Text.assemble((_cut(old), _GONE), " → ", (_cut(new), _COME))


def _shortened(words: list[str], *, first: bool, last: bool) -> str:
    """Leave out of words that both texts have those far from what differs."""
    head, tail = (0 if first else _AROUND), (0 if last else _AROUND)
    if len(words) <= head + tail + 1:
        return _plain(words)
    before, after = "".join(words[:head]).rstrip(), "".join(words[len(words) - tail :]).lstrip()
    return escape_place(" … ".join([before, after]).removeprefix(" " * first).removesuffix(" " * last))


def _cut(text: str, most: int = 160) -> str:
    most = 15 if text.startswith("sha256:") else most
    return escape_place(text if len(text) <= most else text[:most] + "…")


def _plain(words: list[str]) -> str:
    return escape_place("".join(words))


def _line(console: Console, line: str, style: str = "") -> None:
    console.print(Text(escape_place(line), style=style), soft_wrap=True)

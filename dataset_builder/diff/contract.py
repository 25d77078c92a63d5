"""Compares what releases promise and say of themselves: tables, columns, label names, identity, suite."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dataset_builder.release import Facts

Record = dict[str, str | None]


def contract_changes(old: Facts, new: Facts) -> Iterator[Record]:
    """Yield a record for each table, column, label name and part of the identity that differs, with old and new."""
    yield from _names("table", {name: name for name in old.columns}, {name: name for name in new.columns}, "")
    for table in [name for name in old.columns if name in new.columns]:
        yield from _names("column", old.columns[table], new.columns[table], f"{table}.", other="retyped")
    for kind in dict.fromkeys([*old.labels, *new.labels]):
        was, now = ({n: str(m) for n, m in facts.labels.get(kind, {}).items()} for facts in (old, new))
        yield from _names("label", was, now, f"{kind}.", other="meaning_changed")
    for name in dict.fromkeys([*old.identity, *new.identity]):
        before, after = old.identity.get(name), new.identity.get(name)
        if before != after:
            yield {"kind": "identity_changed", "column": name, "old": _text(before), "new": _text(after)}
    if old.suite != new.suite:
        yield {"kind": "suite_changed", "column": None, "old": old.suite, "new": new.suite}


def _names(
    what: str, old: Mapping[str, str], new: Mapping[str, str], prefix: str, *, other: str = "changed"
) -> Iterator[Record]:
    for name in dict.fromkeys([*old, *new]):
        was, now = old.get(name), new.get(name)
        if was != now:
            how = "added" if was is None else "removed" if now is None else other
            yield {"kind": f"{what}_{how}", "column": prefix + name, "old": was, "new": now}


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)

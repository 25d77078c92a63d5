"""The check view: the tables as written, and the columns of `view.toml` derived from them, so that checks are plain.

The view is computed a shard at a time. Only what is derived is kept, as bits and small numbers; columns of the files
are read again when a check needs them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_builder.check.columns import VIEWS, typed
from dataset_builder.check.stored import Shard, StoredTable, open_tables, read_columns, schema_faults, shards_of

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One table of the check view: the files' own table, where it has one, and the derived columns, row for row."""

    name: str
    derived: pa.Table
    stored: StoredTable | None

    @property
    def n_rows(self) -> int:
        """Its rows."""
        return int(self.derived.num_rows)

    def columns(self, names: Sequence[str]) -> pa.Table:
        """Give these columns, whole."""
        raw = [name for name in names if name not in self.derived.column_names]
        found = self.derived.select([name for name in names if name not in raw])
        if self.stored is not None and raw:
            stored = read_columns(self.name, self.stored.files, raw)
            for name in raw:
                found = found.append_column(name, stored.column(name))
        return found.select(list(names))

    def rows(self, numbers: Sequence[int], names: Sequence[str]) -> pa.Table:
        """Give these columns of the rows with these numbers, in the order of the numbers."""
        raw = [name for name in names if name not in self.derived.column_names]
        found = self.derived.select([name for name in names if name not in raw]).take(list(numbers))
        if self.stored is not None and raw:
            stored = self.stored.rows(numbers, raw)
            for name in raw:
                found = found.append_column(name, stored.column(name))
        return found.select(list(names))


def build_views(files: Mapping[str, Sequence[Path]], progress: Progress | None = None) -> dict[str, View]:
    """Give the check view of the tables in *files* (table → its files in order), by name.

    Raises RejectedError (E302) for a file that cannot be read.
    """
    tables = open_tables(files)
    shards, is_paired = shards_of(tables)
    derived = {**_derive(shards, progress), "tables": _tables_view(tables, is_paired)}
    return {name: View(name=name, derived=derived[name], stored=tables.get(name)) for name in VIEWS}


def _derive(shards: Sequence[Shard], progress: Progress | None) -> dict[str, pa.Table]:
    from dataset_builder.check.corpus import Corpus
    from dataset_builder.check.shard import facts_of

    corpus = Corpus()
    for done, shard in enumerate(shards, 1):
        corpus.add(facts_of(shard))
        if progress is not None:
            progress("check view", done, len(shards))
    return corpus.tables()


def _tables_view(tables: Mapping[str, StoredTable], is_paired: bool) -> pa.Table:
    faults = [schema_faults(stored) for stored in tables.values()]
    columns: dict[str, list[Any]] = {
        "table": list(tables),
        "n_rows": [stored.n_rows for stored in tables.values()],
        "missing_columns": [", ".join(found["missing"]) for found in faults],
        "retyped_columns": [", ".join(found["retyped"]) for found in faults],
        "unexpected_columns": [", ".join(found["unexpected"]) for found in faults],
        "is_cut_alike": [is_paired] * len(tables),
    }
    return pa.table({column: typed("tables", column, values) for column, values in columns.items()})

"""The tables as they stand in their files: columns are read as declared, whatever a file holds."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dataset_builder.errors import RejectedError
from dataset_builder.schema import TABLES, arrow_schema

Shard = dict[str, tuple[Path, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTable:
    """A table's files in the order of their rows, each with the schema and the number of rows that it has."""

    name: str
    files: tuple[Path, ...]
    schemas: tuple[pa.Schema, ...]
    counts: tuple[int, ...]

    @property
    def n_rows(self) -> int:
        """The rows of all files."""
        return sum(self.counts)

    def rows(self, numbers: Sequence[int], columns: Sequence[str]) -> pa.Table:
        """Give *columns* of the rows with these numbers, in the order of the numbers; no other row group is read."""
        wanted = np.asarray(sorted(set(numbers)), np.int64)
        parts, base = [], 0
        for file, count in zip(self.files, self.counts, strict=True):
            inside = wanted[(wanted >= base) & (wanted < base + count)] - base
            if len(inside):
                parts.append(_rows_of_file(self.name, file, inside, columns))
            base += count
        found = pa.concat_tables(parts) if parts else _declared(self.name, columns).empty_table()
        return found.take(np.searchsorted(wanted, np.asarray(numbers, np.int64)))


def open_tables(files: Mapping[str, Sequence[Path]]) -> dict[str, StoredTable]:
    """Give the tables of `schema.TABLES`; one without files has no rows. Raises RejectedError (E302)."""
    return {name: _open_table(name, tuple(files.get(name, ()))) for name in TABLES}


def _open_table(name: str, files: tuple[Path, ...]) -> StoredTable:
    schemas, counts = [], []
    for path in files:
        with _opened(path) as file:
            schemas.append(file.schema_arrow)
            counts.append(file.metadata.num_rows)
    return StoredTable(name=name, files=files, schemas=tuple(schemas), counts=tuple(counts))


def shards_of(tables: Mapping[str, StoredTable]) -> tuple[list[Shard], bool]:
    """Give the files that hold the same articles, and whether the file names say which.

    Where they do not pair up, all files are one shard.
    """
    keys = {name: [_shard_key(path) for path in table.files] for name, table in tables.items()}
    first, *others = keys.values()
    is_paired = len(set(first)) == len(first) and all(other == first for other in others)
    if is_paired and first:
        return [{name: (tables[name].files[i],) for name in tables} for i in range(len(first))], True
    return [{name: table.files for name, table in tables.items()}], is_paired


def _shard_key(path: Path) -> str:
    """The split and number of a data file: `train-00000` of `train-00000-1a2b3c4d.parquet`."""
    return "-".join(path.stem.split("-")[:2])


def read_columns(name: str, files: Sequence[Path], columns: Sequence[str]) -> pa.Table:
    """Give *columns* of the files as the table *name* declares them; what is missing or of another type is null."""
    parts = []
    for path in files:
        with _opened(path) as file:
            present = [column for column in columns if column in file.schema_arrow.names]
            parts.append(_conform(name, file.read(columns=present), columns))
    return pa.concat_tables(parts) if parts else _declared(name, columns).empty_table()


def _rows_of_file(name: str, path: Path, numbers: np.ndarray[Any, Any], columns: Sequence[str]) -> pa.Table:
    parts, base = [], 0
    with _opened(path) as file:
        present = [column for column in columns if column in file.schema_arrow.names]
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            inside = numbers[(numbers >= base) & (numbers < base + count)] - base
            if len(inside):
                parts.append(_conform(name, file.read_row_group(group, columns=present).take(inside), columns))
            base += count
    return pa.concat_tables(parts)


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file by a handle: a path would be taken for a dataset's, and its signs for a pattern."""
    try:
        with path.open("rb") as handle, pq.ParquetFile(handle, page_checksum_verification=True) as file:
            yield file
    except (pa.ArrowException, OSError) as fault:
        raise _unreadable(path, fault) from fault


def _unreadable(path: Path, fault: Exception) -> RejectedError:
    reason = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
    return RejectedError(
        "E302", path, f"cannot be read as Parquet ({reason})", "take the file from a copy, or build anew"
    )


def _declared(name: str, columns: Sequence[str]) -> pa.Schema:
    schema = arrow_schema(name)
    return pa.schema([pa.field(column, schema.field(column).type) for column in columns])


def _conform(name: str, found: pa.Table, columns: Sequence[str]) -> pa.Table:
    schema = _declared(name, columns)
    arrays = []
    for field in schema:
        column = found.column(field.name) if field.name in found.column_names else None
        arrays.append(_cast(column, field.type, found.num_rows))
    return pa.table(arrays, schema=schema)


def _cast(column: pa.ChunkedArray | None, type_: pa.DataType, n_rows: int) -> pa.ChunkedArray | pa.Array:
    if column is None:
        return pa.nulls(n_rows, type_)
    if column.type == type_:
        return column
    try:
        return column.cast(type_)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.nulls(n_rows, type_)


def schema_faults(table: StoredTable) -> dict[str, list[str]]:
    """Give the columns that some file lacks, has with another type, or has undeclared: by kind, sorted."""
    declared = {field.name: field.type for field in arrow_schema(table.name)}
    faults: dict[str, set[str]] = {"missing": set(), "retyped": set(), "unexpected": set()}
    for schema in table.schemas:
        found = dict(zip(schema.names, schema.types, strict=True))
        faults["missing"] |= declared.keys() - found.keys()
        faults["retyped"] |= {name for name in declared.keys() & found.keys() if found[name] != declared[name]}
        faults["unexpected"] |= found.keys() - declared.keys()
    return {kind: sorted(names) for kind, names in faults.items()}

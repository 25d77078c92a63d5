"""Writes a shard of a table as one Parquet file, whose bytes depend on the rows alone (and the library's version)."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_builder.layout import data_file_name
from dataset_builder.release.storage import make_folder, write_new
from dataset_builder.schema import arrow_schema

ROW_GROUP = 65_536
# Columns whose values hardly repeat: a dictionary costs time there and gains nothing.
PLAIN = {"paragraph_id", "text", "source_text", "char_start", "char_end", "source_sha256", "source_bytes"}
# Whole texts make no useful smallest and greatest value.
NO_STATISTICS = {"text", "source_text"}
ORDER = {"paragraphs": ("article_id", "position")}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """A written file: its table, its path relative to the release, sha256 (hex), size in bytes, rows."""

    table: str
    path: str
    sha256: str
    bytes: int
    rows: int


def write_table(table: pa.Table, name: str, folder: Path, *, split: str, number: int) -> DataFile:
    """Write the shard *number* of the table *name* to folder/data/NAME/SPLIT-NUMBER-SHA8.parquet.

    *table* has the schema `arrow_schema(name)` and its rows in order. The same rows give the same bytes, whatever
    the chunks, threads or process. Raises ValueError for another schema, EnvironmentFault when the disk fails.
    """
    content = parquet_bytes(table, name)
    sha256 = hashlib.sha256(content).hexdigest()
    path = Path("data", name, data_file_name(split, number, sha256))
    make_folder((folder / path).parent)
    (folder / path).unlink(missing_ok=True)  # what a worker left that was killed while it wrote this shard
    write_new(folder / path, memoryview(content))
    return DataFile(table=name, path=path.as_posix(), sha256=sha256, bytes=len(content), rows=table.num_rows)


def parquet_bytes(table: pa.Table, name: str) -> pa.Buffer:
    """Give *table* as a Parquet file.

    Raises ValueError unless its schema is `arrow_schema(name)`, and for nulls in required columns.
    """
    schema = arrow_schema(name)
    if not table.schema.equals(schema, check_metadata=True):
        raise ValueError(f"the table has not the schema of {name}: {table.schema}")
    nulls = [field.name for field in schema if not field.nullable and table[field.name].null_count]
    if nulls:
        raise ValueError(f"{name} holds nulls in {', '.join(nulls)}")
    sink = pa.BufferOutputStream()
    # One chunk, since a version of the library may end pages where chunks end.
    with pq.ParquetWriter(sink, schema, **_options(schema, name)) as writer:
        writer.write_table(table.combine_chunks(), row_group_size=ROW_GROUP)
    return sink.getvalue()


def _options(schema: pa.Schema, name: str) -> dict[str, Any]:
    unique = PLAIN if name == "paragraphs" else PLAIN | {"article_id", "title", "url", "text"}
    order = [(column, "ascending") for column in ORDER.get(name, ("article_id",))]
    return {
        "version": "2.6",
        "compression": "zstd",
        "compression_level": 3,
        "use_dictionary": [_leaf(field) for field in schema if field.name not in unique],
        "write_statistics": [_leaf(field) for field in schema if field.name not in NO_STATISTICS],
        "write_page_index": True,
        "write_page_checksum": True,
        "use_content_defined_chunking": True,  # an edit changes few pages: hubs store the rest once
        "store_schema": False,  # Arrow's own schema: the file's says the same
        "sorting_columns": pq.SortingColumn.from_ordering(schema, order),
    }


def _leaf(field: pa.Field) -> str:
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)

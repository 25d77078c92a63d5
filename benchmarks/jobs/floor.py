"""The floor: read, split, hash and write by column, and nothing else."""

from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import polars_hash as plh
import pyarrow.parquet as pq

from benchmarks.lines import texts_of

BATCH = 1000


def run(source: Path, output: Path) -> dict[str, Any]:
    """Write the lines of *source* with their sha256 to one Parquet file in *output*."""
    texts, writer, rows = texts_of(source), None, 0
    while batch := list(islice(texts, BATCH)):
        table = _split(batch).to_arrow()
        writer = writer or pq.ParquetWriter(
            output / "floor.parquet", table.schema, compression="zstd", compression_level=3, use_dictionary=["article"]
        )
        writer.write_table(table)
        rows += len(table)
    if writer:
        writer.close()
    return {"rows": rows}


def _split(batch: list[tuple[str, str]]) -> pl.DataFrame:
    frame = pl.DataFrame(batch, schema=["article", "text"], orient="row")
    lines = frame.with_columns(pl.col("text").str.split("\n")).explode("text")
    lines = lines.with_columns(pl.col("text").str.strip_chars()).filter(pl.col("text") != "")
    return lines.with_columns(plh.col("text").chash.sha2_256().alias("sha256"))

"""The Parquet files: their bytes depend on the rows alone, and any reader finds what it needs in them."""

import hashlib
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_builder.errors import EnvironmentFault
from dataset_builder.layout import read_table
from dataset_builder.release import parquet
from dataset_builder.release.parquet import parquet_bytes, write_table
from dataset_builder.schema import TABLES, arrow_schema
from tests.release.release_corpus import corpus, tables_of


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return tables_of(corpus(30))


def opened(content: pa.Buffer) -> pq.ParquetFile:
    return pq.ParquetFile(pa.BufferReader(content))


@given(cuts=st.lists(st.integers(1, 179), max_size=8), lead=st.integers(0, 5))
def test_the_bytes_do_not_depend_on_chunks_or_offsets(tables: dict[str, pa.Table], cuts: list[int], lead: int) -> None:
    table = tables["paragraphs"]
    edges = sorted({0, table.num_rows, *cuts})
    padded = pa.concat_tables([table.slice(0, lead), table]).combine_chunks().slice(lead)
    pieces = [padded.slice(start, end - start) for start, end in itertools.pairwise(edges)]
    assert parquet_bytes(pa.concat_tables(pieces), "paragraphs").equals(parquet_bytes(table, "paragraphs"))


def test_the_bytes_do_not_depend_on_threads_or_on_how_absent_nulls_are_stored(tables: dict[str, pa.Table]) -> None:
    table = tables["paragraphs"]
    expected = parquet_bytes(table, "paragraphs")
    threads = pa.cpu_count()
    try:
        for count in (1, 4):
            pa.set_cpu_count(count)
            assert parquet_bytes(table, "paragraphs").equals(expected)
    finally:
        pa.set_cpu_count(threads)
    full = pa.array([True] * table.num_rows).buffers()[1]
    column = table["position"].combine_chunks()
    stored = pa.Int32Array.from_buffers(pa.int32(), len(column), [full, column.buffers()[1]], null_count=0)
    at = table.column_names.index("position")
    again = table.set_column(at, table.schema.field(at), stored)
    assert parquet_bytes(again, "paragraphs").equals(expected)


@pytest.mark.parametrize("name", TABLES)
def test_a_file_reads_back_as_the_table_with_the_declared_schema(tables: dict[str, pa.Table], name: str) -> None:
    file = opened(parquet_bytes(tables[name], name))
    assert file.schema_arrow.equals(arrow_schema(name), check_metadata=True)
    assert file.read().equals(tables[name])
    assert file.metadata.metadata is None  # no pandas, no huggingface, no Arrow schema


def test_every_page_has_a_checksum_and_an_index_entry(tables: dict[str, pa.Table], tmp_path: Path) -> None:
    written = write_table(tables["paragraphs"], "paragraphs", tmp_path, split="train", number=0)
    path = tmp_path / written.path
    column = pq.ParquetFile(path).metadata.row_group(0).column(arrow_schema("paragraphs").names.index("text"))
    assert column.has_offset_index
    assert column.compression == "ZSTD"
    content = path.read_bytes()
    for back in range(1, 400, 7):  # some of these flips a decompressor does not notice
        at = column.data_page_offset + column.total_compressed_size - back
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(EnvironmentFault, match="E411"):
            read_table(path)


def test_columns_without_repeats_have_no_dictionary_and_labels_have_one(tables: dict[str, pa.Table]) -> None:
    def encodings(name: str) -> dict[str, tuple[str, ...]]:
        group = opened(parquet_bytes(tables[name], name)).metadata.row_group(0)
        return {group.column(i).path_in_schema: group.column(i).encodings for i in range(group.num_columns)}

    paragraphs, articles = encodings("paragraphs"), encodings("articles")
    for column in ("paragraph_id", "text", "char_start", "char_end"):
        assert "RLE_DICTIONARY" not in paragraphs[column], column
    for column in ("article_id", "role", "language", "section_path.list.element"):
        assert "RLE_DICTIONARY" in paragraphs[column], column
    assert "RLE_DICTIONARY" not in articles["article_id"]


def test_row_groups_end_after_a_fixed_number_of_rows(
    tables: dict[str, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 50)
    metadata = opened(parquet_bytes(tables["paragraphs"], "paragraphs")).metadata
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [50, 50, 50, 30]


def test_an_edit_in_the_middle_leaves_most_of_the_bytes_of_other_pages(tables: dict[str, pa.Table]) -> None:
    rng = np.random.default_rng(7)
    texts = ["".join(map(chr, rng.integers(97, 123, 300))) for _ in range(12_000)]
    rows = {name: pa.concat_arrays([tables["paragraphs"][name].chunk(0).slice(0, 1)] * 12_000) for name in TABLE_NAMES}
    basis = pa.table(rows | {"text": texts}, schema=arrow_schema("paragraphs"))
    texts.insert(6_000, "an inserted paragraph")
    more = pa.table(
        {name: pa.concat_arrays([column, column.slice(0, 1)]) for name, column in rows.items()} | {"text": texts},
        schema=arrow_schema("paragraphs"),
    )
    blocks = [_blocks(parquet_bytes(table, "paragraphs"), basis) for table in (basis, more)]
    assert len(blocks[0] & blocks[1]) > 0.5 * len(blocks[0])


TABLE_NAMES = arrow_schema("paragraphs").names


def _blocks(content: pa.Buffer, table: pa.Table) -> set[bytes]:
    """The hashes of the pages of the text column, as its offset index gives them (by the zstd frame mark)."""
    column = opened(content).metadata.row_group(0).column(TABLE_NAMES.index("text"))
    data = content.to_pybytes()[column.data_page_offset :][: column.total_compressed_size]
    return {hashlib.sha256(part).digest() for part in data.split(b"\x28\xb5\x2f\xfd")}


def test_a_file_is_named_by_its_number_and_content_and_described_as_it_is(
    tables: dict[str, pa.Table], tmp_path: Path
) -> None:
    written = write_table(tables["articles"], "articles", tmp_path, split="train", number=12)
    content = (tmp_path / written.path).read_bytes()
    assert written.sha256 == hashlib.sha256(content).hexdigest()
    assert written.path == f"data/articles/train-00012-{written.sha256[:8]}.parquet"
    assert (written.bytes, written.rows, written.table) == (len(content), 30, "articles")


def test_another_schema_and_nulls_in_a_required_column_are_refused(tables: dict[str, pa.Table], tmp_path: Path) -> None:
    def without_text(value: Any) -> pa.Table:
        table = tables["paragraphs"]
        return table.set_column(6, table.schema.field("text"), pa.array([value] * table.num_rows, pa.string()))

    large = tables["paragraphs"].cast(
        pa.schema([f.with_type(pa.large_string()) if f.name == "text" else f for f in arrow_schema("paragraphs")])
    )
    for table, reason in (
        (large, "schema"),
        (tables["articles"], "schema"),
        (tables["paragraphs"].replace_schema_metadata({"pandas": "{}"}), "schema"),
        (without_text(None), "nulls in text"),
    ):
        with pytest.raises(ValueError, match=reason):
            write_table(table, "paragraphs", tmp_path, split="train", number=0)
    assert not list(tmp_path.iterdir())

"""The digests, against docs/digest.md and a second implementation that goes value by value."""

import hashlib
import itertools
import json
import math
import struct
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_builder.release.digest import article_digests, config_digest, release_digest
from dataset_builder.release.facts import FACTS, article_facts
from tests.release.release_corpus import corpus, shards_of, tables_of

DOCS = Path(__file__).parents[2] / "docs" / "digest.md"
ARROW = {
    "string": pa.string(),
    "bool": pa.bool_(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float32": pa.float32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "list<string>": pa.list_(pa.string()),
}
TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "bool": st.booleans(),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float32": st.floats(width=32),
    "timestamp": st.integers(-(2**62), 2**62),
    "list<string>": st.lists(st.none() | TEXT, max_size=4),
}
COLUMNS = {kind.replace("<", "_").strip(">"): kind for kind in VALUES} | {"Ähre": "string", "aa": "int32"}


def vectors() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DOCS.read_text("utf-8").partition("```json\n")[2].partition("```")[0])
    return found


def encode(rows: list[dict[str, Any]], columns: dict[str, str]) -> bytes:
    """The encoding of docs/digest.md, value by value."""
    parts = [struct.pack("<I", len(rows))]
    for name, kind in sorted(columns.items(), key=lambda item: item[0].encode()):
        values = [row[name] for row in rows]
        parts += [_text(name), _text(kind)]
        if kind == "string":
            parts.append(_strings(values))
        elif kind == "list<string>":
            parts += [struct.pack("<i", -1 if value is None else len(value)) for value in values]
            parts.append(_strings([element for value in values for element in value or []]))
        else:
            parts.append(bytes(value is not None for value in values))
            parts += [_number(0 if value is None else value, kind) for value in values]
    return b"".join(parts)


def _text(value: str) -> bytes:
    return struct.pack("<I", len(value.encode())) + value.encode()


def _strings(values: list[str | None]) -> bytes:
    lengths = [struct.pack("<i", -1 if value is None else len(value.encode())) for value in values]
    return b"".join(lengths + [(value or "").encode() for value in values])


def _number(value: Any, kind: str) -> bytes:
    if kind == "float32" and math.isnan(float(value)):
        return bytes.fromhex("0000c07f")
    if kind == "float32" and float(value) == 0:
        return bytes(4)
    return struct.pack(
        {"bool": "<B", "int32": "<i", "float32": "<f"}.get(kind, "<q"), float(value) if "f" in kind else value
    )


def arrow_table(rows: list[dict[str, Any]], columns: dict[str, str]) -> pa.Table:
    floats = {name for name, kind in columns.items() if kind == "float32"}
    data = {
        name: pa.array(
            [float(row[name]) if name in floats and row[name] is not None else row[name] for row in rows],
            ARROW[kind],
        )
        for name, kind in columns.items()
    }
    return pa.table(data)


def bounds_of(articles: list[list[dict[str, Any]]]) -> "np.ndarray[Any, np.dtype[np.int64]]":
    return np.cumsum([0, *map(len, articles)]).astype(np.int64)


def test_the_vectors_of_the_docs_hold() -> None:
    found = vectors()
    columns, articles = found["columns"], found["articles"]
    table = arrow_table([row for one in articles for row in one["rows"]], columns)
    digests = article_digests(table, bounds_of([one["rows"] for one in articles]))
    assert [digest.hex() for digest in digests] == [one["digest"] for one in articles]
    assert config_digest([one["id"] for one in articles], digests) == found["config_digest"]
    assert release_digest(found["release"]) == found["release_digest"]


def test_the_encodings_of_the_docs_are_what_the_definition_says() -> None:
    found = vectors()
    for one in found["articles"]:
        assert encode(one["rows"], found["columns"]).hex() == one["encoding"]
        assert hashlib.sha256(bytes.fromhex(one["encoding"])).hexdigest() == one["digest"]


def test_the_release_digest_can_be_computed_in_a_shell() -> None:
    line = next(line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("printf"))
    digests = {"articles": "rows-1:aa", "paragraphs": "rows-1:bb", "sources": "rows-1:cc"}
    environment = {name.upper(): digest for name, digest in digests.items()} | {"PATH": "/usr/bin:/bin"}
    printed = subprocess.run(["sh", "-c", line], env=environment, capture_output=True, text=True, check=True).stdout
    assert printed.split()[0] == release_digest(digests)


ROWS = st.lists(st.fixed_dictionaries({name: st.none() | VALUES[kind] for name, kind in COLUMNS.items()}), max_size=5)


@given(articles=st.lists(ROWS, max_size=4), cuts=st.lists(st.integers(0, 20), max_size=3))
def test_any_rows_have_the_digest_of_the_definition_however_they_are_chunked(
    articles: list[list[dict[str, Any]]], cuts: list[int]
) -> None:
    rows = [row for one in articles for row in one]
    expected = [hashlib.sha256(encode(one, COLUMNS)).digest() for one in articles]
    whole = arrow_table(rows, COLUMNS)
    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    pieces = [whole.slice(start, end - start) for start, end in itertools.pairwise(edges)]
    for table in (whole, pa.concat_tables(pieces or [whole])):
        assert article_digests(table, bounds_of(articles)) == expected


def test_a_slice_of_a_larger_table_has_the_digest_of_its_rows() -> None:
    tables = tables_of(corpus(4))
    part = tables_of(corpus(4)[2:])
    sliced = tables["paragraphs"].slice(12)
    assert article_digests(sliced, np.array([0, 6, 12])) == article_digests(part["paragraphs"], np.array([0, 6, 12]))


def test_bytes_hidden_under_a_null_do_not_count() -> None:
    shown = pa.array(["a", None, "b"])
    hidden = pa.StringArray.from_buffers(
        3, pa.array([0, 1, 3, 4], pa.int32()).buffers()[1], pa.py_buffer(b"axxb"), shown.buffers()[0]
    )
    assert hidden.to_pylist() == shown.to_pylist()
    both = [article_digests(pa.table({"c": column}), np.array([0, 3])) for column in (shown, hidden)]
    assert both[0] == both[1]


def test_the_order_of_columns_does_not_count_and_their_names_types_and_values_do() -> None:
    table, bounds = tables_of(corpus(1))["paragraphs"], np.array([0, 6])
    basis = article_digests(table, bounds)
    assert article_digests(table.select(table.column_names[::-1]), bounds) == basis
    renamed = table.rename_columns([name if name != "url" else "uri" for name in table.column_names])
    retyped = table.set_column(5, "position", table["position"].cast(pa.int64()))
    for other in (renamed, retyped, table.drop_columns(["dom_path"])):
        assert article_digests(other, bounds) != basis


def test_facts_do_not_depend_on_how_articles_are_spread_over_shards() -> None:
    found = [
        pa.concat_tables(article_facts(t["paragraphs"], t["articles"], t["sources"]) for t in map(tables_of, shards))
        for shards in ([corpus(7)], shards_of(corpus(7), 3), shards_of(corpus(7), 1))
    ]
    assert found[0].schema == FACTS
    assert found[0].equals(found[1].combine_chunks())
    assert found[0].equals(found[2].combine_chunks())


def test_articles_out_of_order_or_missing_are_refused() -> None:
    tables = tables_of(corpus(3))
    turned = tables["paragraphs"].take(list(range(6, 18)) + list(range(6)))
    with pytest.raises(ValueError, match="order"):
        article_facts(turned, tables["articles"], tables["sources"])
    with pytest.raises(ValueError, match="order"):
        article_facts(tables["paragraphs"], tables["articles"].slice(1), tables["sources"].slice(1))
    with pytest.raises(ValueError, match="sources"):
        article_facts(tables["paragraphs"], tables["articles"], tables["sources"].slice(1))


def test_all_columns_of_a_paragraph_cost_at_most_3_microseconds() -> None:
    tables = tables_of(corpus(200))
    table = pa.concat_tables([tables["paragraphs"]] * 20).combine_chunks()
    bounds = np.arange(0, table.num_rows + 1, 20, dtype=np.int64)
    article_digests(table, bounds)
    spent = []
    for _ in range(3):
        start = time.process_time()
        article_digests(table, bounds)
        spent.append(time.process_time() - start)
    assert min(spent) / table.num_rows < 3e-6

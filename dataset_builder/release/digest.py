"""The row digest `rows-1`: a hash of an article's rows that no writer, shard, chunk or library changes.

docs/digest.md has the definition and test vectors. The encoding stands column by column, so that the bytes of an
article are slices of Arrow's buffers, and no Python runs for a row.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

SCHEME = "rows-1"
_QUIET_NAN = np.uint32(0x7FC00000)
# The name of a type in the encoding, and how its numbers are stored.
_NUMBERS: dict[pa.DataType, tuple[str, str]] = {
    pa.bool_(): ("bool", "|u1"),
    pa.int32(): ("int32", "<i4"),
    pa.int64(): ("int64", "<i8"),
    pa.float32(): ("float32", "<f4"),
    pa.timestamp("us", tz="UTC"): ("timestamp", "<i8"),
}

# Where one article's part of a stream of bytes starts and ends: article i has stream[starts[i]:starts[i + 1]].
Stream = tuple[memoryview, list[int]]


def article_digests(
    table: pa.Table, bounds: npt.NDArray[np.int64], columns: Sequence[str] | None = None
) -> list[bytes]:
    """Give the digest (32 bytes) of each article's rows over *columns* (default: all).

    Article i has the rows table[bounds[i]:bounds[i + 1]]. Raises ValueError for a column of over 2 GB.
    """
    names = sorted(table.column_names if columns is None else columns)
    streams: list[Stream] = []
    for name in names:
        streams += _column_streams(name, table[name], bounds)
    articles = len(bounds) - 1
    counts = _stream(np.diff(bounds).astype("<u4"), np.arange(articles + 1))
    return [
        hashlib.sha256(b"".join([view[at[i] : at[i + 1]] for view, at in (counts, *streams)])).digest()
        for i in range(articles)
    ]


def config_digest(article_ids: Iterable[str], digests: Iterable[bytes]) -> str:
    """Give a config's digest, `rows-1:<hex>`, over its articles' ids and digests.

    The ids stand in the order of their UTF-8 bytes.
    """
    whole = hashlib.sha256()
    for article_id, digest in zip(article_ids, digests, strict=True):
        name = article_id.encode()
        whole.update(len(name).to_bytes(4, "little") + name + digest)
    return f"{SCHEME}:{whole.hexdigest()}"


def release_digest(digests: Mapping[str, str]) -> str:
    """Give the digest (hex) of a release, sha256 over a line `name digest` for each config, by name."""
    lines = "".join(f"{name} {digests[name]}\n" for name in sorted(digests))
    return hashlib.sha256(lines.encode()).hexdigest()


def _column_streams(name: str, column: pa.ChunkedArray, bounds: npt.NDArray[np.int64]) -> list[Stream]:
    values = column.combine_chunks()
    if isinstance(values, pa.ChunkedArray):  # what stays chunked is too large for one array
        raise ValueError(f"column {name} of a shard holds over 2 GB")
    if pa.types.is_list(values.type):
        counts = pc.list_value_length(values)
        inner = np.concatenate([[0], np.cumsum(pc.fill_null(counts, 0).to_numpy(zero_copy_only=False))])
        return [
            _header(name, "list<string>", len(bounds)),
            _stream(_or_minus_one(counts), bounds),
            *_text_streams(pc.list_flatten(values), inner.astype(np.int64)[bounds]),
        ]
    if pa.types.is_string(values.type):
        return [_header(name, "string", len(bounds)), *_text_streams(values, bounds)]
    kind, storage = _NUMBERS[values.type]
    present = np.ascontiguousarray(values.is_valid().to_numpy(zero_copy_only=False)).astype("u1")
    return [
        _header(name, kind, len(bounds)),
        _stream(present, bounds),
        _stream(_numbers(values, storage), bounds),
    ]


def _header(name: str, kind: str, n_bounds: int) -> Stream:
    parts = [text.encode() for text in (name, kind)]
    header = b"".join(len(part).to_bytes(4, "little") + part for part in parts)
    view = memoryview(header * max(n_bounds - 1, 0))
    return view, list(range(0, len(header) * n_bounds, len(header)))


def _text_streams(values: pa.StringArray, bounds: npt.NDArray[np.int64]) -> list[Stream]:
    lengths = _or_minus_one(pc.binary_length(values))
    if values.null_count:
        values = pc.fill_null(values, "")
    _, offsets, data = values.buffers()
    starts = np.zeros(len(values) + 1, dtype="<i4")
    if len(values):
        starts = np.frombuffer(offsets, dtype="<i4", count=len(values) + 1, offset=4 * values.offset)
    return [_stream(lengths, bounds), (memoryview(data or b""), starts[bounds].tolist())]


def _or_minus_one(counts: pa.Array) -> npt.NDArray[Any]:
    return np.asarray(pc.fill_null(counts, -1)).astype("<i4")


def _numbers(values: pa.Array, storage: str) -> npt.NDArray[Any]:
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    zero = pa.scalar(False if pa.types.is_boolean(values.type) else 0, values.type)
    numbers: npt.NDArray[Any] = pc.fill_null(values, zero).to_numpy(zero_copy_only=False).astype(storage)
    if storage == "<f4":
        numbers = numbers + np.float32(0)  # -0.0 becomes 0.0
        numbers = np.where(np.isnan(numbers), _QUIET_NAN.view("f4"), numbers).astype(storage)
    return numbers


def _stream(values: npt.NDArray[Any], bounds: npt.NDArray[Any]) -> Stream:
    return np.ascontiguousarray(values).data.cast("B"), (bounds * values.itemsize).tolist()

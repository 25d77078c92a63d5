"""What reading gives: a record that can be segmented, or a reason why it is not released."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

QUARANTINE_SCHEMA = pa.schema(
    [
        pa.field("source_path", pa.string(), nullable=False),
        pa.field("source_record", pa.string()),
        pa.field("code", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("source_sha256", pa.string()),
        pa.field("source_bytes", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file under the source root: where it is, its path there as text, the article id that this gives, its bytes."""

    file: Path
    source_path: str
    article_id: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An article as it was read: its source text and what its bytes were."""

    article_id: str
    source_path: str
    source_text: str
    source_sha256: str
    source_bytes: int
    encoding: str
    bytes_exact: bool
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A record that is not released, with a code of `errors.RECORD_CODES` and the reason in words."""

    source_path: str
    code: str
    reason: str
    source_record: str | None = None
    source_sha256: str | None = None
    source_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """What is no article by its kind, with the reason by which it is counted."""

    source_path: str
    reason: str


def quarantine_table(records: Sequence[Quarantined]) -> pa.Table:
    """Give quarantined records as a table of `QUARANTINE_SCHEMA`, by source path and record."""
    ordered = sorted(records, key=lambda r: (r.source_path.encode(), r.source_record or ""))
    rows = [{name: getattr(r, name) for name in QUARANTINE_SCHEMA.names} for r in ordered]
    return pa.Table.from_pylist(rows, schema=QUARANTINE_SCHEMA)

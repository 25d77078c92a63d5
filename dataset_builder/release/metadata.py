"""What a release says of itself beyond its rows, and the numbers that are measured from its files."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from dataset_builder.config import Identity
from dataset_builder.layout import read_table
from dataset_builder.release.parquet import DataFile
from dataset_builder.release.version import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseMetadata:
    """What the build knows: plain values that JSON can hold, none from the clock but *date*, no host, no absolute path.

    *tool* is this tool's version, *settings* what of the configuration decides values, *model* names the label model's
    sha256, *metrics* its measured accuracy (numbers, which may be nested), *libraries* the versions that decide values,
    *records* how many were read in, *quarantined* and *skipped* counts by code or reason, *checks* what goes into
    checks.json, *check_counts* passed, warned and failed, *suite* the sha256 of the check suite. *hub* is the dataset's
    name on a hub, `owner/name`, where it is known.
    """

    identity: Identity
    date: date
    tool: str
    suite: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)
    records: int = 0
    quarantined: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    checks: Mapping[str, Any] = field(default_factory=dict)
    check_counts: Mapping[str, int] = field(default_factory=dict)
    hub: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What stands in a release: its files by table, split and number, and numbers measured from them.

    *rows* counts by table, *categories* paragraphs by boilerplate category, *languages* articles by language.
    """

    files: tuple[DataFile, ...]
    rows: Mapping[str, int]
    categories: Mapping[str, int]
    languages: Mapping[str, int]

    @property
    def bytes(self) -> int:
        """The size of all data files."""
        return sum(file.bytes for file in self.files)

    def of(self, table: str) -> list[DataFile]:
        """Give the files of *table*, in the order of the rows."""
        return [file for file in self.files if file.table == table]


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """All that the metadata files are written from."""

    metadata: ReleaseMetadata
    contents: Contents
    decision: Decision
    digests: Mapping[str, str]
    digest: str
    columns: Mapping[str, Mapping[str, str]]
    labels: Mapping[str, Mapping[str, int]]

    @property
    def identity(self) -> Identity:
        """Whose dataset it is."""
        return self.metadata.identity

    @property
    def version(self) -> str:
        """The release's version."""
        return self.decision.version


@dataclass(frozen=True, slots=True, kw_only=True)
class License:
    """An SPDX license: how a hub spells it (None where it does not know it), and whether CFF 1.2.0 does."""

    id: str
    hub: str | None
    in_cff: bool

    @property
    def url(self) -> str:
        """Its page in the SPDX license list."""
        return f"https://spdx.org/licenses/{self.id}.html"


def measure(root: Path, written: Sequence[DataFile]) -> Contents:
    """Give the contents of a stage by reading its label and language columns, one file at a time."""
    found = sorted(written, key=lambda file: (file.table, file.path))
    rows: Counter[str] = Counter()
    for file in found:
        rows[file.table] += file.rows
    counted = {
        (table, column): _counts(root, [file for file in found if file.table == table], column)
        for table, column in (("paragraphs", "boilerplate_category"), ("articles", "language"))
    }
    return Contents(
        files=tuple(found),
        rows=dict(rows),
        categories=counted["paragraphs", "boilerplate_category"],
        languages=counted["articles", "language"],
    )


def license_of(identity: Identity) -> License | None:
    """Give the identity's license when it is one that SPDX lists; None for an expression, another text, or none."""
    return _licenses().get((identity.license or "").lower())


def json_bytes(value: Any) -> bytes:
    """Give *value* as a JSON file: UTF-8, indented, keys in their order, one newline at the end."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def json_sha256(value: Any) -> str:
    """Give the sha256 (hex) of *value* as compact JSON with sorted keys, so that spelling does not count."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _counts(root: Path, found: Sequence[DataFile], column: str) -> dict[str, int]:
    total: Counter[str] = Counter()
    for file in found:
        for item in read_table(root / file.path, [column])[column].value_counts().to_pylist():
            total[item["values"]] += item["counts"]
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))


@cache
def _licenses() -> dict[str, License]:
    lines = files(__package__).joinpath("licenses.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {
        spdx.lower(): License(id=spdx, hub=None if hub == "-" else hub, in_cff=cff == "yes") for spdx, cff, hub in rows
    }

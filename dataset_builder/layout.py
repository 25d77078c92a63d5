"""Where things stand: the folder of a dataset's releases, and the files of a release.

OUTPUT/NAME/            .lock, LATEST (a hint), quarantine/VERSION.parquet
OUTPUT/NAME/VERSION/    a release: bag and hub repository, data/TABLE/SPLIT-NUMBER-SHA8.parquet
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_builder.errors import EnvironmentFault

VERSION = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})", re.ASCII)
DATA_FILE = re.compile(r"(?P<split>\w+(?:\.\w+)*)-(?P<number>\d{5,})-(?P<sha8>[0-9a-f]{8})\.parquet", re.ASCII)
LATEST = "LATEST"
IDENTIFIER = "External-Identifier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release on disk: its folder, the dataset's name and the version."""

    path: Path
    name: str
    version: str

    def files(self, table: str) -> list[Path]:
        """Give the files of *table*, by split and number: the order of the rows. Raises EnvironmentFault E411."""
        return data_files(self.path, table)

    def table(self, table: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Give *table* whole, or some of its *columns*, in the order of the release. Raises EnvironmentFault E411."""
        parts = [read_table(path, columns) for path in self.files(table)]
        return pa.concat_tables(parts)

    def read_json(self, name: str) -> Any:
        """Give what the release's file *name* holds. Raises EnvironmentFault E411 when it is missing or no JSON."""
        path = self.path / name
        try:
            return json.loads(path.read_bytes())
        except (OSError, ValueError):
            raise EnvironmentFault(
                "E411", path, "cannot be read as JSON", "restore the release from a whole copy"
            ) from None


def data_file_name(split: str, number: int, sha256: str) -> str:
    """Give the name of a data file. Its content stands in it, since `datasets` caches by name."""
    return f"{split}-{number:05d}-{sha256[:8]}.parquet"


def data_files(root: Path, table: str) -> list[Path]:
    """Give the files of *table* under a release or stage, by split and number. Raises EnvironmentFault E411."""
    folder = root / "data" / table
    named = [(m["split"], int(m["number"]), p) for p in _listed(folder) if (m := DATA_FILE.fullmatch(p.name))]
    if not named:
        raise EnvironmentFault("E411", folder, "holds no data files", "restore the release from a whole copy")
    return [path for _, _, path in sorted(named)]


def read_table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Give the rows of one data file, page checksums verified. Raises EnvironmentFault E411 when it is damaged."""
    try:
        with path.open("rb") as handle, pq.ParquetFile(handle, page_checksum_verification=True) as file:
            return file.read(columns=None if columns is None else list(columns))
    except (OSError, pa.ArrowException) as fault:
        reason = str(fault).strip().partition("\n")[0]
        raise EnvironmentFault(
            "E411", path, f"cannot be read: {reason}", "restore the release from a whole copy"
        ) from None


def open_release(path: Path) -> Release:
    """Give the release that the folder *path* is, wherever it was copied to.

    Raises EnvironmentFault E410 when it is none. Its bytes are not verified here.
    """
    try:
        declaration = (path / "bagit.txt").read_text("utf-8")
        description = (path / "bag-info.txt").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        declaration = description = ""
    name, _, version = bag_info(description).get(IDENTIFIER, "").rpartition("/")
    if not declaration.startswith("BagIt-Version:") or not name or not VERSION.fullmatch(version):
        raise no_release(path)
    return Release(path=path, name=name, version=version)


def bag_info(text: str) -> dict[str, str]:
    """Give the fields of a bag-info.txt, whose content is *text*."""
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)


def no_release(path: Path) -> EnvironmentFault:
    """Give the fault E410: the folder *path* is no release."""
    return EnvironmentFault(
        "E410", path, "is no release", "give a folder that a build made: one that holds README.md and bagit.txt"
    )


def versions_of(folder: Path) -> list[str]:
    """Give the versions whose releases stand in *folder* (OUTPUT/NAME), oldest first, by number."""
    names = [path.name for path in _listed(folder) if VERSION.fullmatch(path.name) and path.is_dir()]
    return sorted(names, key=version_numbers)


def version_numbers(version: str) -> tuple[int, int, int]:
    """Give the three numbers of a version such as 1.10.2."""
    major, minor, patch = version.split(".")
    return int(major), int(minor), int(patch)


def latest_release(output: Path, name: str) -> Release | None:
    """Give the newest release of the dataset *name* under *output*; None before the first.

    The version folders decide, not LATEST. Raises EnvironmentFault E410 when the newest folder is no release.
    """
    versions = versions_of(output / name)
    return open_release(output / name / versions[-1]) if versions else None


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []

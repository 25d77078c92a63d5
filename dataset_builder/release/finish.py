"""Makes a release of a stage: describes it, compares what was written, adds the manifests, and publishes the folder."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_builder import schema
from dataset_builder.errors import EnvironmentFault
from dataset_builder.layout import Release
from dataset_builder.release.bag import bag_files
from dataset_builder.release.card import card_md
from dataset_builder.release.citation import citation_cff
from dataset_builder.release.croissant import croissant_json
from dataset_builder.release.datapackage import datapackage_json
from dataset_builder.release.facts import Facts
from dataset_builder.release.metadata import Description, ReleaseMetadata, json_bytes, measure
from dataset_builder.release.parquet import DataFile
from dataset_builder.release.provenance import changes_json, provenance_json
from dataset_builder.release.stage import STAGE, Stage, publish
from dataset_builder.release.storage import make_folder, remove_tree, storage_faults, sync, write_new
from dataset_builder.release.version import Decision


def finish(
    stage: Stage,
    files: Sequence[DataFile],
    facts: Facts,
    decision: Decision,
    metadata: ReleaseMetadata,
    *,
    quarantine: pa.Table | None = None,
) -> Release:
    """Make the release *decision.version* of the stage, whose data files are *files*, and give it.

    *quarantine* goes beside the releases when it has rows. Raises EnvironmentFault: E408 when a file is not what was
    written, E407 when the version stands already, E403, E404 or E409 when the disk fails; UsageError E190 for the
    project's card. Nothing new stands among the releases then.
    """
    compare_written(stage.path, files)
    described = Description(
        metadata=metadata,
        contents=measure(stage.path, files),
        decision=decision,
        digests=facts.digests,
        digest=facts.digest,
        columns=facts.columns,
        labels=facts.labels,
    )
    tags = tag_files(described)
    for name, content in {**tags, **bag_files(described, tags)}.items():
        write_new(stage.path / name, content)
    keep_quarantine(stage.folder, decision.version, quarantine)
    path = publish(stage, decision.version, described.digest)
    return Release(path=path, name=metadata.identity.name, version=decision.version)


def tag_files(described: Description) -> dict[str, bytes]:
    """Give the files that describe the release, by name, without the bag's own."""
    return {
        "README.md": card_md(described),
        "croissant.json": croissant_json(described),
        "datapackage.json": datapackage_json(described),
        "CITATION.cff": citation_cff(described),
        "provenance.json": provenance_json(described),
        "changes.json": changes_json(described),
        "checks.json": json_bytes(described.metadata.checks),
    }


def compare_written(root: Path, files: Sequence[DataFile]) -> None:
    """Read every data file under *root* again and compare hash, size, schema and rows with what was written.

    Raises EnvironmentFault E408 naming the first that differs, is missing, or is one too many.
    """
    expected = {file.path: file for file in files}
    found = {path.relative_to(root).as_posix() for path in (root / "data").rglob("*") if not path.is_dir()}
    for path in sorted(expected.keys() ^ found):
        raise _differs(root / path, "is missing" if path in expected else "was not written by this build")
    for path, file in expected.items():
        with storage_faults(root / path), open(root / path, "rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            size = os.fstat(stream.fileno()).st_size
        if (sha256, size) != (file.sha256, file.bytes):
            raise _differs(root / path, "holds other bytes than were written")
        with (root / path).open("rb") as handle, pq.ParquetFile(handle) as parquet:
            if not parquet.schema_arrow.equals(schema.arrow_schema(file.table), check_metadata=True):
                raise _differs(root / path, "has another schema")
            if parquet.metadata.num_rows != file.rows:
                raise _differs(root / path, "has another number of rows")


def keep_quarantine(folder: Path, version: str, quarantine: pa.Table | None) -> None:
    """Write the quarantine of *version* to FOLDER/quarantine/VERSION.parquet, or remove one without rows."""
    path = folder / "quarantine" / f"{version}.parquet"
    with storage_faults(path):
        if quarantine is None or not quarantine.num_rows:
            remove_tree(path)
            return
        sink = pa.BufferOutputStream()
        pq.write_table(quarantine.combine_chunks(), sink, compression="zstd", store_schema=False)
        make_folder(path.parent)
        temporary = folder / f"{STAGE}quarantine"
        write_new(temporary, memoryview(sink.getvalue()))
        sync(temporary)
        os.replace(temporary, path)
        sync(path.parent)


def _differs(path: Path, reason: str) -> EnvironmentFault:
    return EnvironmentFault("E408", path, reason, "look after the disk and memory, then build again")

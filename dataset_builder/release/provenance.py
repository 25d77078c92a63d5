"""provenance.json and changes.json: how the release was made, and what is new in it."""

from typing import Any

from dataset_builder.release.digest import SCHEME
from dataset_builder.release.facts import identity_facts
from dataset_builder.release.metadata import Description, json_bytes

BUILD_TYPE = "urn:articleset:build:1"
BUILDER = "urn:articleset"


def provenance_json(described: Description) -> bytes:
    """Give provenance.json: an in-toto Statement v1 with an SLSA provenance v1 predicate.

    It holds no clock, host or absolute path. What the next version is compared with stands here: the identity under
    externalParameters, columns, labels' meanings and the suite under internalParameters.
    """
    metadata = described.metadata
    statement: dict[str, Any] = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": file.path, "digest": {"sha256": file.sha256}} for file in described.contents.files],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "name": described.identity.name,
                    "identity": identity_facts(described.identity),
                    "settings": dict(metadata.settings),
                },
                "internalParameters": {
                    "columns": described.columns,
                    "labels": described.labels,
                    "suite": metadata.suite,
                    "libraries": dict(metadata.libraries),
                },
                "resolvedDependencies": _dependencies(described),
            },
            "runDetails": {
                "builder": {"id": BUILDER, "version": {"articleset": metadata.tool}},
                "byproducts": [{"name": "counts and digests", "annotations": _results(described)}],
            },
        },
    }
    return json_bytes(statement)


def changes_json(described: Description) -> bytes:
    """Give changes.json: the version, the one before, the bump with its reasons, and counts by kind."""
    decision = described.decision
    record = {
        "name": described.identity.name,
        "version": decision.version,
        "previous": decision.previous,
        "bump": decision.bump,
        "reasons": list(decision.reasons),
        "counts": dict(decision.counts),
    }
    return json_bytes(record)


def _dependencies(described: Description) -> list[dict[str, Any]]:
    sources = described.digests["sources"].removeprefix(f"{SCHEME}:")
    model = described.metadata.model
    return [
        # Each row of the table names a record and the sha256 of its bytes.
        {"name": "sources", "uri": "data/sources", "digest": {SCHEME: sources}},
        *([{"name": "label model", "digest": {"sha256": model["sha256"]}}] if "sha256" in model else []),
        {"name": "check suite", "digest": {"sha256": described.metadata.suite}},
    ]


def _results(described: Description) -> dict[str, Any]:
    metadata = described.metadata
    return {
        "records": metadata.records,
        "quarantined": dict(metadata.quarantined),
        "skipped": dict(metadata.skipped),
        "rows": dict(described.contents.rows),
        "digests": dict(described.digests),
        "digest": described.digest,
        "model": dict(metadata.model),
    }

"""The release stage: written rows → an immutable folder under a version that the data decides."""

from dataset_builder.release.digest import config_digest, release_digest
from dataset_builder.release.facts import Facts, article_facts, facts_of_build, facts_of_release
from dataset_builder.release.finish import finish
from dataset_builder.release.judged import count_row_changes
from dataset_builder.release.metadata import ReleaseMetadata, json_sha256
from dataset_builder.release.parquet import DataFile, write_table
from dataset_builder.release.propose import propose_version
from dataset_builder.release.stage import Stage, open_stage
from dataset_builder.release.version import Decision, decide_version

__all__ = [
    "DataFile",
    "Decision",
    "Facts",
    "ReleaseMetadata",
    "Stage",
    "article_facts",
    "config_digest",
    "count_row_changes",
    "decide_version",
    "facts_of_build",
    "facts_of_release",
    "finish",
    "json_sha256",
    "open_stage",
    "propose_version",
    "release_digest",
    "write_table",
]

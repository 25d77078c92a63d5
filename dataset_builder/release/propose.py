"""Compares a build with the release before, as far as the version rule needs it."""

from collections.abc import Sequence
from pathlib import Path

from dataset_builder.layout import Release
from dataset_builder.release.facts import Facts, facts_of_release
from dataset_builder.release.judged import count_row_changes
from dataset_builder.release.version import Decision, compare_articles, decide_version


def propose_version(before: Release | None, new: Facts, paragraphs: Sequence[Path]) -> Decision:
    """Give the version of a build after the release *before*; *paragraphs* are the build's files of that table.

    Rows are read only of articles whose source is the same and whose labels, spans, sections or language are not.
    Raises EnvironmentFault E411 when the release before is damaged.
    """
    if before is None:
        return decide_version(None, new)
    old = facts_of_release(before)
    judged = compare_articles(old, new).judgement
    rows = count_row_changes(before.files("paragraphs"), paragraphs, judged) if len(judged) else None
    return decide_version(old, new, rows)

"""Running the shards of a source and adding up what they give: articles, quarantined records, skipped ones."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_builder.config import Config
from dataset_builder.errors import RECORD_CODES
from dataset_builder.plan import cut_shards, mean_shard_size
from dataset_builder.read import Found, Quarantined, Skipped, quarantine_table
from dataset_builder.release import DataFile
from dataset_builder.shard import Settings, ShardResult, build_shard
from dataset_builder.workers import run_tasks

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """All shards of a build, in order, and what was held back. `records` is the sum of all, exactly."""

    mean: int
    records: int
    shards: tuple[ShardResult, ...]
    quarantined: tuple[Quarantined, ...]
    skipped: tuple[Skipped, ...]
    marked_up: int = 0  # Markdown files, which are read as plain text

    @property
    def files(self) -> list[DataFile]:
        """The data files, by table and shard."""
        return sorted((file for shard in self.shards for file in shard.files), key=lambda file: (file.table, file.path))

    @property
    def facts(self) -> list[pa.Table]:
        """The facts of each shard."""
        return [shard.facts for shard in self.shards]

    @property
    def articles(self) -> int:
        """How many articles there are to release."""
        return sum(len(shard.facts) for shard in self.shards)

    @property
    def paragraphs(self) -> int:
        """How many rows these have."""
        return sum(shard.paragraphs for shard in self.shards)

    @property
    def categories(self) -> dict[str, int]:
        """Boilerplate rows by category, the most frequent first."""
        return _ordered(sum((shard.categories for shard in self.shards), Counter()))

    @property
    def quarantined_by(self) -> dict[str, int]:
        """Quarantined records by code and reason."""
        return _ordered(Counter(f"{record.code} {RECORD_CODES[record.code]}" for record in self.quarantined))

    @property
    def skipped_by(self) -> dict[str, int]:
        """Skipped records by reason."""
        return _ordered(Counter(record.reason for record in self.skipped))

    @cached_property
    def quarantine(self) -> pa.Table:
        """The quarantined records as a table."""
        return quarantine_table(self.quarantined)


def gather_shards(
    entries: Sequence[Found | Quarantined | Skipped],
    config: Config,
    folder: Path,
    mean: int | None,
    weights: str,
    progress: Progress | None,
) -> Gathered:
    """Build the shards of what was found and write their files under `folder/data`.

    *mean* is the mean number of articles a shard of the release before, *weights* the sha256 of the weights.
    Raises RuntimeError when a record was lost.
    """
    found = sorted((e for e in entries if isinstance(e, Found)), key=lambda e: e.article_id.encode())
    size = mean_shard_size(len(found), mean)
    cuts = cut_shards([f.article_id for f in found], [f.size for f in found], size)
    settings = Settings(
        limits=config.limits,
        language=config.language,
        threshold=config.label.threshold,
        model=config.label.model,
        weights=weights,
    )
    tasks = [(number, found[cut], settings, folder) for number, cut in enumerate(cuts)]
    shards: list[ShardResult] = []
    done = 0
    for shard in run_tasks(build_shard, tasks, config.workers):
        shards.append(shard)
        done += len(shard.facts) + len(shard.quarantined)
        if progress is not None:
            progress("articles", done, len(found))
    held = [e for e in entries if isinstance(e, Quarantined)]
    gathered = Gathered(
        mean=size,
        records=len(entries),
        shards=tuple(sorted(shards, key=lambda shard: shard.number)),
        quarantined=(*held, *(record for shard in shards for record in shard.quarantined)),
        skipped=tuple(e for e in entries if isinstance(e, Skipped)),
        marked_up=sum(f.source_path.lower().endswith((".md", ".markdown")) for f in found),
    )
    accounted = gathered.articles + len(gathered.quarantined) + len(gathered.skipped)
    if accounted != gathered.records:
        raise RuntimeError(f"{gathered.records} records came in, {accounted} are accounted for")
    return gathered


def save_quarantine(table: pa.Table, name: str) -> tuple[Path | None, str | None]:
    """Keep the quarantine of a build that released nothing in the cache folder; give its path, or why there is none."""
    if not table.num_rows:
        return None, None
    from platformdirs import user_cache_path

    try:
        path = user_cache_path("articleset") / f"{name}-quarantine.parquet"
    except RuntimeError as fault:  # no home
        return None, f"the quarantine could not be kept: {fault}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            pq.write_table(table, file)
    except OSError as fault:
        return None, f"the quarantine could not be kept in {path}: {fault.strerror}"
    return path, None


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

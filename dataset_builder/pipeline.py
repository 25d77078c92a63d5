"""The path: read → segment → label → check → release. The order is written here, and nowhere else."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from dataset_builder import __version__
from dataset_builder.check import CheckReport, Outcome, Suite, load_suite, rejection, run_checks
from dataset_builder.config import Config
from dataset_builder.errors import ArticlesetError, EnvironmentFault, InputError, RejectedError, UsageError
from dataset_builder.gather import Gathered, gather_shards, save_quarantine
from dataset_builder.label import Model, load_model
from dataset_builder.layout import Release, data_files, latest_release
from dataset_builder.options import spdx_expression
from dataset_builder.read import Found, find_files
from dataset_builder.release import (
    Decision,
    ReleaseMetadata,
    Stage,
    facts_of_build,
    finish,
    open_stage,
    propose_version,
)
from dataset_builder.release.facts import read_contract
from dataset_builder.release.stage import refuse_place
from dataset_builder.schema import TABLES
from dataset_builder.shard import SPLIT

Progress = Callable[[str, int, int], None]

MEASURES = {"macro_f1": "F1, mean of pages", "perfect_pages": "pages without an error", "f1": "F1"}
LAST_SECOND = 253_402_300_799  # of the year 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """What a build came to. *release* is None when nothing was released and none stood before."""

    name: str
    status: str
    version: str | None = None
    release: Path | None = None
    quarantine: Path | None = None
    digest: str | None = None
    articles: int = 0
    paragraphs: int = 0
    boilerplate: Mapping[str, int] = field(default_factory=dict)
    quarantined: int = 0
    quarantined_by: Mapping[str, int] = field(default_factory=dict)
    skipped: int = 0
    skipped_by: Mapping[str, int] = field(default_factory=dict)
    checks: Mapping[str, int] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    splits: tuple[str, ...] = (SPLIT,)
    warnings: tuple[str, ...] = ()
    rejection: ArticlesetError | None = None

    def to_json(self) -> dict[str, Any]:
        """Give what `build --json` prints."""
        return {
            "name": self.name,
            "status": self.status,
            "version": self.version,
            "release": None if self.release is None else os.fsencode(self.release).decode("utf-8", "surrogateescape"),
            "digest": self.digest,
            "articles": self.articles,
            "paragraphs": self.paragraphs,
            "boilerplate": dict(self.boilerplate),
            "quarantined": self.quarantined,
            "quarantined_by": dict(self.quarantined_by),
            "quarantine": None if self.quarantine is None else str(self.quarantine),
            "skipped": self.skipped,
            "skipped_by": dict(self.skipped_by),
            "checks": dict(self.checks),
            "reasons": list(self.reasons),
            "warnings": list(self.warnings),
            "error": None if self.rejection is None else str(self.rejection),
        }


def build(
    config: Config, *, dry_run: bool = False, unrelated: bool = False, progress: Progress | None = None
) -> BuildResult:
    """Build a release of *config*'s source and give what came of it.

    Data that is not fit to be released gives the status `rejected`, with the error in `rejection`. Raises UsageError,
    InputError or EnvironmentFault where there is nothing to judge; then nothing stands among the releases that did not
    before.
    """
    today = release_date(os.environ)
    suite = load_suite(config.project)
    model = load_model(config.label.model)
    name = config.identity.name
    refuse_place(config.output / name)
    entries = find_files(config.source, (config.output, config.output / name), keep_suffixes=config.ids == "path")
    needed = sum(entry.size for entry in entries if isinstance(entry, Found))
    with _open_place(config, dry_run, needed) as stage:
        previous = latest_release(config.output, name)
        gathered = gather_shards(entries, config, stage.path, mean_before(previous), model.sha256, progress)
        result = _result(config, gathered)
        if not gathered.articles:
            raise _nothing_left(config, gathered)
        refusal = quarantine_refusal(gathered, config)
        if refusal is not None:
            return _without_release(result, gathered, status="rejected", rejection=refusal)
        facts = facts_of_build(gathered.facts, identity=config.identity, suite=suite.sha256)
        decision = propose_version(previous, facts, data_files(stage.path, "paragraphs"))
        result = replace(result, version=decision.version, reasons=decision.reasons, digest=facts.digest)
        if decision.unrelated and not unrelated:
            raise _unrelated(config, decision)
        if previous is not None and decision.bump == "none":
            checks = checks_before(previous)
            return _without_release(result, gathered, status="unchanged", release=previous.path, checks=checks)
        report = run_checks({table: data_files(stage.path, table) for table in TABLES}, suite, progress=progress)
        result = _with_report(result, report)
        if report.failed:
            return _without_release(result, gathered, status="rejected", rejection=rejection(report))
        if dry_run:
            return _without_release(result, gathered)
        metadata = _metadata(config, gathered, suite, model, report, today)
        release = finish(stage, gathered.files, facts, decision, metadata, quarantine=gathered.quarantine)
        held = config.output / name / "quarantine" / f"{release.version}.parquet"
        return replace(result, release=release.path, quarantine=held if gathered.quarantined else None)


def release_date(environ: Mapping[str, str]) -> date:
    """Give today, or the day of SOURCE_DATE_EPOCH (UTC). Raises UsageError E104 where that is no second up to 9999."""
    epoch = environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return datetime.now(UTC).date()
    if not (epoch.isascii() and epoch.isdigit() and int(epoch[:20]) <= LAST_SECOND):
        reason = f"is {epoch[:40]!r}, no whole number of seconds up to the year 9999"
        raise UsageError("E104", "SOURCE_DATE_EPOCH", reason, "unset it, or set it to seconds since 1970")
    return datetime.fromtimestamp(int(epoch), UTC).date()


def mean_before(previous: Release | None) -> int | None:
    """Give the mean number of articles a shard of the release before, which the next one keeps."""
    if previous is None:
        return None
    mean = read_contract(previous)["settings"].get("shard_articles")
    return mean if isinstance(mean, int) else None


def quarantine_refusal(gathered: Gathered, config: Config) -> RejectedError | None:
    """Give the error of a build with too many quarantined records: over half, or over 5% and over 20, unless raised."""
    held, records = len(gathered.quarantined), gathered.records - len(gathered.skipped)
    most = config.quarantine.max_share
    too_many = held > most * records if most is not None else held * 2 > records or (held * 20 > records and held > 20)
    if not too_many:
        return None
    reason = f"{held} of {records} records are quarantined ({_list_counts(gathered.quarantined_by)})"
    return RejectedError(
        "E310", config.source, reason, "look at them, or raise quarantine.max_share in the configuration"
    )


def check_counts(report: Mapping[str, Any]) -> dict[str, int]:
    """Give the counts of a report (checks.json) as the build's JSON has them."""
    return {name: int(report["counts"][name]) for name in ("passed", "warned", "failed")}


def checks_before(previous: Release) -> dict[str, int]:
    """Give the counts of the release before. Raises EnvironmentFault E411 where its checks.json holds none."""
    try:
        return check_counts(previous.read_json("checks.json"))
    except (KeyError, TypeError, ValueError):
        place, advice = previous.path / "checks.json", "restore the release from a whole copy"
        raise EnvironmentFault("E411", place, "holds no counts of checks", advice) from None


@contextmanager
def _open_place(config: Config, dry_run: bool, needed: int) -> Iterator[Stage]:
    if dry_run:
        try:
            place = tempfile.TemporaryDirectory(prefix="articleset-")
        except OSError as fault:
            reason = f"a dry run finds no temporary folder that it may write: {fault.strerror}"
            raise EnvironmentFault("E413", None, reason, "name one with TMPDIR") from None
        with place as folder:
            yield Stage(path=Path(folder), folder=config.output / config.identity.name)
        return
    with open_stage(config.output, config.identity.name, needed=needed) as stage:
        yield stage


def _result(config: Config, gathered: Gathered) -> BuildResult:
    warnings = list(config.notes)
    if config.identity.license is None:
        warnings.append("the license is unknown: give one with --license, or in the configuration")
    elif spdx_expression(config.identity.license) is None:
        warnings.append(f"the license {config.identity.license!r} is no SPDX identifier, such as CC-BY-4.0 or CC0-1.0")
    if gathered.marked_up:
        files = "Markdown file is" if gathered.marked_up == 1 else "Markdown files are"
        warnings.append(f"{gathered.marked_up} {files} read as plain text: the marks stay in the rows")
    return BuildResult(
        name=config.identity.name,
        status="new",
        articles=gathered.articles,
        paragraphs=gathered.paragraphs,
        boilerplate=gathered.categories,
        quarantined=len(gathered.quarantined),
        quarantined_by=gathered.quarantined_by,
        skipped=len(gathered.skipped),
        skipped_by=gathered.skipped_by,
        warnings=tuple(warnings),
    )


def _without_release(result: BuildResult, gathered: Gathered, **changes: Any) -> BuildResult:
    """The result of a build that releases nothing: what it quarantined is kept where a person can look."""
    result = replace(result, **changes)
    path, note = save_quarantine(gathered.quarantine, result.name)
    warnings = result.warnings if note is None else (*result.warnings, note)
    return replace(result, quarantine=path, warnings=warnings)


def _with_report(result: BuildResult, report: CheckReport) -> BuildResult:
    warned = [_told(outcome) for outcome in report.outcomes if outcome.status == "warned"]
    counts = {"passed": report.passed, "warned": report.warned, "failed": report.failed}
    return replace(result, checks=counts, warnings=(*result.warnings, *warned))


def _told(outcome: Outcome) -> str:
    rows = f"{outcome.n_unexpected:,} of {outcome.n_rows:,} rows" if outcome.n_unexpected else f"{outcome.observed}"
    return f"{outcome.code} {outcome.meaning.rstrip('.')} ({rows})"


def _metadata(
    config: Config, gathered: Gathered, suite: Suite, model: Model, report: CheckReport, today: date
) -> ReleaseMetadata:
    found = report.to_json()
    return ReleaseMetadata(
        identity=config.identity,
        date=today,
        tool=__version__,
        suite=suite.sha256,
        settings={
            "ids": config.ids,
            "language": config.language,
            "threshold": config.label.threshold,
            "limits": config.limits.model_dump(),
            "shard_articles": gathered.mean,
        },
        model={"sha256": model.sha256},
        metrics=card_measures(model.metrics),
        libraries=deciding_libraries(),
        records=gathered.records,
        quarantined=gathered.quarantined_by,
        skipped=gathered.skipped_by,
        checks=found,
        check_counts=check_counts(found),
    )


def card_measures(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a card says of the labeller: measures on publishers that it had not seen; none for a user's weights."""
    if not metrics:
        return {}
    main = metrics["residual"]["main"]
    names = ("precision", "recall", "f1", "macro_f1", "character_f1", "auc", "average_precision", "perfect_pages")
    measures: dict[str, Any] = {"pages measured": main["pages"], "blocks measured": main["blocks"]}
    measures |= {f"boilerplate {MEASURES.get(name, name.replace('_', ' '))}": main[name] for name in names}
    measures |= {"heading f1": main["heading_f1"], "section accuracy": main["section_accuracy"]}
    for threshold, both in metrics["thresholds"].items():
        measures |= {f"{name} at score {threshold}": value for name, value in both.items()}
    categories = metrics["categories"]
    measures |= {"category accuracy": categories["accuracy"], "category macro f1": categories["macro_f1"]}
    return measures | {f"f1 of {name}": entry["f1"] for name, entry in categories["by_category"].items()}


def deciding_libraries() -> dict[str, str]:
    """Give the versions of the libraries that decide values: NFC, the language, legacy encodings."""
    from importlib.metadata import version

    return {name: version(name) for name in ("polars", "py3langid", "chardet")}


def _nothing_left(config: Config, gathered: Gathered) -> InputError:
    why = f"{_list_counts(gathered.quarantined_by | gathered.skipped_by)}" if gathered.records else "it holds no file"
    path, note = save_quarantine(gathered.quarantine, config.identity.name)
    told = f" (what is quarantined is listed in {path})" if path else f" ({note})" if note else ""
    advice = f"give a folder that holds articles as text files{told}"
    return InputError("E204", config.source, f"no article is left: {why}", advice)


def _unrelated(config: Config, decision: Decision) -> UsageError:
    reason = f"shares no article with {config.identity.name} {decision.previous}"
    return UsageError("E106", config.source, reason, "give another --name or --output, or --unrelated if it is meant")


def _list_counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason}: {count}" for reason, count in counts.items())

"""No home, no cache and no temporary folder: a build needs its output alone."""

import json
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dataset_builder.errors import EnvironmentFault, InputError
from dataset_builder.pipeline import build
from dataset_builder.read import language
from tests.conftest import config_for
from tests.flows.command import run, write_articles


def test_somebody_without_a_home_is_told_that_the_quarantine_is_not_kept(
    tmp_path: Path, as_nobody: tuple[str, ...]
) -> None:
    nameless = ("--reuid=54321" if part.startswith("--reuid") else part for part in as_nobody)
    python = ("env", "-u", "HOME", "-u", "XDG_CACHE_HOME", *nameless)
    for folder in (tmp_path, *tmp_path.parents[:-1]):
        folder.chmod(folder.stat().st_mode | 0o55)
    (tmp_path / "out").mkdir(mode=0o777)
    (tmp_path / "out").chmod(0o777)
    write_articles(tmp_path / "articles", 1)
    for number in range(2):
        (tmp_path / "articles" / f"{number}.txt").write_bytes(b"\0")
    done = run("build", "--source", "articles", "--output", "out", "--json", cwd=tmp_path, python=python)
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1].startswith("E310 ")
    warnings = json.loads(done.stdout)["warnings"]
    assert any("the quarantine could not be kept" in warning for warning in warnings)


def test_only_a_dry_run_needs_a_temporary_folder_and_is_told_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_for(write_articles(tmp_path / "articles", 1), tmp_path / "out")
    monkeypatch.setattr(tempfile, "tempdir", "/dev/null/tmp")
    language._model.cache_clear()
    with pytest.raises(EnvironmentFault, match=r"^E413 .*TMPDIR"):
        build(config, dry_run=True)
    assert build(config).version == "1.0.0"


def test_what_a_dry_run_or_an_empty_build_withholds_is_kept_and_told(tmp_path: Path) -> None:
    source = write_articles(tmp_path / "articles", 3)
    (source / "binary.txt").write_bytes(b"\0")
    result = build(config_for(source, tmp_path / "out"), dry_run=True)
    assert (result.status, result.quarantined) == ("new", 1)
    assert result.quarantine is not None
    assert pq.read_table(result.quarantine)["source_path"].to_pylist() == ["binary.txt"]
    for path in source.glob("pier-*"):
        path.unlink()
    with pytest.raises(InputError, match=r"^E204 .*what is quarantined is listed in /"):
        build(config_for(source, tmp_path / "out"))

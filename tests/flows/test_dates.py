"""SOURCE_DATE_EPOCH dates a release and decides nothing else."""

import hashlib
from pathlib import Path

import pytest
import yaml

from dataset_builder.errors import UsageError
from dataset_builder.layout import versions_of
from dataset_builder.pipeline import build
from tests.conftest import config_for
from tests.flows.command import write_articles

DAYS = {"0": "1970-01-01", "253402300799": "9999-12-31"}


def sums_of(folder: Path) -> dict[str, str]:
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_it_is_the_date_in_every_file_and_no_row_depends_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_articles(tmp_path / "articles")
    seen = set()
    for epoch, day in DAYS.items():
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        result = build(config_for(source, tmp_path / epoch))
        assert result.release is not None
        assert str(yaml.safe_load((result.release / "CITATION.cff").read_text("utf-8"))["date-released"]) == day
        assert f"Bagging-Date: {day}\n" in (result.release / "bag-info.txt").read_text("utf-8")
        assert day in (result.release / "README.md").read_text("utf-8")
        seen.add((result.digest, tuple(sorted(sums_of(result.release / "data").items()))))
    assert len(seen) == 1


def test_a_date_alone_is_no_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_for(write_articles(tmp_path / "articles"), tmp_path / "out")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    build(config)
    before = sums_of(tmp_path / "out")
    for epoch in ("0", "253402300799"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        assert build(config).status == "unchanged"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert build(config).status == "unchanged"
    assert sums_of(tmp_path / "out") == before


@pytest.mark.parametrize("value", ["", " 0", "-0", "+1", "0x10", "1700000000.0", "now"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_an_odd_value_is_refused_by_name_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, dry_run: bool
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
    with pytest.raises(UsageError, match="E104 SOURCE_DATE_EPOCH: ") as caught:
        build(config_for(tmp_path / "missing", tmp_path / "out"), dry_run=dry_run)
    assert caught.value.exit_code == 2
    assert versions_of(tmp_path / "out") == []
    assert not (tmp_path / "out").exists()

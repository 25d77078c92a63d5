"""A build that is killed leaves the release before as it was, and the next build cleans up."""

import os
import signal
import time
from pathlib import Path

import bagit
import pytest

from dataset_builder.layout import versions_of
from dataset_builder.pipeline import build
from tests.conftest import config_for
from tests.flows.command import start, write_articles


def kill_build(place: Path, *, files: int, wait: float, workers: int) -> None:
    """Build in a process, and kill it *wait* seconds after the stage holds so many *files*."""
    flags = ("--source", "articles", "--output", "out", "--workers", str(workers))
    process = start("build", *flags, cwd=place)
    deadline = time.monotonic() + 120
    try:
        while len(list(place.glob("out/articles/.stage-*/**/*.parquet"))) < files:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(wait)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL


def is_free(lock: Path) -> bool:
    import fcntl

    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@pytest.mark.parametrize(
    ("files", "wait", "workers"),
    [
        pytest.param(1, 0, 1, id="reading"),
        pytest.param(3, 0.3, 1, id="checking", marks=pytest.mark.slow),
        pytest.param(1, 0, 2, id="workers", marks=pytest.mark.slow),
    ],
)
def test_the_old_release_stands_and_the_next_build_cleans_up(
    tmp_path: Path, files: int, wait: float, workers: int
) -> None:
    source, folder = write_articles(tmp_path / "articles"), tmp_path / "out" / "articles"
    first = build(config_for(source, tmp_path / "out"))
    assert first.release is not None
    before = {path: path.read_bytes() for path in first.release.rglob("*") if path.is_file()}
    write_articles(source, 8 if workers == 1 else 3000)
    kill_build(tmp_path, files=files, wait=wait, workers=workers)
    assert list(folder.glob(".stage-*"))
    assert (versions_of(folder), (folder / "LATEST").read_text()) == (["1.0.0"], "1.0.0\n")
    assert {path: path.read_bytes() for path in first.release.rglob("*") if path.is_file()} == before
    deadline = time.monotonic() + 10
    while not is_free(folder / ".lock") and time.monotonic() < deadline:
        time.sleep(0.05)
    write_articles(source, 8)
    second = build(config_for(source, tmp_path / "out"))
    assert (second.version, second.articles) == ("1.1.0", len(os.listdir(source)))
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "1.0.0", "1.1.0", "LATEST"]
    bagit.Bag(str(second.release)).validate()

"""Builds of different inputs into one output at once: whole releases only, and no number twice."""

import time
from pathlib import Path

import bagit
import pytest

from dataset_builder.layout import open_release, versions_of
from tests.flows.command import article, error_of, run, start, write_articles

FLAGS = ("--output", "out", "--name", "piers", "--license", "CC0-1.0")


@pytest.mark.slow
def test_the_loser_learns_that_a_lock_is_held_and_builds_the_next_version_later(tmp_path: Path) -> None:
    write_articles(tmp_path / "one", 4)
    write_articles(tmp_path / "two", 5)
    folder = tmp_path / "out" / "piers"
    first = start("build", "--source", "one", *FLAGS, cwd=tmp_path)
    try:
        deadline = time.monotonic() + 120
        while not list(folder.glob(".stage-*")):
            assert first.poll() is None, first.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        loser = run("build", "--source", "two", *FLAGS, cwd=tmp_path)
        assert loser.returncode == 4
        line = error_of(loser)
        assert line.startswith(f"E405 {folder}/.lock: another build holds the lock: process {first.pid} on ")
        assert line.endswith("; wait until it ends, then build again")
        out, err = first.communicate(timeout=120)
    finally:
        first.kill()
        first.communicate()
    assert (first.returncode, err) == (0, ""), out
    later = run("build", "--source", "two", *FLAGS, cwd=tmp_path)
    assert later.returncode == 0, later.stderr
    assert [len(open_release(folder / v).table("articles")) for v in versions_of(folder)] == [4, 5]


@pytest.mark.slow
def test_many_at_once_leave_whole_releases_each_with_its_own_rows(tmp_path: Path) -> None:
    for number in range(4):
        (write_articles(tmp_path / f"{number}", 2) / f"own-{number}.txt").write_text(article(10 + number))
    builds = [start("build", "--source", f"{n}", *FLAGS, cwd=tmp_path) for n in range(4)]
    ends = [(process.communicate(timeout=300)[1], process.returncode) for process in builds]
    won = [error for error, status in ends if status == 0]
    assert [error for error, status in ends if status != 0 and not (status == 4 and error.startswith("E405 "))] == []
    folder = tmp_path / "out" / "piers"
    versions = versions_of(folder)
    assert won
    assert len(versions) == len(won)
    seen = set()
    for version in versions:
        bagit.Bag(str(folder / version)).validate()
        ids = open_release(folder / version).table("articles", ["article_id"])["article_id"].to_pylist()
        seen.add(tuple(ids))
        assert (len(ids), ids[1:]) == (3, ["pier-0", "pier-1"])
    assert len(seen) == len(versions)
    assert (folder / "LATEST").read_text() == f"{versions[-1]}\n"
    assert not list(folder.glob(".stage-*"))

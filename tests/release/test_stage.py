"""The stage: what it refuses before any work, what it leaves behind, and what a failing disk costs."""

import errno
import fcntl
import itertools
import json
import multiprocessing
import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bagit
import pyarrow as pa
import pytest

from dataset_builder.errors import EnvironmentFault
from dataset_builder.layout import latest_release, versions_of
from dataset_builder.release import Decision, decide_version, finish, open_stage, write_table
from tests.release.release_corpus import (
    IDENTITY,
    article,
    build_release,
    corpus,
    metadata,
    tables_of,
    tree_of,
    write_shards,
)

FIRST = Decision(version="1.0.0", previous=None, bump="first", reasons=(), counts={}, unrelated=False)


def attempt(output: Path, **options: Any) -> None:
    with open_stage(output, IDENTITY.name, **options):
        pass


# --- refused before any work ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["a*b", "a?b", "a[b", "a]b", "a::b"])
def test_glob_signs_anywhere_in_the_absolute_path_are_refused(tmp_path: Path, part: str) -> None:
    with pytest.raises(EnvironmentFault, match="E400"):
        attempt(tmp_path / part / "dist")
    assert list(tmp_path.iterdir()) == []


def test_other_odd_signs_in_the_path_are_fine(tmp_path: Path) -> None:
    release, _ = build_release(tmp_path / "a b#c%d{e}:f\n潮" / "dist", corpus(2))
    assert release.path.is_dir()


def test_a_relative_path_is_judged_by_the_folder_it_leads_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "[x]").mkdir()
    monkeypatch.chdir(tmp_path / "[x]")
    with pytest.raises(EnvironmentFault, match="E400"):
        attempt(Path("dist"))


def test_an_output_that_is_a_file_or_below_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for output in (tmp_path / "file", tmp_path / "file" / "below" / "it"):
        with pytest.raises(EnvironmentFault, match=r"E401 .*/file: is a file"):
            attempt(output)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / IDENTITY.name).write_text("x")
    with pytest.raises(EnvironmentFault, match="E401"):
        attempt(tmp_path / "dist")


def test_a_dangling_or_looping_link_is_refused_and_a_good_one_is_followed(tmp_path: Path) -> None:
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("nowhere", "loop"):
        with pytest.raises(EnvironmentFault, match="E402"):
            attempt(tmp_path / name / "dist")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    attempt(tmp_path / "link")
    assert (tmp_path / "real" / IDENTITY.name).is_dir()
    assert not (tmp_path / "missing").exists()


def test_too_little_space_is_refused_and_both_sizes_are_named(tmp_path: Path) -> None:
    needed = 2**60
    with pytest.raises(EnvironmentFault, match=f"E404 .*{needed:,} bytes are needed, [0-9,]+ are free"):
        attempt(tmp_path / "dist", needed=needed)


@pytest.mark.parametrize("which", ["output", "folder", "lock"])
def test_a_place_that_may_not_be_written_is_refused_before_work(
    which: str, tmp_path_factory: Any, as_nobody: tuple[str, ...]
) -> None:
    root = tmp_path_factory.mktemp("readonly")
    for parent in (root, *root.parents[:2]):
        parent.chmod(parent.stat().st_mode | 0o055)
    folder = root / "dist" / IDENTITY.name
    folder.mkdir(parents=True)
    if which == "output":
        folder.rmdir()
    if which == "lock":
        folder.chmod(0o777)
        (folder / ".lock").write_text("")
        (folder / ".lock").chmod(0o444)
    script = (
        "import sys; from pathlib import Path; from dataset_builder.release import open_stage\n"
        "from dataset_builder.errors import EnvironmentFault\n"
        "try:\n  open_stage(Path(sys.argv[1]), sys.argv[2]).__enter__()\n"
        "except EnvironmentFault as fault:\n  sys.stdout.write(str(fault)); sys.exit(fault.exit_code)\n"
    )
    command = [*as_nobody, "-c", script, str(root / "dist"), IDENTITY.name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stderr
    assert done.stdout.startswith("E403 ")
    assert "cannot be written" in done.stdout


# --- the lock ---------------------------------------------------------------------------------------------------------


def _hold(output: Path, ready: Any, done: Any) -> None:
    with open_stage(output, IDENTITY.name):
        ready.set()
        done.wait(30)


def test_the_second_of_two_builds_learns_who_holds_the_lock(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["dataset_builder.release"])
    ready, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path, ready, done))
    other.start()
    try:
        assert ready.wait(30)
        with pytest.raises(EnvironmentFault, match=rf"E405 .*process {other.pid} on {os.uname().nodename}"):
            attempt(tmp_path)
        assert len(list((tmp_path / IDENTITY.name).glob(".stage-*"))) == 1  # the loser touched nothing
    finally:
        done.set()
        other.join(30)
    attempt(tmp_path)


def test_a_lock_whose_holder_is_unreadable_is_still_a_lock(tmp_path: Path) -> None:
    with open_stage(tmp_path, IDENTITY.name):
        (tmp_path / IDENTITY.name / ".lock").write_text("")
        with pytest.raises(EnvironmentFault, match=r"E405 .*its process is not known"):
            attempt(tmp_path)


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(EnvironmentFault, match="E406"):
        attempt(tmp_path)


# --- what is left -----------------------------------------------------------------------------------------------------


def test_a_stage_that_was_not_finished_leaves_only_the_lock_file(tmp_path: Path) -> None:
    with open_stage(tmp_path, IDENTITY.name) as stage:
        write_shards(corpus(2), stage.path)
    with pytest.raises(KeyboardInterrupt), open_stage(tmp_path, IDENTITY.name):
        raise KeyboardInterrupt
    assert set(tree_of(tmp_path)) == {f"{IDENTITY.name}/.lock"}


def test_what_killed_builds_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    release, _ = build_release(tmp_path, corpus(2))
    folder = release.path.parent
    before = tree_of(tmp_path)
    (folder / ".stage-old" / "data").mkdir(parents=True)
    (folder / ".stage-old" / "data" / "file").write_text("x")
    (folder / ".stage-old" / "data" / "file").chmod(0o444)
    (folder / ".stage-LATEST").write_text("x")
    (folder / ".stage-link").symlink_to(release.path)
    (folder / "quarantine").mkdir()
    (folder / "quarantine" / "7.0.0.parquet").write_text("of a release that never came")
    (folder / "LATEST").write_text("0.9.0\n")
    (folder / "notes").mkdir()
    attempt(tmp_path)
    assert tree_of(tmp_path) == before
    assert (folder / "notes").is_dir()


def test_files_are_read_only_and_folders_as_their_parent(tmp_path: Path) -> None:
    (tmp_path / IDENTITY.name).mkdir(mode=0o750)
    release, _ = build_release(tmp_path, corpus(2))
    assert stat.S_IMODE(release.path.stat().st_mode) == 0o750
    for path in release.path.rglob("*"):
        assert path.is_dir() or stat.S_IMODE(path.stat().st_mode) == 0o444


@pytest.mark.parametrize("kind", ["release", "empty folder", "dangling link", "file"])
def test_what_stands_at_the_version_is_never_replaced(tmp_path: Path, kind: str) -> None:
    target = tmp_path / IDENTITY.name / "1.0.0"
    with open_stage(tmp_path, IDENTITY.name) as stage:
        match kind:
            case "release":
                (target / "data").mkdir(parents=True)
                (target / "bagit.txt").write_text("x")
                results = {"byproducts": [{"annotations": {"digest": "0123abcd"}}]}
                (target / "provenance.json").write_text(json.dumps({"predicate": {"runDetails": results}}))
            case "empty folder":
                target.mkdir()
            case "dangling link":
                target.symlink_to("nowhere")
            case "file":
                target.write_text("x")
        before = os.lstat(target)
        files, facts = write_shards([article(30)], stage.path)
        with pytest.raises(EnvironmentFault, match=r"E407 .*/1\.0\.0: this version stands already") as caught:
            finish(stage, files, facts, FIRST, metadata())
        theirs = "0123abcd" if kind == "release" else "not known"
        assert f"its digest is {theirs}, that of this build {facts.digest};" in str(caught.value)
    after = os.lstat(target)
    assert (after.st_ino, after.st_mode, after.st_mtime_ns) == (before.st_ino, before.st_mode, before.st_mtime_ns)
    assert not (tmp_path / IDENTITY.name / "LATEST").exists()


def test_latest_names_the_newest_release(tmp_path: Path) -> None:
    build_release(tmp_path, corpus(2))
    release, _ = build_release(tmp_path, corpus(3))
    assert (release.path.parent / "LATEST").read_text() == "1.1.0\n"
    assert latest_release(tmp_path, IDENTITY.name) == release


def test_quarantined_records_stand_beside_the_release_and_not_in_it(tmp_path: Path) -> None:
    rows = pa.table({"source_path": ["a.txt"], "code": ["E502"], "reason": ["is binary"]})
    release, _ = build_release(tmp_path, corpus(2), quarantine=rows)
    kept = release.path.parent / "quarantine" / "1.0.0.parquet"
    assert pa.parquet.read_table(kept).equals(rows)
    assert not list(release.path.rglob("*quarantine*"))
    again, _ = build_release(tmp_path, corpus(3), quarantine=rows.slice(0, 0))
    assert again.version == "1.1.0"
    assert [path.name for path in kept.parent.iterdir()] == ["1.0.0.parquet"]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the names of open files are read from /proc")
def test_everything_is_synced_before_the_rename_and_the_folder_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, str]] = []
    fsync, rename = os.fsync, os.rename

    def synced(handle: int) -> None:
        done.append(("sync", os.readlink(f"/proc/self/fd/{handle}")))
        fsync(handle)

    def renamed(source: Path, target: Path) -> None:
        done.append(("rename", str(source)))
        rename(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", renamed)
    release, _ = build_release(tmp_path, corpus(3))
    names = [what for what, _ in done]
    at = names.index("rename")
    stage = done[at][1]
    before = [place.removeprefix(stage).lstrip("/") for _, place in done[:at]]
    paths = [path.relative_to(release.path).as_posix() for path in release.path.rglob("*")]
    assert sorted(before) == sorted(["", *paths])
    for path in paths:  # a folder after what is in it
        assert before.index(path) < before.index(Path(path).parent.as_posix().removeprefix("."))
    assert done[at + 1] == ("sync", str(release.path.parent))
    assert done[-1] == ("sync", str(release.path.parent))  # after LATEST


# --- what was written is read again -----------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "add", "swap"])
def test_a_file_that_is_not_as_it_was_written_stops_the_release(tmp_path: Path, damage: str) -> None:
    with open_stage(tmp_path, IDENTITY.name) as stage:
        files, facts = write_shards(corpus(8), stage.path)
        path, other = stage.path / files[0].path, stage.path / files[3].path
        content = path.read_bytes()
        match damage:
            case "flip":
                path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
            case "truncate":
                path.write_bytes(content[:-1])
            case "remove":
                path.unlink()
            case "add":
                path.with_name("extra.parquet").write_bytes(content)
            case "swap":
                path.write_bytes(other.read_bytes())
        with pytest.raises(EnvironmentFault, match="E408"):
            finish(stage, files, facts, decide_version(None, facts), metadata())
    assert versions_of(tmp_path / IDENTITY.name) == []


# --- a failing disk ---------------------------------------------------------------------------------------------------

CALLS = ("open", "write", "fsync", "chmod", "rename", "replace", "mkdir")


@contextmanager
def failing(call: str, nth: int, number: int) -> Iterator[list[int]]:
    """Make the *nth* of the os functions *call* under a stage fail with the error *number*."""
    patch = pytest.MonkeyPatch()
    seen = [0]
    real = getattr(os, call)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        seen[0] += 1
        if seen[0] == nth:
            raise OSError(number, os.strerror(number))
        return real(*args, **kwargs)

    patch.setattr(os, call, wrapped)
    try:
        yield seen
    finally:
        patch.undo()


CODES = {errno.ENOSPC: "E404", errno.EDQUOT: "E404", errno.EIO: "E409", errno.EROFS: "E403"}


def code_of_a_build(output: Path) -> str | None:
    try:
        build_release(output, corpus(3))
    except EnvironmentFault as fault:
        return fault.code
    return None


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("call", CALLS)
def test_a_fault_at_any_call_leaves_the_old_release_or_the_new_one(call: str, step: int, tmp_path: Path) -> None:
    for nth in itertools.count(1, step):
        folder = tmp_path / f"{call}-{nth}" / IDENTITY.name
        build_release(folder.parent, corpus(2))
        old = tree_of(folder / "1.0.0")
        number = list(CODES)[nth % len(CODES)]
        with failing(call, nth, number) as seen:
            code = code_of_a_build(folder.parent)
        assert code in (None, CODES[number])
        assert code is not None or "1.1.0" in versions_of(folder)
        assert tree_of(folder / "1.0.0") == old
        if "1.1.0" in versions_of(folder):
            bagit.Bag(str(folder / "1.1.0")).validate()
        release, _ = build_release(folder.parent, corpus(3))
        assert release.version == "1.1.0"
        assert (folder / "LATEST").read_text() == "1.1.0\n"
        assert not list(folder.glob(".stage-*"))
        if seen[0] < nth:
            break
    assert nth > 1


def test_a_full_disk_names_the_bytes_needed_and_free(tmp_path: Path) -> None:
    tables = tables_of(corpus(3))
    with failing("write", 1, errno.ENOSPC), pytest.raises(EnvironmentFault) as caught:
        write_table(tables["articles"], "articles", tmp_path, split="train", number=0)
    needed = write_table(tables["articles"], "articles", tmp_path / "again", split="train", number=0).bytes
    assert caught.value.code == "E404"
    assert f"{needed:,} bytes are needed" in str(caught.value)
    assert "free" in str(caught.value)


def test_the_lock_file_holds_the_process_only_while_it_is_held(tmp_path: Path) -> None:
    with open_stage(tmp_path, IDENTITY.name):
        assert json.loads((tmp_path / IDENTITY.name / ".lock").read_text())["pid"] == os.getpid()
    assert (tmp_path / IDENTITY.name / ".lock").read_text() == ""

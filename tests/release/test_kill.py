"""A build that is killed at any step leaves the old release or the new one, and the next build puts the rest right."""

import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import bagit
import pytest

from dataset_builder.layout import versions_of
from tests.release.release_corpus import build_release, corpus, tree_of

# Every function of os that changes what is on the disk, or asks for it to be written.
STEPS = (
    *("open", "write", "pwrite", "ftruncate", "fsync", "chmod", "mkdir", "rename", "replace", "unlink", "rmdir"),
    "close",
)


def prepared(output: Path) -> Path:
    """The folder of a dataset with one release and what an earlier killed build left."""
    release, _ = build_release(output, corpus(2))
    (release.path.parent / ".stage-old" / "data").mkdir(parents=True)
    (release.path.parent / ".stage-old" / "data" / "file").write_text("x")
    return release.path.parent


def in_child(work: Callable[[], object]) -> tuple[int, int]:
    """Run *work* in a fork of this process; give its exit code and the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(70)
    _, status = os.waitpid(child, 0)
    return (os.WEXITSTATUS(status), 0) if os.WIFEXITED(status) else (0, os.WTERMSIG(status))


def build_and_die(output: Path, nth: int) -> int:
    """Build the second release, and be killed before the *nth* step; without one, give the number of steps."""
    taken = [0]

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            taken[0] += 1
            if taken[0] == nth:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return step

    for name in STEPS:
        setattr(os, name, counting(getattr(os, name)))
    build_release(output, corpus(3))
    return taken[0]


def check_aftermath(folder: Path, old: Any) -> bool:
    """Check a dataset's folder after a killed build; give whether the new release stands."""
    versions = versions_of(folder)
    assert versions in (["1.0.0"], ["1.0.0", "1.1.0"])
    assert tree_of(folder / "1.0.0") == old
    for version in versions:
        bagit.Bag(str(folder / version)).validate()
    assert (folder / "LATEST").read_text() in ("1.0.0\n", "1.1.0\n")
    release, _ = build_release(folder.parent, corpus(3))
    assert (release.version, versions_of(folder)) == ("1.1.0", ["1.0.0", "1.1.0"])
    assert {path.name for path in folder.iterdir()} == {".lock", "LATEST", "1.0.0", "1.1.0"}
    assert (folder / "LATEST").read_text() == "1.1.0\n"
    return len(versions) == 2


def total_steps(output: Path) -> int:
    """How many steps the build takes."""
    prepared(output)
    report = output / "steps"

    def count() -> None:
        report.write_text(str(build_and_die(output, 0)))

    assert in_child(count) == (0, 0)
    return int(report.read_text())


def kill_at(steps: Iterator[int], tmp_path: Path) -> list[bool]:
    stands = []
    for nth in steps:
        folder = prepared(tmp_path / str(nth))
        old = tree_of(folder / "1.0.0")
        assert in_child(partial(build_and_die, folder.parent, nth)) == (0, signal.SIGKILL)
        stands.append(check_aftermath(folder, old))
        shutil.rmtree(folder.parent)
    return stands


def test_a_kill_before_a_step_leaves_the_old_or_the_new_release(tmp_path: Path) -> None:
    total = total_steps(tmp_path / "count")
    sample = random.Random(1).sample(range(1, total - 11), 8)
    stands = kill_at(iter([*sorted(sample), *range(total - 11, total + 1)]), tmp_path)
    assert stands == sorted(stands)  # from one step on, the new release stands
    assert not stands[0]
    assert stands[-1]


@pytest.mark.slow
def test_a_kill_before_every_step_leaves_the_old_or_the_new_release(tmp_path: Path) -> None:
    stands = kill_at(iter(range(1, total_steps(tmp_path / "count") + 1)), tmp_path)
    assert stands == sorted(stands)
    assert {*stands} == {False, True}


# --- below Python: at system calls ------------------------------------------------------------------------------------

CALLS = "openat,write,pwrite64,ftruncate,fsync,chmod,fchmodat,mkdir,rename,renameat,unlink,unlinkat,rmdir,close,flock"


def traced(output: Path, *options: str) -> str:
    """Build the second release in a fork that strace holds; give strace's record."""
    log = output.parent / "strace.txt"
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(write)
            os.read(read, 1)
            build_release(output, corpus(3))
            os._exit(0)
        except BaseException:  # noqa: BLE001 - whatever strace made fail; what counts is what stands then
            os._exit(4)
    os.close(read)
    tracer = subprocess.Popen(
        ["strace", "-f", "-o", str(log), "-e", f"trace={CALLS}", *options, "-p", str(child)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert tracer.stderr is not None
    line = tracer.stderr.readline()
    if "attached" not in line:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        tracer.communicate()
        pytest.skip(f"strace may not attach: {line.strip()}")
    time.sleep(0.02)
    os.close(write)  # go
    os.waitpid(child, 0)
    tracer.communicate()
    return log.read_text()


def calls_of(record: str) -> list[str]:
    return re.findall(r"^\d+ +(\w+)\(", record, flags=re.MULTILINE)


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@needs_strace
@pytest.mark.slow
@pytest.mark.parametrize("outcome", ["signal=SIGKILL", "error=ENOSPC", "error=EIO", "error=EDQUOT", "error=EROFS"])
def test_a_kill_or_fault_at_a_system_call_leaves_the_old_or_the_new_release(outcome: str, tmp_path: Path) -> None:
    calls = calls_of(traced(prepared(tmp_path / "count").parent))
    counted: dict[str, int] = {name: calls.count(name) for name in sorted(set(calls))}
    points = [(name, nth) for name, count in counted.items() for nth in range(1, count + 1)]
    if outcome.startswith("error"):
        points = [(name, nth) for name, nth in points if name not in ("close", "flock")]
    sample = random.Random(outcome).sample(points, min(len(points), 40))
    last = [(name, counted[name]) for name in ("fsync", "rename") if name in counted]
    for name, nth in [*sample, *last]:
        folder = prepared(tmp_path / f"{name}-{nth}")
        old = tree_of(folder / "1.0.0")
        record = traced(folder.parent, "-e", f"inject={name}:{outcome}:when={nth}")
        assert ("INJECTED" in record) or ("SIGKILL" in record), (name, nth)
        check_aftermath(folder, old)
        shutil.rmtree(folder.parent)

"""The stage: a hidden folder beside the releases, where the next one is written, under a lock.

Nothing is seen of a release before it is whole: `publish` seals the stage and renames it to its version. A build that
is killed leaves a stage that the next one removes.
"""

import errno
import fcntl
import json
import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dataset_builder.errors import EnvironmentFault
from dataset_builder.layout import LATEST, versions_of
from dataset_builder.release.storage import (
    disk_full,
    free_bytes,
    make_folder,
    remove_tree,
    seal_tree,
    storage_faults,
    sync,
    write_new,
)

LOCK = ".lock"
STAGE = ".stage-"
# Readers (Polars, DuckDB, datasets) take these in a path for a pattern or a chain of file systems.
GLOB_SIGNS = ("*", "?", "[", "]", "::")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """An open stage: *path* is where `data/` goes, *folder* is OUTPUT/NAME, which is locked."""

    path: Path
    folder: Path

    @property
    def name(self) -> str:
        """The dataset's name."""
        return self.folder.name


@contextmanager
def open_stage(output: Path, name: str, *, needed: int = 0) -> Iterator[Stage]:
    """Lock OUTPUT/NAME and give a stage there; leaving the block removes what was not published.

    *needed* is an estimate of the bytes that will be written. Stages and quarantine files of builds that were killed
    are removed, and LATEST is put right. Raises EnvironmentFault before any work: E400 a glob sign in the absolute
    path, E401 the output is or is below a file, E402 a dangling link, E403 not writable, E404 not enough space, E405
    another build holds the lock, E406 the file system has no locks.
    """
    folder = Path(os.path.abspath(output)) / name
    refuse_place(folder)
    make_folder(folder)
    if free_bytes(folder) < needed:
        raise disk_full(folder, needed)
    with locked(folder):
        with storage_faults(folder):
            remove_leftovers(folder)
            path = Path(tempfile.mkdtemp(prefix=STAGE, dir=folder))
        try:
            with storage_faults(path):
                os.chmod(path, folder.stat().st_mode & 0o777)
            yield Stage(path=path, folder=folder)
        finally:
            with storage_faults(path):
                remove_tree(path)


def publish(stage: Stage, version: str, digest: str) -> Path:
    """Seal the stage, rename it to *version* and point LATEST at it; give the release's folder.

    *digest* is the release's, for the message of a refusal. Raises EnvironmentFault E407 when the version stands
    already; E403, E404 or E409 when the disk fails: then either nothing is changed, or the release stands whole and
    only LATEST is behind, which the next build puts right.
    """
    target = stage.folder / version
    with storage_faults(stage.path):
        seal_tree(stage.path)
        if os.path.lexists(target):
            raise _stands_already(target, digest)
        os.rename(stage.path, target)
        sync(stage.folder)
        point_latest(stage.folder, version)
    return target


def _stands_already(target: Path, digest: str) -> EnvironmentFault:
    try:
        statement = json.loads((target / "provenance.json").read_bytes())
        other = statement["predicate"]["runDetails"]["byproducts"][0]["annotations"]["digest"]
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        other = "not known"
    reason = f"this version stands already: its digest is {other}, that of this build {digest}"
    return EnvironmentFault("E407", target, reason, "a release never changes: build again, against the newest")


def point_latest(folder: Path, version: str) -> None:
    """Make LATEST name *version*, in one step."""
    temporary = folder / f"{STAGE}{LATEST}"
    write_new(temporary, f"{version}\n".encode())
    sync(temporary)
    os.replace(temporary, folder / LATEST)
    sync(folder)


def remove_leftovers(folder: Path) -> None:
    """Remove what killed builds left: stages, quarantine files of versions that never came, a LATEST that is behind."""
    versions = versions_of(folder)
    for path in folder.glob(f"{STAGE}*"):
        remove_tree(path)
    for path in (folder / "quarantine").glob("*.parquet"):
        if path.stem not in versions:
            remove_tree(path)
    with suppress(FileNotFoundError):
        if versions and (folder / LATEST).read_bytes() == f"{versions[-1]}\n".encode():
            return
    if versions:
        point_latest(folder, versions[-1])


def refuse_place(folder: Path) -> None:
    """Raise the EnvironmentFault (E400 to E403) that makes an absolute path no place for releases."""
    signs = [sign for sign in GLOB_SIGNS if sign in str(folder)]
    if signs:
        raise EnvironmentFault(
            "E400",
            folder,
            f"the absolute path holds {' and '.join(signs)}, which readers take for a pattern",
            "give an --output without *, ?, [, ] and ::",
        )
    place = folder
    while not os.path.lexists(place):
        place = place.parent
    if not place.exists():
        raise EnvironmentFault("E402", place, "is a link to nothing", "remove the link, or give another --output")
    if not place.is_dir():
        raise EnvironmentFault("E401", place, "is a file, not a folder", "give another --output")
    if not os.access(place, os.W_OK | os.X_OK):
        raise EnvironmentFault("E403", place, "cannot be written", "make it writable, or give another --output")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of *folder*. Raises EnvironmentFault E405, which says who holds it, or E406."""
    path = folder / LOCK
    with storage_faults(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        _take(handle, path)
        holder = json.dumps({"pid": os.getpid(), "host": platform.node()})
        with storage_faults(path):
            os.ftruncate(handle, 0)
            os.pwrite(handle, holder.encode(), 0)
        yield
        with suppress(OSError):  # the name of who held it is a hint
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _take(handle: int, path: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        if fault.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise EnvironmentFault(
                "E406", path, f"the file system gives no lock: {fault.strerror}", "give an --output on a local disk"
            ) from None
        raise EnvironmentFault(
            "E405", path, f"another build holds the lock: {_holder(handle)}", "wait until it ends, then build again"
        ) from None


def _holder(handle: int) -> str:
    try:
        who = json.loads(os.pread(handle, 4096, 0))
        return f"process {int(who['pid'])} on {who['host']}"
    except (ValueError, KeyError, TypeError):
        return "its process is not known"

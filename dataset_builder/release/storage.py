"""Files as a release needs them: written once and whole, synced, removed, with faults that say what to do."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dataset_builder.errors import EnvironmentFault

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def storage_faults(place: Path, needed: int | None = None) -> Iterator[None]:
    """Turn an OSError inside into an EnvironmentFault: E404 disk full, E403 may not be written, E409 anything else."""
    try:
        yield
    except OSError as fault:
        raise storage_fault(fault, place, needed) from fault


def storage_fault(fault: OSError, place: Path, needed: int | None = None) -> EnvironmentFault:
    """Give the fault of the output that an OSError stands for; *needed* is the size in bytes of what was written."""
    if fault.errno in _FULL:
        return disk_full(place, needed)
    reason = os.strerror(fault.errno) if fault.errno else str(fault)
    if fault.errno in _FORBIDDEN:
        return EnvironmentFault(
            "E403", place, f"cannot be written: {reason}", "make it writable, or give another --output"
        )
    return EnvironmentFault("E409", place, f"writing failed: {reason}", "look after the disk, or give another --output")


def disk_full(place: Path, needed: int | None) -> EnvironmentFault:
    """Give the fault E404, which names the bytes needed and those free at *place*."""
    wanted = "more" if needed is None else f"{needed:,}"
    return EnvironmentFault(
        "E404",
        place,
        f"the disk is full: {wanted} bytes are needed, {free_bytes(place):,} are free",
        "free some space, or give another --output",
    )


def free_bytes(place: Path) -> int:
    """Give the bytes free to this user on the file system of *place*, or of the nearest folder above that exists."""
    while not place.exists() and place != place.parent:
        place = place.parent
    state = os.statvfs(place)
    return state.f_bavail * state.f_frsize


def write_new(path: Path, content: bytes | memoryview) -> None:
    """Write a file that must not exist yet. Raises EnvironmentFault."""
    with storage_faults(path, len(content)):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(handle, rest) :]
        finally:
            os.close(handle)


def make_folder(path: Path) -> None:
    """Make the folder *path* and those above it where they are missing. Raises EnvironmentFault."""
    with storage_faults(path):
        os.makedirs(path, exist_ok=True)


def sync(path: Path) -> None:
    """Have the system write a file or folder through to the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def seal_tree(root: Path) -> None:
    """Sync every file under *root* and make it read-only, then sync the folders, innermost first."""
    for folder, _, files in os.walk(root, topdown=False, onerror=_raise):
        for name in sorted(files):
            path = Path(folder, name)
            sync(path)
            os.chmod(path, 0o444)
        sync(Path(folder))


def remove_tree(path: Path) -> None:
    """Remove a folder with all in it, or a file or link; nothing there is no fault."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _raise(fault: OSError) -> None:
    raise fault

"""What stands in a release's folder: every file with its sha256 and size, every folder, and what is no content."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dataset_builder.errors import escape_place

# At the root, these belong to those who keep or load the release: to git, to a hub and its client.
PASSED_FILES = {".gitattributes", "releases.json"}
PASSED_FOLDERS = {".git", ".cache/huggingface"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a file or folder of a release; *path* is relative to it."""

    path: str
    reason: str

    def escaped(self) -> "Fault":
        """Give it as it may be shown: on one line."""
        return Fault(path=escape_place(self.path), reason=escape_place(self.reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSum:
    """The sha256 (hex) and the size in bytes of a file."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Tree:
    """The files, by path, and the folders of a release; the names that were passed over; what is none of these."""

    files: dict[str, FileSum] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    passed_over: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def blame(self, path: str, reason: str) -> None:
        """Note that something else than a file or folder stands at *path*, or one that cannot be read."""
        self.faults.append(Fault(path=path, reason=reason))


def read_tree(root: Path) -> Tree:
    """Read every byte under *root*, one piece of a file in memory at a time; what cannot be read is a fault.

    Links are faults, but for a hub client's: in `snapshots/REVISION/` links to files in `blobs/` beside `snapshots/`
    are followed. Modes and times are not looked at.
    """
    tree = Tree()
    blobs = _blobs(root)
    left = [""]
    while left:
        folder = left.pop()
        for entry in _listed(root, folder, tree):
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_symlink() and not _is_blob(entry.path, blobs):
                tree.blame(path, "is a link")
            elif entry.is_dir():
                if path in PASSED_FOLDERS:
                    tree.passed_over.append(f"{path}/")
                    continue
                tree.folders.add(path)
                left.append(path)
            elif path in PASSED_FILES:
                tree.passed_over.append(path)
            else:
                _read_file(entry.path, path, tree)
    if ".cache/huggingface/" in tree.passed_over:
        tree.folders.discard(".cache")
    tree.passed_over.sort()
    return tree


def _listed(root: Path, folder: str, tree: Tree) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(root / folder) as entries:
            yield from sorted(entries, key=lambda entry: os.fsencode(entry.name))
    except OSError as fault:
        tree.blame(folder or ".", f"cannot be read: {fault.strerror}")


def _read_file(place: str, path: str, tree: Tree) -> None:
    try:
        if not stat.S_ISREG(os.stat(place).st_mode):
            tree.blame(path, "is neither a file nor a folder")
            return
        with open(place, "rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            tree.files[path] = FileSum(sha256=sha256, bytes=stream.tell())
    except OSError as fault:
        tree.blame(path, f"cannot be read: {fault.strerror}")


def _blobs(root: Path) -> Path | None:
    """Give where a hub client keeps the files of the snapshot *root*; None when it is no snapshot."""
    snapshots = root.resolve().parent
    return snapshots.parent / "blobs" if snapshots.name == "snapshots" else None


def _is_blob(link: str, blobs: Path | None) -> bool:
    try:
        target = Path(link).resolve(strict=True)
    except (OSError, RuntimeError):  # it leads nowhere, or to itself
        return False
    return target.parent == blobs and target.is_file()

"""Finding the files of a source: each becomes an article's place, a quarantined record, or a skipped one.

Hidden files and folders and what file browsers leave are no records. A link to a file inside the root is read as that
file; a folder is entered under its own name only, so nothing is read in a circle.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from dataset_builder.errors import InputError, escape_place
from dataset_builder.read.records import Found, Quarantined, Skipped

RELEASE_FILES = {b"bagit.txt", b"provenance.json", b"croissant.json"}
VERSION = re.compile(rb"\d+\.\d+\.\d+")
DROPPINGS = {b"thumbs.db", b"desktop.ini"}
TEXT_SUFFIXES = (b".txt", b".text", b".md", b".markdown")
# Formats that are no plain text: read as such they would give rows of markup.
OTHER_FORMATS = {
    b".html": "HTML",
    b".htm": "HTML",
    b".xhtml": "HTML",
    b".xml": "XML",
    b".jsonl": "JSON Lines",
    b".ndjson": "JSON Lines",
    b".json": "JSON",
    b".csv": "CSV",
    b".tsv": "TSV",
    b".parquet": "Parquet",
    b".arrow": "Arrow",
    b".warc": "WARC",
    b".wet": "WET",
    b".gz": "gzip",
    b".zst": "zstd",
    b".bz2": "bzip2",
    b".xz": "xz",
    b".zip": "ZIP",
    b".pdf": "PDF",
}

Entry = Found | Quarantined | Skipped


def find_files(root: Path, outputs: Sequence[Path] = (), *, keep_suffixes: bool = False) -> list[Entry]:
    """Give what lies under *root*, by path (bytes). The folders *outputs* below it are left out.

    Raises InputError E200 to E203 where *root* is no readable folder, and where two files have one id.
    """
    top = os.fsencode(root)
    _require_folder(root)
    real_top = os.path.realpath(top)
    places = {os.path.realpath(os.fsencode(output)) for output in outputs} - {real_top}
    left_out = {place for place in places if _is_below(place, real_top)}
    entries = sorted(_walk(top, real_top, left_out, keep_suffixes), key=lambda e: e[0])
    _refuse_twins([entry for _, entry in entries])
    return [entry for _, entry in entries]


def text_of_path(path: bytes) -> str:
    """Give a relative path as text: bytes that are not UTF-8 as `\\xNN`."""
    return path.decode("utf-8", "backslashreplace")


def id_of_path(path: bytes, *, keep_suffixes: bool = False) -> str:
    """Give the article id of a relative path: without format suffixes; `%`, `#`, control and other bytes as `%NN`."""
    name = path if keep_suffixes else _without_suffix(path)
    text = name.replace(b"%", b"%25").replace(b"#", b"%23").decode("utf-8", "surrogateescape")
    if text.isprintable():
        return text
    return "".join(
        _percent(c) if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or "\udc80" <= c <= "\udcff" else c for c in text
    )


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogateescape"))


def _without_suffix(path: bytes) -> bytes:
    folder, slash, name = path.rpartition(b"/")
    stem, suffix = os.path.splitext(name)
    return folder + slash + stem if suffix.lower() in TEXT_SUFFIXES and stem else path


def _require_folder(root: Path) -> None:
    try:
        mode = os.stat(root).st_mode
        if not stat.S_ISDIR(mode):
            raise InputError("E201", root, "the source is no folder", "give the folder that holds the articles")
        os.listdir(root)
    except FileNotFoundError:
        raise InputError("E200", root, "there is no such folder", "give an existing folder with --source") from None
    except OSError as fault:
        raise InputError("E202", root, f"cannot be read: {fault.strerror}", "make the folder readable") from None


def _walk(top: bytes, real_top: bytes, left_out: set[bytes], keep_suffixes: bool) -> Iterator[tuple[bytes, Entry]]:
    pending = [b""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(os.path.join(top, folder)) as listing:
                items = list(listing)
        except OSError as fault:
            yield folder, _refused(folder, "E501", f"the folder cannot be opened: {fault.strerror}")
            continue
        if folder and _holds_releases({item.name for item in items}):
            yield folder, Skipped(source_path=text_of_path(folder), reason="releases of a dataset")
            continue
        for item in items:
            path = folder + b"/" + item.name if folder else item.name
            if item.name.startswith(b".") or item.name.lower() in DROPPINGS:
                continue
            if item.is_dir(follow_symlinks=False):
                if os.path.realpath(item.path) not in left_out:
                    pending.append(path)
                continue
            entry = _entry(path, item, real_top, left_out, keep_suffixes)
            if entry is not None:
                yield path, entry


def _holds_releases(names: set[bytes]) -> bool:
    """Whether a folder with these names is a release, or holds those of a dataset."""
    return names >= RELEASE_FILES or (b"LATEST" in names and any(map(VERSION.fullmatch, names)))


def _entry(path: bytes, item: os.DirEntry[bytes], real_top: bytes, left_out: set[bytes], keep: bool) -> Entry | None:
    try:
        status = item.stat()
    except FileNotFoundError:
        return _refused(path, "E501", "links to a file that does not exist" if item.is_symlink() else "is gone")
    except OSError as fault:
        loop = item.is_symlink() and fault.errno == errno.ELOOP
        return _refused(path, "E508" if loop else "E501", "links to itself" if loop else f"{fault.strerror}")
    mode = status.st_mode
    if item.is_symlink():
        target = os.path.realpath(item.path)
        if any(_is_below(target, output) for output in left_out):
            return None
        if not _is_below(target, real_top):
            return _refused(path, "E507", "links to a place outside the source")
        if stat.S_ISDIR(mode):
            return Skipped(source_path=text_of_path(path), reason="link to a folder of the source")
    if not stat.S_ISREG(mode):
        return _refused(path, "E506", "is neither a file nor a folder")
    known = OTHER_FORMATS.get(os.path.splitext(path)[1].lower())
    if known:
        return _refused(path, "E513", f"is {known}, which this version does not read")
    return Found(
        file=Path(os.fsdecode(item.path)),
        source_path=text_of_path(path),
        article_id=id_of_path(path, keep_suffixes=keep),
        size=status.st_size,
    )


def _is_below(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def _refused(path: bytes, code: str, reason: str) -> Quarantined:
    return Quarantined(source_path=text_of_path(path), code=code, reason=reason)


def _refuse_twins(entries: list[Entry]) -> None:
    seen: dict[str, str] = {}
    for entry in entries:
        if isinstance(entry, Found):
            if entry.article_id in seen:
                places = f"{escape_place(seen[entry.article_id])} and {escape_place(entry.source_path)}"
                reason = f"both give the article id {entry.article_id!r}"
                raise InputError("E203", places, reason, 'rename one, or set ids = "path" in the configuration')
            seen[entry.article_id] = entry.source_path

"""A plain text file → a record."""

import hashlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

from dataset_builder.config import Limits
from dataset_builder.errors import InputError
from dataset_builder.read.encodings import Undecoded, decode
from dataset_builder.read.records import Found, Quarantined, Record

MEDIA_TYPE = "text/plain"


def read_text(found: Found, limits: Limits) -> Record | Quarantined:
    """Give the article in a file of text, or why it is quarantined.

    Raises InputError E205 when the file is changed while it is read, and nothing for what a file may be.
    """
    try:
        with _opened(found.file) as stream:
            before = os.fstat(stream.fileno())
            if not stat.S_ISREG(before.st_mode):
                return Quarantined(source_path=found.source_path, code="E506", reason="is neither a file nor a folder")
            data = stream.read(limits.record_bytes + 1)
            after = os.fstat(stream.fileno())
    except OSError as fault:
        return Quarantined(source_path=found.source_path, code="E501", reason=f"cannot be opened: {fault.strerror}")
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise InputError("E205", found.file, "was changed while it was read", "build again when nothing writes to it")
    size = len(data)
    if size > limits.record_bytes:
        size = after.st_size
        reason = f"has {size} bytes, the limit is {limits.record_bytes} (limits.record_bytes)"
        return Quarantined(source_path=found.source_path, code="E505", reason=reason, source_bytes=size)
    digest = hashlib.sha256(data).hexdigest()

    def refused(code: str, reason: str) -> Quarantined:
        return Quarantined(
            source_path=found.source_path, code=code, reason=reason, source_sha256=digest, source_bytes=size
        )

    decoded = decode(data)
    if isinstance(decoded, Undecoded):
        return refused(decoded.code, decoded.reason)
    if (longest := _longest_line(decoded.text)) > limits.line_chars:
        return refused(
            "E512", f"has a line of {longest} characters, the limit is {limits.line_chars} (limits.line_chars)"
        )
    return Record(
        article_id=found.article_id,
        source_path=found.source_path,
        source_text=decoded.text,
        source_sha256=digest,
        source_bytes=size,
        encoding=decoded.encoding,
        bytes_exact=decoded.bytes_exact,
        media_type=MEDIA_TYPE,
    )


def _opened(path: Path) -> BinaryIO:
    """Open a file to be read; a pipe that took its place meanwhile is not waited for."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def _longest_line(text: str) -> int:
    return max(map(len, text.replace("\r", "\n").split("\n")))

"""A plain text file → a record."""

import hashlib

from dataset_builder.config import Limits
from dataset_builder.read.encodings import Undecoded, decode
from dataset_builder.read.records import Found, Quarantined, Record

MEDIA_TYPE = "text/plain"


def read_text(found: Found, limits: Limits) -> Record | Quarantined:
    """Give the article in a file of text, or why it is quarantined. Raises nothing for what a file may be."""
    try:
        with found.file.open("rb") as stream:
            data = stream.read(limits.record_bytes + 1)
            size = len(data) if len(data) <= limits.record_bytes else stream.seek(0, 2)
    except OSError as fault:
        return Quarantined(source_path=found.source_path, code="E501", reason=f"cannot be opened: {fault.strerror}")
    if size > limits.record_bytes:
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
    longest = _longest_line(decoded.text)
    if longest > limits.line_chars:
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


def _longest_line(text: str) -> int:
    return max(map(len, text.replace("\r", "\n").split("\n")))

"""The errors that a user can meet, each with its code, its exit status and what to do.

    ArticlesetError
    ├── UsageError         exit 2   E1xx  flags, names, configuration
    ├── InputError         exit 3   E2xx  what was given to read
    ├── RejectedError      exit 1   E3xx  checks failed, or too much was quarantined
    └── EnvironmentFault   exit 4   E4xx  output, locks, disks, releases on disk, the platform

A record that cannot be read is no error but a value, with a code of `RECORD_CODES`: it goes to the quarantine.
"""

from pathlib import Path


class ArticlesetError(Exception):
    """An expected failure: `str()` gives one line, `E### place: reason; what to do`."""

    exit_code = 1

    def __init__(self, code: str, place: str | bytes | Path | None, reason: str, advice: str) -> None:
        super().__init__(code, place, reason, advice)
        self.code, self.place, self.reason, self.advice = code, place, reason, advice

    def __str__(self) -> str:
        place = "" if self.place is None else f" {escape_place(self.place)}:"
        return f"{self.code}{place} {escape_place(self.reason)}; {escape_place(self.advice)}"


class UsageError(ArticlesetError):
    """The command, a flag or the configuration is wrong."""

    exit_code = 2


class InputError(ArticlesetError):
    """What was given to read cannot be a source."""

    exit_code = 3


class RejectedError(ArticlesetError):
    """The data is not fit to be released."""

    exit_code = 1


class EnvironmentFault(ArticlesetError):
    """The output, the disk, a lock or a release on disk stands in the way."""

    exit_code = 4


# Why a record is quarantined.
RECORD_CODES = {
    "E501": "cannot be opened",
    "E502": "is binary",
    "E503": "is damaged UTF-8",
    "E504": "has an encoding that cannot be told",
    "E505": "is larger than the limit",
    "E506": "is neither a file nor a folder",
    "E507": "links to a place outside the source",
    "E508": "links to itself",
    "E509": "holds no text",
    "E510": "has the id of an earlier record",
    "E511": "cannot be decoded as its byte order mark says",
    "E512": "has a line longer than the limit",
    "E513": "is of a format that this version does not read",
}


def escape_place(place: str | bytes | Path) -> str:
    """Give *place* on one line, control and undecodable characters as `\\xNN`, `\\uNNNN` or `\\UNNNNNNNN`."""
    if isinstance(place, bytes):
        place = place.decode("utf-8", "surrogateescape")
    return "".join(char if char.isprintable() else _escaped(char) for char in str(place))


def _escaped(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, as the file system gave it
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

"""The suite of checks: the tool's `schema/expectations/*.json`, and a project's over and after it.

A file is what Great Expectations reloads as a suite: a name, and a list of expectations with type, kwargs, severity and
meta. It is read strictly here, since the library drops an expectation that it does not understand without a word.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from dataset_builder.check.columns import VIEWS, columns_of
from dataset_builder.errors import UsageError
from dataset_builder.schema import schema_folder

SEVERITIES = ("critical", "warning")
FILE_KEYS = ("name", "expectations", "meta")
KEYS = ("type", "kwargs", "severity", "meta")
META = ("code", "view", "title", "meaning", "advice")
COLUMN_ARGUMENTS = ("column", "column_A", "column_B", "column_list")
EDIT = "correct the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One check: a built-in expectation type with its arguments, the view that it runs on, and what it means."""

    code: str
    view: str
    severity: str
    type: str
    kwargs: Mapping[str, Any]
    title: str
    meaning: str
    advice: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it needs, in the order of its arguments."""
        given = [self.kwargs[key] for key in COLUMN_ARGUMENTS if key in self.kwargs]
        names = [name for value in given for name in ([value] if isinstance(value, str) else value)]
        return tuple(dict.fromkeys(names))

    def to_json(self) -> dict[str, Any]:
        """Give it as a suite's file holds it."""
        meta = {key: getattr(self, key) for key in META}
        return {"type": self.type, "kwargs": dict(self.kwargs), "severity": self.severity, "meta": meta}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The expectations that a build is held to, in the order of their codes."""

    expectations: tuple[Expectation, ...]

    @property
    def sha256(self) -> str:
        """The hash (hex) of what is checked: codes, views, severities, types and arguments, not the words."""
        checked = [[e.code, e.view, e.severity, e.type, dict(e.kwargs)] for e in self.expectations]
        text = json.dumps(checked, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8")).hexdigest()


@cache
def expectation_types() -> dict[str, dict[str, list[str]]]:
    """Give the expectation types that a suite may use, each with its required and optional arguments."""
    data = files("dataset_builder.check").joinpath("expectation_types.json").read_text("utf-8")
    types: dict[str, dict[str, list[str]]] = json.loads(data)
    return types


def load_suite(project: Path | None = None) -> Suite:
    """Give the tool's suite, with that of the *project* (its `schema/expectations/*.json`) over and after it.

    A project's entry with a code of the tool's changes that expectation: its severity, its arguments, its words, each
    where given. Critical expectations cannot be changed. Any other code is an expectation of the project's own.

    Raises UsageError: E303 for a file that is no suite, E304 for an expectation that is none, E305 for a change that
    is not allowed.
    """
    tool = schema_folder() / "expectations"
    found: dict[str, Expectation] = {}
    for path, entry in _entries(tool):
        _add(found, _expectation(path, entry), path)
    own = project / "schema" / "expectations" if project is not None else tool
    if own.resolve() != tool.resolve():
        _add_project(found, own)
    return Suite(expectations=tuple(found[code] for code in sorted(found)))


def _add_project(found: dict[str, Expectation], folder: Path) -> None:
    tool = frozenset(found)
    seen: set[str] = set()
    for path, entry in _entries(folder):
        code = _code(path, entry)
        if code in seen:
            raise _error("E304", path, code, "stands there twice", "give each expectation a code of its own")
        seen.add(code)
        found[code] = _changed(path, found[code], entry) if code in tool else _expectation(path, entry)


def _add(found: dict[str, Expectation], expectation: Expectation, path: Path) -> None:
    if expectation.code in found:
        raise _error("E304", path, expectation.code, "stands there twice", "give each expectation a code of its own")
    found[expectation.code] = expectation


def _entries(folder: Path) -> list[tuple[Path, Mapping[str, Any]]]:
    """Give the expectations of all files of *folder*, by file name, as they stand there."""
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return [(path, entry) for path in paths for entry in _file(path)]


def _file(path: Path) -> list[Mapping[str, Any]]:
    try:
        data = json.loads(path.read_text("utf-8"), object_pairs_hook=_once)
    except OSError as fault:
        raise UsageError("E303", path, f"cannot be read: {fault.strerror}", "make it readable") from fault
    except ValueError as fault:  # JSON and UTF-8 faults are both
        raise UsageError("E303", path, f"is no JSON: {fault}", EDIT) from fault
    if not isinstance(data, dict) or not isinstance(data.get("expectations"), list):
        raise UsageError("E303", path, "is no suite", 'write {"name": …, "expectations": [ … ]}')
    for key in data:
        if key not in FILE_KEYS:
            raise UsageError("E303", path, f"has the unknown key {key!r}", f"the keys are {_listed(FILE_KEYS)}")
    for entry in data["expectations"]:
        if not isinstance(entry, dict) or not isinstance(entry.get("meta"), dict):
            raise UsageError("E303", path, "has an expectation without meta", f"meta holds {_listed(META)}")
    entries: list[Mapping[str, Any]] = data["expectations"]
    return entries


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return found


def _code(path: Path, entry: Mapping[str, Any]) -> str:
    code = entry["meta"].get("code")
    if not isinstance(code, str) or not code.isalnum() or not code.isascii():
        raise _error("E304", path, code, "is no code of an expectation", "give letters and digits as meta.code")
    return code


def _changed(path: Path, old: Expectation, entry: Mapping[str, Any]) -> Expectation:
    """Give an expectation of the tool's as a project's *entry* changes it."""
    for key in ("type", "view"):
        given = entry.get("type") if key == "type" else entry["meta"].get("view")
        if given is not None and given != getattr(old, key):
            advice = f"leave its {key} at {getattr(old, key)!r}, or give your expectation a code of its own"
            raise _error("E305", path, old.code, f"would change the {key} of an expectation of the tool's", advice)
    if not isinstance(entry.get("kwargs", {}), dict):
        raise _error("E304", path, old.code, "has kwargs that are no object", EDIT)
    whole = {
        **old.to_json(),
        **{key: value for key, value in entry.items() if key not in ("kwargs", "meta")},
        "kwargs": {**old.kwargs, **entry.get("kwargs", {})},
        "meta": {**old.to_json()["meta"], **entry["meta"]},
    }
    new = _expectation(path, whole)
    if old.severity == "critical" and (new.severity, new.kwargs) != (old.severity, old.kwargs):
        reason = "is critical: a release whose structure is broken cannot be used"
        raise _error("E305", path, old.code, reason, "leave its severity and arguments as they are")
    return new


def _expectation(path: Path, entry: Mapping[str, Any]) -> Expectation:
    code = _code(path, entry)
    meta, type_, kwargs = entry["meta"], entry.get("type"), entry.get("kwargs")
    _refuse_unknown(path, code, "key", entry, KEYS)
    _refuse_unknown(path, code, "key of meta", meta, META)
    for key in META:
        if not isinstance(meta.get(key), str) or not meta[key].strip():
            raise _error("E304", path, code, f"has no text as meta.{key}", f"meta holds {_listed(META)}")
    if type_ not in expectation_types():
        known = _listed(expectation_types())
        raise _error("E304", path, code, f"has the unknown type {type_!r}", f"the types are {known}")
    if entry.get("severity") not in SEVERITIES:
        reason = f"has the unknown severity {entry.get('severity')!r}"
        raise _error("E304", path, code, reason, f"the severities are {_listed(SEVERITIES)}")
    if meta["view"] not in VIEWS:
        raise _error("E304", path, code, f"has the unknown view {meta['view']!r}", f"the views are {_listed(VIEWS)}")
    expectation = Expectation(
        **{key: meta[key] for key in META},
        severity=entry["severity"],
        type=type_,
        kwargs=_arguments(path, code, type_, kwargs),
    )
    columns = columns_of(expectation.view)
    for column in expectation.columns:
        if column not in columns:
            reason = f"needs the column {column!r}, which the view {expectation.view} does not have"
            raise _error("E304", path, code, reason, f"the columns are {_listed(columns)}")
    return expectation


def _arguments(path: Path, code: str, type_: str, kwargs: object) -> Mapping[str, Any]:
    if not isinstance(kwargs, dict):
        raise _error("E304", path, code, "has no kwargs", EDIT)
    arguments = expectation_types()[type_]
    _refuse_unknown(path, code, "argument", kwargs, (*arguments["required"], *arguments["optional"]))
    for name in arguments["required"]:
        if name not in kwargs:
            raise _error("E304", path, code, f"lacks the argument {name}", EDIT)
    for name in set(COLUMN_ARGUMENTS) & kwargs.keys():
        value = kwargs[name]
        names = value if name == "column_list" and isinstance(value, list) else [value]
        if not names or not all(isinstance(column, str) for column in names):
            raise _error("E304", path, code, f"has no column names as {name}", EDIT)
    mostly = kwargs.get("mostly", 1)
    if isinstance(mostly, bool) or not isinstance(mostly, int | float) or not 0 < mostly <= 1:
        raise _error("E304", path, code, f"has {mostly!r} as mostly", "give a share above 0, up to 1")
    return kwargs


def _refuse_unknown(path: Path, code: str, what: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise _error("E304", path, code, f"has the unknown {what} {name!r}", f"known are {_listed(known)}")


def _error(error: str, path: Path, code: object, reason: str, advice: str) -> UsageError:
    return UsageError(error, f"{path}:{code}", reason, advice)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)

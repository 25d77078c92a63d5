"""The configuration: dataset.toml or [tool.articleset], variables and flags → Config.

A flag wins over an `ARTICLESET_*` variable, that over the file, that over the default: `resolve` decides it. Everything
that is wrong is found before anything is said.
"""

import os
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from dataset_builder.errors import UsageError
from dataset_builder.options import (
    Author,
    Config,
    Flags,
    Identity,
    LabelOptions,
    Limits,
    Options,
    ProjectFile,
    QuarantineOptions,
)

__all__ = ["Author", "Config", "Identity", "LabelOptions", "Limits", "QuarantineOptions", "resolve"]

SECTION = "[tool.articleset]"
Model = TypeVar("Model", bound=Options)


def resolve(flags: Mapping[str, Any], environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Config:
    """Give the configuration from *flags* (None: not given), the environment, the file above *folder*, defaults.

    Raises UsageError: E100 no source is given, E101 a file cannot be read, E102 faults in a file, E103 faults in flags,
    variables and a file, all of them at once, E107 there is no working folder, E108 a project has table definitions,
    E109 releases would go into the source itself.
    """
    here = _working_folder() if folder is None else folder
    given, origins = _given(flags, os.environ if environ is None else environ)
    told, faults = _validated(Flags, given, origins)
    path, notes = find_file(here) if "config" not in given else (told.config and here / told.config, ())
    file, in_file = read_file(path) if path else (ProjectFile(), [])
    if faults:
        faults += [f"{path}: {fault}" for fault in in_file]
        raise UsageError("E103", None, "; ".join(faults), "correct the flags, the variables or the file")
    if in_file:
        raise UsageError("E102", path, "; ".join(in_file), "correct the file")
    root = path.parent if path else here
    foreign = told.source is not None and told.config is None
    source = here / told.source if told.source else root / file.source if file.source else None
    if source is None:
        advice = "name the folder of articles with --source, or source = … in dataset.toml"
        raise UsageError("E100", None, "no source is given", advice)
    identity = _identity(told, ProjectFile() if foreign else file, None if foreign else root, source)
    output = Path(os.path.abspath(here / told.output if told.output else root / (file.output or "dist")))
    if os.path.realpath(output / identity.name) == os.path.realpath(source):
        reason = "releases would go into the source itself, among the articles"
        raise UsageError("E109", source, reason, "give another --output or --name")
    model = file.label.model and root / file.label.model
    return Config(
        identity=identity,
        source=source,
        output=output,
        project=None if foreign else _project(root),
        ids=file.ids,
        language=file.language,
        workers=told.workers or file.workers,
        label=file.label.model_copy(update={"model": model}),
        limits=file.limits,
        quarantine=file.quarantine,
        notes=notes,
    )


def find_file(start: Path) -> tuple[Path | None, tuple[str, ...]]:
    """Give the configuration file of *start* or the nearest folder above, and what is to be said about the choice."""
    for folder in (start, *start.parents):
        dataset, project = folder / "dataset.toml", folder / "pyproject.toml"
        if os.path.lexists(dataset):
            note = f"{dataset.name} is used; {SECTION} of {project.name} beside it is not"
            return dataset, (note,) if _has_table(project) else ()
        if _has_table(project):
            return project, ()
    return None, ()


def read_file(path: Path) -> tuple[ProjectFile, list[str]]:
    """Give what a configuration file says, and every fault in it. Raises UsageError E101 where it cannot be read."""
    try:
        data: Any = tomllib.loads(_read(path).decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as fault:
        return ProjectFile(), [f"is no TOML: {fault}"]
    if path.name == "pyproject.toml":
        tool = data.get("tool")
        if not isinstance(tool, dict) or "articleset" not in tool:
            return ProjectFile(), [f"has no {SECTION}"]
        data = tool["articleset"]
    return _validated(ProjectFile, _with_tuples(data))


def slug_of(folder: str) -> str:
    """Give a folder's name as a dataset name: ASCII letters, digits, '.', '_' and '-'."""
    plain = unicodedata.normalize("NFKD", folder).encode("ascii", "ignore").decode()
    slug = re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9._-]+", "-", plain))
    return re.sub(r"-{2,}", "-", slug).strip("._-")[:96].rstrip("._-") or "articles"


def _working_folder() -> Path:
    try:
        return Path.cwd()
    except OSError as fault:
        raise UsageError("E107", None, f"the working folder is gone: {fault.strerror}", "go to another") from None


def _given(flags: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What flags and variables say, and which of them said it. An empty variable says nothing."""
    given = {key: value for key, value in flags.items() if value is not None}
    origins = {key: f"--{key}" for key in given}
    for key in Flags.model_fields.keys() - given.keys():
        variable = f"ARTICLESET_{key.upper()}"
        if environ.get(variable):
            given[key], origins[key] = environ[variable], variable
    return given, origins


def _identity(told: Flags, own: ProjectFile, root: Path | None, source: Path) -> Identity:
    folder = os.path.basename(os.path.realpath(os.fsencode(source))).decode("utf-8", "ignore")
    name = told.name or own.name or slug_of(folder)
    return Identity(
        name=name,
        title=told.title or own.title or name,
        license=told.license or own.license,
        description=own.description,
        authors=own.authors,
        card=_card(root) if root is not None else None,
    )


def _card(root: Path) -> str | None:
    path = root / "card.md"
    if not os.path.lexists(path):
        return None
    try:
        return _read(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("E102", path, "is not UTF-8", "save it as UTF-8") from None


def _project(root: Path) -> Path:
    """Give back the folder of a project. Raises UsageError E108 when its schema/ redefines tables.

    The tool's own repository is a project too, and its schema/ is where the tables are defined.
    """
    from dataset_builder.schema import TABLES, schema_folder

    folder = root / "schema"
    is_tool = (root / "dataset_builder" / "schema.py").is_file() or folder.resolve() == schema_folder().resolve()
    definitions = [name for name in (*TABLES, "labels") if not is_tool and (folder / f"{name}.toml").exists()]
    if definitions:
        reason = f"defines {', '.join(definitions)}, which are the tool's"
        raise UsageError("E108", folder, reason, "keep only expectations, reviews and withdrawals there")
    return root


def _has_table(project: Path) -> bool:
    """Whether a pyproject.toml has our table; one that is no TOML but names it has it, to be complained about."""
    if not os.path.lexists(project):
        return False
    text = _read(project).decode("utf-8-sig", "replace")
    try:
        return "articleset" in text and "articleset" in tomllib.loads(text).get("tool", {})
    except (tomllib.TOMLDecodeError, RecursionError, TypeError):
        return True


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError("E101", path, "there is no such file", "give an existing file") from None
    except OSError as fault:
        raise UsageError("E101", path, f"cannot be read: {fault.strerror}", "make it a readable file") from None


def _with_tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_with_tuples(item) for item in value)
    return {k: _with_tuples(v) for k, v in value.items()} if isinstance(value, dict) else value


def _validated(
    model: type[Model], data: Any, origins: Mapping[str, str] = MappingProxyType({})
) -> tuple[Model, list[str]]:
    """*data* as a model, or an empty one and all faults; *origins* says who gave a key."""
    try:
        return model.model_validate(data, strict=False), []
    except ValidationError as fault:
        return model(), [_fault(error, model, origins) for error in fault.errors()]


def _fault(error: Any, model: type[BaseModel], origins: Mapping[str, str]) -> str:
    first, *rest = error["loc"] or ("",)
    place = ".".join([origins.get(first, str(first)), *map(str, rest)])
    if error["type"] == "extra_forbidden":
        owner = model
        for part in error["loc"][:-1]:
            owner = _inner(owner, part)
        return f"unknown key {place!r} (valid: {', '.join(sorted(owner.model_fields))})"
    message = error["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _inner(model: type[BaseModel], key: str | int) -> type[BaseModel]:
    if isinstance(key, int):
        return model
    annotation = model.model_fields[key].annotation
    candidates = [annotation, *getattr(annotation, "__args__", ())]
    return next(a for a in candidates if isinstance(a, type) and issubclass(a, BaseModel))

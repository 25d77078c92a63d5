"""The configuration: dataset.toml or [tool.articleset], variables and flags → Config.

A flag wins over an `ARTICLESET_*` variable, that over the file, that over the default: `resolve` decides it.
"""

import os
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dataset_builder.errors import UsageError, escape_place

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
FLAGS = ("source", "output", "name", "title", "license", "workers")


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Author(Options):
    """A person (given, family, orcid) or an organisation (name)."""

    given: str | None = None
    family: str | None = None
    orcid: Annotated[str, Field(pattern=r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$")] | None = None
    name: str | None = None

    @model_validator(mode="after")
    def _person_or_organisation(self) -> "Author":
        if bool(self.name) == bool(self.given or self.family):
            raise ValueError("an author has given and family (a person), or name (an organisation)")
        return self

    @property
    def display(self) -> str:
        """The name as one would write it."""
        return self.name or " ".join(part for part in (self.given, self.family) if part)


class Identity(Options):
    """Whose dataset it is: what goes into the card and the citation."""

    name: str
    title: str
    description: str | None = None
    authors: tuple[Author, ...] = ()
    license: str | None = None
    card: str | None = None

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        if not NAME.fullmatch(value) or ".." in value or "--" in value:
            raise ValueError(
                "a name has 1 to 96 ASCII letters, digits and . _ -, a letter or digit first, no '..' and no '--'"
            )
        return value

    @field_validator("title")
    @classmethod
    def _title(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("a title is not empty")
        return value

    @field_validator("license")
    @classmethod
    def _license(cls, value: str | None) -> str | None:
        return value if value is None else spdx_spelling(value)


class LabelOptions(Options):
    """How boilerplate is told: the score from which a row is boilerplate, and the weights to use."""

    threshold: Annotated[float, Field(gt=0, lt=1)] | None = None
    model: Path | None = None


class Limits(Options):
    """What a single record may be; a larger one is quarantined."""

    record_bytes: Annotated[int, Field(gt=0)] = 16 * 2**20
    line_chars: Annotated[int, Field(gt=0)] = 1_000_000


class QuarantineOptions(Options):
    """The share of quarantined records that stops a build; unset: over half, or over 5% and over 20 records."""

    max_share: Annotated[float, Field(ge=0, le=1)] | None = None


class Config(Options):
    """Everything that a build is told."""

    identity: Identity
    source: Path
    output: Path
    project: Path | None = None
    ids: Literal["stem", "path"] = "stem"
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")] | None = None
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    label: LabelOptions = LabelOptions()
    limits: Limits = Limits()
    quarantine: QuarantineOptions = QuarantineOptions()
    notes: tuple[str, ...] = ()


class ProjectFile(Options):
    """What dataset.toml and [tool.articleset] may hold."""

    name: str | None = None
    title: str | None = None
    description: str | None = None
    authors: tuple[Author, ...] = ()
    license: str | None = None
    source: str | None = None
    output: str | None = None
    ids: Literal["stem", "path"] = "stem"
    language: str | None = None
    workers: int | None = None
    label: LabelOptions = LabelOptions()
    limits: Limits = Limits()
    quarantine: QuarantineOptions = QuarantineOptions()


def spdx_spelling(value: str) -> str:
    """Give an SPDX expression in its official spelling; what is none stays as it is."""
    try:
        return str(canonicalize_license_expression(value))
    except InvalidLicenseExpression:
        return value


def slug_of(folder: str) -> str:
    """Give a folder's name as a dataset name: ASCII letters, digits, '.', '_' and '-'."""
    plain = unicodedata.normalize("NFKD", folder).encode("ascii", "ignore").decode()
    slug = re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9._-]+", "-", plain))
    return re.sub(r"\.{2,}", ".", slug).strip("._-")[:96].rstrip("._-") or "articles"


def find_file(start: Path) -> tuple[Path | None, tuple[str, ...]]:
    """Give the configuration file of *start* or the nearest folder above, and what is to be said about the choice."""
    for folder in (start, *start.parents):
        dataset, project = folder / "dataset.toml", folder / "pyproject.toml"
        has_table = project.is_file() and "articleset" in _toml(project).get("tool", {})
        if dataset.is_file():
            note = f"{dataset.name} is used; [tool.articleset] of {project.name} beside it is not"
            return dataset, (note,) if has_table else ()
        if has_table:
            return project, ()
    return None, ()


def resolve(flags: Mapping[str, Any], environ: Mapping[str, str] = os.environ, folder: Path | None = None) -> Config:
    """Give the configuration from *flags* (None: not given), the environment, the file above *folder*, defaults.

    Raises UsageError (E100 to E103) naming everything that is wrong at once.
    """
    here = Path.cwd() if folder is None else folder
    given = {k: v for k, v in flags.items() if v is not None}
    for flag in (*FLAGS, "config"):
        if flag not in given and environ.get(f"ARTICLESET_{flag.upper()}"):
            given[flag] = environ[f"ARTICLESET_{flag.upper()}"]
    path, notes = (here / given["config"], ()) if "config" in given else find_file(here)
    if path is not None and "config" in given and not path.is_file():
        raise UsageError("E101", path, "there is no such configuration file", "give an existing file with --config")
    file = read_file(path) if path is not None else ProjectFile()
    root = path.parent if path is not None else here
    return _compose(given, file, root, here, foreign="source" in given and "config" not in given, notes=notes)


def read_file(path: Path) -> ProjectFile:
    """Give what a configuration file says. Raises UsageError E102 with every fault in it."""
    data = _toml(path)
    if path.name == "pyproject.toml":
        data = data.get("tool", {}).get("articleset", {})
    try:
        return ProjectFile.model_validate(_with_tuples(data), strict=False)
    except ValidationError as fault:
        raise UsageError("E102", path, _faults(fault, ProjectFile), "correct the file") from None


def _compose(
    given: dict[str, Any], file: ProjectFile, root: Path, here: Path, *, foreign: bool, notes: tuple[str, ...]
) -> Config:
    source = here / given["source"] if "source" in given else root / file.source if file.source else None
    if source is None:
        raise UsageError(
            "E100",
            None,
            "no source is given",
            "name the folder of articles with --source, or source = … in dataset.toml",
        )
    output = here / given["output"] if "output" in given else root / (file.output or "dist")
    own = ProjectFile() if foreign else file
    name = given.get("name", own.name) or slug_of(source.resolve().name)
    card = root / "card.md"
    identity = {
        "name": name,
        "title": given.get("title", own.title) or name,
        "license": given.get("license", own.license),
        "description": own.description,
        "authors": own.authors,
        "card": card.read_text("utf-8") if not foreign and card.is_file() else None,
    }
    settings = {key: getattr(file, key) for key in ("ids", "language", "limits", "quarantine")}
    model = file.label.model and root / file.label.model
    try:
        return Config(
            identity=Identity.model_validate(identity),
            source=source,
            output=Path(os.path.abspath(output)),
            project=None if foreign else root,
            workers=_whole(given.get("workers", file.workers)),
            label=file.label.model_copy(update={"model": model}),
            notes=notes,
            **settings,
        )
    except ValidationError as fault:
        raise UsageError("E103", None, _faults(fault, Identity), "correct the flag, the variable or the file") from None


def _whole(value: Any) -> int:
    try:
        return 1 if value is None else int(value)
    except ValueError:
        raise UsageError("E103", None, f"workers is no whole number: {value}", "give a number from 1 to 256") from None


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise UsageError("E102", path, f"is no TOML: {fault}", "correct the file") from None
    except OSError as fault:
        raise UsageError(
            "E101", path, f"cannot be read: {fault.strerror}", "make it readable, or name another with --config"
        ) from None


def _with_tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_with_tuples(item) for item in value)
    return {k: _with_tuples(v) for k, v in value.items()} if isinstance(value, dict) else value


def _faults(fault: ValidationError, model: type[BaseModel]) -> str:
    return "; ".join(_fault(error, model) for error in fault.errors())


def _fault(error: Any, model: type[BaseModel]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        owner: Any = model
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


__all__ = ["Author", "Config", "Identity", "LabelOptions", "Limits", "QuarantineOptions", "escape_place", "resolve"]

"""What can be configured, and what each value may be."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")


def check_name(value: str) -> str:
    """Give back the name of a dataset. Raises ValueError where it may not be one."""
    if not NAME.fullmatch(value) or ".." in value or "--" in value:
        raise ValueError(
            "a name has 1 to 96 ASCII letters, digits and . _ -, a letter or digit first, no '..' and no '--'"
        )
    return value


def spdx_expression(value: str) -> str | None:
    """Give an SPDX expression in its official spelling; None for what is none."""
    try:
        return str(canonicalize_license_expression(value))
    except InvalidLicenseExpression:
        return None


def spdx_spelling(value: str) -> str:
    """Give an SPDX expression in its official spelling; what is none stays as it is."""
    return spdx_expression(value) or value


def check_path(value: Path) -> Path:
    """Give back a path. Raises ValueError where no file can have it."""
    if "\0" in str(value):
        raise ValueError("a path holds no NUL")
    return value


def utf8_text(value: Any) -> Any:
    """Give the text of a flag or variable where the locale knows only ASCII: Python keeps its bytes as surrogates."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") if type(value) is str else value


def path_on_disk(value: Path) -> Path:
    """Give a path that a file spells, which is UTF-8, as this locale spells it."""
    return Path(os.fsdecode(str(value).encode()))


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), BeforeValidator(utf8_text)]
Name = Annotated[str, AfterValidator(check_name)]
License = Annotated[Text, AfterValidator(spdx_spelling)]
Place = Annotated[Path, AfterValidator(check_path)]
PlaceInFile = Annotated[Place, AfterValidator(path_on_disk)]
Workers = Annotated[int, Field(ge=1, le=256)]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Author(Options):
    """A person (given, family, orcid) or an organisation (name)."""

    given: Text | None = None
    family: Text | None = None
    orcid: Annotated[str, Field(pattern=r"^([0-9]{4}-){3}[0-9]{3}[0-9X]$")] | None = None
    name: Text | None = None

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

    name: Name
    title: Text
    description: str | None = None
    authors: tuple[Author, ...] = ()
    license: License | None = None
    card: str | None = None


class LabelOptions(Options):
    """How boilerplate is told: the score from which a row is boilerplate, and the weights to use."""

    threshold: Annotated[float, Field(gt=0, lt=1)] | None = None
    model: PlaceInFile | None = None


class Limits(Options):
    """What a single record may be; a larger one is quarantined."""

    record_bytes: Annotated[int, Field(gt=0)] = 16 * 2**20
    line_chars: Annotated[int, Field(gt=0)] = 1_000_000


class QuarantineOptions(Options):
    """The share of quarantined records that stops a build; unset: over half, or over 5% and over 20 records."""

    max_share: Annotated[float, Field(ge=0, le=1)] | None = None


class BuildOptions(Options):
    """What a file may set and a build is told alike."""

    ids: Literal["stem", "path"] = "stem"
    language: Language | None = None
    workers: Workers = 1
    label: LabelOptions = LabelOptions()
    limits: Limits = Limits()
    quarantine: QuarantineOptions = QuarantineOptions()


class Config(BuildOptions):
    """Everything that a build is told."""

    identity: Identity
    source: Path
    output: Path
    project: Path | None = None
    notes: tuple[str, ...] = ()


class ProjectFile(BuildOptions):
    """What dataset.toml and [tool.articleset] may hold."""

    name: Name | None = None
    title: Text | None = None
    description: str | None = None
    authors: tuple[Author, ...] = ()
    license: License | None = None
    source: PlaceInFile | None = None
    output: PlaceInFile | None = None


class Flags(Options):
    """What flags and variables may say."""

    source: Place | None = None
    output: Place | None = None
    config: Place | None = None
    name: Name | None = None
    title: Text | None = None
    license: License | None = None
    workers: Workers | None = None

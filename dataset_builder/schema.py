"""The tables and labels, from `schema/*.toml`: everything that describes a column is derived here.

The same definition gives the Arrow schema of the files, the `dataset_info` of the card (`datasets.Features`), the
column table of the docs, and the columns that checks expect.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

TABLES = ("paragraphs", "articles", "sources")
DEFAULT_TABLE = "paragraphs"

_ARROW = {
    "string": pa.string(),
    "label": pa.string(),
    "bool": pa.bool_(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float32": pa.float32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "list<string>": pa.list_(pa.field("element", pa.string(), nullable=False)),
}
_FEATURE = {
    "string": "string",
    "bool": "bool",
    "int32": "int32",
    "int64": "int64",
    "float32": "float32",
    "timestamp": "timestamp[us, tz=UTC]",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its type's name, whether it may be null, what it means, and the names that a label column holds."""

    name: str
    type: str
    nullable: bool
    description: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table (a config of the dataset): its columns in order and the columns that are its key."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A name that a label column may hold; *meaning* is raised when the name comes to mean something else."""

    id: str
    meaning: int
    definition: str
    examples: tuple[str, ...] = ()
    is_not: str = ""


def schema_folder() -> Path:
    """Give the folder of the tool's table definitions: inside an installed package, else in the source tree."""
    package = Path(__file__).parent
    installed = package / "_schema"
    return installed if installed.is_dir() else package.parent / "schema"


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((schema_folder() / f"{name}.toml").read_text("utf-8"))


@cache
def labels_of(kind: str) -> tuple[Label, ...]:
    """Give the labels of a *kind* (role, category, origin) in the order of their numbers."""
    return tuple(
        Label(
            id=entry["id"],
            meaning=entry["meaning"],
            definition=entry["definition"],
            examples=tuple(entry.get("examples", ())),
            is_not=entry.get("is_not", ""),
        )
        for entry in _read("labels")[kind]
    )


def label_names(kind: str) -> tuple[str, ...]:
    """Give the names of the labels of a *kind* (role, category, origin) in the order of their numbers."""
    return tuple(label.id for label in labels_of(kind))


@cache
def table(name: str) -> Table:
    """Give the definition of the table *name*, one of `TABLES`."""
    data = _read(name)
    columns = tuple(
        Column(
            name=c["name"],
            type=c["type"],
            nullable=c.get("nullable", False),
            description=c["description"],
            labels=label_names(c["labels"]) if "labels" in c else (),
        )
        for c in data["column"]
    )
    return Table(name=name, description=data["description"], key=tuple(data["key"]), columns=columns)


@cache
def arrow_schema(name: str) -> pa.Schema:
    """Give the Arrow schema of the table *name*; label columns are plain strings, without any metadata."""
    return pa.schema([pa.field(c.name, _ARROW[c.type], nullable=c.nullable) for c in table(name).columns])


def feature_of(column: Column) -> dict[str, Any]:
    """Give a column as an entry of a card's `dataset_info.features`."""
    if column.type == "label":
        names = {str(i): name for i, name in enumerate(column.labels)}
        return {"name": column.name, "dtype": {"class_label": {"names": names}}}
    if column.type == "list<string>":
        return {"name": column.name, "list": "string"}
    return {"name": column.name, "dtype": _FEATURE[column.type]}


def dataset_info(name: str) -> list[dict[str, Any]]:
    """Give the features of the table *name* as a card's `dataset_info` lists them."""
    return [feature_of(column) for column in table(name).columns]


def empty_table(name: str) -> pa.Table:
    """Give the table *name* without rows."""
    return arrow_schema(name).empty_table()

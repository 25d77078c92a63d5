"""The check view's columns: a table's own, and the derived ones of `view.toml`."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa

from dataset_builder.schema import TABLES, Column, table

VIEWS = ("tables", *TABLES, "corpus")

_TYPES = {
    "string": pa.string(),
    "bool": pa.bool_(),
    "uint8": pa.uint8(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
}


@cache
def derived_columns(view: str) -> tuple[Column, ...]:
    """Give the derived columns of a view in order."""
    entries = tomllib.loads(files("dataset_builder.check").joinpath("view.toml").read_text("utf-8"))[view]
    return tuple(
        Column(name=e["name"], type=e["type"], nullable=e.get("nullable", False), description=e["description"])
        for e in entries
    )


def columns_of(view: str) -> tuple[str, ...]:
    """Give the names of a view's columns: the table's own, then the derived ones."""
    own = tuple(column.name for column in table(view).columns) if view in TABLES else ()
    return own + tuple(column.name for column in derived_columns(view))


def typed(view: str, column: str, values: Any) -> pa.Array:
    """Give a derived column (a list, NumPy array or Polars series) with its declared type; NaN is null."""
    type_ = {c.name: _TYPES[c.type] for c in derived_columns(view)}[column]
    return values.to_arrow().cast(type_) if hasattr(values, "to_arrow") else pa.array(values, type_, from_pandas=True)

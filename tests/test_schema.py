"""The definitions in schema/ are the one source: whatever describes a column agrees with them."""

import tomllib
from pathlib import Path

import pyarrow as pa
import pytest

from dataset_builder import schema

ROOT = Path(__file__).parents[1]
CATEGORIES = (
    "none consent subscription promotion social comments related_links byline media legal navigation interface other"
)


def test_the_definitions_are_read_from_the_repository_when_nothing_is_installed() -> None:
    assert schema.schema_folder() == ROOT / "schema"


@pytest.mark.parametrize("name", schema.TABLES)
def test_arrow_schema_and_features_have_the_columns_of_the_definition(name: str) -> None:
    from datasets import Features

    columns = [column["name"] for column in tomllib.loads((ROOT / "schema" / f"{name}.toml").read_text())["column"]]
    assert schema.arrow_schema(name).names == columns
    features = Features._from_yaml_list(schema.dataset_info(name))
    assert list(features) == columns
    stored = features.arrow_schema
    for field in schema.arrow_schema(name):
        labels = {c.name: c.labels for c in schema.table(name).columns}[field.name]
        if labels:
            assert features[field.name].names == list(labels)
            assert field.type == pa.string()
        else:
            assert stored.field(field.name).type == field.type or pa.types.is_list(field.type)


def test_no_table_carries_metadata_or_dictionaries() -> None:
    for name in schema.TABLES:
        arrow = schema.arrow_schema(name)
        assert arrow.metadata is None
        assert not any(pa.types.is_dictionary(field.type) for field in arrow)


def test_the_categories_stand_in_their_order() -> None:
    assert schema.label_names("category") == tuple(CATEGORIES.split())


def test_every_category_but_none_says_what_it_is_and_what_it_is_not() -> None:
    for label in schema.labels_of("category")[1:]:
        assert label.definition
        assert label.is_not
        assert len(label.examples) >= 2
        assert label.meaning >= 1


def test_keys_are_columns_that_are_never_null() -> None:
    for name in schema.TABLES:
        for key in schema.table(name).key:
            assert not schema.arrow_schema(name).field(key).nullable

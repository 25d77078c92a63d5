"""What the tests of the checks share: the small corpus on disk, its views, and the suite."""

from pathlib import Path

import pytest

from dataset_builder.check import Suite, load_suite
from dataset_builder.check.view import View, build_views
from tests.check.small_corpus import make_tables, write_tables


@pytest.fixture(scope="session")
def suite() -> Suite:
    return load_suite()


@pytest.fixture(scope="session")
def small_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    return write_tables(make_tables(), tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def small_views(small_files: dict[str, list[Path]]) -> dict[str, View]:
    return build_views(small_files)

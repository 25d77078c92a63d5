"""docs/labeller.md gives the numbers measured of the committed weights, and a form of pages that is read."""

import json
import re
import runpy
from pathlib import Path

from dataset_builder.label.evaluate import evaluate_files
from tests.conftest import ROOT
from tests.label.small_model import random_model

PAGE = ROOT / "docs" / "labeller.md"


def test_the_tables_of_the_page_are_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "make_labeller_docs.py"))
    text = PAGE.read_text("utf-8")
    assert script["with_tables"](text) == text, "run scripts/make_labeller_docs.py"


def test_the_table_of_numbers_shows_the_measures_beside_the_weights() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "make_labeller_docs.py"))
    metrics = json.loads(script["METRICS"].read_text("utf-8"))
    row = next(line for line in script["list_numbers"](metrics).splitlines() if line.startswith("| main "))
    assert f" {metrics['residual']['main']['f1']:.3f} " in row
    metrics["residual"]["main"]["f1"] = 0.123
    assert " 0.123 " in script["list_numbers"](metrics)


def test_the_example_of_the_page_is_a_labelled_page(tmp_path: Path) -> None:
    found = re.search(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    assert found is not None
    path = tmp_path / "pages.jsonl"
    path.write_text(found[1], "utf-8")
    assert evaluate_files([path], random_model())["sources"]["pages"]["blocks"] == 3

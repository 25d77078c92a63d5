"""docs/checks.md lists the checks as they are."""

import json
import re
import runpy
from pathlib import Path

from dataset_builder.check import load_suite

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "checks.md").read_text("utf-8")


def test_the_tables_of_the_page_are_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "make_check_docs.py"))
    assert script["with_tables"](PAGE) == PAGE, "run scripts/make_check_docs.py"


def test_the_examples_of_the_page_are_suites_that_load(tmp_path: Path) -> None:
    folder = tmp_path / "schema" / "expectations"
    folder.mkdir(parents=True)
    examples = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    for example in examples:
        (folder / f"{json.loads(example)['name']}.json").write_text(example, "utf-8")
    found = {e.code: e for e in load_suite(tmp_path).expectations}
    assert len(examples) == 2
    assert (found["N001"].severity, found["C503"].severity) == ("critical", "critical")
    assert found["C507"].kwargs["max_value"] == 20000

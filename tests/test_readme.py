"""What the README shows is what its code prints."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from rebuild_samples import BLOCK, output_of  # noqa: E402

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = [match for match in BLOCK.finditer(README) if match["output"] is not None]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda match: match["code"].splitlines()[0])
def test_a_block_prints_what_the_readme_shows(block: "object") -> None:
    match = next(m for m in BLOCKS if m is block)
    assert output_of(match["kind"], match["code"]) == match["output"]


def test_every_block_of_code_shows_its_output() -> None:
    assert len(BLOCKS) == len(list(BLOCK.finditer(README))) == 4


def test_the_continuous_integration_runs_the_readmes_test_command() -> None:
    command = next(line for line in README.splitlines() if line.endswith("&& pytest"))
    assert command.split(" && ")[0].removeprefix("pip install -e ") in (ROOT / ".ci" / "run").read_text()
    assert "&& pytest" in (ROOT / ".ci" / "run").read_text()


def test_the_readme_is_neither_long_nor_thin() -> None:
    assert 60 <= len(README.splitlines()) <= 150


def test_the_links_lead_somewhere() -> None:
    import re

    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target

"""Words that YAML takes for something else stay strings, and a license has its spelling in each place."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from datasets import load_dataset

from dataset_builder.config import resolve
from dataset_builder.layout import open_release
from dataset_builder.pipeline import build
from tests.conftest import config_for
from tests.flows.command import write_articles

NORWEGIAN = """Fyret på neset

Vokteren tente lampen klokka seks hver kveld, og den brant til det ble lyst om morgenen.

Ingen betalte ham for det, og ingen hadde ennå spurt hvorfor han gjorde det, men alle i bygda så lyset.
"""


def card_of(release: Path) -> dict[str, Any]:
    front: dict[str, Any] = yaml.safe_load((release / "README.md").read_text("utf-8").split("---\n")[1])
    return front


@pytest.mark.parametrize("language", ["no", None])
def test_a_norwegian_corpus_called_no_and_licensed_no_has_strings_in_its_card(
    tmp_path: Path, language: str | None
) -> None:
    source = tmp_path / "articles"
    source.mkdir()
    for number in range(2):
        (source / f"no-{number}.txt").write_text(NORWEGIAN.replace("seks", f"{number}"), "utf-8")
    lines = ['name = "No"', 'title = "No"', 'license = "no"', 'source = "articles"', 'authors = [{ name = "No" }]']
    lines += [f'language = "{language}"'] if language else []
    (tmp_path / "dataset.toml").write_text("\n".join(lines), "utf-8")
    release = build(resolve({}, {}, tmp_path)).release
    assert release == tmp_path / "dist" / "No" / "1.0.0"
    card = card_of(release)
    assert (card["pretty_name"], card["license"], card["license_name"]) == ("No", "other", "no")
    assert card["language"] in (["no"], ["nb"], ["nn"])
    citation = yaml.safe_load((release / "CITATION.cff").read_text("utf-8"))
    assert (citation["title"], citation["authors"]) == ("No", [{"name": "No"}])
    rows = load_dataset(str(release), split="train", cache_dir=str(tmp_path / "cache"))
    assert rows.unique("language") == card["language"]
    assert open_release(release).name == "No"


@pytest.mark.parametrize("given", ["CC-BY-4.0", "cc-by-4.0"])
def test_a_license_has_the_hubs_spelling_in_the_card_and_spdx_in_the_citation(tmp_path: Path, given: str) -> None:
    config = config_for(write_articles(tmp_path / "articles", 1), tmp_path / "out", license=given)
    release = build(config).release
    assert release is not None
    assert card_of(release)["license"] == "cc-by-4.0"
    assert yaml.safe_load((release / "CITATION.cff").read_text("utf-8"))["license"] == "CC-BY-4.0"

"""The benchmark's corpus is seeded and of the size asked for, and its script measures a build."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from dataset_builder.segment import segment

ROOT = Path(__file__).parents[1]


def generate(folder: Path, paragraphs: int, seed: int) -> dict[str, bytes]:
    command = ["benchmarks.corpus", str(folder), f"--paragraphs={paragraphs}", f"--seed={seed}"]
    subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.txt"))}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return generate(tmp_path_factory.mktemp("corpus") / "a", 21_000, 7)


def test_the_same_seed_gives_the_same_files_and_another_seed_others(tmp_path: Path) -> None:
    first = generate(tmp_path / "a", 900, 3)
    assert generate(tmp_path / "b", 900, 3) == first
    assert generate(tmp_path / "c", 900, 4) != first


def test_the_corpus_has_as_many_paragraphs_as_asked_for(corpus: dict[str, bytes]) -> None:
    texts = [data.decode() for data in corpus.values()]
    assert len(segment(pa.array(texts, pa.string())).texts) == 21_000


def test_a_folder_has_a_thousand_files(corpus: dict[str, bytes]) -> None:
    folders = [name.split("/")[0] for name in corpus]
    assert folders.count("0000") == 1000
    assert set(folders) == {"0000", "0001"}


def test_articles_have_twenty_paragraphs_of_285_bytes_on_average(corpus: dict[str, bytes]) -> None:
    assert len(corpus) == pytest.approx(21_000 / 20, rel=0.05)
    assert sum(map(len, corpus.values())) / 21_000 == pytest.approx(285, rel=0.05)


def test_two_in_five_articles_are_ascii_and_the_others_of_many_scripts(corpus: dict[str, bytes]) -> None:
    texts = [data.decode() for data in corpus.values()]
    assert sum(text.isascii() for text in texts) / len(texts) == pytest.approx(0.42, abs=0.05)
    for letter in "éжγ的のهन":
        assert any(letter in text for text in texts)


@pytest.mark.slow
def test_the_script_measures_every_stage_of_a_build(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = ["benchmarks.build", "--paragraphs=2000", "--without-peers", f"--json={figures}"]
    said = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    told = json.loads(figures.read_bytes())
    build = told["jobs"]["build"]["report"]
    assert build["rows"] == told["jobs"]["floor"]["report"]["rows"] == build["result"]["paragraphs"] == 2000
    stages = "find read segment label language ids+counts write digest check release rest"
    assert {stage.replace(" and ", "+") for stage in build["cpu"]} == set(stages.split())
    assert set(build["peaks"]) == {"shards", "check", "release"}
    assert set(told["ratios"]) == {"floor"}
    assert "2,000 paragraphs" in said.stdout

"""Consoles that know few characters, or none: what is printed still says everything, and names still mean the same."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dataset_builder.config import resolve
from dataset_builder.layout import versions_of
from dataset_builder.pipeline import build
from tests.conftest import config_for
from tests.flows.command import ASCII, article, environment, error_of, run, write_articles

CONSOLES = [
    pytest.param({"PYTHONIOENCODING": "cp1252"}, id="cp1252"),
    pytest.param(ASCII, id="C"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a release in `выход ✓`, built where every character is known."""
    place = tmp_path_factory.mktemp("consoles")
    source = write_articles(place / "порт №1 café", 2)
    (source / "статья ✓.txt").write_text(article(3), "utf-8")
    build(config_for(source, place / "выход ✓", title="Порт 港 🚢", name="port", license="CC0-1.0"))
    return place


@pytest.mark.parametrize("console", CONSOLES)
def test_a_build_and_its_table_print(place: Path, console: dict[str, str]) -> None:
    flags = ("--title", "Порт 港 🚢", "--name", "port", "--license", "CC0-1.0")
    done = run("build", "--source", "порт №1 café", "--output", "выход ✓", *flags, cwd=place, **console)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^status +unchanged", done.stdout, re.MULTILINE), done.stdout
    line = done.stdout.splitlines()[-1]
    found = re.fullmatch(r"rows = load_dataset\((.*), split='train'\)", line)
    assert found is not None
    assert os.path.isdir(place / eval(found[1])), "the printed line does not load what was built"


@pytest.mark.parametrize("console", CONSOLES)
def test_an_error_prints_on_one_line(place: Path, console: dict[str, str]) -> None:
    flags = ("--title", "港", "--source", "порт №1 café")
    glob = run("build", *flags, "--output", "выход *", cwd=place, **console)
    assert glob.returncode == 4
    assert re.fullmatch(r"E400 .*holds \*, .*", error_of(glob))


def test_an_error_of_a_flag_prints_on_one_line(place: Path) -> None:
    named = run("build", "--source", "нет 港", "--name", "港", cwd=place, **ASCII)
    assert named.returncode == 2
    assert error_of(named).startswith("E103 --name: ")


def test_the_json_spells_a_path_that_the_locale_cannot(place: Path) -> None:
    done = run("build", "--source", "порт №1 café", "--output", "выход ✓", "--name", "port", "--license", "CC0-1.0",
               "--dry-run", "--json", cwd=place, **ASCII, ARTICLESET_TITLE="Порт 港 🚢")  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["status"], result["release"]) == ("unchanged", str(place / "выход ✓" / "port" / "1.0.0"))


def test_a_configuration_and_a_name_mean_the_same_in_any_locale(tmp_path: Path) -> None:
    """Its paths are UTF-8 whatever the locale; a dataset's name is made of what its folder is called."""
    write_articles(tmp_path / "статьи" / "Café", 2)
    (tmp_path / "dataset.toml").write_text('source = "статьи/Café"\noutput = "выход"\nlicense = "MIT"', "utf-8")
    assert build(resolve({}, {}, tmp_path)).name == "Cafe"
    done = run("build", "--json", cwd=tmp_path, **ASCII)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "unchanged"
    assert versions_of(tmp_path / "выход" / "Cafe") == ["1.0.0"]


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = f'"{sys.executable}" -m dataset_builder {line}'
    return subprocess.run(["bash", "-c", command], cwd=cwd, env=environment(cwd), capture_output=True, text=True)


def test_an_error_that_nobody_can_be_told_keeps_its_status(tmp_path: Path) -> None:
    assert shell("build --source missing 2>&-", tmp_path).returncode == 3
    assert shell("build --source missing 2>/dev/full", tmp_path).returncode == 3
    done = shell("--version >&-", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_an_output_that_is_full_is_one_line(place: Path) -> None:
    flags = '--source "порт №1 café" --output "выход ✓" --name port --title "Порт 港 🚢" --license CC0-1.0'
    done = shell(f"build {flags} --json > /dev/full", place)
    assert done.returncode == 4
    assert error_of(done).startswith("E412 standard output: cannot be written: No space left on device; ")


def test_a_reader_that_leaves_is_no_failed_check(place: Path) -> None:
    flags = '--source "порт №1 café" --output "выход ✓" --name port --title "Порт 港 🚢" --license CC0-1.0'
    done = shell(f"build {flags} --json | true; exit ${{PIPESTATUS[0]}}", place)
    assert (done.returncode, done.stderr) == (4, "")

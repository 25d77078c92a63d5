"""The command line as a user meets it: exit codes, one JSON object, a table on any terminal, quick help."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT

TEXT = "The harbour master counts the boats each evening, and writes their number on the wall.\n\n"
ARTICLE = TEXT * 1 + "Nobody has asked him to, but nobody has ever washed the numbers off either, so they stay.\n"


def run(*arguments: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dataset_builder", *map(str, arguments)]
    own = {"PATH": os.environ["PATH"], "HOME": str(cwd), "XDG_CACHE_HOME": str(cwd / "cache")}
    return subprocess.run(
        command, cwd=cwd, env=own | environ, capture_output=True, text=True, timeout=120, errors="replace"
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "harbour.txt").write_text(ARTICLE)
    return tmp_path


def test_a_build_prints_one_json_object_and_then_says_unchanged(project: Path) -> None:
    first = run("build", "--source", "articles", "--output", "out", "--license", "cc-by-4.0", "--json", cwd=project)
    assert first.returncode == 0, first.stderr
    result = json.loads(first.stdout)
    assert result["status"] == "new"
    assert result["version"] == "1.0.0"
    assert Path(result["release"]) == project / "out" / "articles" / "1.0.0"
    assert (result["articles"], result["paragraphs"], result["quarantined"], result["skipped"]) == (1, 2, 0, 0)
    assert re.fullmatch("[0-9a-f]{64}", result["digest"])
    assert set(result["checks"]) == {"passed", "warned", "failed"}
    second = run("build", "--source", "articles", "--output", "out", "--license", "CC-BY-4.0", "--json", cwd=project)
    again = json.loads(second.stdout)
    assert (again["status"], again["version"], again["digest"]) == ("unchanged", "1.0.0", result["digest"])
    assert again["checks"] == result["checks"]


def test_the_table_prints_on_a_narrow_terminal_that_knows_only_ascii(project: Path) -> None:
    (project / "articles" / "harbour.txt").rename(project / "articles" / "порт.txt")
    plain = {"PYTHONIOENCODING": "ascii", "COLUMNS": "30", "PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    done = run("build", "--source", "articles", "--output", "выход", "--title", "Порт 港", cwd=project, **plain)
    assert done.returncode == 0, done.stderr
    assert "load_dataset" in done.stdout
    assert "articles" in done.stdout
    assert done.stdout.isascii()


def test_a_path_that_the_terminal_cannot_spell_is_shown_in_an_error(project: Path) -> None:
    done = run("build", "--source", "нет", cwd=project, PYTHONIOENCODING="cp1252")
    assert done.returncode == 3
    assert re.match(r"E200 ", done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["build", "--source", "missing"], 3, "E200"),
        (["build", "--source", "articles/harbour.txt"], 3, "E201"),
        (["build"], 2, "E100"),
        (["build", "--config", "missing.toml"], 2, "E101"),
        (["build", "--source", "articles", "--name", "a b"], 2, "E103"),
        (["build", "--bogus"], 2, "E105"),
        (["bogus"], 2, "E105"),
        (["build", "--source", "articles", "--output", "articles/harbour.txt/x"], 4, "E401"),
        (["build", "--source", "articles", "--output", "o[1]"], 4, "E400"),
        (["check", "articles"], 4, "E410"),
    ],
)
def test_an_error_is_one_coded_line_and_a_status(project: Path, arguments: list[str], status: int, code: str) -> None:
    done = run(*arguments, cwd=project)
    assert done.returncode == status, done.stderr
    assert done.stderr.splitlines()[-1].startswith(code)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_debug_shows_the_traceback(project: Path) -> None:
    assert "Traceback" in run("--debug", "build", "--source", "missing", cwd=project).stderr


def test_help_and_version_need_no_library() -> None:
    code = "import sys; from dataset_builder.cli import run; run(['--help']); run(['build', '--help']); "
    code += "heavy = {'pyarrow', 'polars', 'datasets', 'numpy', 'rich', 'great_expectations'} & set(sys.modules); "
    code += "sys.exit(f'imported {heavy}' if heavy else 0)"
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_version_prints_the_tools_version() -> None:
    done = run("--version", cwd=ROOT)
    assert done.stdout == "articleset 0.1.0\n"


def test_without_a_command_the_help_is_shown(project: Path) -> None:
    done = run(cwd=project)
    assert done.returncode == 2
    assert "build" in done.stdout + done.stderr


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_build_leaves_nothing_and_says_so(tmp_path: Path, number: int, status: int) -> None:
    source = tmp_path / "articles"
    source.mkdir()
    for i in range(3000):
        (source / f"{i}.txt").write_text(ARTICLE * 30)
    command = [
        sys.executable,
        "-m",
        "dataset_builder",
        "build",
        "--source",
        str(source),
        "--output",
        str(tmp_path / "o"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    folder = tmp_path / "o" / "articles"
    deadline = time.monotonic() + 60
    while not list(folder.glob(".stage-*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == status, err
    assert err.startswith({130: "E110 ", 143: "E111 "}[status])
    assert len(err.splitlines()) == 1
    assert out == ""
    assert [p.name for p in folder.iterdir()] == [".lock"]


def test_every_option_of_build_is_documented() -> None:
    done = run("build", "--help", cwd=ROOT, COLUMNS="200")
    docs = (ROOT / "docs" / "build.md").read_text("utf-8")
    options = set(re.findall(r"--[a-z-]+", done.stdout))
    assert len(options) >= 10
    assert [option for option in sorted(options) if option not in docs] == []


def test_evaluate_prints_measures_with_their_intervals(project: Path) -> None:
    blocks = [(ARTICLE.split("\n\n")[0], "content"), (ARTICLE.split("\n\n")[1], "content"), ("Related", "boilerplate")]
    page = {"page_id": "p", "blocks": [{"text": text, "label": label} for text, label in blocks]}
    (project / "pages.jsonl").write_text(json.dumps(page) + "\n")
    done = run("evaluate", "pages.jsonl", cwd=project)
    assert done.returncode == 0, done.stderr
    rows = {line.split("  ")[0].strip(): line.split()[-1] for line in done.stdout.splitlines()}
    assert rows["blocks"] == "3"
    assert 0 <= float(rows["f1"]) <= 1
    assert re.fullmatch(r"\d\.\d\d-\d\.\d\d", rows["f1, 95%"])
    assert "kept apart" in done.stderr
    as_json = json.loads(run("evaluate", "pages.jsonl", "--json", cwd=project).stdout)
    assert as_json["sources"]["pages"]["blocks"] == 3

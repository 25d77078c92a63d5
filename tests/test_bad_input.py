"""Bad input: each is quarantined, skipped, or one clear line; no neighbour is lost, and the counts add up."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from dataset_builder.config import Config, resolve
from dataset_builder.errors import ArticlesetError, EnvironmentFault, InputError
from dataset_builder.gather import Gathered
from dataset_builder.layout import open_release
from dataset_builder.pipeline import BuildResult, build, quarantine_refusal
from dataset_builder.read import Quarantined, Skipped
from tests.conftest import ROOT, config_for

GOOD = "The keeper counts the boats each evening.\n\nNobody has asked him to, but he has never missed a day.\n"
N_GOOD = 16
QUARANTINED = {
    "binary.txt": "E502",
    "circle.txt": "E508",
    "damaged.txt": "E503",
    "dangling.txt": "E501",
    "empty.txt": "E509",
    "invalid.txt": "E504",
    "invisible.txt": "E509",
    "long-line.txt": "E505",
    "marked.txt": "E511",
    "outside.txt": "E507",
    "page.html": "E513",
    "pipe.txt": "E506",
    "surrogate.txt": "E503",
    "white.txt": "E509",
}


@dataclass(frozen=True)
class Built:
    result: BuildResult
    source: Path
    release: Path
    quarantine: dict[str, str]

    def column(self, table: str, name: str) -> list[Any]:
        return list(open_release(self.release).table(table, [name])[name].to_pylist())


def write_good(source: Path, count: int = N_GOOD) -> None:
    source.mkdir(exist_ok=True)
    for number in range(count):
        (source / f"good-{number:03}.txt").write_text(f"Evening {number}\n\n{GOOD}")


def write_bad(source: Path) -> None:
    (source / "binary.txt").write_bytes(bytes(range(256)) * 4)
    (source / "circle.txt").symlink_to("circle.txt")
    (source / "damaged.txt").write_bytes("Řeka je tichá, a loď čeká.".encode() + b"\xff\n")
    (source / "dangling.txt").symlink_to("nowhere.txt")
    (source / "empty.txt").write_bytes(b"")
    (source / "invalid.txt").write_bytes(b"\xff\xf7\x90 \xfe\n")
    (source / "invisible.txt").write_text("\u200b\n\u2060 \u00ad\n", encoding="utf-8")
    (source / "long-line.txt").write_bytes(b"x" * 20_000_000)
    (source / "marked.txt").write_bytes(b"\xff\xfea")
    (source / "outside.txt").symlink_to(source.parent / "outside.txt")
    (source / "page.html").write_text("<p>A page.</p>")
    os.mkfifo(source / "pipe.txt")
    (source / "surrogate.txt").write_bytes(b"A line with \xed\xa0\x80 in it.\n")
    (source / "white.txt").write_text(" \n\t\u00a0\r\n", encoding="utf-8")
    (source.parent / "outside.txt").write_text("A secret.")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """One build of everything that is bad, among good neighbours, into a folder inside the source."""
    source = tmp_path_factory.mktemp("bad") / "source"
    write_good(source)
    write_bad(source)
    (source / "folder").mkdir()
    (source / "folder" / "again").symlink_to("..")
    (source / ".git").mkdir()
    (source / ".git" / "config.txt").write_text(GOOD)
    (source / ".hidden.txt").write_text(GOOD)
    (source / "Thumbs.db").write_bytes(b"\0")
    (source / "two\nlines.txt").write_text(GOOD)
    (source / "control.txt").write_text("A bell\x07 rings.\x1b[0m\x01\x02 \x7f\n")
    names = ["control", "two%0Alines"]
    if sys.platform != "darwin":
        Path(os.fsdecode(os.fsencode(source) + b"/caf\xe9.txt")).write_text(GOOD)
        names.append("caf%E9")
    result = build(config_for(source, source / "dist"))
    assert result.release is not None
    assert (result.status, result.skipped, result.articles) == ("new", 1, N_GOOD + len(names))
    path = result.release.parent / "quarantine" / f"{result.version}.parquet"
    rows = pq.read_table(path).to_pylist()
    return Built(result, source, result.release, {row["source_path"]: row["code"] for row in rows})


def test_each_bad_file_is_quarantined_with_its_reason(built: Built) -> None:
    assert built.quarantine == QUARANTINED
    assert built.result.quarantined == len(QUARANTINED)


def test_no_good_neighbour_is_lost(built: Built) -> None:
    ids = built.column("articles", "article_id")
    assert {f"good-{number:03}" for number in range(N_GOOD)} <= set(ids)
    assert len(ids) == built.result.articles


def test_records_in_are_released_quarantined_or_skipped_exactly(built: Built) -> None:
    present = [
        os.path.join(folder, name)
        for folder, folders, names in os.walk(built.source)
        for name in [*names, *(f for f in folders if os.path.islink(os.path.join(folder, f)))]
        if not any(part.startswith(".") for part in Path(folder, name).relative_to(built.source).parts)
        and Path(folder, name).relative_to(built.source).parts[0] not in ("dist", "Thumbs.db")
    ]
    result = built.result
    assert len(present) == result.articles + result.quarantined + result.skipped
    assert sum(result.quarantined_by.values()) == result.quarantined
    assert result.skipped_by == {"link to a folder of the source": 1}


def test_hidden_files_and_the_output_are_no_records(built: Built) -> None:
    paths = built.column("sources", "source_path") + list(built.quarantine)
    assert not [path for path in paths if path.startswith((".", "dist", "Thumbs"))]


def test_control_characters_make_no_file_binary_and_stay(built: Built) -> None:
    table = open_release(built.release).table("articles", ["article_id", "source_text"]).to_pylist()
    texts = {row["article_id"]: row["source_text"] for row in table}
    assert texts["control"] == "A bell\x07 rings.\x1b[0m\x01\x02 \x7f\n"


def test_a_name_with_a_newline_stays_on_one_line_as_an_id(built: Built) -> None:
    assert "two%0Alines" in built.column("articles", "article_id")
    assert "two\nlines.txt" in built.column("sources", "source_path")


def test_building_again_into_the_source_changes_nothing(built: Built) -> None:
    again = build(config_for(built.source, built.source / "dist"))
    assert (again.status, again.digest) == ("unchanged", built.result.digest)
    assert (again.quarantined, again.skipped) == (built.result.quarantined, built.result.skipped)


def refusal(source: Path, output: Path, **flags: str) -> ArticlesetError:
    with pytest.raises(ArticlesetError) as caught:
        build(config_for(source, output, **flags))
    assert "\n" not in str(caught.value)
    assert not list(output.glob("*/[0-9]*"))
    return caught.value


@pytest.mark.parametrize("made", ["missing", "file", "empty", "hidden-only", "all-binary", "all-skipped"])
def test_no_article_left_is_one_line_and_status_3(tmp_path: Path, made: str) -> None:
    source = tmp_path / "source"
    if made == "file":
        source.write_text(GOOD)
    elif made != "missing":
        source.mkdir()
    if made == "hidden-only":
        (source / ".a.txt").write_text(GOOD)
    elif made == "all-binary":
        (source / "a.txt").write_bytes(b"\0")
    elif made == "all-skipped":
        (source / "b").mkdir()
        (source / "a").symlink_to("b")
    error = refusal(source, tmp_path / "out")
    assert isinstance(error, InputError)
    assert error.code == {"missing": "E200", "file": "E201"}.get(made, "E204")


def test_two_files_with_one_id_are_refused_with_both_places(tmp_path: Path) -> None:
    write_good(tmp_path / "source", 1)
    (tmp_path / "source" / "good-000.md").write_text(GOOD)
    error = refusal(tmp_path / "source", tmp_path / "out")
    assert (error.code, error.exit_code) == ("E203", 3)
    assert "good-000.md and good-000.txt" in str(error)


def test_a_line_of_20_megabytes_is_quarantined_however_large_a_record_may_be(tmp_path: Path) -> None:
    write_good(tmp_path / "source", 2)
    (tmp_path / "source" / "long.txt").write_bytes(b"word " * 4_000_000)
    (tmp_path / "dataset.toml").write_text('source = "source"\n[limits]\nrecord_bytes = 30_000_000')
    result = build(resolve({"output": tmp_path / "out"}, {}, tmp_path))
    assert (result.articles, result.quarantined) == (2, 1)
    assert list(result.quarantined_by) == ["E512 has a line longer than the limit"]


@pytest.mark.parametrize("name", ["a file", "below a file", "a link to nothing", "glob"])
def test_an_output_that_cannot_be_is_refused_before_any_work(tmp_path: Path, name: str) -> None:
    write_good(tmp_path / "source", 1)
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("nowhere")
    places = {"a file": "file", "below a file": "file/out", "a link to nothing": "link", "glob": "out*"}
    error = refusal(tmp_path / "source", tmp_path / places[name])
    assert isinstance(error, EnvironmentFault)


def gathered(released: int, held: int, skipped: int = 0) -> Gathered:
    class Counted(Gathered):
        @property
        def articles(self) -> int:
            return released

    return Counted(
        mean=1024,
        records=released + held + skipped,
        shards=(),
        quarantined=tuple(Quarantined(source_path=str(n), code="E502", reason="is binary") for n in range(held)),
        skipped=tuple(Skipped(source_path=str(n), reason="image") for n in range(skipped)),
    )


@pytest.mark.parametrize(
    ("released", "held", "skipped", "stops"),
    [
        (1, 0, 0, False),
        (1, 1, 0, False),
        (1, 2, 0, True),
        (20, 20, 0, False),
        (21, 21, 0, True),
        (20, 21, 0, True),
        (379, 20, 0, False),
        (399, 21, 0, False),
        (398, 21, 1000, True),
        (1, 1, 1000, False),
        (400, 21, 0, False),
        (1000, 20, 0, False),
    ],
)
def test_over_half_or_over_5_percent_and_over_20_stops_a_build(
    tmp_path: Path, released: int, held: int, skipped: int, stops: bool
) -> None:
    found = quarantine_refusal(gathered(released, held, skipped), config_for(tmp_path, tmp_path / "out"))
    assert (found is not None) == stops
    if found is not None:
        assert found.exit_code == 1
        assert f"{held} of {released + held}" in str(found)


@pytest.mark.parametrize(("share", "stops"), [("1", False), ("0.5", False), ("0.49", True), ("0", True)])
def test_a_project_may_raise_or_lower_the_share(tmp_path: Path, share: str, stops: bool) -> None:
    (tmp_path / "dataset.toml").write_text(f'source = "x"\n[quarantine]\nmax_share = {share}')
    config: Config = resolve({}, {}, tmp_path)
    assert (quarantine_refusal(gathered(50, 50), config) is not None) == stops


def run(*arguments: str | Path, cwd: Path, python: Sequence[str] = (sys.executable, "-B"), **environ: str) -> Any:
    command = [*python, "-m", "dataset_builder", "build", "--json"]
    own = {"PATH": os.environ["PATH"], "HOME": str(cwd), "XDG_CACHE_HOME": str(cwd / "cache"), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, *map(str, arguments)], cwd=cwd, env=own | environ, capture_output=True, text=True, timeout=120
    )


def one_line(done: Any, code: str, status: int) -> None:
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith(code)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("value", ["", "9" * 5000])
def test_an_odd_source_date_epoch_is_one_line(tmp_path: Path, value: str) -> None:
    write_good(tmp_path / "source", 1)
    one_line(run("--source", "source", "--output", "out", cwd=tmp_path, SOURCE_DATE_EPOCH=value), "E104", 2)
    assert not (tmp_path / "out").exists()


def test_a_missing_source_is_one_line(tmp_path: Path) -> None:
    one_line(run("--source", "two\nlines", "--output", "out", cwd=tmp_path), "E200", 3)


def test_a_home_and_cache_that_cannot_be_written_stop_nothing(tmp_path: Path) -> None:
    write_good(tmp_path / "source", 2)
    closed = {"HOME": "/dev/null/home", "XDG_CACHE_HOME": "/dev/null/cache", "TMPDIR": "/dev/null/tmp"}
    done = run("--source", "source", "--output", "out", cwd=tmp_path, **closed)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "new"


def test_a_quarantine_that_cannot_be_kept_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_good(tmp_path / "source", 1)
    for number in range(3):
        (tmp_path / "source" / f"{number}.txt").write_bytes(b"\0")
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/cache")
    monkeypatch.setenv("HOME", "/dev/null/home")
    result = build(config_for(tmp_path / "source", tmp_path / "out"))
    assert (result.status, result.release, result.quarantined) == ("rejected", None, 3)
    assert any("the quarantine could not be kept in /dev/null" in warning for warning in result.warnings)


def test_a_file_that_may_not_be_read_is_quarantined(tmp_path: Path, as_nobody: tuple[str, ...]) -> None:
    source, output = tmp_path / "source", tmp_path / "out"
    write_good(source, 4)
    (source / "closed.txt").write_text(GOOD)
    (source / "closed.txt").chmod(0)
    output.mkdir()
    output.chmod(0o777)
    for folder in (tmp_path, *tmp_path.parents[:-1]):
        folder.chmod(folder.stat().st_mode | 0o55)
    done = run("--source", source, "--output", output, cwd=tmp_path, python=as_nobody)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["articles"], result["quarantined"]) == (4, 1)
    assert list(result["quarantined_by"]) == ["E501 cannot be opened"]

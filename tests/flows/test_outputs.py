"""An output that cannot be a folder is one coded line, before any work."""

from pathlib import Path

import pytest

from dataset_builder import pipeline
from dataset_builder.errors import EnvironmentFault
from dataset_builder.pipeline import build
from tests.conftest import config_for
from tests.flows.command import error_of, run, write_articles


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_articles(tmp_path / "articles", 2)
    (tmp_path / "file").write_text("x")
    (tmp_path / "nowhere").symlink_to("missing")
    (tmp_path / "out").mkdir()
    return tmp_path


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    ("output", "code"),
    [
        ("file", "E401"),
        ("file/below", "E401"),
        ("nowhere", "E402"),
        ("nowhere/below", "E402"),
        ("out", "E402"),
        ("out/../file", "E401"),
    ],
)
def test_it_is_refused_before_any_file_is_read(
    place: Path, monkeypatch: pytest.MonkeyPatch, output: str, code: str, dry_run: bool
) -> None:
    (place / "out" / "articles").symlink_to("missing")
    monkeypatch.setattr(pipeline, "find_files", None)  # a call would be a TypeError
    before = sorted(place.rglob("*"))
    with pytest.raises(EnvironmentFault, match=f"^{code} ") as caught:
        build(config_for(place / "articles", place / output), dry_run=dry_run)
    assert caught.value.exit_code == 4
    assert sorted(place.rglob("*")) == before


def test_a_name_that_is_too_long_is_one_line_that_says_what_to_do(place: Path) -> None:
    with pytest.raises(EnvironmentFault, match=r"File name too long; .*give another --output"):
        build(config_for(place / "articles", place / ("x" * 300)))


def test_the_command_says_so_and_leaves_nothing(place: Path) -> None:
    before = sorted(path for path in place.rglob("*"))
    done = run("build", "--source", "articles", "--output", "nowhere/out", cwd=place)
    assert (done.returncode, done.stdout) == (4, "")
    assert error_of(done).startswith("E402 ")
    assert sorted(path for path in place.rglob("*")) == before


def test_a_folder_that_may_not_be_written_is_refused_before_any_work(place: Path, as_nobody: tuple[str, ...]) -> None:
    for folder in (place, *place.parents[:-1]):
        folder.chmod(folder.stat().st_mode | 0o55)
    (place / "articles" / "large.txt").write_text("word " * 100_000)
    done = run("build", "--source", "articles", "--output", "out", cwd=place, python=as_nobody)
    assert (done.returncode, done.stdout) == (4, "")
    assert error_of(done).startswith(f"E403 {place}/out: cannot be written; ")
    assert list((place / "out").iterdir()) == []

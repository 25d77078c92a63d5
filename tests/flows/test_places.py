"""The same articles by another way, and what file browsers leave beside them: nothing to release."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dataset_builder.pipeline import build
from tests.conftest import config_for
from tests.flows.command import article, write_articles

DROPPINGS = {
    ".DS_Store": b"\0\0\0\1Bud1",
    "._pier-0.txt": b"\0\5\26\7",
    "Thumbs.db": b"\xd0\xcf\x11\xe0",
    "desktop.ini": b"[.ShellClassInfo]\r\n",
    "Desktop.ini": b"[.ShellClassInfo]\r\n",
    ".directory": b"[Dolphin]\n",
    ".localized": b"",
    ".~lock.pier-0.txt#": b",x,",
    ".pier-0.txt.swp": b"b0VIM 9.0",
    ".Trash-1000/files/old.txt": b"An old article.",
    "deep/.DS_Store": b"\0\0\0\1Bud1",
    "__MACOSX/._pier-0.txt": b"\0\5\26\7",
}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with articles and the release `out` of them."""
    place = tmp_path_factory.mktemp("places")
    source = write_articles(place / "place" / "articles")
    (source / "deep").mkdir()
    (source / "deep" / "pier-9.txt").write_text(article(9))
    build(config_for(source, place / "out"))
    return place


@pytest.fixture
def source(first: Path, tmp_path: Path) -> Path:
    shutil.copytree(first, tmp_path, dirs_exist_ok=True)
    return tmp_path / "place" / "articles"


def test_droppings_change_no_row_no_count_and_no_version(source: Path, tmp_path: Path) -> None:
    before = build(config_for(source, tmp_path / "out"))
    for name, content in DROPPINGS.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    assert build(config_for(source, tmp_path / "out")) == before
    assert (before.status, before.quarantined, before.skipped) == ("unchanged", 0, 0)


def copied(source: Path, place: Path) -> Path:
    return Path(shutil.copytree(source, place / "copy" / "articles", copy_function=shutil.copy))


def hidden(source: Path, place: Path) -> Path:
    return Path(shutil.copytree(source, place / ".cache" / ".a" / "articles"))


def through_a_link_above(source: Path, place: Path) -> Path:
    (place / "link").symlink_to(source.parent)
    return place / "link" / "articles"


def around(source: Path, place: Path) -> Path:
    return source / ".." / "articles" / "." / "deep" / ".."


def relative(source: Path, place: Path) -> Path:
    return Path(os.path.relpath(source, place))


def touched(source: Path, place: Path) -> Path:
    for path in source.rglob("*"):
        os.utime(path, (1, 1))
    return source


def written_in_another_order(source: Path, place: Path) -> Path:
    for path in sorted(source.rglob("*.txt"), reverse=True):
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
        path.chmod(0o400)
    return source


def of_hard_links(source: Path, place: Path) -> Path:
    return Path(shutil.copytree(source, place / "hard" / "articles", copy_function=os.link))


@pytest.mark.parametrize(
    "way",
    [copied, hidden, through_a_link_above, around, relative, touched, written_in_another_order, of_hard_links],
    ids=lambda way: way.__name__,
)
def test_the_same_articles_by_another_way_are_nothing_to_release(
    source: Path, tmp_path: Path, way: Callable[[Path, Path], Path]
) -> None:
    before = build(config_for(source, tmp_path / "out"))
    result = build(config_for(way(source, tmp_path), tmp_path / "out"))
    assert (result.status, result.version, result.digest) == ("unchanged", "1.0.0", before.digest)

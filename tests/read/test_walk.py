"""Finding files: links, pipes, hidden and odd names, ids."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_builder.errors import InputError
from dataset_builder.read import Found, Quarantined, Skipped, find_files
from dataset_builder.read.walk import id_of_path, text_of_path

Entry = Found | Quarantined | Skipped


def write(root: Path, *names: str | bytes) -> None:
    for name in names:
        path = os.path.join(os.fsencode(root), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(os.fsdecode(path)).write_text("A line.\n")


def ids_of(entries: list[Entry]) -> list[str]:
    return [entry.article_id for entry in entries if isinstance(entry, Found)]


def codes_of(entries: list[Entry]) -> dict[str, str]:
    return {entry.source_path: entry.code for entry in entries if isinstance(entry, Quarantined)}


def test_files_come_in_the_order_of_their_paths_with_size_and_place(tmp_path: Path) -> None:
    write(tmp_path, "b.txt", "a/c.txt", "a.txt", "a/b/d.text")
    entries = find_files(tmp_path)
    assert [entry.source_path for entry in entries] == ["a.txt", "a/b/d.text", "a/c.txt", "b.txt"]
    assert ids_of(entries) == ["a", "a/b/d", "a/c", "b"]
    first = entries[0]
    assert isinstance(first, Found)
    assert (first.file, first.size) == (tmp_path / "a.txt", 8)


def test_hidden_files_and_droppings_are_no_records(tmp_path: Path) -> None:
    write(
        tmp_path, ".git/config", ".hidden.txt", "Thumbs.db", "a/desktop.ini", "a/.DS_Store", "a/Desktop.INI", "a/b.txt"
    )
    assert [entry.source_path for entry in find_files(tmp_path)] == ["a/b.txt"]


def test_a_link_to_a_file_inside_is_read_as_that_file(tmp_path: Path) -> None:
    write(tmp_path, "real/a.txt")
    (tmp_path / "b.txt").symlink_to("real/a.txt")
    entries = find_files(tmp_path)
    assert ids_of(entries) == ["b", "real/a"]
    assert all(isinstance(entry, Found) and entry.file.read_text() == "A line.\n" for entry in entries)


def test_a_link_out_of_the_source_is_quarantined(tmp_path: Path) -> None:
    source = tmp_path / "in"
    write(tmp_path, "out/secret.txt", "in-other/secret.txt", "in/a.txt")
    (source / "file.txt").symlink_to(tmp_path / "out" / "secret.txt")
    (source / "folder").symlink_to(tmp_path / "out")
    (source / "like-named.txt").symlink_to(tmp_path / "in-other" / "secret.txt")
    (source / "indirect.txt").symlink_to("file.txt")
    entries = find_files(source)
    assert ids_of(entries) == ["a"]
    expected = dict.fromkeys(["file.txt", "folder", "indirect.txt", "like-named.txt"], "E507")
    assert codes_of(entries) == expected


def test_links_in_a_circle_and_to_nothing_are_quarantined(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    (tmp_path / "self.txt").symlink_to("self.txt")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    (tmp_path / "dangling.txt").symlink_to("nowhere.txt")
    entries = find_files(tmp_path)
    assert ids_of(entries) == ["a"]
    assert codes_of(entries) == {"self.txt": "E508", "one": "E508", "two": "E508", "dangling.txt": "E501"}


def test_a_link_to_a_folder_of_the_source_is_skipped_and_never_entered(tmp_path: Path) -> None:
    write(tmp_path, "a/b.txt")
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "again").symlink_to("a")
    entries = find_files(tmp_path)
    assert ids_of(entries) == ["a/b"]
    skipped = [entry for entry in entries if isinstance(entry, Skipped)]
    assert [(s.source_path, s.reason) for s in skipped] == [
        ("a/up", "link to a folder of the source"),
        ("again", "link to a folder of the source"),
    ]


def test_a_source_that_is_a_link_itself_is_followed(tmp_path: Path) -> None:
    write(tmp_path, "real/a.txt", "real/b/c.txt")
    (tmp_path / "real" / "d.txt").symlink_to("a.txt")
    (tmp_path / "link").symlink_to("real")
    assert ids_of(find_files(tmp_path / "link")) == ["a", "b/c", "d"]


def test_pipes_and_sockets_are_quarantined_unopened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "link.txt").symlink_to("pipe.txt")
    assert codes_of(find_files(tmp_path)) == {"pipe.txt": "E506", "link.txt": "E506"}


@pytest.mark.skipif(sys.platform == "darwin", reason="the file system takes names in UTF-8 only")
def test_a_name_that_is_not_utf8_or_holds_a_newline_gives_an_id_on_one_line(tmp_path: Path) -> None:
    write(tmp_path, b"caf\xe9.txt", "two\nlines.txt", "tab\t.txt", "\x85.txt", "50% #1.txt")
    entries = find_files(tmp_path)
    assert ids_of(entries) == ["50%25 %231", "caf%E9", "tab%09", "two%0Alines", "%C2%85"]
    assert entries[1].source_path == "caf\\xe9.txt"
    assert all(isinstance(entry, Found) and entry.file.read_text() for entry in entries)


def test_formats_that_are_not_read_are_quarantined_by_name(tmp_path: Path) -> None:
    write(tmp_path, "a.html", "b.PDF", "c.txt.gz", "d.jsonl", "e.txt", "f", "g.notes")
    entries = find_files(tmp_path)
    assert ids_of(entries) == ["e", "f", "g.notes"]
    assert set(codes_of(entries).values()) == {"E513"}
    assert set(codes_of(entries)) == {"a.html", "b.PDF", "c.txt.gz", "d.jsonl"}


def test_an_output_inside_the_source_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "dist/set/1.0.0/README.md", "dist-other/b.txt")
    (tmp_path / "link.md").symlink_to("dist/set/1.0.0/README.md")
    entries = find_files(tmp_path, [tmp_path / "dist", tmp_path / "not-there"])
    assert ids_of(entries) == ["a", "dist-other/b"]
    assert len(entries) == 2


def test_an_output_that_is_the_source_leaves_only_its_dataset_out(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "set/1.0.0/README.md")
    assert ids_of(find_files(tmp_path, [tmp_path, tmp_path / "set"])) == ["a"]


def test_an_output_above_the_source_leaves_nothing_out(tmp_path: Path) -> None:
    write(tmp_path / "source", "a.txt")
    (tmp_path / "source" / "b.txt").symlink_to("a.txt")
    assert ids_of(find_files(tmp_path / "source", [tmp_path, tmp_path / "set"])) == ["a", "b"]


def test_two_files_with_one_id_are_refused_with_both_places(tmp_path: Path) -> None:
    write(tmp_path, "x/a.txt", "x/a.md", "b.txt")
    with pytest.raises(InputError) as caught:
        find_files(tmp_path)
    assert (caught.value.code, caught.value.exit_code) == ("E203", 3)
    assert "x/a.md and x/a.txt" in str(caught.value)
    assert ids_of(find_files(tmp_path, keep_suffixes=True)) == ["b.txt", "x/a.md", "x/a.txt"]


def test_names_that_differ_in_case_or_composition_are_two_articles(tmp_path: Path) -> None:
    write(tmp_path, "A.txt", "a.txt", "caf\u00e9.txt", "cafe\u0301.txt")
    if len(os.listdir(tmp_path)) < 4:
        pytest.skip("the file system takes these names for the same")
    assert sorted(ids_of(find_files(tmp_path))) == ["A", "a", "cafe\u0301", "caf\u00e9"]


@pytest.mark.parametrize(
    ("name", "code", "reason"),
    [("missing", "E200", "there is no such folder"), ("file.txt", "E201", "the source is no folder")],
)
def test_a_source_that_is_no_folder_is_an_error(tmp_path: Path, name: str, code: str, reason: str) -> None:
    write(tmp_path, "file.txt")
    with pytest.raises(InputError, match=reason) as caught:
        find_files(tmp_path / name)
    assert caught.value.code == code


def test_a_path_through_a_file_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "file.txt")
    with pytest.raises(InputError) as caught:
        find_files(tmp_path / "file.txt" / "below")
    assert caught.value.code == "E202"


def test_what_may_not_be_opened_is_quarantined_and_costs_no_neighbour(
    tmp_path: Path, as_nobody: tuple[str, ...]
) -> None:
    write(tmp_path, "a.txt", "closed.txt", "closed/b.txt", "d.txt")
    (tmp_path / "closed.txt").chmod(0)
    (tmp_path / "closed").chmod(0)
    for folder in (tmp_path, *tmp_path.parents[:-1]):
        folder.chmod(folder.stat().st_mode | 0o55)
    program = textwrap.dedent("""
        import sys
        from pathlib import Path
        from dataset_builder.config import Limits
        from dataset_builder.read import Found, find_files, read_text
        for entry in find_files(Path(sys.argv[1])):
            result = read_text(entry, Limits()) if isinstance(entry, Found) else entry
            print(result.source_path, getattr(result, "code", "read"))
        try:
            find_files(Path(sys.argv[1]) / "closed")
        except Exception as error:
            print(error.code)
    """)
    done = subprocess.run([*as_nobody, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["a.txt read", "closed E501", "closed.txt E501", "d.txt read", "E202"], (
        done.stderr
    )


def test_a_tree_deeper_than_a_path_may_be_long_is_quarantined(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    here = os.open(tmp_path, os.O_RDONLY)
    name = "d" * 250
    try:
        for _ in range(20):
            os.mkdir(name, dir_fd=here)
            below = os.open(name, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
    finally:
        os.close(here)
    entries = find_files(tmp_path)
    assert ids_of(entries) == ["a"]
    assert list(codes_of(entries).values()) == ["E501"]
    shutil.rmtree(tmp_path / name)


PATHS = st.binary(min_size=1, max_size=20).filter(lambda path: b"\0" not in path)


@given(PATHS, PATHS)
def test_ids_are_one_line_of_unicode_and_tell_paths_apart(one: bytes, other: bytes) -> None:
    ids = [id_of_path(path, keep_suffixes=True) for path in (one, other)]
    assert (ids[0] == ids[1]) == (one == other)
    assert ids[0].encode()
    assert not any(c == "#" or ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in ids[0])
    assert text_of_path(one).encode()


@pytest.mark.parametrize(
    ("path", "article_id"),
    [
        (b"a.txt", "a"),
        (b"a.TXT", "a"),
        (b"a.b.markdown", "a.b"),
        (b"v1.2", "v1.2"),
        (b"x.txt/y", "x.txt/y"),
        (b"a.txt.txt", "a.txt"),
        ("ü/日本.txt".encode(), "ü/日本"),
    ],
)
def test_an_id_is_the_path_without_its_format_suffix(path: bytes, article_id: str) -> None:
    assert id_of_path(path) == article_id

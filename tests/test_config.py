"""Configuration: what wins over what, paths, and every fault in one line."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_builder.config import find_file, resolve, slug_of
from dataset_builder.errors import UsageError
from dataset_builder.options import NAME, Config, check_name, spdx_spelling

ROOT = Path(__file__).parents[1]
WHOLE_FILE = """
name = "lock-keepers"
title = "Lock keepers"
description = "Articles on canals."
license = "cc-by-4.0"
source = "articles"
output = "out"
ids = "path"
language = "en"
workers = 3
authors = [{ given = "Ida", family = "Holm", orcid = "0000-0002-1825-0097" }, { name = "Canal Society" }]

[label]
threshold = 0.7
model = "weights.bin"

[limits]
record_bytes = 1000
line_chars = 100

[quarantine]
max_share = 1
"""


def project(folder: Path, text: str = WHOLE_FILE, name: str = "dataset.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder


def config_of(folder: Path, environ: dict[str, str] | None = None, **flags: Any) -> Config:
    return resolve(flags, environ or {}, folder)


def refusal(folder: Path, environ: dict[str, str] | None = None, **flags: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        config_of(folder, environ, **flags)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_file_says_everything(tmp_path: Path) -> None:
    config = config_of(project(tmp_path))
    identity = config.identity
    assert (identity.name, identity.title, identity.description) == (
        "lock-keepers",
        "Lock keepers",
        "Articles on canals.",
    )
    assert [author.display for author in identity.authors] == ["Ida Holm", "Canal Society"]
    assert identity.license == "CC-BY-4.0"
    assert (config.source, config.output, config.project) == (tmp_path / "articles", tmp_path / "out", tmp_path)
    assert (config.ids, config.language, config.workers) == ("path", "en", 3)
    assert (config.label.threshold, config.label.model) == (0.7, tmp_path / "weights.bin")
    assert (config.limits.record_bytes, config.limits.line_chars) == (1000, 100)
    assert config.quarantine.max_share == 1


def test_defaults_hold_where_nothing_is_said(tmp_path: Path) -> None:
    config = config_of(project(tmp_path / "Meine Texte", 'source = "Café & Kuchen"'))
    assert (config.identity.name, config.identity.title) == ("Cafe-Kuchen", "Cafe-Kuchen")
    assert (config.identity.authors, config.identity.license, config.identity.card) == ((), None, None)
    assert config.output == tmp_path / "Meine Texte" / "dist"
    assert (config.ids, config.language, config.workers, config.notes) == ("stem", None, 1, ())


@pytest.mark.parametrize(
    ("flags", "environ", "title"),
    [
        ({"title": "Flag"}, {"ARTICLESET_TITLE": "Variable"}, "Flag"),
        ({}, {"ARTICLESET_TITLE": "Variable"}, "Variable"),
        ({}, {"ARTICLESET_TITLE": ""}, "Lock keepers"),
        ({"title": None}, {}, "Lock keepers"),
    ],
)
def test_a_flag_wins_over_a_variable_over_the_file(
    tmp_path: Path, flags: dict[str, str | None], environ: dict[str, str], title: str
) -> None:
    assert config_of(project(tmp_path), environ, **flags).identity.title == title


def test_every_flag_has_its_variable(tmp_path: Path) -> None:
    project(tmp_path / "project")
    environ = {
        "ARTICLESET_CONFIG": "project/dataset.toml",
        "ARTICLESET_SOURCE": "in",
        "ARTICLESET_OUTPUT": "released",
        "ARTICLESET_NAME": "other",
        "ARTICLESET_TITLE": "Other",
        "ARTICLESET_LICENSE": "mit",
        "ARTICLESET_WORKERS": "2",
    }
    config = config_of(tmp_path, environ)
    assert (config.source, config.output) == (tmp_path / "in", tmp_path / "released")
    assert (config.identity.name, config.identity.title, config.identity.license) == ("other", "Other", "MIT")
    assert (config.workers, config.identity.description) == (2, "Articles on canals.")


def test_paths_stand_against_the_file_in_the_file_and_against_the_working_folder_in_flags(tmp_path: Path) -> None:
    below = project(tmp_path, 'source = "../in"\noutput = "out"') / "a" / "b"
    below.mkdir(parents=True)
    config = config_of(below)
    assert config.source.resolve() == tmp_path.parent / "in"
    assert config.output == tmp_path / "out"
    config = config_of(below, source=Path("../x"), output=Path("../y"))
    assert config.source.resolve() == tmp_path / "a" / "x"
    assert config.output == tmp_path / "a" / "y"


def test_a_source_without_a_config_takes_settings_and_never_identity(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "card.md").write_text("About keepers.")
    config = config_of(tmp_path, source=tmp_path / "Other Articles")
    assert config.identity.model_dump() == {
        "name": "Other-Articles",
        "title": "Other-Articles",
        "description": None,
        "authors": (),
        "license": None,
        "card": None,
    }
    assert config.project is None
    assert (config.ids, config.workers, config.limits.record_bytes) == ("path", 3, 1000)
    assert config.label.model == tmp_path / "weights.bin"
    named = config_of(tmp_path, source=tmp_path / "x", name="mine", title="My own", license="CC0-1.0")
    assert (named.identity.name, named.identity.title, named.identity.license) == ("mine", "My own", "CC0-1.0")


def test_a_source_with_a_config_keeps_the_identity(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "card.md").write_text("\ufeffAbout keepers.", encoding="utf-8")
    config = config_of(tmp_path, source="x", config="dataset.toml")
    assert (config.identity.name, config.identity.card) == ("lock-keepers", "About keepers.")
    assert config.project == tmp_path


def test_the_nearest_file_upwards_is_taken(tmp_path: Path) -> None:
    project(tmp_path, 'source = "far"')
    near = project(tmp_path / "a", '[tool.articleset]\nsource = "near"', "pyproject.toml")
    (near / "b" / "c").mkdir(parents=True)
    project(near / "b", "[tool.other]\nx = 1", "pyproject.toml")
    assert config_of(near / "b" / "c").source == near / "near"


def test_dataset_toml_wins_over_pyproject_and_says_so(tmp_path: Path) -> None:
    project(tmp_path, '[tool.articleset]\nsource = "b"', "pyproject.toml")
    assert config_of(project(tmp_path, 'source = "a"')).source == tmp_path / "a"
    assert config_of(tmp_path).notes == ("dataset.toml is used; [tool.articleset] of pyproject.toml beside it is not",)
    (tmp_path / "pyproject.toml").write_text("[tool.other]")
    assert config_of(tmp_path).notes == ()


@pytest.mark.parametrize("text", ["[tool", "tool = 3", "\udcff".encode("utf-8", "surrogateescape")])
def test_a_pyproject_that_never_names_us_is_left_alone(tmp_path: Path, text: str | bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(text.encode() if isinstance(text, str) else text)
    assert find_file(tmp_path)[0] is None or not find_file(tmp_path)[0].is_relative_to(tmp_path)  # type: ignore[union-attr]


def test_no_source_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    error = refusal(project(tmp_path, 'name = "x"'))
    assert error.code == "E100"
    assert "--source" in str(error)


def test_all_faults_of_a_file_are_said_at_once(tmp_path: Path) -> None:
    text = """
        name = "no spaces"
        titel = "x"
        ids = "stems"
        workers = 0
        language = "?"
        authors = [{ given = "A", name = "B" }, { nam = "C" }]
        [label]
        treshold = 0.5
        threshold = 2.0
        [limits]
        line_chars = "many"
    """
    error = refusal(project(tmp_path, text))
    assert (error.code, error.place) == ("E102", tmp_path / "dataset.toml")
    for part in (
        "name: a name has 1 to 96",
        "unknown key 'titel' (valid: authors, description, ids, label, language, license, limits, name, output,",
        "ids: Input should be 'stem' or 'path'",
        "workers: ",
        "language: ",
        "authors.0: an author has given and family",
        "unknown key 'authors.1.nam' (valid: family, given, name, orcid)",
        "unknown key 'label.treshold' (valid: model, threshold)",
        "label.threshold: ",
        "limits.line_chars: ",
    ):
        assert part in error.reason, part


def test_faults_of_flags_variables_and_file_are_said_at_once_with_who_said_them(tmp_path: Path) -> None:
    project(tmp_path, 'source = "a"\nworkers = -1')
    error = refusal(tmp_path, {"ARTICLESET_WORKERS": "two", "ARTICLESET_TITLE": " "}, name="a--b", license="")
    assert error.code == "E103"
    for part in (
        "--name: a name",
        "--license: ",
        "ARTICLESET_WORKERS: ",
        "ARTICLESET_TITLE: ",
        "dataset.toml: workers: ",
    ):
        assert part in error.reason, part


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (b"source = ", "is no TOML"),
        ('source = "caf\xe9"'.encode("latin-1"), "is no TOML"),
        (b'source = "a\\u0000b"', "source: a path holds no NUL"),
        (b'source = ["a"]', "source: "),
        (b"limits = 3", "limits: "),
        (b'authors = "Ida"', "authors: "),
        (b"authors = [{}]", "authors.0: "),
        (b'authors = [{ given = "Ida", orcid = "12" }]', "authors.0.orcid: "),
        (b"x = " + b"[" * 5000, "is no TOML"),
    ],
)
def test_a_faulty_file_is_named(tmp_path: Path, text: bytes, part: str) -> None:
    (tmp_path / "dataset.toml").write_bytes(text)
    error = refusal(tmp_path)
    assert error.code == "E102"
    assert part in error.reason


def test_a_byte_order_mark_in_a_file_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "dataset.toml").write_text('source = "a"', encoding="utf-8-sig")
    assert config_of(tmp_path).source == tmp_path / "a"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[tool.articleset", "is no TOML"),
        ("[tool]\narticleset = 3", "valid dictionary"),
        ("[tool.articleset]\nx=1", "'x'"),
    ],
)
def test_a_pyproject_that_names_us_with_faults_is_named(tmp_path: Path, text: str, part: str) -> None:
    error = refusal(project(tmp_path, text, "pyproject.toml"))
    assert (error.code, error.place) == ("E102", tmp_path / "pyproject.toml")
    assert part in error.reason


def test_a_config_that_is_not_there_or_holds_no_table_is_an_error(tmp_path: Path) -> None:
    assert refusal(tmp_path, config="x.toml").code == "E101"
    assert refusal(tmp_path, config=".").code == "E101"
    project(tmp_path, "[tool.other]", "pyproject.toml")
    assert "has no [tool.articleset]" in refusal(tmp_path, config="pyproject.toml").reason


def test_a_card_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "card.md").write_bytes(b"caf\xe9")
    assert (refusal(tmp_path).code, refusal(tmp_path).place) == ("E102", tmp_path / "card.md")
    (tmp_path / "card.md").unlink()
    (tmp_path / "card.md").mkdir()
    assert refusal(tmp_path).code == "E101"


@pytest.mark.parametrize("name", ["dataset.toml", "pyproject.toml", "card.md"])
def test_a_file_that_may_not_be_read_is_an_error(tmp_path: Path, name: str, as_nobody: tuple[str, ...]) -> None:
    project(tmp_path)
    (tmp_path / name).write_text("x")
    (tmp_path / name).chmod(0)
    for folder in (tmp_path, *tmp_path.parents[:-1]):
        folder.chmod(folder.stat().st_mode | 0o55)
    program = (
        "import sys, pathlib; from dataset_builder.config import resolve; resolve({}, {}, pathlib.Path(sys.argv[1]))"
    )
    done = subprocess.run([*as_nobody, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert f"E101 {tmp_path / name}: cannot be read: Permission denied" in done.stderr


@pytest.mark.parametrize("table", ["paragraphs", "articles", "sources", "labels"])
def test_a_project_that_defines_tables_is_an_error(tmp_path: Path, table: str) -> None:
    schema = project(tmp_path) / "schema"
    (schema / "expectations").mkdir(parents=True)
    (schema / "withdrawn.toml").write_text("")
    assert config_of(tmp_path).project == tmp_path
    (schema / f"{table}.toml").write_text("")
    error = refusal(tmp_path)
    assert (error.code, error.place) == ("E108", schema)
    assert table in error.reason
    assert config_of(tmp_path, source="elsewhere").project is None


def test_this_repositorys_own_schema_is_the_tools() -> None:
    assert config_of(ROOT).project == ROOT


def test_an_output_whose_dataset_is_the_source_itself_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "link").symlink_to("articles")
    for source in ("articles", "link/../articles"):
        error = refusal(tmp_path, source=source, output=".")
        assert error.code == "E109"
    assert refusal(tmp_path, source="link", output=".", name="articles").code == "E109"
    assert config_of(tmp_path, source="articles", output=".", name="other").output == tmp_path
    assert config_of(tmp_path, source="articles", output="articles").output == tmp_path / "articles"


def test_a_working_folder_that_is_gone_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(UsageError) as caught:
        resolve({"source": "x"}, {})
    assert caught.value.code == "E107"


def test_the_process_environment_is_read_when_a_config_is_resolved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTICLESET_NAME", "from-the-environment")
    assert resolve({}, folder=project(tmp_path)).identity.name == "from-the-environment"


@pytest.mark.parametrize("name", ["a", "A.b_c-d", "9", "x" * 96])
def test_a_name_that_may_be(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", ".a", "-a", "_a", "a..b", "a--b", "a/b", "a b", "ä", "a\n", "x" * 97, "²"])
def test_a_name_that_may_not_be(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 96"):
        check_name(name)


@given(st.text())
def test_any_folder_gives_a_name(folder: str) -> None:
    assert check_name(slug_of(folder))
    assert NAME.fullmatch(slug_of(folder))


@pytest.mark.parametrize(
    ("folder", "name"),
    [("Café & Kuchen", "Cafe-Kuchen"), ("..a..b--c", "a.b-c"), ("日本", "articles"), ("", "articles"), ("a-", "a")],
)
def test_a_slug_keeps_what_it_can(folder: str, name: str) -> None:
    assert slug_of(folder) == name


@pytest.mark.parametrize(
    ("given", "spelling"),
    [
        ("cc0-1.0", "CC0-1.0"),
        ("mit or apache-2.0", "MIT OR Apache-2.0"),
        ("All rights reserved", "All rights reserved"),
    ],
)
def test_a_license_gets_its_official_spelling(given: str, spelling: str) -> None:
    assert spdx_spelling(given) == spelling


@given(
    st.text(min_size=1) | st.lists(st.sampled_from(["MIT", "(", ")", " or ", " with ", "+"]), max_size=20).map("".join)
)
def test_any_license_is_spelled_or_kept(value: str) -> None:
    assert bool(spdx_spelling(value)) == bool(value)


@pytest.mark.parametrize("title", ["\udce9", " ", ""])
def test_a_title_that_is_no_text_is_refused(tmp_path: Path, title: str) -> None:
    assert "--title: " in refusal(project(tmp_path), title=title).reason


def test_a_source_whose_name_is_not_utf8_gives_a_slug(tmp_path: Path) -> None:
    assert config_of(tmp_path, source=tmp_path / "caf\udce9").identity.name == "caf"

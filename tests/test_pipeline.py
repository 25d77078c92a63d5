"""The build from a source to a release: statuses, versions, what is held back."""

import json
from pathlib import Path

import pytest

from dataset_builder import layout
from dataset_builder.errors import InputError, UsageError
from dataset_builder.pipeline import build, release_date
from tests.conftest import config_for

BODY = "The ferry left at six each morning, and for forty years the same man cast off its ropes in the dark."


def article(number: int) -> str:
    return f"{BODY}\n\nOn day {number} he was late, and the whole island talked about it until the evening came.\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_text(article(number))
    return folder


def test_a_new_article_is_a_minor_release_and_a_lost_one_a_major_release(source: Path, tmp_path: Path) -> None:
    config = config_for(source, tmp_path / "out")
    assert build(config).version == "1.0.0"
    assert build(config).status == "unchanged"
    (source / "3.txt").write_text(article(3))
    assert build(config).version == "1.1.0"
    (source / "0.txt").unlink()
    third = build(config)
    assert third.version == "2.0.0"
    assert any("gone" in reason for reason in third.reasons)
    assert (tmp_path / "out" / "articles" / "LATEST").read_text() == "2.0.0\n"


def test_another_title_is_a_patch_and_another_license_a_major_release(source: Path, tmp_path: Path) -> None:
    build(config_for(source, tmp_path / "out", license="CC0-1.0"))
    assert build(config_for(source, tmp_path / "out", license="cc0-1.0", title="Ferries")).version == "1.0.1"
    assert build(config_for(source, tmp_path / "out", license="MIT", title="Ferries")).version == "2.0.0"


def test_a_dry_run_says_what_would_be_and_writes_nothing(source: Path, tmp_path: Path) -> None:
    result = build(config_for(source, tmp_path / "out"), dry_run=True)
    assert (result.status, result.version, result.release) == ("new", "1.0.0", None)
    assert result.reasons
    assert not (tmp_path / "out").exists()


def test_a_source_that_shares_no_article_is_refused_unless_meant(source: Path, tmp_path: Path) -> None:
    build(config_for(source, tmp_path / "out"))
    for path in list(source.iterdir()):
        path.rename(path.with_name("other-" + path.name))
    with pytest.raises(UsageError, match="E106"):
        build(config_for(source, tmp_path / "out"))
    assert build(config_for(source, tmp_path / "out"), unrelated=True).version == "2.0.0"


def test_the_same_articles_by_another_way_are_unchanged(source: Path, tmp_path: Path) -> None:
    build(config_for(source, tmp_path / "out"))
    hidden = tmp_path / ".hidden" / "articles"
    hidden.parent.mkdir()
    hidden.symlink_to(source)
    (source / ".DS_Store").write_bytes(b"\0")
    (source / "Thumbs.db").write_bytes(b"\0")
    (source / "0.txt").touch()
    assert build(config_for(hidden, tmp_path / "out")).status == "unchanged"


def test_a_file_saved_anew_keeps_its_texts_and_ids_and_is_not_unchanged(source: Path, tmp_path: Path) -> None:
    first = build(config_for(source, tmp_path / "out"))
    (source / "0.txt").write_bytes(b"\xef\xbb\xbf" + article(0).replace("\n", "  \r\n").encode())
    second = build(config_for(source, tmp_path / "out"))
    assert second.version == "1.1.0"
    rows = [
        layout.open_release(r.release).table("paragraphs", ["paragraph_id", "text"])
        for r in (first, second)
        if r.release
    ]
    assert rows[0].equals(rows[1])


def test_no_article_left_is_an_input_error_and_no_release(tmp_path: Path) -> None:
    source = tmp_path / "articles"
    source.mkdir()
    with pytest.raises(InputError, match="E204"):
        build(config_for(source, tmp_path / "out"))
    (source / "empty.txt").touch()
    with pytest.raises(InputError, match="E204"):
        build(config_for(source, tmp_path / "out"))
    assert layout.versions_of(tmp_path / "out" / "articles") == []


def test_too_many_quarantined_records_stop_the_build(source: Path, tmp_path: Path) -> None:
    for number in range(4):
        (source / f"binary-{number}.txt").write_bytes(b"\0\1\2\3")
    result = build(config_for(source, tmp_path / "out"))
    assert (result.status, result.release, result.quarantined) == ("rejected", None, 4)
    assert result.rejection is not None
    assert result.rejection.exit_code == 1
    assert layout.versions_of(tmp_path / "out" / "articles") == []


def test_a_few_quarantined_records_stand_beside_the_release(source: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    (source / "binary.txt").write_bytes(b"\0\1\2\3")
    result = build(config_for(source, tmp_path / "out"))
    assert (result.status, result.articles, result.quarantined) == ("new", 3, 1)
    assert result.quarantine == tmp_path / "out" / "articles" / "quarantine" / "1.0.0.parquet"
    held = pq.read_table(result.quarantine).to_pylist()
    assert [(row["source_path"], row["code"]) for row in held] == [("binary.txt", "E502")]


def test_more_workers_make_the_same_files(source: Path, tmp_path: Path) -> None:
    one = build(config_for(source, tmp_path / "one"))
    two = build(config_for(source, tmp_path / "two", workers="2"))
    assert one.release is not None
    assert two.release is not None
    assert one.digest == two.digest


def test_a_rejected_check_releases_nothing_and_shows_the_rows(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataset_builder import shard

    monkeypatch.setattr(shard, "count_texts", _wrong_counts)
    result = build(config_for(source, tmp_path / "out"))
    assert (result.status, result.release) == ("rejected", None)
    assert result.checks["failed"] >= 1
    assert json.dumps(result.to_json())
    assert layout.versions_of(tmp_path / "out" / "articles") == []


def _wrong_counts(texts: object) -> object:
    import pyarrow as pa

    from dataset_builder.counts import TextCounts, count_texts

    assert isinstance(texts, pa.Array)
    counted = count_texts(texts)
    return TextCounts(chars=counted.chars + 1, words=counted.words, sentences=counted.sentences)


@pytest.mark.parametrize("value", ["", "x", "-1", "1.5", "253402300800", "1_000", "٣", "1e9", " 1", "9" * 40])
def test_an_odd_source_date_epoch_is_refused_by_name(value: str) -> None:
    with pytest.raises(UsageError, match="E104 SOURCE_DATE_EPOCH"):
        release_date({"SOURCE_DATE_EPOCH": value})


@pytest.mark.parametrize(
    ("value", "day"), [("0", "1970-01-01"), ("253402300799", "9999-12-31"), ("86400", "1970-01-02")]
)
def test_source_date_epoch_is_the_date_of_the_release(value: str, day: str) -> None:
    assert release_date({"SOURCE_DATE_EPOCH": value}).isoformat() == day


def test_a_release_inside_the_source_is_no_article(source: Path, tmp_path: Path) -> None:
    build(config_for(source, source))
    result = build(config_for(source, tmp_path / "out", name="other"))
    assert (result.articles, result.skipped_by) == (3, {"releases of a dataset": 1})
    (source / "articles" / "LATEST").unlink()
    again = build(config_for(source, tmp_path / "out", name="other"), dry_run=True)
    assert (again.articles, again.skipped_by) == (3, {"releases of a dataset": 1})


def test_a_license_that_is_none_is_warned_about(source: Path, tmp_path: Path) -> None:
    warnings = build(config_for(source, tmp_path / "out", license="CC-FOO"), dry_run=True).warnings
    assert any("'CC-FOO' is no SPDX identifier" in warning for warning in warnings)
    known = build(config_for(source, tmp_path / "out", license="mit"), dry_run=True).warnings
    assert not any("SPDX" in warning for warning in known)


def test_markdown_read_as_plain_text_is_told(source: Path, tmp_path: Path) -> None:
    (source / "note.md").write_text(article(9))
    result = build(config_for(source, tmp_path / "out"), dry_run=True)
    assert result.articles == 4
    assert any("1 Markdown file is read as plain text" in warning for warning in result.warnings)


def test_a_warning_says_what_is_the_matter(tmp_path: Path) -> None:
    source = tmp_path / "articles"
    source.mkdir()
    (source / "a.txt").write_text("q7 " * 40)
    warnings = build(config_for(source, tmp_path / "out"), dry_run=True).warnings
    told = [warning for warning in warnings if warning.startswith("C")]
    assert told
    assert all("rows)" in warning or "(" in warning for warning in told)

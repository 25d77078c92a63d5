"""A file that an editor saved anew: other bytes, the same paragraphs under the same ids, and a release that says so."""

import unicodedata
from pathlib import Path

import pytest

from dataset_builder.layout import open_release
from dataset_builder.pipeline import build
from tests.conftest import config_for

TEXT = """Le phare de l’île

Le gardien allumait sa lampe à six heures, et elle brûlait jusqu’au matin.

Personne ne l’avait payé, et personne n’avait encore demandé pourquoi il le faisait.
"""
WAYS = {
    "mark": ("\ufeff" + TEXT).encode(),
    "crlf": TEXT.replace("\n", "\r\n").encode(),
    "cr": TEXT.replace("\n", "\r").encode(),
    "decomposed": unicodedata.normalize("NFD", TEXT).encode(),
    "blanks": TEXT.replace("\n", " \t \n").encode(),
    "no-end": TEXT.rstrip("\n").encode(),
    "utf16": TEXT.encode("utf-16"),
    "all": ("\ufeff" + unicodedata.normalize("NFD", TEXT).replace("\n", "  \r\n")).encode(),
}


def rows_of(release: Path) -> list[dict[str, object]]:
    columns = ["article_id", "paragraph_id", "position", "text", "role", "is_boilerplate", "language"]
    rows: list[dict[str, object]] = open_release(release).table("paragraphs", columns).to_pylist()
    return rows


def test_texts_and_ids_stay_and_it_is_not_unchanged(tmp_path: Path) -> None:
    """All ways in one build: each is an article whose source changed, so none of them may differ in a row."""
    source = tmp_path / "articles"
    source.mkdir()
    for way in WAYS:
        (source / f"{way}.txt").write_text(TEXT, "utf-8")
    first = build(config_for(source, tmp_path / "out"))
    for way, content in WAYS.items():
        (source / f"{way}.txt").write_bytes(content)
    second = build(config_for(source, tmp_path / "out"))
    assert (second.status, second.version) == ("new", "1.1.0")
    assert first.release is not None
    assert second.release is not None
    assert rows_of(first.release) == rows_of(second.release)
    assert any(str(len(WAYS)) in reason for reason in second.reasons), second.reasons


@pytest.mark.parametrize("way", ["mark", "no-end", "decomposed"])
def test_each_alone_is_a_release(tmp_path: Path, way: str) -> None:
    source = tmp_path / "articles"
    source.mkdir()
    (source / "a.txt").write_text(TEXT, "utf-8")
    build(config_for(source, tmp_path / "out"))
    (source / "a.txt").write_bytes(WAYS[way])
    assert build(config_for(source, tmp_path / "out"), dry_run=True).version == "1.1.0"

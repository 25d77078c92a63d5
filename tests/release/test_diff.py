"""What differs between two releases: each kind of change, both ways, as JSON, as Parquet and on a terminal."""

import json
import re
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_builder.cli import run
from dataset_builder.cli.changes import mark_words
from dataset_builder.diff import CHANGES, Comparison, compare_releases
from dataset_builder.diff.compare import ROWS
from dataset_builder.diff.contract import contract_changes
from dataset_builder.diff.edits import pair_edits
from dataset_builder.diff.rows import compare_paragraphs
from dataset_builder.layout import Release
from dataset_builder.release import facts_of_build
from tests.conftest import ROOT
from tests.release import release_corpus
from tests.release.release_corpus import (
    IDENTITY,
    SUITE,
    Article,
    Row,
    article,
    build_release,
    corpus,
    edited,
    tables_of,
    write_shards,
)

OTHER = IDENTITY.model_copy(update={"name": "mountain-notes"})


def compare(folder: Path, old: list[Article], new: list[Article]) -> Comparison:
    first, _ = build_release(folder / "a", old)
    second, _ = build_release(folder / "b", new)
    return compare_releases(first, second)


def rows_but(number: int, place: int, *rows: Row) -> list[Row]:
    """The rows of an article with the one at *place* replaced by *rows*."""
    own = article(number).rows
    return [*own[:place], *rows, *own[place + 1 :]]


def kinds(found: Comparison) -> dict[str, int]:
    return {kind: count for kind, count in found.counts.items() if count}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return build_release(tmp_path_factory.mktemp("base"), corpus())[0]


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release with a paragraph added, one edited, one removed, an article gone and a new one."""
    articles = edited(corpus(), 1, rows=rows_but(1, 1, article(1).rows[1], Row("Gulls came over the mole at noon.")))
    articles = edited(articles, 2, rows=rows_but(2, 2, Row("Note 2.2: the tide stood high at 4 ells. Größe, 潮, مد.")))
    articles = edited(articles, 3, rows=rows_but(3, 4))
    return build_release(tmp_path_factory.mktemp("later"), [*articles[:7], article(9)])[0]


def test_a_release_and_its_copy_do_not_differ(release: Release, tmp_path: Path) -> None:
    copy = replace(release, path=Path(shutil.copytree(release.path, tmp_path / "copy")))
    for other in (release, copy):
        found = compare_releases(release, other)
        assert not found.differs
        assert (found.decision.bump, found.decision.reasons) == ("none", ())
        assert kinds(found) == {}


def test_every_row_that_differs_is_found_once(release: Release, later: Release) -> None:
    assert compare_releases(release, later).counts == {
        "added": 1 + 6,
        "removed": 1 + 6,
        "changed": 0,
        "edited": 1,
        "moved": 4 + 3 + 1,
        "article_changed": 3,
        "article_gone": 1,
        "article_new": 1,
        "article_source_changed": 3,
    }


def test_backwards_added_is_removed_and_old_is_new(release: Release, later: Release) -> None:
    there, back = compare_releases(release, later), compare_releases(later, release)
    swapped = {"added": "removed", "removed": "added"}
    assert {swapped.get(kind, kind): n for kind, n in there.counts.items() if not kind.startswith("article")} == {
        kind: n for kind, n in back.counts.items() if not kind.startswith("article")
    }

    def values(found: Comparison, kind: str, *columns: str) -> list[tuple[str | None, ...]]:
        return sorted(
            tuple(row[c] for c in columns)
            for row in found.rows.to_pylist()
            if row["kind"] == kind and row["column"] != "paragraph_id"
        )

    assert values(there, "added", "paragraph_id", "new") == values(back, "removed", "paragraph_id", "old")
    for kind in ("edited", "moved"):
        assert values(there, kind, "column", "old", "new") == values(back, kind, "column", "new", "old")


def test_a_stranger_shares_no_row(release: Release, tmp_path: Path) -> None:
    stranger, _ = build_release(tmp_path, [article(20), article(21)], identity=OTHER)
    found = compare_releases(release, stranger)
    assert found.decision.unrelated
    assert kinds(found) == {
        "added": 12,
        "removed": 48,
        "article_gone": 8,
        "article_new": 2,
        "identity_changed": 1,
    }


def test_an_edited_paragraph_is_one_change_with_both_texts(tmp_path: Path) -> None:
    text = "Note 2.2: the tide stood high at 4 ells. Größe, 潮, مد."
    found = compare(tmp_path, corpus(4), edited(corpus(4), 2, rows=rows_but(2, 2, Row(text))))
    cells = {row["column"]: row for row in found.rows.to_pylist() if row["kind"] == "edited"}
    assert (cells["text"]["old"], cells["text"]["new"]) == (article(2).rows[2].text, text)
    assert cells["paragraph_id"]["new"] == cells["text"]["paragraph_id"]
    assert found.counts["edited"] == 1
    assert found.counts["added"] == found.counts["removed"] == 0
    assert found.decision.bump == "minor"


def test_another_text_in_the_same_place_is_no_edit(tmp_path: Path) -> None:
    found = compare(tmp_path, corpus(4), edited(corpus(4), 2, rows=rows_but(2, 2, Row("Gulls over the mole."))))
    assert (found.counts["added"], found.counts["removed"], found.counts["edited"]) == (1, 1, 0)


def test_a_label_judged_anew_is_a_changed_row_and_the_rules_major(tmp_path: Path) -> None:
    row = replace(article(2).rows[2], category="promotion", score=0.9)
    found = compare(tmp_path, corpus(4), edited(corpus(4), 2, rows=rows_but(2, 2, row)))
    assert found.decision.bump == "major"
    assert found.counts["article_judged_anew"] == 1
    assert found.counts["changed"] == 1
    cells = {r["column"]: (r["old"], r["new"]) for r in found.rows.to_pylist()}
    assert cells["boilerplate_category"] == ("none", "promotion")
    assert cells["is_boilerplate"] == ("false", "true")
    assert list(found.totals("boilerplate_category")) == ["promotion"]


def test_a_review_is_a_changed_row_of_a_reviewed_article(tmp_path: Path) -> None:
    row = replace(article(2).rows[2], category="promotion", origin="review")
    found = compare(tmp_path, corpus(4), edited(corpus(4), 2, rows=rows_but(2, 2, row)))
    assert found.decision.bump == "minor"
    assert found.counts["article_reviewed"] == 1


def test_a_score_alone_is_a_changed_value(tmp_path: Path) -> None:
    row = replace(article(2).rows[2], score=0.5)
    found = compare(tmp_path, corpus(4), edited(corpus(4), 2, rows=rows_but(2, 2, row)))
    assert kinds(found) == {"changed": 1, "article_values_changed": 1}
    assert [(r["column"], r["old"], r["new"]) for r in found.rows.to_pylist()] == [("boilerplate_score", "0.25", "0.5")]


def test_rows_behind_an_insertion_moved(tmp_path: Path) -> None:
    new = Row("Gulls came over the mole at noon, and stayed.")
    found = compare(tmp_path, corpus(4), edited(corpus(4), 2, rows=[new, *article(2).rows]))
    assert (found.counts["added"], found.counts["moved"], found.counts["changed"]) == (1, 6, 0)
    moved = found.rows.filter(pl.Series(found.rows["kind"].to_pylist()).eq("moved").to_arrow())
    assert set(moved["column"].to_pylist()) <= {"position", "char_start", "char_end", "section_position"}


def test_a_renamed_article_is_named_with_both_ids(tmp_path: Path) -> None:
    articles = corpus(4)
    found = compare(tmp_path, articles, edited(articles, 2, id="notes/renamed"))
    renamed = [r for r in found.articles.to_pylist() if r["kind"] == "article_renamed"]
    assert [(r["old"], r["new"]) for r in renamed] == [("notes/0002", "notes/renamed")]


def test_the_side_table_stands_apart(tmp_path: Path) -> None:
    found = compare(tmp_path, corpus(4), edited(corpus(4), 2, encoding="utf-16"))
    assert kinds(found) == {}
    assert [(r["column"], r["old"], r["new"]) for r in found.sources.to_pylist()] == [("encoding", "utf-8", "utf-16")]
    assert found.decision.bump == "patch"
    assert found.differs


@pytest.mark.parametrize(
    ("part", "value"), [("title", "Other"), ("authors", ()), ("license", "MIT"), ("description", None), ("card", "# x")]
)
def test_each_part_of_the_identity_is_named(release: Release, tmp_path: Path, part: str, value: object) -> None:
    other, _ = build_release(tmp_path, corpus(), identity=IDENTITY.model_copy(update={part: value}))
    found = compare_releases(release, other)
    assert [(r["kind"], r["column"]) for r in found.contract.to_pylist()] == [("identity_changed", part)]
    assert not found.rows.num_rows


def test_columns_tables_and_labels_are_added_removed_and_retyped() -> None:
    old = facts_of_build([], identity=IDENTITY, suite=SUITE)
    columns = {name: dict(own) for name, own in old.columns.items()}
    del columns["sources"], columns["paragraphs"]["dom_path"]
    columns["paragraphs"] |= {"n_words": "int64", "mood": "string"}
    columns["extra"] = {"x": "string"}
    labels = {kind: dict(own) for kind, own in old.labels.items()}
    labels["role"] = {**{n: m for n, m in labels["role"].items() if n != "heading"}, "body": 2, "verse": 1}
    new = replace(old, columns=columns, labels=labels)
    there = {(r["kind"], r["column"]) for r in contract_changes(old, new)}
    assert there == {
        ("table_removed", "sources"),
        ("table_added", "extra"),
        ("column_removed", "paragraphs.dom_path"),
        ("column_retyped", "paragraphs.n_words"),
        ("column_added", "paragraphs.mood"),
        ("label_removed", "role.heading"),
        ("label_meaning_changed", "role.body"),
        ("label_added", "role.verse"),
    }


def test_a_retyped_column_is_compared_as_text() -> None:
    rows = tables_of(corpus(2))["paragraphs"]
    wide = rows.set_column(rows.schema.get_field_index("n_words"), "n_words", rows["n_words"].cast("int64"))
    assert compare_paragraphs(rows, wide).num_rows == 0


WORDS = ("the tide stood low", "the tide stood high", "gulls", "fog over the mole", "潮", "fog over the pier")
any_rows = st.lists(
    st.builds(Row, st.sampled_from(WORDS), st.sampled_from(("body", "heading")), st.sampled_from(("none", "legal"))),
    min_size=1,
    max_size=8,
)
any_articles = st.dictionaries(st.sampled_from("abc"), any_rows, min_size=1).map(
    lambda found: [Article(id=article_id, rows=rows) for article_id, rows in found.items()]
)


@given(any_articles, any_articles)
def test_the_changes_turn_the_old_rows_into_the_new(old: list[Article], new: list[Article]) -> None:
    before, after = (
        {row["paragraph_id"]: row for row in tables_of(side)["paragraphs"].to_pylist()} for side in (old, new)
    )
    found = compare_paragraphs(tables_of(old)["paragraphs"], tables_of(new)["paragraphs"]).to_pylist()
    removed, added = ({r["paragraph_id"] for r in found if r["kind"] == kind} for kind in ("removed", "added"))
    edits = {r["new"]: r["old"] for r in found if r["kind"] == "edited" and r["column"] == "paragraph_id"}
    partner = {key: edits.get(key, key) for key in after.keys() - added}
    assert sorted(partner.values()) == sorted(before.keys() - removed)
    cells = {(r["paragraph_id"], r["column"]) for r in found if r["kind"] not in ("added", "removed")}
    assert cells == {(n, c) for n, o in partner.items() for c in after[n] if before[o][c] != after[n][c]}


def gap(*texts: str) -> pl.DataFrame:
    ids = [f"a#{text}" for text in texts]
    return pl.DataFrame(
        {"article_id": ["a"] * len(ids), "paragraph_id": ids, "position": range(len(ids)), "text": texts},
        schema={"article_id": pl.String, "paragraph_id": pl.String, "position": pl.Int32, "text": pl.String},
    )


def test_the_most_similar_are_paired_first() -> None:
    pairs = pair_edits(gap("one two three", "one two three four five"), gap("one two three four six", "nine ten"))
    assert pairs["paragraph_id"].to_list() == ["a#one two three four five"]


def test_texts_between_other_neighbours_are_not_paired() -> None:
    assert pair_edits(gap("a b c d", "kept"), gap("kept", "a b c e")).height == 0
    assert pair_edits(gap("a b c d", "kept"), gap("a b c e", "kept")).height == 1


def test_texts_without_spaces_are_paired_by_their_characters() -> None:
    assert pair_edits(gap("雪の下の大根は甘い"), gap("雪の下の人参は甘い")).height == 1


texts = st.lists(st.text("ab \u6f6e", min_size=1, max_size=9), unique=True, max_size=7).map(lambda t: gap(*t))


@given(texts, texts)
def test_every_row_is_in_at_most_one_pair(old: pl.DataFrame, new: pl.DataFrame) -> None:
    pairs = pair_edits(old, new)
    assert pairs["paragraph_id"].is_unique().all()
    assert pairs["paragraph_id_new"].is_unique().all()
    kept = set(old["paragraph_id"]) & set(new["paragraph_id"])
    assert not kept & {*pairs["paragraph_id"], *pairs["paragraph_id_new"]}


@given(st.text(), st.text())
def test_marked_words_show_no_control_character(old: str, new: str) -> None:
    assert mark_words(old, new).plain.isprintable()


def test_words_are_marked() -> None:
    assert mark_words("the tide was low", "the tide stood low").plain.endswith("[-was-]{+stood+} low")


def test_of_a_long_text_only_what_surrounds_a_change_is_shown() -> None:
    words = [f"w{number}" for number in range(100)]
    marked = mark_words(" ".join(words), " ".join([*words[:50], "new", *words[50:]])).plain
    assert marked == "… w47 w48 w49 {+new +}w50 w51 w52 …"


def test_an_article_that_was_rewritten_stays_quick() -> None:
    old, new = (gap(*(f"{side} {number} and the tide stood" for number in range(600))) for side in ("low", "high"))
    pairs = pair_edits(old, new)
    assert pairs["paragraph_id"].str.extract(r"(\d+)").equals(pairs["paragraph_id_new"].str.extract(r"(\d+)"))
    assert pairs.height == 600


def test_how_rows_are_spread_over_files_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = corpus(9), edited(corpus(9), 8, rows=rows_but(8, 2, Row("Gulls over the mole.")))
    first, _ = build_release(tmp_path / "a", one)
    expected = compare_releases(first, build_release(tmp_path / "b", other)[0])
    for size in (1, 2, 9):
        monkeypatch.setattr(release_corpus, "write_shards", partial(write_shards, size=size))
        again, same = (build_release(tmp_path / f"{size}{i}", articles)[0] for i, articles in enumerate((other, one)))
        assert compare_releases(first, again).changes.equals(expected.changes)
        assert not compare_releases(first, same).differs


# The command


def test_json_is_alone_on_standard_output(release: Release, later: Release, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", str(release.path), str(later.path), "--json"]) == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert said.err == ""
    found = compare_releases(release, later)
    assert (told["bump"], told["reasons"]) == (found.decision.bump, list(found.decision.reasons))
    assert told["counts"] == found.counts
    assert len(told["rows"]) == found.rows.num_rows
    assert sum(one["added"] for one in told["totals"]["article"]) == found.counts["added"]


def test_parquet_has_a_row_for_each_change(release: Release, later: Release, tmp_path: Path) -> None:
    path = tmp_path / "changes.parquet"
    assert run(["diff", str(release.path), str(later.path), "--parquet", str(path)]) == 0
    table = pq.read_table(path)
    assert table.schema.names[:6] == ["kind", "article_id", "paragraph_id", "column", "old", "new"]
    assert table.equals(compare_releases(release, later).changes)
    assert table.schema.names == CHANGES.names


def test_the_exit_code_says_whether_anything_differs_when_asked(release: Release, later: Release) -> None:
    same, other = str(release.path), str(later.path)
    assert [run(["diff", same, other]), run(["diff", same, other, "--exit-code"])] == [0, 1]
    assert [run(["diff", same, same]), run(["diff", same, same, "--exit-code"])] == [0, 0]


def test_what_is_no_release_is_an_error(release: Release, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for pair in ((release.path, tmp_path), (tmp_path / "missing", release.path)):
        assert run(["diff", *map(str, pair)]) == 4
        assert capsys.readouterr().err.startswith("E410 ")


def test_a_version_is_one_of_the_configured_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build_release(tmp_path / "dist", corpus(3))
    build_release(tmp_path / "dist", corpus(4))
    (tmp_path / "dataset.toml").write_text(f'name = "{IDENTITY.name}"\nsource = "articles"\n')
    monkeypatch.chdir(tmp_path)
    assert run(["diff", "1.0.0", "1.1.0", "--exit-code"]) == 1
    assert "article notes/0003 is new" in capsys.readouterr().out
    assert run(["diff", "1.0.0", "7.0.0"]) == 4


def test_hostile_texts_are_escaped_on_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "[red]bold[/red] \x1b[31m \u202e evil \r\n tide stood"
    old = edited(corpus(3), 1, rows=[Row("[red]bold[/red] evil tide stood"), Row("the rest of it")])
    new = edited(corpus(3), 1, rows=[Row(hostile), Row("the rest of it"), Row(hostile + "\x07", role="heading")])
    first, _ = build_release(tmp_path / "a", old)
    second, _ = build_release(tmp_path / "b", new)
    assert run(["diff", str(first.path), str(second.path)]) == 0
    shown = capsys.readouterr().out
    assert all(line.isprintable() for line in shown.split("\n"))
    assert "[red]bold[/red]" in shown
    assert "\\x1b[31m" in shown


@pytest.mark.parametrize("pair", [("release", "later"), ("later", "release")])
def test_the_table_names_bump_reasons_and_both_versions(
    pair: tuple[str, str], request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = (request.getfixturevalue(name) for name in pair)
    run(["diff", str(old.path), str(new.path)])
    shown = capsys.readouterr().out
    found = compare_releases(old, new)
    assert shown.startswith("harbour-notes 1.0.0 → harbour-notes 1.0.0\nbump: major\n")
    assert all(reason in shown for reason in found.decision.reasons)


def test_every_kind_and_option_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    docs = (ROOT / "docs" / "versions.md").read_text("utf-8")
    run(["diff", "--help"])
    options = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options == {"--json", "--parquet", "--exit-code"}
    kinds = [*ROWS, *(f"article_{what}" for what in ("new", "gone", "renamed", "moved", "reviewed", "changed"))]
    assert [word for word in (*options, *kinds) if word not in docs] == []

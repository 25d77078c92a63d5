"""The version rule: each line of its table, its reasons, and any mix of edits against a second, naive reading of it."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_builder.config import Author, Identity
from dataset_builder.release import (
    Decision,
    Facts,
    article_facts,
    count_row_changes,
    decide_version,
    facts_of_build,
    write_table,
)
from dataset_builder.release.facts import schema_columns
from dataset_builder.release.version import compare_articles, next_version
from tests.release.release_corpus import (
    IDENTITY,
    SUITE,
    Article,
    Row,
    article,
    article_row,
    build_release,
    corpus,
    paragraph_rows,
    shards_of,
    source_row,
    tables_of,
)

BUMPS = ("none", "patch", "minor", "major")
LABELS = facts_of_build([], identity=IDENTITY, suite=SUITE).labels


@dataclass
class World:
    """A state of a dataset that the rule compares."""

    articles: list[Article] = field(default_factory=lambda: corpus(6))
    splits: dict[str, str] = field(default_factory=dict)
    identity: Identity = IDENTITY
    suite: str = SUITE
    columns: dict[str, dict[str, str]] = field(default_factory=schema_columns)
    labels: dict[str, dict[str, int]] = field(default_factory=lambda: {k: dict(v) for k, v in LABELS.items()})
    shard: int = 4


Edit = Callable[[World, int, int], None]


def facts_of(world: World, folder: Path) -> tuple[Facts, list[Path]]:
    facts, paths = [], []
    by_split: dict[str, list[Article]] = {}
    for one in world.articles:
        by_split.setdefault(world.splits.get(one.id, "train"), []).append(one)
    for split, articles in by_split.items():
        for number, shard in enumerate(shards_of(articles, world.shard)):
            tables = tables_of(shard)
            written = write_table(tables["paragraphs"], "paragraphs", folder, split=split, number=number)
            paths.append(folder / written.path)
            facts.append(article_facts(tables["paragraphs"], tables["articles"], tables["sources"], split=split))
    found = facts_of_build(facts, identity=world.identity, suite=world.suite)
    return replace(found, columns=world.columns, labels=world.labels), paths


def decide(old: World, new: World, folder: Path) -> Decision:
    was, old_files = facts_of(old, folder / "old")
    now, new_files = facts_of(new, folder / "new")
    was = replace(was, version="3.4.5")
    judged = compare_articles(was, now).judgement
    return decide_version(was, now, count_row_changes(old_files, new_files, judged))


# --- the naive reading ------------------------------------------------------------------------------------------------


def expected_bump(old: World, new: World) -> str:
    was, now = ({one.id: one for one in world.articles} for world in (old, new))
    bumps = {"none", *_contract_bumps(old, new)}
    for key in was.keys() | now.keys():
        if key not in now:
            bumps.add("major")
        elif key not in was:
            bumps.add("minor")
        else:
            bumps.add(_article_bump(was[key], now[key]))
            bumps |= {"major"} if old.splits.get(key) != new.splits.get(key) else set()
    return max(bumps, key=BUMPS.index)


def _article_bump(old: Article, new: Article) -> str:
    rows = [paragraph_rows(old), paragraph_rows(new)]
    if _source(old) != _source(new):
        return "minor"
    pairs = [{row["paragraph_id"]: row for row in side} for side in rows]
    if pairs[0].keys() != pairs[1].keys():
        return "major"
    flipped = False
    for key, after in sorted(pairs[1].items(), key=lambda item: item[1]["position"]):
        before = pairs[0][key]
        reviewed = "review" in (before["label_origin"], after["label_origin"])
        flipped |= reviewed and (before["role"] == "heading") != (after["role"] == "heading")

        def differ(*names: str, before: dict[str, Any] = before, after: dict[str, Any] = after) -> bool:
            return any(before[name] != after[name] for name in names)

        if differ("text", "char_start", "char_end", "language"):
            return "major"
        if differ("role", "is_boilerplate", "boilerplate_category") and not reviewed:
            return "major"
        sections = ("index", "title", "level", "path", "position")
        if differ(*(f"section_{name}" for name in sections)) and not flipped:
            return "major"
    if rows[0] != rows[1] or article_row(old) != article_row(new):
        return "minor"
    return "patch" if source_row(old) != source_row(new) else "none"


def _source(one: Article) -> tuple[Any, ...]:
    return one.source_text, one.title, one.url, one.authors, one.published_at, one.license


def _contract_bumps(old: World, new: World) -> set[str]:
    bumps = set()
    contracts: list[tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]] = [
        ({**old.columns}, {**new.columns}),
        ({**old.labels}, {**new.labels}),
    ]
    for was, now in contracts:
        for group in was:
            kept = was[group].keys() & now[group].keys()
            bumps |= {"major"} if was[group].keys() - now[group].keys() else set()
            bumps |= {"major"} if any(was[group][key] != now[group][key] for key in kept) else set()
            bumps |= {"minor"} if now[group].keys() - was[group].keys() else set()
    before, after = old.identity, new.identity
    if (before.license or "").upper() != (after.license or "").upper():
        bumps.add("major")
    for name in ("title", "description", "authors", "card"):
        bumps |= {"patch"} if getattr(before, name) != getattr(after, name) else set()
    return bumps | ({"patch"} if old.suite != new.suite else set())


# --- edits ------------------------------------------------------------------------------------------------------------


def _identity(**changes: Any) -> Edit:
    def edit(world: World, i: int, j: int) -> None:
        world.identity = world.identity.model_copy(update=changes)

    return edit


def _article(**changes: Any) -> Edit:
    def edit(world: World, i: int, j: int) -> None:
        for name, value in changes.items():
            setattr(world.articles[i % len(world.articles)], name, value)

    return edit


def _row(**changes: Any) -> Edit:
    def edit(world: World, i: int, j: int) -> None:
        rows = world.articles[i % len(world.articles)].rows
        rows[j % len(rows)] = replace(rows[j % len(rows)], **changes)

    return edit


def _cell(column: str, value: Any) -> Edit:
    def edit(world: World, i: int, j: int) -> None:
        one = world.articles[i % len(world.articles)]
        one.edits[j % len(one.rows), column] = value

    return edit


def _nothing(world: World, i: int, j: int) -> None:
    pass


def _add_article(world: World, i: int, j: int) -> None:
    if all(one.id != f"notes/{100 + i:04d}" for one in world.articles):
        world.articles.append(article(100 + i))


def _remove_article(world: World, i: int, j: int) -> None:
    if len(world.articles) > 1:
        del world.articles[i % len(world.articles)]


def _rename_article(world: World, i: int, j: int) -> None:
    one = world.articles[i % len(world.articles)]
    one.id += "-renamed"


def _add_row(world: World, i: int, j: int) -> None:
    world.articles[i % len(world.articles)].rows.insert(j, Row(f"An added paragraph {j}."))


def _remove_row(world: World, i: int, j: int) -> None:
    rows = world.articles[i % len(world.articles)].rows
    if len(rows) > 1:
        del rows[j % len(rows)]


def _move_split(world: World, i: int, j: int) -> None:
    world.splits[world.articles[i % len(world.articles)].id] = "test"


def _reorder(world: World, i: int, j: int) -> None:
    world.articles.reverse()
    world.shard = 1 + i % 5


def _column(table: str, name: str, kind: str | None) -> Edit:
    def edit(world: World, i: int, j: int) -> None:
        world.columns[table] = {k: v for k, v in world.columns[table].items() if k != name}
        world.columns[table] |= {name: kind} if kind else {}

    return edit


def _label(kind: str, name: str, meaning: int | None) -> Edit:
    def edit(world: World, i: int, j: int) -> None:
        world.labels[kind] = {k: v for k, v in world.labels[kind].items() if k != name}
        world.labels[kind] |= {name: meaning} if meaning else {}

    return edit


EDITS: dict[str, tuple[str, Edit]] = {
    "nothing": ("none", _nothing),
    "another order and other shards": ("none", _reorder),
    "license spelt otherwise": ("none", _identity(license="cc-by-4.0")),
    "title": ("patch", _identity(title="Other notes")),
    "authors": ("patch", _identity(authors=(Author(name="Somebody"),))),
    "description": ("patch", _identity(description=None)),
    "card": ("patch", _identity(card="Read this first.")),
    "suite": ("patch", lambda world, i, j: setattr(world, "suite", "0" * 64)),
    "source encoding": ("patch", _article(encoding="latin-1")),
    "new article": ("minor", _add_article),
    "paragraph added to the source": ("minor", _add_row),
    "paragraph removed from the source": ("minor", _remove_row),
    "url": ("minor", _article(url="https://example.org/other")),
    "declared authors": ("minor", _article(authors=["Somebody Else"])),
    "declared title": ("minor", _article(title="A declared title")),
    "declared license": ("minor", _article(license="MIT")),
    "published": ("minor", _article(published_at=datetime(2020, 1, 1, tzinfo=UTC))),
    "score": ("minor", _row(score=0.5)),
    "words": ("minor", _cell("n_words", 99)),
    "dom path": ("minor", _cell("dom_path", "p[1]")),
    "role by review": ("minor", _row(role="quote", origin="review")),
    "category by review": ("minor", _row(category="promotion", origin="review")),
    "heading by review": ("minor", _row(role="heading", origin="review")),
    "label confirmed by review": ("minor", _row(origin="review")),
    "new column": ("minor", _column("articles", "series", "string?")),
    "new label": ("minor", _label("category", "weather", 1)),
    "gone": ("major", _remove_article),
    "renamed": ("major", _rename_article),
    "split": ("major", _move_split),
    "role": ("major", _row(role="list_item")),
    "heading": ("major", _row(role="heading")),
    "category": ("major", _row(category="legal")),
    "boilerplate": ("major", _cell("is_boilerplate", True)),
    "start": ("major", _cell("char_start", 1000)),
    "end": ("major", _cell("char_end", 1000)),
    "section title": ("major", _cell("section_title", "Elsewhere")),
    "section path": ("major", _cell("section_path", ["a", "b"])),
    "section level": ("major", _cell("section_level", 4)),
    "row's language": ("major", _cell("language", "fr")),
    "language": ("major", _article(language="da")),
    "row's text": ("major", _cell("text", "Another text")),
    "column removed": ("major", _column("sources", "encoding", None)),
    "column retyped": ("major", _column("paragraphs", "position", "int64")),
    "column may be null": ("major", _column("paragraphs", "position", "int32?")),
    "label removed": ("major", _label("role", "code", None)),
    "label's meaning": ("major", _label("category", "media", 2)),
    "license": ("major", _identity(license="CC0-1.0")),
    "license taken away": ("major", _identity(license=None)),
}


@pytest.mark.parametrize("name", EDITS)
def test_one_edit_gives_the_bump_of_its_line_in_the_rule(name: str, tmp_path: Path) -> None:
    expected, edit = EDITS[name]
    new = World()
    edit(new, 2, 1)
    found = decide(World(), new, tmp_path)
    assert found.bump == expected == expected_bump(World(), new)
    assert found.version == {"none": "3.4.5", "patch": "3.4.6", "minor": "3.5.0", "major": "4.0.0"}[expected]
    assert found.previous == "3.4.5"
    assert bool(found.reasons) == (expected != "none")
    assert all(reason.startswith(f"{expected}: ") for reason in found.reasons[:1])


STEP = st.tuples(st.sampled_from(sorted(EDITS)), st.integers(0, 7), st.integers(0, 7))


@given(before=st.lists(STEP, max_size=3), after=st.lists(STEP, max_size=4))
@settings(max_examples=min(settings().max_examples, 1_000))
def test_any_mix_of_edits_gives_the_bump_that_a_naive_reading_of_the_rule_gives(
    before: list[tuple[str, int, int]], after: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    old = World()
    for name, i, j in before:
        EDITS[name][1](old, i, j)
    new = copy.deepcopy(old)
    for name, i, j in after:
        EDITS[name][1](new, i, j)
    assert decide(old, new, tmp_path_factory.mktemp("mix")).bump == expected_bump(old, new)


def test_the_first_release_is_1_0_0() -> None:
    found = decide_version(None, facts_of_build([], identity=IDENTITY, suite=SUITE))
    assert (found.version, found.bump, found.previous, found.unrelated) == ("1.0.0", "first", None, False)


def test_numbers_grow_beyond_nine() -> None:
    assert next_version("9.9.9", "patch") == "9.9.10"
    assert next_version("9.9.10", "minor") == "9.10.0"
    assert next_version("9.10.3", "major") == "10.0.0"


def test_the_reason_names_rows_article_and_what_changed(tmp_path: Path) -> None:
    new = World()
    for j in (1, 2, 4):
        _row(role="quote")(new, 3, j)
    _row(role="list_item")(new, 4, 1)
    found = decide(World(), new, tmp_path)
    assert found.reasons == (
        "major: 3 rows of article notes/0003, whose source is the same, changed their label",
        "major: 1 row of article notes/0004, whose source is the same, changed its label",
    )
    assert found.counts["articles_judged_anew"] == 2
    assert found.counts["rows_judged_anew"] == 4
    assert found.counts["articles_same"] == 4


def test_long_lists_of_articles_are_cut_and_counted(tmp_path: Path) -> None:
    old, new = World(articles=corpus(20)), World(articles=[article(n) for n in range(8, 28)])
    for i in range(9):
        _row(role="quote")(new, i, 1)
    found = decide(old, new, tmp_path)
    assert found.reasons[0].startswith("major: 8 articles are gone: notes/0000, notes/0001, ")
    assert found.reasons[0].endswith(", notes/0004 …")
    assert "major: 4 rows of 4 other articles, whose source is the same, changed likewise" in found.reasons
    assert any(reason.startswith("minor: 8 articles are new: notes/0020") for reason in found.reasons)
    assert len(found.reasons) == 8


def test_a_review_does_not_excuse_what_it_cannot_have_changed(tmp_path: Path) -> None:
    new = World()
    _row(role="heading", origin="review")(new, 2, 4)
    _cell("section_title", "Elsewhere")(new, 2, 2)  # before the reviewed row
    assert decide(World(), new, tmp_path).reasons[0] == (
        "major: 1 row of article notes/0002, whose source is the same, changed its section"
    )


def test_a_review_taken_back_is_minor(tmp_path: Path) -> None:
    old = World()
    _row(role="heading", origin="review")(old, 2, 1)
    assert decide(old, World(), tmp_path).bump == "minor"


def test_a_title_row_judged_anew_is_no_changed_source(tmp_path: Path) -> None:
    old, new = World(), World()
    new.articles[2].rows[0] = replace(new.articles[2].rows[0], role="body")
    new.articles[2].rows[1] = replace(new.articles[2].rows[1], role="title")
    for world in (old, new):
        world.articles[3].title = world.articles[3].rows[0].text
    new.articles[3].rows[0] = replace(new.articles[3].rows[0], role="body")
    found = decide(old, new, tmp_path)
    assert found.bump == "major"
    assert found.counts["articles_source_changed"] == 0
    assert found.counts["articles_judged_anew"] == 2


def test_a_paragraph_cut_otherwise_counts_as_changed_text(tmp_path: Path) -> None:
    old, new = World(), World()
    whole = new.articles[1].rows
    cut = paragraph_rows(new.articles[1])
    assert old.articles[1].rows == whole
    tables = tables_of(new.articles)
    kept = [row for row in tables["paragraphs"].to_pylist() if row["paragraph_id"] != cut[2]["paragraph_id"]]
    split = [cut[2] | {"paragraph_id": f"notes/0001#{k}", "text": part} for k, part in enumerate(("one", "two"))]
    rows = sorted([*kept, *split], key=lambda row: (row["article_id"], row["position"]))
    paragraphs = pa.Table.from_pylist(rows, schema=tables["paragraphs"].schema)
    was, files = facts_of(old, tmp_path / "old")
    facts = article_facts(paragraphs, tables["articles"], tables["sources"])
    now = facts_of_build([facts], identity=IDENTITY, suite=SUITE)
    written = write_table(paragraphs, "paragraphs", tmp_path / "new", split="train", number=0)
    was = replace(was, version="1.0.0")
    judged = compare_articles(was, now).judgement
    changes = count_row_changes(files, [tmp_path / "new" / written.path], judged)
    assert changes.select(["article_id", "rows", "text"]).to_pylist() == [
        {"article_id": "notes/0001", "rows": 2, "text": 2}
    ]
    assert decide_version(was, now, changes).reasons[0] == (
        "major: 2 rows of article notes/0001, whose source is the same, changed their text"
    )


def test_without_a_shared_article_the_decision_says_unrelated(tmp_path: Path) -> None:
    other = World(articles=[article(number) for number in range(50, 53)])
    assert decide(World(), other, tmp_path / "a").unrelated
    assert not decide(World(), World(articles=[*other.articles, article(5)]), tmp_path / "b").unrelated


def test_a_new_and_a_removed_table_are_minor_and_major(tmp_path: Path) -> None:
    was, files = facts_of(World(), tmp_path)
    less = replace(was, version="1.0.0", columns={k: v for k, v in was.columns.items() if k != "sources"})
    assert decide_version(less, was).reasons == ("minor: the table sources is new",)
    assert decide_version(replace(was, version="1.0.0"), less).reasons == ("major: the table sources is removed",)
    assert files


def test_builds_follow_the_rule_from_release_to_release(tmp_path: Path) -> None:
    articles = corpus(4)
    steps: list[tuple[str, Callable[[], None]]] = [
        ("1.0.0", lambda: None),
        ("1.0.0", lambda: None),
        ("1.1.0", lambda: articles.append(article(9))),
        ("1.1.1", lambda: setattr(articles[0], "encoding", "utf-16-le")),
        ("2.0.0", lambda: setattr(articles[1].rows[2], "role", "quote")),
        ("2.1.0", lambda: setattr(articles[2].rows[1], "score", 0.125)),
        ("3.0.0", lambda: articles.remove(articles[3])),
    ]
    for expected, change in steps:
        change()
        release, _ = build_release(tmp_path, articles)
        assert release.version == expected

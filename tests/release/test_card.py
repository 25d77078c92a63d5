"""The dataset card: YAML that reads back, Markdown that does nothing of its own, and the numbers of the release."""

import html
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dataset_builder import schema
from dataset_builder.config import Author, Identity
from dataset_builder.errors import UsageError
from dataset_builder.release import decide_version
from dataset_builder.release.card import card_body, card_md, size_category, split_card
from dataset_builder.release.citation import dump_yaml
from dataset_builder.release.markdown import inert
from dataset_builder.release.metadata import Description, measure
from tests.release.release_corpus import IDENTITY, SUITE, article, build_release, corpus, metadata, write_shards

HOSTILE = (
    "no",
    "null",
    "---",
    "...",
    "a: b # c",
    "- x\n- y",
    "'\"",
    "%TAG ! x",
    "*alias &anchor !tag",
    "<script>alert(1)</script>",
    "<!-- x",
    "[x](javascript:alert(1))",
    "![x](http://example.org/x.png)",
    "`code` ``",
    "```",
    "# heading",
    "1. one",
    "+ x",
    "===",
    "a | b |",
    "https://example.org www.example.org mailto:x@example.org x@example.org",
    "&lt;b&gt; &amp; &#60;",
    "$title ${title} $$",
    "a\\",
    "\\* \\",
    "tab\tnul\x00 bell\x07 \x85 \u2028 \u2029",
    "right \u202e left",
    "~~x~~ __y__ ^^ ==z==",
    "0" * 300,
    "2024-01-01",
    "~",
    "=",
    "\ufeffx",
    "潮 مد 🌊",
)
TITLES = st.sampled_from(HOSTILE) | st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text.strip())


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Description:
    root = tmp_path_factory.mktemp("stage")
    files, facts = write_shards(corpus(8), root)
    return Description(
        metadata=metadata(),
        contents=measure(root, files),
        decision=decide_version(None, facts),
        digests=facts.digests,
        digest=facts.digest,
        columns=facts.columns,
        labels=facts.labels,
    )


def with_identity(described: Description, **changes: Any) -> Description:
    from dataclasses import replace

    identity = Identity.model_validate({**IDENTITY.model_dump(), **changes})
    return replace(described, metadata=metadata(identity))


def front_and_body(card: bytes) -> tuple[dict[str, Any], str]:
    _, front, body = re.split(r"^---\n", card.decode(), maxsplit=2, flags=re.MULTILINE)
    return yaml.safe_load(front), body


def test_a_hostile_title_author_and_description_leave_the_yaml_whole(described: Description) -> None:
    plain, _ = front_and_body(card_md(described))
    for title in ("---\nconfigs: []\n---\nx", "a\u2028---\u2028b\x85---\x85c", " ".join(HOSTILE), "0\x85", "no"):
        other = with_identity(described, title=title, authors=(Author(name=title),), description=title)
        front, _ = front_and_body(card_md(other))
        assert front == {**plain, "pretty_name": other.identity.title}


@given(text=TITLES)
def test_any_text_shows_in_markdown_as_it_is_and_does_nothing(text: str) -> None:
    shown = " ".join(re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", " ", text).split())
    for source in (f"# {inert(text)}", f"x\n\n{inert(text)}\n\ny", f"| a |\n| --- |\n| {inert(text)} |"):
        parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
        inline = [token for token in parser.parse(source) if token.type == "inline" and token.content not in "axy"]
        children = [child for token in inline for child in token.children or []]
        assert {child.type for child in children} <= {"text"}, source
        got = "".join(child.content for child in children).replace("\u200b", "")
        assert got == shown.replace("\u200b", "") or shown in "axy"


@given(text=TITLES)
def test_no_bare_link_of_a_text_is_left_to_be_made_one(text: str) -> None:
    line = inert(f"{text} https://example.org www.example.org x@example.org HTTP://EXAMPLE.ORG")
    assert not re.search(r"(?i)https?://|www\.|[\w.]@\w", line)
    assert "https://example.org" in html.unescape(line)


def test_the_body_of_a_hostile_title_has_the_same_structure_as_that_of_a_plain_one(described: Description) -> None:
    def structure(title: str) -> list[tuple[str, str]]:
        body = card_body(with_identity(described, title=title, description=title, authors=(Author(name=title),)))
        return [(token.type, token.tag) for token in MarkdownIt("commonmark").enable("table").parse(body)]

    for title in HOSTILE:
        assert structure(title) == structure("Plain"), title


def test_the_body_opens_with_code_that_loads_the_release_and_gets_the_clean_text(described: Description) -> None:
    _, body = front_and_body(card_md(described))
    lines = body.splitlines()
    assert lines[:5] == [
        "```python",
        "from datasets import load_dataset",
        "",
        'release = "dist/harbour-notes/1.0.0"  # the path of this folder',
        'paragraphs = load_dataset(release, split="train")',
    ]
    assert lines[5].startswith('clean = paragraphs.filter(lambda row: not row["is_boilerplate"])')


def test_where_the_hub_is_known_the_code_names_it_and_the_revision(described: Description) -> None:
    from dataclasses import replace

    _, body = front_and_body(card_md(replace(described, metadata=metadata(hub="quay/harbour-notes"))))
    assert 'load_dataset("quay/harbour-notes", revision="v1.0.0", split="train")' in body
    assert "dist/" not in body


def test_the_yaml_says_what_hub_and_datasets_need_and_no_splits(described: Description) -> None:
    front, _ = front_and_body(card_md(described))
    assert front["license"] == "cc-by-4.0"
    assert front["language"] == ["en", "no", "zh"]  # a string, where YAML would read a bare no as false
    assert front["size_categories"] == ["n<1K"]
    assert [config["config_name"] for config in front["configs"]] == list(schema.TABLES)
    assert [config.get("default") for config in front["configs"]] == [True, None, None]
    assert {config["version"] for config in front["configs"]} == {"1.0.0"}
    for config, info in zip(front["configs"], front["dataset_info"], strict=True):
        assert config["data_files"] == [
            {"split": "train", "path": [file.path for file in described.contents.of(config["config_name"])]}
        ]
        assert info["features"] == schema.dataset_info(config["config_name"])
        assert "splits" not in info


@pytest.mark.parametrize(
    ("given_license", "expected"),
    [
        (None, {"license": "unknown"}),
        ("cc0-1.0", {"license": "cc0-1.0"}),
        ("GPL-3.0-or-later", {"license": "gpl-3.0"}),
        ("ODbL-1.0", {"license": "odbl"}),
        ("0BSD", {"license": "other", "license_name": "0BSD", "license_link": "https://spdx.org/licenses/0BSD.html"}),
        ("MIT OR Apache-2.0", {"license": "other", "license_name": "MIT OR Apache-2.0"}),
        ("Ask <us>", {"license": "other", "license_name": "Ask <us>"}),
    ],
)
def test_the_license_stands_as_the_hub_spells_it(
    described: Description, given_license: str | None, expected: dict[str, str]
) -> None:
    front, body = front_and_body(card_md(with_identity(described, license=given_license)))
    assert {key: value for key, value in front.items() if key.startswith("license")} == expected
    assert "<us>" not in body


@pytest.mark.parametrize(
    ("rows", "name"),
    [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (10**6, "1M<n<10M"), (10**9, "1B<n<10B"), (10**13, "n>1T")],
)
def test_the_size_category_holds_the_number_of_rows(rows: int, name: str) -> None:
    assert size_category(rows) == name


def test_the_card_names_every_column_and_label_and_the_measured_numbers(described: Description) -> None:
    _, body = front_and_body(card_md(described))
    for name in schema.TABLES:
        for column in schema.table(name).columns:
            assert f"| `{column.name}` | `{column.type}`" in body
            assert column.description.replace("|", "\\|") in body
    for kind in ("role", "category", "origin"):
        assert all(f"| `{label.id}` | {label.definition} |" in body for label in schema.labels_of(kind))
    for line in (
        "| paragraphs | 48 |",
        "| articles | 8 |",
        "| boilerplate paragraphs | 8 |",
        "| `subscription` | 8 | 16.7 % |",
        "| `zh-Hant` | 2 |",
        "| quarantined (E502) | 1 |",
        "| boilerplate macro f1 | 0.5 |\n| boilerplate n pages | 1,234 |\n\n",
        "Checks: 3 passed, 1 warned, 0 failed.",
        described.digest,
        "Quay, A. &amp; Harbour Archive. (2025). Harbour notes (Version 1.0.0) \\[Data set\\].",
    ):
        assert line in body, line


def test_the_projects_own_text_stands_in_the_card_and_its_keys_join_the_yaml(described: Description) -> None:
    card = "---\ntask_categories: [text-classification]\ntags: [harbour]\n---\n\n## Motivation\n\nTides, $cost 5.\n"
    front, body = front_and_body(card_md(with_identity(described, card=card)))
    assert (front["task_categories"], front["tags"]) == (["text-classification"], ["harbour"])
    assert "\n\n## Motivation\n\nTides, $cost 5.\n\n## How it was checked\n" in body


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ("---\nconfigs: []\nlicense: mit\n---\n", "holds configs, license"),
        ("---\n- a list\n---\n", "no YAML mapping"),
        ("---\na: [\n---\n", "no YAML mapping"),
        ("---\na: .nan\n---\n", "no YAML mapping"),
        ("---\na: &x [*x]\n---\n", "no YAML mapping"),
        ("---\n1: a\n---\n", "no YAML mapping"),
    ],
)
def test_front_matter_that_cannot_be_used_is_refused(described: Description, card: str, reason: str) -> None:
    with pytest.raises(UsageError, match=f"E190 card.md: .*{reason}"):
        card_md(with_identity(described, card=card))


@pytest.mark.parametrize("text", ["", "plain", "---\nnever closed", "text\n---\nmore", "---"])
def test_text_without_front_matter_is_all_text(text: str) -> None:
    assert split_card(text) == ({}, text)


@given(st.recursive(st.none() | st.booleans() | TITLES, lambda inner: st.lists(inner) | st.dictionaries(TITLES, inner)))
def test_yaml_reads_back_or_is_not_written(value: Any) -> None:
    text = dump_yaml({"value": value})
    assert yaml.safe_load(text) == {"value": value}
    assert "---" not in text.splitlines()


def test_the_card_depends_on_nothing_but_the_release(tmp_path: Path) -> None:
    cards = [
        (build_release(tmp_path / place, [article(1), article(2)], suite=SUITE)[0].path / "README.md").read_bytes()
        for place in ("a", "b/c d")
    ]
    assert cards[0] == cards[1]

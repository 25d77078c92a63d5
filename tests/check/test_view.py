"""The check view: its columns are the declared ones, and its answers those of plain Python."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_builder.check import patterns, spans
from dataset_builder.check.articles import cut_facts
from dataset_builder.check.columns import VIEWS, columns_of, derived_columns, typed
from dataset_builder.check.paragraphs import _parents, hashes_of, is_slice, normal_form, normalised, section_facts
from dataset_builder.check.view import View, build_views
from dataset_builder.label.sections import sections_of
from dataset_builder.schema import TABLES, table
from dataset_builder.segment import segment
from tests.check.small_corpus import make_tables, set_value, write_tables

WHITE = [*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]  # fmt: skip # noqa: E501
# Signs that white space, composition and cutting go wrong on, beside any others.
AWKWARD = st.sampled_from([*map(chr, WHITE), *"aé\u0301\u0323\u0344\u1100\u1161\u200b\u200e\ufeff🙂½"])
TEXTS = st.text(AWKWARD | st.characters(exclude_categories=["Cs"]))


def test_every_view_has_the_declared_columns_with_their_types(small_views: dict[str, View]) -> None:
    assert tuple(small_views) == VIEWS
    for name, view in small_views.items():
        derived = derived_columns(name)
        assert sorted(view.derived.column_names) == sorted(column.name for column in derived)
        for column in derived:
            assert view.derived.schema.field(column.name).type == typed(name, column.name, []).type
        assert view.columns(columns_of(name)).column_names == list(columns_of(name))


def test_derived_columns_are_null_only_where_they_may_be(small_views: dict[str, View]) -> None:
    shares = ("boilerplate_share", "longest_share", "source_length")
    for name, view in small_views.items():
        for column in derived_columns(name):
            if not column.nullable and column.name not in shares:
                assert view.derived[column.name].null_count == 0, column.name


def test_rows_are_found_across_files_in_the_order_asked_for(tmp_path: Path) -> None:
    cuts = {"paragraphs": [17, 23], "articles": [1, 2], "sources": [1, 2]}
    view = build_views(write_tables(make_tables(), tmp_path, cuts))["paragraphs"]
    wanted = [25, 0, 17, 16, 0]
    whole = view.columns(["paragraph_id", "row_of_article"])
    assert view.rows(wanted, ["paragraph_id", "row_of_article"]).to_pylist() == whole.take(wanted).to_pylist()


@pytest.mark.parametrize("name", TABLES)
def test_a_null_a_missing_and_a_retyped_column_are_seen_and_do_no_further_harm(name: str, tmp_path: Path) -> None:
    tables = make_tables()
    for column in table(name).columns:
        whole = tables[name]
        faulty = {
            "missing_columns": whole.drop_columns([column.name]),
            "retyped_columns": with_binary(whole, column.name),
        }
        if not column.nullable:
            view = build_views(write_tables({**tables, name: set_value(whole, 1, column.name, None)}, tmp_path))[name]
            assert view.derived["n_nulls"].to_pylist() == [0, 1, *[0] * (view.n_rows - 2)]
        for fault, changed in faulty.items():
            seen = build_views(write_tables({**tables, name: changed}, tmp_path))["tables"]
            assert seen.derived[fault][TABLES.index(name)].as_py() == column.name


def with_binary(whole: pa.Table, column: str) -> pa.Table:
    """The table with a column of bytes that are nothing that a column holds."""
    index = whole.schema.get_field_index(column)
    return whole.set_column(index, column, pa.array([b"\xff"] * len(whole), pa.binary()))


@given(st.lists(TEXTS, min_size=1, max_size=8))
def test_the_view_agrees_with_the_segmenter_on_any_text(sources: Sequence[str]) -> None:
    array = pa.array([text.replace("\0", "") for text in sources], pa.large_string())
    found = segment(array)
    rows = pl.DataFrame({"text": pl.Series(found.texts), "char_start": found.starts, "char_end": found.ends})
    owner = np.repeat(np.arange(len(array)), np.diff(found.offsets))
    is_normal = normal_form(rows["text"])
    is_right, lost = cut_facts(array, np.ones(len(array), np.bool_), owner, rows, is_normal)
    assert is_right.all()
    assert is_normal.all()
    assert rows["text"].str.contains(patterns.visible()).all()
    assert lost.to_list() == [None] * len(array)


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1))
def test_the_view_agrees_with_the_labeller_on_any_nesting_of_sections(blocks: list[tuple[int, bool]]) -> None:
    """Blocks as a level (0: no heading) and whether an article starts."""
    levels = np.array([level for level, _ in blocks], np.int64)
    starts = np.array([True, *(start for _, start in blocks[1:])])
    bounds = np.append(np.flatnonzero(starts), len(blocks))
    texts = pa.array([f"text {i % 5}" for i in range(len(blocks))], pa.large_string())
    columns = sections_of(texts, levels > 0, np.maximum(levels, 1), bounds)
    rows = pl.DataFrame({name: pl.Series(values) for name, values in columns.items()}).with_columns(
        text=pl.Series(texts), role=pl.Series(np.where(levels > 0, "heading", "body"))
    )
    facts = section_facts(rows, starts)
    assert np.array_equal(facts["headings_so_far"], rows["section_index"].to_numpy())
    assert np.array_equal(facts["row_of_section"], rows["section_position"].to_numpy())
    assert all(np.all(facts[f"is_section_{fact}_right"]) for fact in ("shape", "title", "path"))


@given(TEXTS)
def test_normal_form_is_what_normalising_gives(text: str) -> None:
    plain = unicodedata.normalize("NFC", " ".join(text.translate(dict.fromkeys(WHITE, " ")).split(" ")).strip(" "))
    plain = " ".join(part for part in plain.split(" ") if part)
    (found,) = normalised(pl.Series([text]))
    assert normalised(pl.Series([found])).to_list() == [found]
    assert normal_form(pl.Series([text])).to_list() == [text == found]
    if all(unicodedata.category(char) != "Cn" for char in text):  # Polars may know more characters
        assert found == plain


@given(st.lists(TEXTS, min_size=1), st.randoms(use_true_random=False), st.integers(1, 64))
def test_pieces_are_the_gaps_and_slices_of_the_sources_however_they_are_batched(
    sources: Sequence[str], random: object, batch_bytes: int
) -> None:
    choose = random.randint  # type: ignore[attr-defined]
    marks = [sorted(choose(0, len(s)) for _ in range(2 * choose(0, 3))) for s in sources]
    rows = [(i, a, b) for i, mark in enumerate(marks) for a, b in zip(mark[::2], mark[1::2], strict=True)]
    owner, starts, ends = (np.array([row[k] for row in rows], np.int64) for k in range(3))
    array = pa.array(sources, pa.large_string())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spans, "BATCH_BYTES", batch_bytes)
        pieces = list(spans.cut_sources(array, owner, starts, ends))
    assert "".join(text for piece in pieces for text in piece.texts.to_pylist()) == "".join(sources)
    slices = {
        int(row): text
        for piece in pieces
        for row, text in zip(piece.rows, piece.texts.to_pylist()[1::2], strict=True)
        if row >= 0
    }
    assert slices == {k: sources[i][a:b] for k, (i, a, b) in enumerate(rows)}


def test_spans_out_of_their_source_or_overlapping_are_cut_short_and_do_not_crash() -> None:
    sources = pa.array(["añb", "", "cd"], pa.large_string())
    owner, starts, ends = (np.array(v, np.int64) for v in ([0, 0, 2, -1, 2], [-5, 1, 1, 0, 9], [2, 9, 0, 4, 3]))
    (piece,) = spans.cut_sources(sources, owner, starts, ends)
    assert "".join(piece.texts.to_pylist()) == "añbcd"
    assert sorted(piece.rows[piece.rows >= 0].tolist()) == [0, 1, 2, 4]


def test_a_slice_that_needs_normalising_gives_its_text_and_another_does_not() -> None:
    texts = pl.Series(["a b", "é", "a  b", "x", "a"])
    slices = pl.Series(["a\u00a0\r\n b", "e\u0301", "a  b", "y", None])
    assert is_slice(texts, normal_form(texts), slices).tolist() == [True, True, False, False, False]


def test_hashes_are_the_start_of_sha256() -> None:
    numbers, hex_ = hashes_of(pa.array(["x", "", "abc", "y"], pa.large_string()).slice(1, 2))
    assert hex_.to_pylist() == ["e3b0c44298fc1c14", "ba7816bf8f01cfea"]
    assert numbers.tolist() == [0xE3B0C44298FC1C14, 0xBA7816BF8F01CFEA]


def test_the_parent_of_a_section_is_the_nearest_one_of_a_smaller_level_in_its_article() -> None:
    levels = np.array([0, 1, 3, 2, 3, 3, 1, 2, 0, 2, 3], np.int32)
    articles = np.array([0] * 8 + [8] * 3, np.int64)
    assert _parents(levels, articles).tolist() == [-1, -1, 1, 1, 3, 3, -1, 6, -1, -1, 9]


def test_white_space_is_the_29_characters() -> None:
    every = pl.Series([chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF])
    assert [ord(c) for c in every.filter(every.str.contains(f"^{patterns.white_space()}$"))] == WHITE


def test_what_is_neither_white_nor_invisible_is_visible() -> None:
    unseen = ["\u00a0", "\x01", "\x7f", "\u00ad", "\u200b", "\u200f", "\u2060", "\u202e", "\u2069", "\ufeff"]
    found = pl.Series([*unseen, "a", "\u0301", "\u3164", "\x85x"]).str.contains(patterns.visible())
    assert found.to_list() == [False] * len(unseen) + [True] * 4


@pytest.mark.parametrize(
    ("pattern", "found", "not_found"),
    [
        (patterns.CONTROL, "a\x00 \x0e \x1b \x7f \x80 \x9f", "\t\n\x0b\x0c\r\x1c\x1f\x85\u00a0"),
        (patterns.DIRECTION, "\u202a \u202e \u2066 \u2069", "\u200e\u200f\u202f"),
        (patterns.HIDDEN, "\u00ad \u200b \u2060 \ufeff", "\u200c\u200d\u200e"),
        (patterns.MARKUP, "<br/> </p> <A\thref='x'> &nbsp; &#8217; &#x2019; <h2>", "a<b <3 & &c. <word> AT&T; x<y>z"),
        (
            patterns.MOJIBAKE,
            "cafÃ© Ãºltimo lÃªer weiÃŸ Ã‰mile Â© itâ€™s â€œso ï»¿x Ð¿Ñ€Ð¸ï¿½",
            "SÃO ÂNGELO NÃO âge â 5€ Ñandú Å ÃÃÃ “â” «MANHÃ» MANHÃ” ÃÂ",
        ),
    ],
    ids=["control", "direction", "hidden", "markup", "mojibake"],
)
def test_a_pattern_finds_each_of_these_words_and_none_of_those(pattern: str, found: str, not_found: str) -> None:
    assert pl.Series(found.split(" ")).str.contains(pattern).all()
    assert not pl.Series([not_found]).str.contains(pattern).any()


def test_language_tags_have_their_form() -> None:
    tags = "und en de-CH zh-Hant-TW sr-Latn es-419 sl-rozaj-biske de-1996 en-u-ca-buddhist x-klingon en-x-me cmn"
    wrong = ["", "e", "English (US)", "en_US", "en-", "en\n", "-en", "abcdefghi", "en-toolongsubtag", "x", "12"]
    assert pl.Series(tags.split()).str.contains(patterns.LANGUAGE_TAG).all()
    assert not pl.Series(wrong).str.contains(patterns.LANGUAGE_TAG).any()


def test_paths_below_the_root_are_told_from_others() -> None:
    right = ["a.txt", "a/b..c/.d.txt", "..a/b", "a:b", "ä\\xff.txt"]
    wrong = ["", "/a", "../a", "a/../b", "a/..", "./a", "C:\\a", "C:/a"]
    assert not pl.Series(right).str.contains(patterns.NOT_RELATIVE).any()
    assert pl.Series(wrong).str.contains(patterns.NOT_RELATIVE).all()

"""Words and sentences: examples of many scripts, and a naive count of any text."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_builder import characters as c
from dataset_builder.counts import count_texts

TEXTS = st.lists(
    st.text(
        st.sampled_from("aZé1 .?!…。'\"”)(日本กั็\u0301ա։।-") | st.characters(exclude_categories=["Cs"]), max_size=30
    ),
    max_size=5,
)


def counts_of(text: str) -> tuple[int, int, int]:
    found = count_texts(pa.array([text], pa.string()))
    return int(found.chars[0]), int(found.words[0]), int(found.sentences[0])


def naive(text: str) -> tuple[int, int, int]:
    kinds = [c.NAMES[k] for k in c.classes_of(c.codes_of_text(text))]
    words, base = 0, "other"
    for place, kind in enumerate(kinds):
        letter = kind in ("upper", "lower", "letter", "digit")
        if kind == "logogram":
            words += 1
        elif letter or (kind == "mark" and (place == 0 or base != "logogram")):
            words += base != "word"
        base = (
            "logogram"
            if kind == "logogram" or (kind == "mark" and place and base == "logogram")
            else ("word" if letter or kind == "mark" else "other")
        )
    sentences, tail = 0, False
    for place, kind in enumerate(kinds):
        back = place
        while back > 0 and kinds[back] == "close":
            back -= 1
        ends = kind == "end" or (kind == "close" and kinds[back] == "end")
        goes_on = place + 1 < len(kinds) and kinds[place + 1] in (
            "upper",
            "lower",
            "letter",
            "digit",
            "mark",
            "end",
            "close",
        )
        if ends and not goes_on:
            sentences, tail = sentences + 1, False
        tail = tail or kind in ("upper", "lower", "letter", "digit", "logogram")
    return len(text), words, sentences + tail


@pytest.mark.parametrize(
    ("text", "words", "sentences"),
    [
        ("", 0, 0),
        ("The dog barked. The cat, of course, slept!", 8, 2),
        ("A heading without a mark", 5, 1),
        ("It cost 3.50 at version 1.2.3 then.", 10, 1),
        ("„Kommst du?“ fragte er. „Nein!“", 5, 3),
        ("水门很旧。番人走了。", 8, 2),
        ("Hotel 水门", 3, 1),
        ("यह एक वाक्य है। यह दूसरा है।", 7, 2),
        ("هل جاء؟ نعم۔", 3, 2),
        ("Was it …? Yes", 3, 2),
        ("ទឹកទន្លេ។ ទូក។", 7, 2),
        ("မြစ်။ လှေ။", 3, 2),
        ("***", 0, 0),
        ("e\u0301te\u0301", 1, 1),
    ],
)
def test_words_and_sentences(text: str, words: int, sentences: int) -> None:
    assert counts_of(text) == (len(text), words, sentences)


@given(TEXTS)
def test_counting_by_column_agrees_with_a_walk_over_each_text(texts: list[str]) -> None:
    found = count_texts(pa.array(texts, pa.string()))
    rows = list(zip(found.chars.tolist(), found.words.tolist(), found.sentences.tolist(), strict=True))
    assert rows == [naive(text) for text in texts]

"""Writes a corpus of article files in many scripts: the same for the same seed and size.

    python -m benchmarks.corpus --paragraphs 500000 --seed 1 FOLDER

Words are drawn by rank (the n-th comes about 1/n times as often as the first) and made into sentences and paragraphs
column by column. One row in twelve is a section heading, one in fourteen a line that an extractor left, most at the
end.
"""

import argparse
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

PER_FOLDER = 1000
LEAST_ROWS, MOST_ROWS = 8, 32  # paragraphs an article: 20 on average
BODY_BYTES, SPREAD = 345, 0.5  # the mean and the sigma of a body paragraph's (lognormal) length
HEADING_WORDS = (2, 7)
PLAIN, CAPITAL, COMMA, STOP = range(4)  # the forms of a word

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language's words: `forms` has the four forms of word w at 4w to 4w + 3; `share` adds up the words' chances."""

    weight: int
    joint: str
    forms: pa.StringArray
    share: npt.NDArray[np.float64]
    word_bytes: float
    leftovers: tuple[str, ...]


@cache
def languages() -> dict[str, Language]:
    """Give the languages of languages.toml by code."""
    content = tomllib.loads(Path(__file__).with_name("languages.toml").read_text("utf-8"))
    return {code: _language(**entry) for code, entry in content.items()}


def write_corpus(folder: Path, paragraphs: int, seed: int) -> int:
    """Write files with *paragraphs* paragraphs in all under *folder*, 1,000 a folder; give their size in bytes."""
    size = 0
    for number, articles in enumerate(_folders(paragraphs, seed)):
        place = folder / f"{number:04d}"
        place.mkdir(parents=True)
        for k, article in enumerate(articles):
            data = article.encode()
            (place / f"article-{k:03d}.txt").write_bytes(data)
            size += len(data)
    return size


def _folders(paragraphs: int, seed: int) -> Iterator[list[str]]:
    number, left = 0, paragraphs
    while left:
        rng = np.random.default_rng([seed, number])
        rows = rng.integers(LEAST_ROWS, MOST_ROWS + 1, PER_FOLDER)
        before = np.concatenate([[0], np.cumsum(rows)])
        rows = np.minimum(rows, left - before[:-1])
        yield _articles(rng, rows[rows > 0])
        left -= int(rows[rows > 0].sum())
        number += 1


def _articles(rng: np.random.Generator, rows: Integers) -> list[str]:
    """Articles of so many paragraphs each: one in fifty has CRLF line ends, one in ten a single line end a row."""
    of = rng.choice(len(languages()), len(rows), p=[one.weight / 100 for one in languages().values()])
    breaks = rng.choice(["\n\n", "\n", "\r\n\r\n"], len(rows), p=[0.88, 0.1, 0.02])
    articles = [""] * len(rows)
    for number, language in enumerate(languages().values()):
        which = np.flatnonzero(of == number)
        texts = _paragraphs(rng, language, rows[which])
        start = 0
        for k in which:
            articles[k] = breaks[k].join(texts[start : start + rows[k]]) + breaks[k][: len(breaks[k]) // 2 or 1]
            start += rows[k]
    return articles


def _paragraphs(rng: np.random.Generator, language: Language, rows: Integers) -> list[str]:
    n = int(rows.sum())
    position = np.arange(n) - np.repeat(np.cumsum(rows) - rows, rows)
    from_end = np.repeat(rows, rows) - position
    chance = rng.random(n)
    leftover = (chance < np.where(from_end <= 2, 0.4, 0.04)) & (position > 0)
    heading = ~leftover & ((position == 0) | ((chance > 1 - 1 / 12) & (from_end > 1)))
    length = rng.lognormal(np.log(BODY_BYTES) - SPREAD**2 / 2, SPREAD, n) / language.word_bytes
    words = np.where(heading, rng.integers(*HEADING_WORDS, n), np.maximum(length, 3).astype(np.int64))
    texts: list[str] = _texts(rng, language, words, heading)
    lines = rng.integers(0, len(language.leftovers), n)
    for row in np.flatnonzero(leftover):
        texts[row] = language.leftovers[lines[row]]
    return texts


def _texts(rng: np.random.Generator, language: Language, words: Integers, heading: npt.NDArray[np.bool_]) -> list[str]:
    """Texts of so many words each; a heading has one sentence and no stop."""
    n = int(words.sum())
    offsets = np.concatenate([[0], np.cumsum(words)])
    word = np.searchsorted(language.share, rng.random(n), side="right")
    running = np.repeat(~heading, words)
    chance = rng.random(n)
    stop = (chance < 1 / 15) & running
    stop[offsets[1:] - 1] = ~heading
    begin = np.zeros(n, bool)
    begin[1:] = stop[:-1]
    begin[offsets[:-1]] = True
    comma = (chance > 1 - 1 / 14) & running
    form = np.select([stop, begin, comma], [STOP, CAPITAL, COMMA], PLAIN)
    drawn = language.forms.take(pa.array(word * 4 + form))
    lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), drawn)
    texts: list[str] = pc.binary_join(lists, language.joint).to_pylist()
    return texts


def _language(
    *, weight: int, joint: str, comma: str, stop: str, common: str, stems: str, endings: list[str], leftovers: list[str]
) -> Language:
    words = common.split(" ") + [stem + ending for ending in endings for stem in stems.split(" ")]
    forms = [form for word in words for form in (word, word[:1].upper() + word[1:], word + comma, word + stop)]
    chances = 1 / (np.arange(len(words)) + 2.7)
    chances /= chances.sum()
    sizes = np.array([len((word + joint).encode()) for word in words])
    return Language(
        weight=weight,
        joint=joint,
        forms=pa.array(forms),
        share=np.cumsum(chances)[:-1],
        word_bytes=float(sizes @ chances),
        leftovers=tuple(leftovers),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a corpus of article files.")
    parser.add_argument("folder", type=Path, help="a folder that does not exist yet, or is empty")
    parser.add_argument("--paragraphs", type=int, default=500_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    size = write_corpus(arguments.folder, arguments.paragraphs, arguments.seed)
    print(f"{arguments.paragraphs} paragraphs, {size} bytes in {arguments.folder}")


if __name__ == "__main__":
    main()

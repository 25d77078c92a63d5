"""A small corpus that passes every check, its columns set by plain loops, and ways to change it and to write it."""

import hashlib
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_builder.schema import TABLES, arrow_schema

Tables = dict[str, pa.Table]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph as it stands in the source, and what stands before it."""

    source: str
    role: str = "body"
    category: str = "none"
    level: int = 0
    gap: str = "\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """An article: its blocks, and what its source was."""

    article_id: str
    language: str
    blocks: tuple[Block, ...]
    tail: str = "\n"
    encoding: str = "utf-8"
    media_type: str = "text/plain"


def normalise(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


TEXTS = (
    Text(
        article_id="city/lighthouse",
        language="en",
        blocks=(
            Block(source="The lamp that nobody lights", role="title", gap="\ufeff"),
            Block(source="By Ida Holm", role="byline", category="byline"),
            Block(source="For nine years the tower on the spit has stood dark,\r\nand nobody\u00a0has missed it."),
            Block(source="The tower", role="heading", level=1),
            Block(source="It was built in a single summer by men who had never seen the sea before."),
            Block(source="The stair", role="heading", level=2, gap="\r\n\r\n"),
            Block(source="Its stair has one hundred and four steps, each a little higher than the last."),
            Block(source="Sign up for our weekly letter.", category="subscription", gap="\n \u200b\n"),
            Block(source="The lamp", role="heading", level=2),
            Block(source="The lamp was sold for the price of its brass to a man from two villages away."),
            Block(source="The keepers", role="heading", level=1),
            Block(source="The last keeper grows cafe\u0301 au lait dahlias where the oil was stored."),
            Block(source="- a lantern", role="list_item"),
            Block(source="- a coil of rope", role="list_item", gap="\n"),
            Block(source="- a lantern", role="list_item", gap="\n"),
            Block(source="“I never liked the light,” he says.", role="quote"),
            Block(source="Read also: The bridge nobody crossed", category="related_links"),
        ),
    ),
    Text(
        article_id="city/öl",
        language="de",
        encoding="cp1252",
        blocks=(
            Block(source="Öl für die Mühle", role="title", gap=""),
            Block(source="Foto: Stadtarchiv", role="caption", category="media"),
            Block(source="Die Mühle am Wehr mahlt seit dem Herbst wieder Leinsamen, langsam und kalt."),
            Block(source="Das Rad", role="heading", level=1),
            Block(source="Das Rad ist aus Lärche, und jede Schaufel lässt sich allein wechseln."),
            Block(source="Jeden Freitag gibt es Öl, solange die Flaschen reichen, die man mitbringt."),
        ),
    ),
    Text(
        article_id="зима",
        language="ru",
        encoding="utf-16-le",
        blocks=(
            Block(source="Зимний паром ходит без расписания, и все давно привыкли ждать его на берегу.", gap="\n\t\n"),
            Block(source="Капитан говорит, что расписание нужно тем, кто торопится, а здесь таких нет."),
            Block(source="Поделиться", category="social"),
        ),
        tail="",
    ),
)


def make_tables(texts: tuple[Text, ...] = TEXTS) -> Tables:
    """The three tables of these texts, in order of the ids' bytes."""
    rows: Mapping[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for text in sorted(texts, key=lambda t: t.article_id.encode()):
        add_article(rows, text)
    return {name: pa.Table.from_pylist(rows[name], schema=arrow_schema(name)) for name in TABLES}


def add_article(rows: Mapping[str, list[dict[str, Any]]], text: Text) -> None:
    source, mine = "", []
    seen: dict[str, int] = {}
    section: dict[str, Any] = {"section_index": 0, "section_title": None, "section_level": 0, "section_path": []}
    place, parents = 0, list[tuple[int, str]]()
    title = next((normalise(b.source) for b in text.blocks if b.role == "title"), None)
    published = datetime(2024, 5, 1, tzinfo=UTC)
    for position, block in enumerate(text.blocks):
        source += block.gap
        start, source = len(source), source + block.source
        words = normalise(block.source)
        if block.role == "heading":
            parents = [(level, name) for level, name in parents if level < block.level] + [(block.level, words)]
            section = {
                "section_index": section["section_index"] + 1,
                "section_title": words,
                "section_level": block.level,
                "section_path": [name for _, name in parents],
            }
            place = 0
        sha = hashlib.sha256(words.encode()).hexdigest()[:16]
        seen[sha] = seen.get(sha, 0) + 1
        mine.append(
            {
                "paragraph_id": f"{text.article_id}#{sha}" + (f"-{seen[sha]}" if seen[sha] > 1 else ""),
                "article_id": text.article_id,
                "article_title": title,
                "url": None,
                "published_at": published,
                "position": position,
                "text": words,
                "char_start": start,
                "char_end": len(source),
                "role": block.role,
                "is_boilerplate": block.category != "none",
                "boilerplate_category": block.category,
                "boilerplate_score": 0.75 if block.category != "none" else 0.25,
                "label_origin": "model",
                **section,
                "section_position": place,
                "language": text.language,
                "n_chars": len(words),
                "n_words": len(words.split()),
                "n_sentences": 1,
                "dom_path": None,
            }
        )
        place += 1
    source += text.tail
    data = source.encode(text.encoding)
    rows["paragraphs"].extend(mine)
    rows["articles"].append(
        {
            "article_id": text.article_id,
            "title": title,
            "authors": ["Ida Holm"],
            "published_at": published,
            "language": text.language,
            "text": "\n\n".join(row["text"] for row in mine if not row["is_boilerplate"]),
            "source_text": source,
            "n_paragraphs": len(mine),
            "n_boilerplate": sum(row["is_boilerplate"] for row in mine),
        }
    )
    rows["sources"].append(
        {
            "article_id": text.article_id,
            "source_path": f"{text.article_id}.txt",
            "source_sha256": hashlib.sha256(data).hexdigest(),
            "source_bytes": len(data),
            "encoding": text.encoding,
            "bytes_exact": True,
            "media_type": text.media_type,
        }
    )


def set_value(table: pa.Table, row: int, column: str, value: Any) -> pa.Table:
    """The table with one value changed; its column may then be null."""
    return set_values(table, column, lambda values: [*values[:row], value, *values[row:][1:]])


def set_values(table: pa.Table, column: str, change: Callable[[list[Any]], list[Any]]) -> pa.Table:
    """The table with a column's values changed."""
    index, field = table.schema.get_field_index(column), table.schema.field(column)
    values = pa.array(change(table[column].to_pylist()), field.type)
    return table.set_column(index, field.with_nullable(field.nullable or values.null_count > 0), values)


def row_of(table: pa.Table, column: str, value: Any) -> int:
    """The first row with this value."""
    return int(table[column].to_pylist().index(value))


def write_tables(tables: Tables, folder: Path, cuts: Mapping[str, list[int]] | None = None) -> dict[str, list[Path]]:
    """Write each table to one file, or to several cut at these rows; the files are named as a release's."""
    files: dict[str, list[Path]] = {}
    for name, table in tables.items():
        place = folder / "data" / name
        place.mkdir(parents=True, exist_ok=True)
        edges = [0, *(cuts or {}).get(name, []), len(table)]
        files[name] = [place / f"train-{i:05d}-0123abcd.parquet" for i in range(len(edges) - 1)]
        for path, start, end in zip(files[name], edges, edges[1:], strict=False):
            pq.write_table(table.slice(start, end - start), path)
    return files

"""A small made-up corpus as plain values, its three tables, and releases built from it."""

import copy
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_builder.config import Author, Identity
from dataset_builder.layout import Release, latest_release
from dataset_builder.release import (
    DataFile,
    Decision,
    Facts,
    ReleaseMetadata,
    article_facts,
    facts_of_build,
    finish,
    open_stage,
    propose_version,
    write_table,
)
from dataset_builder.schema import arrow_schema

IDENTITY = Identity(
    name="harbour-notes",
    title="Harbour notes",
    description="Short notes from a harbour.",
    authors=(Author(given="Ada", family="Quay", orcid="0000-0002-1825-0097"), Author(name="Harbour Archive")),
    license="CC-BY-4.0",
)
SUITE = hashlib.sha256(b"suite").hexdigest()

Tables = dict[str, pa.Table]


@dataclass
class Row:
    """A paragraph; what it does not say is derived."""

    text: str
    role: str = "body"
    category: str = "none"
    score: float = 0.25
    origin: str = "model"


@dataclass
class Article:
    """An article: its rows, what was declared of it, where it was found."""

    id: str
    rows: list[Row]
    title: str | None = None
    url: str | None = None
    authors: list[str] = field(default_factory=list)
    published_at: datetime | None = None
    license: str | None = None
    language: str = "en"
    encoding: str = "utf-8"
    edits: dict[tuple[int, str], Any] = field(default_factory=dict)

    @property
    def source_text(self) -> str:
        return "\n\n".join(row.text for row in self.rows)


def article(number: int, *, rows: int = 6) -> Article:
    """An article that differs from those of other numbers."""
    body = [Row(f"Note {number}.{i}: the tide stood at {number * i % 7} ells. Größe, 潮, مد.") for i in range(rows)]
    body[0] = Row(f"Day {number} at the quay", role="title")
    body[3] = Row("What came in", role="heading")
    body[-1] = Row("Get our weekly letter", category="subscription", score=0.875)
    return Article(
        id=f"notes/{number:04d}",
        rows=body,
        url=f"https://example.org/{number}" if number % 3 else None,
        authors=["Ada Quay", "Bo Mole"][: number % 3],
        published_at=datetime(2024, 1, 1 + number % 28, tzinfo=UTC) if number % 2 else None,
        language=("en", "no", "zh-Hant", "und")[number % 4],
    )


def corpus(count: int = 8) -> list[Article]:
    return [article(number) for number in range(count)]


def tables_of(articles: Sequence[Article]) -> Tables:
    """The tables of *articles*, in order."""
    ordered = sorted(articles, key=lambda a: a.id.encode())
    rows = {
        "paragraphs": [row for one in ordered for row in paragraph_rows(one)],
        "articles": [article_row(one) for one in ordered],
        "sources": [source_row(one) for one in ordered],
    }
    return {name: pa.Table.from_pylist(found, schema=arrow_schema(name)) for name, found in rows.items()}


def title_of(one: Article) -> str | None:
    return one.title or next((row.text for row in one.rows if row.role == "title"), None)


def paragraph_rows(one: Article) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    start, section, title, place = 0, 0, None, 0
    for position, row in enumerate(one.rows):
        base = f"{one.id}#{hashlib.sha256(row.text.encode()).hexdigest()[:16]}"
        seen[base] = seen.get(base, 0) + 1
        if row.role == "heading":
            section, title, place = section + 1, row.text, 0
        found.append(
            {
                "paragraph_id": base if seen[base] == 1 else f"{base}-{seen[base]}",
                "article_id": one.id,
                "article_title": title_of(one),
                "url": one.url,
                "published_at": one.published_at,
                "position": position,
                "text": row.text,
                "char_start": start,
                "char_end": start + len(row.text),
                "role": row.role,
                "is_boilerplate": row.category != "none",
                "boilerplate_category": row.category,
                "boilerplate_score": row.score,
                "label_origin": row.origin,
                "section_index": section,
                "section_title": title,
                "section_level": int(section > 0),
                "section_path": [title] if title is not None else [],
                "section_position": place,
                "language": one.language,
                "n_chars": len(row.text),
                "n_words": len(row.text.split()),
                "n_sentences": 1,
                "dom_path": None,
            }
        )
        start += len(row.text) + 2
        place += 1
    for (position, column), value in one.edits.items():
        found[position][column] = value
    return found


def article_row(one: Article) -> dict[str, Any]:
    own = [row.text for row in one.rows if row.category == "none"]
    return {
        "article_id": one.id,
        "title": title_of(one),
        "url": one.url,
        "authors": one.authors,
        "published_at": one.published_at,
        "language": one.language,
        "text": "\n\n".join(own),
        "source_text": one.source_text,
        "n_paragraphs": len(one.rows),
        "n_boilerplate": len(one.rows) - len(own),
        "license": one.license,
    }


def source_row(one: Article) -> dict[str, Any]:
    content = one.source_text.encode()
    return {
        "article_id": one.id,
        "source_path": f"{one.id}.txt",
        "source_record": None,
        "source_sha256": hashlib.sha256(content).hexdigest(),
        "source_bytes": len(content),
        "encoding": one.encoding,
        "bytes_exact": True,
        "media_type": "text/plain",
    }


def metadata(identity: Identity = IDENTITY, **changes: Any) -> ReleaseMetadata:
    basis = ReleaseMetadata(
        identity=identity,
        date=date(2025, 3, 4),
        tool="0.1.0",
        suite=SUITE,
        settings={"ids": "stem"},
        model={"sha256": hashlib.sha256(b"model").hexdigest()},
        metrics={"weights": "0" * 64, "boilerplate": {"macro_f1": 0.5, "n_pages": 1_234}},
        libraries={"polars": "2.1.0"},
        records=9,
        quarantined={"E502": 1},
        skipped={"hidden file": 0},
        checks={"passed": 3, "warned": 1, "failed": 0},
        check_counts={"passed": 3, "warned": 1, "failed": 0},
    )
    return replace(basis, **changes)


def shards_of(articles: Sequence[Article], size: int) -> Iterator[list[Article]]:
    ordered = sorted(articles, key=lambda a: a.id.encode())
    yield from (ordered[start : start + size] for start in range(0, len(ordered), size))


def write_shards(
    articles: Sequence[Article], folder: Path, *, identity: Identity = IDENTITY, suite: str = SUITE, size: int = 5
) -> tuple[list[DataFile], Facts]:
    """Write the shards of *articles* under *folder*; give the files and facts."""
    files: list[DataFile] = []
    facts = []
    for number, shard in enumerate(shards_of(articles, size)):
        tables = tables_of(shard)
        files += [write_table(tables[name], name, folder, split="train", number=number) for name in tables]
        facts.append(article_facts(tables["paragraphs"], tables["articles"], tables["sources"]))
    return files, facts_of_build(facts, identity=identity, suite=suite)


def build_release(
    output: Path, articles: Sequence[Article], *, identity: Identity = IDENTITY, suite: str = SUITE, **changes: Any
) -> tuple[Release, Decision]:
    """Release *articles* under *output* as a build does; an unchanged one gives the release before."""
    quarantine = changes.pop("quarantine", None)
    with open_stage(output, identity.name) as stage:
        files, facts = write_shards(articles, stage.path, identity=identity, suite=suite)
        paragraphs = [stage.path / file.path for file in files if file.table == "paragraphs"]
        before = latest_release(output, identity.name)
        decision = propose_version(before, facts, paragraphs)
        if decision.bump == "none":
            assert before is not None
            return before, decision
        described = metadata(identity, suite=suite, **changes)
        return finish(stage, files, facts, decision, described, quarantine=quarantine), decision


def edited(articles: Sequence[Article], number: int, **changes: Any) -> list[Article]:
    """A copy of *articles* with one of them changed."""
    copies = copy.deepcopy(list(articles))
    copies[number] = replace(copies[number], **changes)
    return copies


def tree_of(folder: Path) -> Mapping[str, bytes]:
    """Every file under *folder* with its bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

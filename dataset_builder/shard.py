"""One shard: files of a source → the rows of every table, written and counted. The same inputs give the same bytes.

A shard depends on nothing but its files, the settings and the model, so it can be built in any process.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dataset_builder.config import Limits
from dataset_builder.counts import count_texts
from dataset_builder.label import Model, label_blocks, load_model
from dataset_builder.read import Found, Quarantined, Record, detect_languages, read_text
from dataset_builder.release import DataFile, article_facts, write_table
from dataset_builder.schema import TABLES, arrow_schema
from dataset_builder.segment import Paragraphs, segment

BATCH_CHARS, BATCH_ARTICLES = 1_000_000, 256
SPLIT = "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What decides rows besides the source: limits, the threshold and the weights (None: the model's, the tool's).

    *weights* is the sha256 of the weights, which a process keeps until it is another.
    """

    limits: Limits
    language: str | None
    threshold: float | None
    model: Path | None
    weights: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardResult:
    """What a shard gave: its files, a row of facts an article, what was quarantined, and counts."""

    number: int
    files: tuple[DataFile, ...]
    facts: pa.Table
    quarantined: tuple[Quarantined, ...]
    paragraphs: int
    categories: Counter[str]


def build_shard(number: int, found: Sequence[Found], settings: Settings, folder: Path) -> ShardResult:
    """Read, segment and label *found* (in order of article id), and write its tables under `folder/data`."""
    _keep_memory()
    model = _model(settings.model, settings.weights)
    tables: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
    quarantined: list[Quarantined] = []
    for records in _batches(found, settings.limits, quarantined):
        for name, table in build_rows(records, settings, model, quarantined).items():
            tables[name].append(table)
    whole = {name: pa.concat_tables(parts or [arrow_schema(name).empty_table()]) for name, parts in tables.items()}
    paragraphs = whole["paragraphs"]
    written = len(whole["articles"]) > 0
    return ShardResult(
        number=number,
        files=tuple(write_table(whole[n], n, folder, split=SPLIT, number=number) for n in TABLES) if written else (),
        facts=article_facts(whole["paragraphs"], whole["articles"], whole["sources"]),
        quarantined=tuple(quarantined),
        paragraphs=len(paragraphs),
        categories=_counted(paragraphs.filter(paragraphs["is_boilerplate"])["boilerplate_category"]),
    )


def build_rows(
    records: Sequence[Record], settings: Settings, model: Model, quarantined: list[Quarantined]
) -> dict[str, pa.Table]:
    """Give the rows of every table for *records*; those without a visible character are added to *quarantined*."""
    sources = pa.array([record.source_text for record in records], pa.large_string())
    found = segment(sources)
    counts = np.diff(found.offsets)
    if not counts.all():
        quarantined += [_without_text(records[i]) for i in np.flatnonzero(counts == 0).tolist()]
        records = [records[i] for i in np.flatnonzero(counts).tolist()]
        sources = sources.filter(pa.array(counts > 0))
        counts = counts[counts > 0]
        found = Paragraphs(
            texts=found.texts,
            starts=found.starts,
            ends=found.ends,
            offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        )
    labels = label_blocks(found.texts, found.offsets, model, threshold=settings.threshold)
    articles = _articles(records, sources, found, labels, counts, settings.language)
    return {
        "paragraphs": _paragraphs(articles, found, labels, counts),
        "articles": articles,
        "sources": _sources(records),
    }


def _batches(found: Sequence[Found], limits: Limits, quarantined: list[Quarantined]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    size = 0
    for place in found:
        record = read_text(place, limits)
        if isinstance(record, Quarantined):
            quarantined.append(record)
            continue
        if batch and (size + len(record.source_text) > BATCH_CHARS or len(batch) == BATCH_ARTICLES):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += len(record.source_text)
    if batch:
        yield batch


def _paragraphs(articles: pa.Table, found: Paragraphs, labels: pa.Table, counts: np.ndarray) -> pa.Table:
    owner = pa.array(np.repeat(np.arange(len(counts)), counts))
    of_article = articles.select(["article_id", "title", "url", "published_at", "language"]).take(owner)
    texts = found.texts.cast(pa.string())
    n = count_texts(texts)
    position = np.arange(len(texts)) - np.repeat(found.offsets[:-1], counts)
    columns = {
        "paragraph_id": paragraph_ids(of_article["article_id"].combine_chunks(), texts),
        "article_id": of_article["article_id"],
        "article_title": of_article["title"],
        "url": of_article["url"],
        "published_at": of_article["published_at"],
        "position": pa.array(position, pa.int32()),
        "text": texts,
        "char_start": pa.array(found.starts, pa.int64()),
        "char_end": pa.array(found.ends, pa.int64()),
        "label_origin": pa.repeat(pa.scalar("model"), len(texts)),
        "language": of_article["language"],
        "n_chars": pa.array(n.chars),
        "n_words": pa.array(n.words),
        "n_sentences": pa.array(n.sentences),
        "dom_path": pa.nulls(len(texts), pa.string()),
        **{name: labels[name] for name in labels.column_names},
    }
    return _table("paragraphs", columns)


def paragraph_ids(article_ids: pa.StringArray, texts: pa.StringArray) -> pa.StringArray:
    """Give `{article_id}#{16 hex of sha256(text)}`, with `-2`, `-3` … for later identical paragraphs of an article."""
    import polars as pl
    import polars_hash as plh

    frame = pl.DataFrame({"article": pl.Series(article_ids), "text": pl.Series(texts)})
    frame = frame.select(
        pl.concat_str("article", pl.lit("#"), plh.col("text").chash.sha2_256().str.head(16)).alias("id")
    )
    ids = frame["id"]
    repeated = ids.is_duplicated().arg_true()
    if len(repeated):
        nth = pl.int_range(1, pl.len() + 1).over("id")
        numbered = pl.when(nth == 1).then("id").otherwise(pl.concat_str("id", pl.lit("-"), nth.cast(pl.String)))
        ids = ids.scatter(repeated, frame[repeated].select(numbered).to_series())
    return ids.to_arrow().cast(pa.string())


def _articles(
    records: Sequence[Record],
    sources: pa.Array,
    found: Paragraphs,
    labels: pa.Table,
    counts: np.ndarray,
    language: str | None,
) -> pa.Table:
    is_own = ~labels["is_boilerplate"].to_numpy()
    own = np.concatenate([[0], np.cumsum(is_own)])[found.offsets]
    kept = found.texts.filter(pa.array(is_own))
    texts = pc.binary_join(pa.ListArray.from_arrays(pa.array(own, pa.int32()), kept.cast(pa.string())), "\n\n")
    n = len(records)
    columns = {
        "article_id": pa.array([record.article_id for record in records], pa.string()),
        "title": _titles(found, labels, n),
        "url": pa.nulls(n, pa.string()),
        "authors": pa.array([[]] * n, arrow_schema("articles").field("authors").type),
        "published_at": pa.nulls(n, arrow_schema("articles").field("published_at").type),
        "language": pa.array([language] * n if language else _languages(texts, found), pa.string()),
        "text": texts,
        "source_text": sources,
        "n_paragraphs": pa.array(counts, pa.int32()),
        "n_boilerplate": pa.array(counts - np.diff(own), pa.int32()),
        "license": pa.nulls(n, pa.string()),
    }
    return _table("articles", columns)


def _titles(found: Paragraphs, labels: pa.Table, n: int) -> pa.Array:
    rows = np.flatnonzero(pc.equal(labels["role"], "title").to_numpy())
    owners = np.searchsorted(found.offsets, rows, side="right") - 1
    index = np.full(n, -1)
    index[owners[::-1]] = rows[::-1]
    return found.texts.take(pa.array(index, mask=index < 0))


def _languages(texts: pa.Array, found: Paragraphs) -> list[str]:
    """The language of each article's own text, of all its text where it has none of its own."""
    heads = pc.utf8_slice_codeunits(texts, 0, 300).to_pylist()
    return detect_languages(
        [head or found.texts[int(at)].as_py() for head, at in zip(heads, found.offsets, strict=False)]
    )


def _sources(records: Sequence[Record]) -> pa.Table:
    names = ("article_id", "source_path", "source_sha256", "source_bytes", "encoding", "bytes_exact", "media_type")
    schema = arrow_schema("sources")
    columns: dict[str, pa.Array] = {
        name: pa.array([getattr(r, name) for r in records], schema.field(name).type) for name in names
    }
    return _table("sources", columns | {"source_record": pa.nulls(len(records), pa.string())})


def _table(name: str, columns: dict[str, pa.Array | pa.ChunkedArray]) -> pa.Table:
    schema = arrow_schema(name)
    return pa.Table.from_arrays([columns[f.name].cast(f.type) for f in schema], schema=schema)


def _counted(column: pa.ChunkedArray) -> Counter[str]:
    return Counter({item["values"]: item["counts"] for item in column.value_counts().to_pylist()})


def _without_text(record: Record) -> Quarantined:
    return Quarantined(
        source_path=record.source_path,
        code="E509",
        reason="holds no text",
        source_sha256=record.source_sha256,
        source_bytes=record.source_bytes,
    )


@cache
def _keep_memory() -> None:
    """Make glibc keep what is freed: from here on blocks up to this size are reused, not given back to the system.

    Arrays of megabytes come and go with every batch, and the page faults of fresh ones cost more than the work on them.
    Arrow's are taken from there too: its own allocators give freed memory back.
    """
    np.empty(31 * 2**20, np.uint8)
    pa.set_memory_pool(pa.system_memory_pool())


@cache
def _model(path: Path | None, weights: str | None) -> Model:
    return load_model(path)

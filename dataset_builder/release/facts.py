"""What the version of a release is decided by: digests for each article, the columns and labels, the identity.

article_facts      of a shard, anywhere; collected by facts_of_build
facts_of_release   the same of a release on disk
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dataset_builder import schema
from dataset_builder.config import Identity
from dataset_builder.errors import EnvironmentFault
from dataset_builder.layout import DATA_FILE, Release, read_table
from dataset_builder.release.digest import article_digests, config_digest, release_digest

_DIGEST = pa.field("", pa.binary(32), nullable=False)
FACTS = pa.schema(
    [
        pa.field("article_id", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("title", pa.string()),
        pa.field("title_is_made", pa.bool_(), nullable=False),
        *(_DIGEST.with_name(name) for name in ("source", "judgement", *schema.TABLES)),
    ]
)
# A row's part in the contract: when one of these differs although the article's source is the same, we judged anew.
JUDGED = {
    "text": ("text",),
    "span": ("char_start", "char_end"),
    "label": ("role", "is_boilerplate", "boilerplate_category"),
    "section": ("section_index", "section_title", "section_level", "section_path", "section_position"),
    "language": ("language",),
}
LABEL_KINDS = ("role", "category", "origin")
# An article's source: its text and what was declared of it, the title apart, which may be made from the text.
SOURCE = ("source_text", "url", "authors", "published_at", "license")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is compared of two releases.

    *articles* has the schema `FACTS`, one row an article by id; *columns* holds table → column → type (`?` when it may
    be null), *labels* kind → name → meaning number, *identity* what `identity_facts` gives, *suite* the check suite's
    sha256. *version* is None while a release is being built.
    """

    version: str | None
    articles: pa.Table
    columns: Mapping[str, Mapping[str, str]]
    labels: Mapping[str, Mapping[str, int]]
    identity: Mapping[str, Any]
    suite: str

    @cached_property
    def digests(self) -> dict[str, str]:
        """The digest of each config, `rows-1:<hex>`."""
        return table_digests(self.articles, self.columns)

    @property
    def digest(self) -> str:
        """The release's digest, hex."""
        return release_digest(self.digests)


def article_facts(paragraphs: pa.Table, articles: pa.Table, sources: pa.Table, *, split: str = "train") -> pa.Table:
    """Give the facts (`FACTS`) of a shard: its three tables hold the same articles, in order of their ids.

    Raises ValueError when they do not.
    """
    ids = articles["article_id"].combine_chunks()
    rows = _bounds(paragraphs["article_id"].combine_chunks(), ids)
    if not sources["article_id"].combine_chunks().equals(ids):
        raise ValueError("sources and articles of a shard hold other articles, or in another order")
    each = np.arange(len(ids) + 1, dtype=np.int64)
    judged = [column for columns in JUDGED.values() for column in columns]
    digests = {
        "source": article_digests(articles, each, SOURCE),
        "judgement": article_digests(paragraphs, rows, judged),
        "paragraphs": article_digests(paragraphs, rows),
        "articles": article_digests(articles, each),
        "sources": article_digests(sources, each),
    }
    names = {
        "article_id": ids,
        "split": pa.repeat(split, len(ids)),
        "title": articles["title"],
        "title_is_made": _made_titles(articles, paragraphs),
    }
    return pa.table({**names, **digests}, schema=FACTS)


def facts_of_build(shards: Iterable[pa.Table], *, identity: Identity, suite: str) -> Facts:
    """Give the facts of a release under way from its shards' `article_facts` and the sha256 of its check suite."""
    return Facts(
        version=None,
        articles=pa.concat_tables([FACTS.empty_table(), *shards]).sort_by("article_id").combine_chunks(),
        columns=schema_columns(),
        labels={kind: {label.id: label.meaning for label in schema.labels_of(kind)} for kind in LABEL_KINDS},
        identity=identity_facts(identity),
        suite=suite,
    )


def facts_of_release(release: Release) -> Facts:
    """Give the facts of a release from its files, one shard in memory at a time.

    Raises EnvironmentFault E411 when a file is missing, damaged, or not as a build writes it.
    """
    articles = articles_of_release(release)
    contract = read_contract(release)
    return Facts(
        version=release.version,
        articles=articles,
        columns=contract["columns"],
        labels=contract["labels"],
        identity=contract["identity"],
        suite=contract["suite"],
    )


def articles_of_release(release: Release) -> pa.Table:
    """Give the facts (`FACTS`) of a release's articles, by id, one shard in memory at a time.

    Raises EnvironmentFault E411 when a file is missing, damaged, or not as a build writes it.
    """
    shards = [_shard_facts(*paths) for paths in _shards(release)]
    return pa.concat_tables(shards).sort_by("article_id").combine_chunks()


def table_digests(articles: pa.Table, tables: Iterable[str]) -> dict[str, str]:
    """Give the digest of each of *tables*, `rows-1:<hex>`, from the facts of all articles, which stand by id."""
    ids = articles["article_id"].to_pylist()
    return {name: config_digest(ids, articles[name].to_pylist()) for name in tables}


def read_contract(release: Release) -> dict[str, Any]:
    """Give what provenance.json says of columns, labels, identity and suite. Raises EnvironmentFault E411."""
    path = release.path / "provenance.json"
    statement = release.read_json(path.name)
    try:
        definition = statement["predicate"]["buildDefinition"]
        contract: dict[str, Any] = {
            key: definition["internalParameters"][key] for key in ("columns", "labels", "suite")
        }
        external = definition["externalParameters"]
        return contract | {"identity": external["identity"], "settings": external["settings"]}
    except (KeyError, TypeError):
        raise EnvironmentFault(
            "E411", path, "does not say how the release was made", "restore the release from a whole copy"
        ) from None


def schema_columns() -> dict[str, dict[str, str]]:
    """Give table → column → type, with `?` where null is allowed, as this tool's tables are defined."""
    return {name: {c.name: c.type + "?" * c.nullable for c in schema.table(name).columns} for name in schema.TABLES}


def identity_facts(identity: Identity) -> dict[str, Any]:
    """Give what is compared of an identity: the card's text stands as its sha256."""
    return {
        "title": identity.title,
        "description": identity.description,
        "authors": [author.model_dump(exclude_none=True) for author in identity.authors],
        "license": identity.license,
        "card": None if identity.card is None else hashlib.sha256(identity.card.encode()).hexdigest(),
    }


def _shards(release: Release) -> list[list[Path]]:
    files = [release.files(name) for name in schema.TABLES]
    places = [[DATA_FILE.sub(r"\g<split>-\g<number>", path.name) for path in paths] for paths in files]
    if any(names != places[0] for names in places):
        raise EnvironmentFault(
            "E411", release.path, "its tables have different shards", "restore the release from a whole copy"
        )
    return [list(paths) for paths in zip(*files, strict=True)]


def _shard_facts(paragraphs: Path, articles: Path, sources: Path) -> pa.Table:
    match = DATA_FILE.fullmatch(paragraphs.name)
    split = match["split"] if match else ""
    try:
        return article_facts(*(read_table(path) for path in (paragraphs, articles, sources)), split=split)
    except (ValueError, KeyError) as fault:
        raise EnvironmentFault(
            "E411", paragraphs, f"is not as a build writes it: {fault}", "restore the release from a whole copy"
        ) from None


def _bounds(of_rows: pa.StringArray, ids: pa.StringArray) -> npt.NDArray[np.int64]:
    """Give the bounds of each article's rows, which stand article by article in the order of *ids*."""
    runs = pc.run_end_encode(of_rows, run_end_type=pa.int64())
    place = pc.index_in(runs.values, value_set=ids)
    if place.null_count or not bool(np.all(np.diff(place.to_numpy(zero_copy_only=False)) > 0)):
        raise ValueError("the paragraphs of a shard do not stand in the order of its articles")
    counts = np.zeros(len(ids), dtype=np.int64)
    counts[place.to_numpy(zero_copy_only=False)] = np.diff(runs.run_ends.to_numpy(), prepend=0)
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])


def _made_titles(articles: pa.Table, paragraphs: pa.Table) -> pa.ChunkedArray:
    """Tell which titles were made here: those that are a paragraph's text, and those that are null.

    Any paragraph counts, not only the title row: a title row judged anew must not look like a title newly declared.
    """
    same = pc.fill_null(pc.equal(paragraphs["text"], paragraphs["article_title"]), False)
    titled = pc.unique(paragraphs["article_id"].filter(same))
    return pc.or_(pc.is_in(articles["article_id"], value_set=titled), pc.is_null(articles["title"]))

"""The version rule: what the next version is, decided by what differs from the release before.

major   what we judged anew, or the contract: an article gone or in another split; text, span, label, section or
        language of a row whose article's source is the same, other than by review; a column or label name removed or
        retyped; the license
minor   what is new or changed in the sources, reviews, scores and counts, new columns and label names
patch   title, authors, description, card.md, check suite, or side tables alone
none    nothing of these
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from dataset_builder.layout import version_numbers
from dataset_builder.release.facts import JUDGED, Facts
from dataset_builder.release.judged import ROW_CHANGES

Bump = Literal["first", "major", "minor", "patch", "none"]
FIRST = "1.0.0"
NAMED = 5
_MAIN_TABLES = ("paragraphs", "articles")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The next version, why, and how many articles and rows of each kind there are.

    *previous* is the version compared with; *reasons* start with their bump, the greatest first; *unrelated* says that
    no article id is shared with the release before.
    """

    version: str
    previous: str | None
    bump: Bump
    reasons: tuple[str, ...]
    counts: Mapping[str, int]
    unrelated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Article ids by what befell them, each id in one of the arrays, `moved` apart."""

    new: pa.Array
    gone: pa.Array
    source: pa.Array
    judgement: pa.Array
    values: pa.Array
    same: pa.Array
    moved: pa.Array


def compare_articles(old: Facts, new: Facts) -> Changes:
    """Sort the articles of two releases: new, gone, with another source, judged otherwise, with other values, same.

    `judgement` holds those whose source is the same and whose judged columns differ: `count_row_changes` says whether
    by review. `values` holds those that differ in scores, counts or marks alone. `moved` are in another split.
    """
    was, now = old.articles, new.articles
    both = was.join(now, "article_id", join_type="inner", right_suffix="_new").combine_chunks().sort_by("article_id")

    def differs(*columns: str) -> pa.ChunkedArray:
        flags = pc.not_equal(both[columns[0]], both[f"{columns[0]}_new"])
        for column in columns[1:]:
            flags = pc.or_(flags, pc.not_equal(both[column], both[f"{column}_new"]))
        return flags

    both_made = pc.and_(both["title_is_made"], both["title_is_made_new"])
    retitled = pc.and_not(pc.not_equal(_text(both["title"]), _text(both["title_new"])), both_made)
    source, judgement, values = pc.or_(differs("source"), retitled), differs("judgement"), differs(*_MAIN_TABLES)
    kept = pc.invert(source)

    def ids(flags: pa.ChunkedArray) -> pa.Array:
        return both["article_id"].filter(flags).combine_chunks()

    return Changes(
        new=_without(now["article_id"], was["article_id"]),
        gone=_without(was["article_id"], now["article_id"]),
        source=ids(source),
        judgement=ids(pc.and_(kept, judgement)),
        values=ids(pc.and_(pc.and_(kept, pc.invert(judgement)), values)),
        same=ids(pc.and_(pc.and_(kept, pc.invert(judgement)), pc.invert(values))),
        moved=ids(differs("split")),
    )


def decide_version(old: Facts | None, new: Facts, row_changes: pa.Table | None = None) -> Decision:
    """Give the version of *new* after the release *old*, with the reasons.

    *row_changes* (`ROW_CHANGES`) is what `count_row_changes` gives for the articles in `compare_articles(old,
    new).judgement`; without it, each of these counts as judged anew.
    """
    if old is None or old.version is None:
        counts = {"articles_new": new.articles.num_rows}
        reasons = ("first: there is no release before",)
        return Decision(version=FIRST, previous=None, bump="first", reasons=reasons, counts=counts, unrelated=False)
    changes = compare_articles(old, new)
    rows = _judged_anew(changes, row_changes)
    reasons_of: dict[Bump, list[str]] = {
        "major": [*_major_articles(changes, rows), *_major_contract(old, new)],
        "minor": [*_minor_articles(changes, rows), *_minor_contract(old, new)],
        "patch": list(_patch(old, new)),
    }
    bump: Bump = next((bump for bump, found in reasons_of.items() if found), "none")
    return Decision(
        version=next_version(old.version, bump),
        previous=old.version,
        bump=bump,
        reasons=tuple(f"{level}: {reason}" for level, found in reasons_of.items() for reason in found),
        counts=_counts(changes, rows),
        unrelated=not (len(changes.source) or len(changes.judgement) or len(changes.values) or len(changes.same)),
    )


def next_version(version: str, bump: Bump) -> str:
    """Give the version that follows *version* by *bump*."""
    major, minor, patch = version_numbers(version)
    match bump:
        case "first":
            return FIRST
        case "major":
            return f"{major + 1}.0.0"
        case "minor":
            return f"{major}.{minor + 1}.0"
        case "patch":
            return f"{major}.{minor}.{patch + 1}"
        case "none":
            return version


def _text(titles: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(titles, "")  # no title and an empty one are the same


def _without(ids: pa.ChunkedArray, others: pa.ChunkedArray) -> pa.Array:
    return ids.filter(pc.invert(pc.is_in(ids, value_set=others.combine_chunks()))).combine_chunks()


def _judged_anew(changes: Changes, row_changes: pa.Table | None) -> pa.Table:
    if row_changes is None:
        none = {name: pa.repeat(pa.scalar(0, pa.int64()), len(changes.judgement)) for name in ROW_CHANGES.names[1:]}
        ones = pa.repeat(pa.scalar(1, pa.int64()), len(changes.judgement))
        return pa.table({"article_id": changes.judgement, **none, "rows": ones}, schema=ROW_CHANGES)
    return row_changes.filter(pc.is_in(row_changes["article_id"], value_set=changes.judgement))


def _major_articles(changes: Changes, rows: pa.Table) -> Iterator[str]:
    yield from _named(changes.gone, "article {} is gone", "articles are gone")
    yield from _named(changes.moved, "article {} is in another split", "articles are in another split")
    anew = rows.filter(pc.greater(rows["rows"], 0))
    for row in anew.slice(0, NAMED).to_pylist():
        kinds = [kind for kind in JUDGED if row[kind]]
        what = " and ".join([", ".join(kinds[:-1]), kinds[-1]] if len(kinds) > 1 else kinds) or "judgement"
        noun, whose = _number(row["rows"], "row"), "its" if row["rows"] == 1 else "their"
        yield f"{noun} of article {row['article_id']}, whose source is the same, changed {whose} {what}"
    rest = anew.slice(NAMED)
    if rest.num_rows:
        total = _number(pc.sum(rest["rows"]).as_py(), "row")
        yield f"{total} of {_number(rest.num_rows, 'other article')}, whose source is the same, changed likewise"


def _major_contract(old: Facts, new: Facts) -> Iterator[str]:
    for table, columns in old.columns.items():
        now = new.columns.get(table)
        if now is None:
            yield f"the table {table} is removed"
            continue
        for column, kind in columns.items():
            if column not in now:
                yield f"the column {table}.{column} is removed"
            elif now[column] != kind:
                yield f"the column {table}.{column} was {kind} and is {now[column]}"
    for kind, names in old.labels.items():
        for name, meaning in names.items():
            present = new.labels.get(kind, {}).get(name)
            if present is None:
                yield f"the {kind} {name} is removed"
            elif present != meaning:
                yield f"the {kind} {name} means something else"
    before, after = old.identity["license"], new.identity["license"]
    if (before or "").lower() != (after or "").lower():
        yield f"the license was {before or 'not given'} and is {after or 'not given'}"


def _minor_articles(changes: Changes, rows: pa.Table) -> Iterator[str]:
    yield from _named(changes.new, "article {} is new", "articles are new")
    yield from _named(changes.source, "the source of article {} changed", "articles have a changed source")
    reviewed = pc.sum(rows["reviewed"]).as_py() or 0
    if reviewed:
        yield f"{_number(reviewed, 'row')} changed by review"
    yield from _named(
        _of_values(changes, rows),
        "article {} changed in scores, counts or marks alone",
        "articles changed in scores, counts or marks alone",
    )


def _minor_contract(old: Facts, new: Facts) -> Iterator[str]:
    for table, columns in new.columns.items():
        if table not in old.columns:
            yield f"the table {table} is new"
            continue
        yield from (f"the column {table}.{name} is new" for name in columns if name not in old.columns[table])
    for kind, names in new.labels.items():
        yield from (f"the {kind} {name} is new" for name in names if name not in old.labels.get(kind, {}))


def _patch(old: Facts, new: Facts) -> Iterator[str]:
    names = {"title": "title", "authors": "authors", "description": "description", "card": "text of the card"}
    yield from (f"the {name} differs" for key, name in names.items() if old.identity[key] != new.identity[key])
    if old.suite != new.suite:
        yield "the check suite differs"
    was, now = old.digests, new.digests
    yield from (
        f"the table {name} differs"
        for name in sorted(was.keys() & now.keys())
        if not any(was.get(main) != now.get(main) for main in _MAIN_TABLES) and was[name] != now[name]
    )


def _named(ids: pa.Array, one: str, many: str) -> Iterator[str]:
    if len(ids) == 1:
        yield one.format(ids[0].as_py())
    elif len(ids):
        some = ", ".join(ids.slice(0, NAMED).to_pylist())
        yield f"{len(ids):,} {many}: {some}" + (" …" if len(ids) > NAMED else "")


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + "s" * (count != 1)


def _of_values(changes: Changes, rows: pa.Table) -> pa.Array:
    unmoved = pc.invert(pc.is_in(changes.judgement, value_set=rows["article_id"].combine_chunks()))
    return pa.concat_arrays([changes.values, changes.judgement.filter(unmoved)])


def _counts(changes: Changes, rows: pa.Table) -> dict[str, int]:
    anew = pc.greater(rows["rows"], 0)
    return {
        "articles_new": len(changes.new),
        "articles_gone": len(changes.gone),
        "articles_source_changed": len(changes.source),
        "articles_judged_anew": pc.sum(anew).as_py() or 0,
        "articles_reviewed": pc.sum(pc.and_(pc.greater(rows["reviewed"], 0), pc.invert(anew))).as_py() or 0,
        "articles_values_changed": len(_of_values(changes, rows)),
        "articles_same": len(changes.same),
        "articles_moved": len(changes.moved),
        "rows_judged_anew": pc.sum(rows["rows"]).as_py() or 0,
        "rows_reviewed": pc.sum(rows["reviewed"]).as_py() or 0,
    }

"""A negative control for each expectation: the small corpus changed so that it breaks that one.

`implies` are the others that break with it, by what they mean.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa

from tests.check.small_corpus import TEXTS, Block, Tables, Text, make_tables, row_of, set_value, set_values

LIGHTHOUSE, OIL, WINTER = TEXTS
ALWAYS_SAME = "This line stands here again and again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Makes the broken tables; cuts: the rows at which a table is cut into files."""

    make: Callable[[], Tables]
    implies: frozenset[str] = frozenset()
    cuts: Mapping[str, list[int]] = field(default_factory=dict)


def control(make: Callable[[], Tables], *implies: str, cuts: Mapping[str, list[int]] | None = None) -> Control:
    return Control(make=make, implies=frozenset(implies), cuts=cuts or {})


def with_table(name: str, change: Callable[[pa.Table], pa.Table]) -> Callable[[], Tables]:
    """Tables of which one is changed."""

    def make() -> Tables:
        tables = make_tables()
        return {**tables, name: change(tables[name])}

    return make


def with_value(name: str, column: str, value: object, row: int = 0) -> Callable[[], Tables]:
    """Tables of which one value is changed; a function is given the old one."""

    def change(table: pa.Table) -> pa.Table:
        old = table[column][row].as_py()
        return set_value(table, row, column, value(old) if callable(value) else value)

    return with_table(name, change)


def with_texts(*texts: Text) -> Callable[[], Tables]:
    return lambda: make_tables(texts)


def adding(text: Text, *blocks: Block) -> Text:
    return replace(text, blocks=(*text.blocks, *blocks))


def with_line(line: str) -> Callable[[], Tables]:
    """Tables with one more body paragraph."""
    return with_texts(adding(LIGHTHOUSE, Block(source=line)), OIL, WINTER)


def with_extra(*texts: Text) -> Callable[[], Tables]:
    return with_texts(*TEXTS, *texts)


def without(name: str, article_id: str) -> Callable[[Tables], Tables]:
    """Tables without an article's rows in one of them."""

    def drop(tables: Tables) -> Tables:
        keep = [value != article_id for value in tables[name]["article_id"].to_pylist()]
        return {**tables, name: tables[name].filter(pa.array(keep))}

    return drop


def reverse(table: pa.Table) -> pa.Table:
    return table.take(list(range(len(table)))[::-1])


def repeat_first(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table.slice(0, 1), table])


def last_article_first(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table.slice(23), table.slice(0, 23)])


def double_space(rows: pa.Table) -> pa.Table:
    """A boilerplate row's text with a space too many, its id and count with it."""
    row = row_of(rows, "text", "Поделиться")
    text = "Поделиться  "
    sha = hashlib.sha256(text.encode()).hexdigest()[:16]
    rows = set_value(set_value(rows, row, "text", text), row, "paragraph_id", f"зима#{sha}")
    return set_value(rows, row, "n_chars", len(text))


def later_section(rows: pa.Table) -> pa.Table:
    """The numbers of one article's sections, each one too great."""
    ids = rows["article_id"].to_pylist()
    return set_values(
        rows,
        "section_index",
        lambda values: [v + (i == OIL.article_id and v > 0) for v, i in zip(values, ids, strict=True)],
    )


def later_positions(rows: pa.Table) -> pa.Table:
    ids = rows["article_id"].to_pylist()
    return set_values(
        rows, "position", lambda values: [v + (i == OIL.article_id) for v, i in zip(values, ids, strict=True)]
    )


def article_without_rows() -> Tables:
    tables = make_tables((*TEXTS, Text(article_id="яма", language="ru", blocks=(Block(source="x"),))))
    tables = without("paragraphs", "яма")(tables)
    articles = tables["articles"]
    for column, value in {"source_text": "\n\n\n", "text": "", "n_paragraphs": 0}.items():
        articles = set_value(articles, 3, column, value)
    sources = tables["sources"]
    for column, value in {"source_bytes": 3, "source_sha256": hashlib.sha256(b"\n\n\n").hexdigest()}.items():
        sources = set_value(sources, 3, column, value)
    return {**tables, "articles": articles, "sources": sources}


def source_without_article(sources: pa.Table) -> pa.Table:
    extra = sources.slice(2, 1)
    changes = {"article_id": "яма", "bytes_exact": False, "media_type": "text/html"}
    for column, value in changes.items():
        extra = set_value(extra, 0, column, value)
    return pa.concat_tables([sources, extra])


def language_everywhere(language: str) -> Callable[[], Tables]:
    return with_texts(replace(LIGHTHOUSE, language=language), OIL, WINTER)


def promotions(count: int) -> tuple[Block, ...]:
    return tuple(Block(source=f"Buy number {i} today.", category="promotion") for i in range(count))


def only_other(text: Text) -> Text:
    blocks = (replace(b, category="other") if b.category != "none" and b.role == "body" else b for b in text.blocks)
    return replace(text, blocks=tuple(blocks))


def orphan_rows() -> Tables:
    tables = make_tables()
    return without("sources", WINTER.article_id)(without("articles", WINTER.article_id)(tables))


SUBSCRIPTION = 7  # a boilerplate row in a section
TOWER = 4  # a body row in a section
LONG = "A quotation that is long enough to make an article that nobody would call empty, though it is made of it alone."
QUOTE = Block(source=LONG, role="quote", gap="")

CONTROLS: dict[str, Control] = {
    "C001": control(with_table("paragraphs", lambda t: t.drop_columns(["dom_path"]))),
    "C002": control(
        with_table("paragraphs", lambda t: t.set_column(21, "n_words", t["n_words"].cast(pa.int64()))),
    ),
    "C003": control(with_table("sources", lambda t: t.append_column("mood", pa.array(["calm"] * 3)))),
    "C004": control(with_table("sources", lambda t: t.slice(0, 0)), "C205"),
    "C005": control(make_tables, cuts={"paragraphs": [17]}),
    "C101": control(with_value("paragraphs", "boilerplate_score", None)),
    "C102": control(
        with_table("paragraphs", lambda t: set_value(t, 1, "paragraph_id", t["paragraph_id"][0].as_py())), "C103"
    ),
    "C103": control(with_value("paragraphs", "paragraph_id", "city/lighthouse#0123456789abcdef")),
    "C104": control(orphan_rows, "C110"),
    "C105": control(with_table("paragraphs", later_positions)),
    "C106": control(with_table("paragraphs", last_article_first)),
    "C107": control(
        with_table("paragraphs", lambda t: set_value(t, TOWER, "char_end", t["char_start"][TOWER].as_py())),
        "C110",
        "C210",
    ),
    "C108": control(
        with_table("paragraphs", lambda t: set_value(t, TOWER, "char_start", t["char_end"][TOWER - 1].as_py() - 2))
    ),
    "C109": control(with_value("paragraphs", "char_end", lambda old: old + 1, row=25)),
    "C110": control(
        with_value("articles", "source_text", lambda old: old.replace("steps", "stops")),
        "C308",
    ),
    "C111": control(with_table("paragraphs", double_space), "C110"),
    "C112": control(with_line("\u200e")),
    "C113": control(with_value("paragraphs", "n_chars", lambda old: old + 1)),
    "C114": control(with_value("paragraphs", "n_words", -1)),
    "C115": control(with_value("paragraphs", "role", "headline", row=TOWER)),
    "C116": control(with_value("paragraphs", "boilerplate_category", "advertising", row=SUBSCRIPTION)),
    "C117": control(with_value("paragraphs", "label_origin", "guess")),
    "C118": control(with_value("paragraphs", "boilerplate_category", "promotion", row=TOWER)),
    "C119": control(with_value("paragraphs", "role", "title", row=SUBSCRIPTION)),
    "C120": control(with_value("paragraphs", "boilerplate_score", 1.5)),
    "C121": control(with_table("paragraphs", later_section)),
    "C122": control(with_value("paragraphs", "section_position", 7, row=TOWER)),
    "C123": control(with_value("paragraphs", "section_level", 3, row=TOWER)),
    "C124": control(with_value("paragraphs", "section_title", "The steeple", row=TOWER)),
    "C125": control(with_value("paragraphs", "section_path", ["The steeple", "The tower"], row=TOWER)),
    "C126": control(with_value("paragraphs", "language", "fr")),
    "C201": control(with_value("articles", "n_boilerplate", None)),
    "C202": control(
        # All rows belong to the first of the two, so the second has none.
        with_table("articles", repeat_first),
        *("C204", "C206", "C207", "C208", "C209", "C210", "C522", "C524"),
    ),
    "C203": control(with_texts(replace(LIGHTHOUSE, article_id=""), OIL, WINTER)),
    "C204": control(with_table("articles", reverse)),
    "C205": control(lambda: without("sources", WINTER.article_id)(make_tables())),
    "C206": control(article_without_rows, "C522"),
    "C207": control(with_value("articles", "n_paragraphs", 18)),
    "C208": control(with_value("articles", "n_boilerplate", 0)),
    "C209": control(with_value("articles", "text", lambda old: old + "!")),
    "C210": control(with_texts(replace(LIGHTHOUSE, tail="\n\nNobody saw this.\n"), OIL, WINTER)),
    "C211": control(language_everywhere("English (US)")),
    "C301": control(with_value("sources", "media_type", None)),
    "C302": control(with_table("sources", repeat_first), "C303"),
    "C303": control(with_table("sources", reverse)),
    "C304": control(with_table("sources", source_without_article)),
    "C305": control(with_value("sources", "source_path", "/home/ida/lighthouse.txt")),
    "C306": control(with_value("sources", "source_sha256", str.upper), "C308"),
    "C307": control(with_value("sources", "source_bytes", 0), "C308"),
    "C308": control(with_value("sources", "source_bytes", lambda old: old + 1)),
    "C501": control(with_line("The bell\x07 rang once, and then it was quiet for the rest of the evening.")),
    "C502": control(with_line("The caf\ufffd was closed, and so was the bakery next to it.")),
    "C503": control(with_line("The cafÃ© was closed, and so was the bakery next to it.")),
    "C504": control(with_line("The file was called \u202etxt.exe, which nobody noticed.")),
    "C505": control(with_line("The light\u00adhouse was closed, and so was the bakery next to it.")),
    "C506": control(with_line("The lighthouse was <b>closed</b>, and so was the bakery next to it.")),
    "C507": control(with_line("word " * 2001), "C523"),
    "C508": control(with_texts(adding(LIGHTHOUSE, Block(source="***"), Block(source="* * *")), OIL, WINTER)),
    "C509": control(
        with_texts(adding(LIGHTHOUSE, *[Block(source=ALWAYS_SAME)] * 21), OIL, WINTER),
        "C544",
    ),
    "C521": control(with_extra(Text(article_id="ад", language="ru", blocks=(QUOTE, *promotions(11))))),
    "C522": control(with_extra(Text(article_id="ад", language="ru", blocks=(Block(source="Коротко."),)))),
    "C523": control(with_line("word " * 600)),
    "C524": control(
        with_extra(
            Text(article_id="ад", language="en", blocks=(QUOTE,)),
            Text(article_id="рай", language="en", blocks=(QUOTE,)),
        )
    ),
    "C541": control(with_texts(*(adding(text, *promotions(10)) for text in TEXTS))),
    "C542": control(with_texts(*map(only_other, TEXTS))),
    "C543": control(language_everywhere("und")),
    "C544": control(with_texts(LIGHTHOUSE, adding(OIL, *OIL.blocks[4:]), WINTER)),
    "C545": control(with_value("sources", "bytes_exact", False)),
}

"""README.md: the dataset card, from the schema and measured numbers."""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from string import Template
from typing import Any

import yaml

from dataset_builder import schema
from dataset_builder.errors import UsageError
from dataset_builder.layout import DATA_FILE
from dataset_builder.release.citation import citation_text, dump_yaml
from dataset_builder.release.digest import SCHEME
from dataset_builder.release.markdown import inert, table
from dataset_builder.release.metadata import Contents, Description, license_of

TAGS = ["articles", "paragraphs", "boilerplate-detection"]
# Where a hub's size categories end, in rows.
SIZES = [(10**power, f"{name}") for power, name in ((3, "1K"), (4, "10K"), (5, "100K"), (6, "1M"), (7, "10M"))]
SIZES += [(10**8, "100M"), (10**9, "1B"), (10**10, "10B"), (10**11, "100B"), (10**12, "1T")]


def card_md(described: Description) -> bytes:
    """Give README.md: YAML that a hub and `datasets` read, then Markdown whose first lines load the data.

    The project's own card text stands in it unchanged; keys of its front matter are added to the YAML. Raises
    UsageError E190 when that front matter is no mapping, or holds a key that is generated.
    """
    own_keys, own_text = split_card(described.identity.card or "")
    metadata = card_metadata(described)
    taken = sorted(own_keys.keys() & (metadata.keys() - {"tags", "pretty_name"}))
    if taken:
        raise UsageError(
            "E190", "card.md", f"its front matter holds {', '.join(taken)}, which the build writes", "remove them there"
        )
    front = dump_yaml({**metadata, **own_keys})
    return f"---\n{front}---\n{card_body(described, own_text)}".encode()


def card_metadata(described: Description) -> dict[str, Any]:
    """Give the YAML of the card as a mapping."""
    contents = described.contents
    languages = {language.partition("-")[0].lower() for language in contents.languages} - {"und"}
    return {
        "pretty_name": described.identity.title,
        **_license_keys(described),
        **({"language": sorted(languages)} if languages else {}),
        "size_categories": [size_category(contents.rows[schema.DEFAULT_TABLE])],
        "tags": TAGS,
        "configs": [_config(name, described) for name in schema.TABLES],
        # No `splits`: datasets would then refuse to load with filters=.
        "dataset_info": [{"config_name": name, "features": schema.dataset_info(name)} for name in schema.TABLES],
    }


def size_category(rows: int) -> str:
    """Give a hub's name for a dataset of so many rows, such as `1K<n<10K`."""
    least = ""
    for end, name in SIZES:
        if rows < end:
            return f"{least}<n<{name}" if least else f"n<{name}"
        least = name
    return f"n>{least}"


def split_card(text: str) -> tuple[dict[str, Any], str]:
    """Give the front matter of a project's card.md and the text after it.

    Raises UsageError E190 when it is no mapping.
    """
    lines = text.splitlines()
    if not lines or lines[0].rstrip() != "---" or "---" not in [line.rstrip() for line in lines[1:]]:
        return {}, text.strip()
    end = [line.rstrip() for line in lines].index("---", 1)
    try:
        keys = yaml.safe_load("\n".join(lines[1:end])) or {}
        json.dumps(keys, default=str, allow_nan=False)  # neither NaN nor a value inside itself
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        keys = None
    if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys):
        raise UsageError("E190", "card.md", "its front matter is no YAML mapping", "correct it, or remove it")
    return keys, "\n".join(lines[end + 1 :]).strip()


def _config(name: str, described: Description) -> dict[str, Any]:
    paths: dict[str, list[str]] = {}
    for file in described.contents.of(name):
        paths.setdefault(_split(file.path), []).append(file.path)
    return {
        "config_name": name,
        **({"default": True} if name == schema.DEFAULT_TABLE else {}),
        "version": described.version,
        "data_files": [{"split": split, "path": found} for split, found in paths.items()],
    }


def _split(path: str) -> str:
    match = DATA_FILE.fullmatch(path.rpartition("/")[2])
    if match is None:
        raise ValueError(f"{path} is no data file")
    return match["split"]


def _license_keys(described: Description) -> dict[str, str]:
    given, known = described.identity.license, license_of(described.identity)
    if given is None:
        return {"license": "unknown"}
    if known is not None and known.hub is not None:
        return {"license": known.hub}
    return {"license": "other", "license_name": given, **({"license_link": known.url} if known else {})}


def card_body(described: Description, own_text: str = "") -> str:
    """Give the card's Markdown, in which the project's *own_text* stands unchanged."""
    identity, contents, metadata = described.identity, described.contents, described.metadata
    counts = metadata.check_counts
    return Template(files(__package__).joinpath("card.txt").read_text("utf-8")).substitute(
        load=_load(described),
        title=inert(identity.title),
        description="\n\n".join(inert(part) for part in (identity.description or "").split("\n\n")).strip()
        or "A dataset of articles, paragraph by paragraph.",
        version=described.version,
        date=metadata.date.isoformat(),
        numbers=_numbers(described),
        categories=_category_table(contents),
        languages=_language_table(contents),
        accuracy=_accuracy(metadata.metrics),
        columns="\n\n".join(_column_table(schema.table(name)) for name in schema.TABLES),
        labels="\n\n".join(_label_table(kind, title) for kind, title in _LABEL_TITLES.items()),
        card=f"{own_text}\n\n" if own_text else "",
        checks="Checks: " + ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items()) + ".",
        digest=described.digest,
        scheme=f"scheme `{SCHEME}`",
        citation=inert(citation_text(identity, described.version, metadata.date)),
        license=_license_text(described),
    )


_LABEL_TITLES = {"role": "`role`", "category": "`boilerplate_category`", "origin": "`label_origin`"}


def _load(described: Description) -> str:
    hub = described.metadata.hub
    split = _split(described.contents.of(schema.DEFAULT_TABLE)[0].path)
    if hub is None:
        return (
            f'release = "dist/{described.identity.name}/{described.version}"  # the path of this folder\n'
            f'paragraphs = load_dataset(release, split="{split}")'
        )
    return f'paragraphs = load_dataset("{hub}", revision="v{described.version}", split="{split}")'


def _numbers(described: Description) -> str:
    contents, metadata = described.contents, described.metadata
    rows = [(name, f"{count:,}") for name, count in contents.rows.items() if name != "sources"]
    boilerplate = sum(count for name, count in contents.categories.items() if name != "none")
    rows += [("boilerplate paragraphs", f"{boilerplate:,}"), ("bytes of the data files", f"{contents.bytes:,}")]
    rows += [("records read", f"{metadata.records:,}")] if metadata.records else []
    rows += [(f"quarantined ({code})", f"{count:,}") for code, count in metadata.quarantined.items() if count]
    rows += [(f"skipped ({inert(kind)})", f"{count:,}") for kind, count in metadata.skipped.items() if count]
    return table(("", "count:"), rows)


def _category_table(contents: Contents) -> str:
    total = sum(contents.categories.values())
    rows = [(f"`{name}`", f"{n:,}", f"{100 * n / total:.1f} %") for name, n in contents.categories.items()]
    return table(("boilerplate_category", "paragraphs:", "share:"), rows)


def _language_table(contents: Contents) -> str:
    return table(("language", "articles:"), [(f"`{inert(name)}`", f"{n:,}") for name, n in contents.languages.items()])


def _accuracy(metrics: Mapping[str, Any]) -> str:
    rows = [(inert(name), value) for name, value in _flat(metrics)]
    return table(("measure", "value:"), rows) if rows else "It was not measured for this model."


def _flat(metrics: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in metrics.items():
        name = above + key.replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name} ")
        elif isinstance(value, int | float):
            yield name, f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _column_table(definition: schema.Table) -> str:
    rows = [(f"`{c.name}`", f"`{c.type}`{' or null' if c.nullable else ''}", c.description) for c in definition.columns]
    return f"### {definition.name}\n\n{definition.description}\n\n" + table(("column", "type", "meaning"), rows)


def _label_table(kind: str, title: str) -> str:
    rows = [(f"`{label.id}`", label.definition) for label in schema.labels_of(kind)]
    return f"### {title}\n\n" + table(("label", "meaning"), rows)


def _license_text(described: Description) -> str:
    given, known = described.identity.license, license_of(described.identity)
    if given is None:
        return "No license is declared."
    return f"[{inert(known.id)}]({known.url})" if known else inert(given)

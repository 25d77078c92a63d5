"""How a release is cited: CITATION.cff, and one line of text."""

from datetime import date
from typing import Any

import yaml

from dataset_builder.config import Author, Identity
from dataset_builder.release.metadata import Description, license_of

ANONYMOUS = "Anonymous"


def citation_cff(described: Description) -> bytes:
    """Give CITATION.cff (Citation File Format 1.2.0); without authors the author is the entity Anonymous."""
    identity = described.identity
    record: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use this dataset, please cite it as below.",
        "type": "dataset",
        "title": identity.title,
        "version": described.version,
        "date-released": described.metadata.date.isoformat(),
        "authors": [_author(author) for author in identity.authors] or [{"name": ANONYMOUS}],
    }
    if identity.description:
        record["abstract"] = identity.description
    known = license_of(identity)
    if known is not None:
        record |= {"license": known.id} if known.in_cff else {"license-url": known.url}
    return dump_yaml(record).encode("utf-8")


def citation_text(identity: Identity, version: str, released: date) -> str:
    """Give the citation as one line of plain text: authors, year, title, version, kind."""
    names = [_listed_name(author) for author in identity.authors] or [ANONYMOUS]
    authors = names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" & {names[-1]}"
    end = "" if authors.endswith(".") else "."
    return f"{authors}{end} ({released.year}). {identity.title} (Version {version}) [Data set]."


def dump_yaml(record: dict[str, Any]) -> str:
    """Give *record* as YAML that reads back as the same. Raises ValueError when it would not."""
    for readable in (True, False):
        text = str(yaml.safe_dump(record, sort_keys=False, allow_unicode=readable, width=1_000_000))
        # PyYAML writes line ends such as U+0085 bare, and loses some: then all but ASCII is escaped.
        if len(text.splitlines()) == text.count("\n") and yaml.safe_load(text) == record:
            return text
    raise ValueError("the YAML does not read back as what was written")


def _author(author: Author) -> dict[str, str]:
    if author.name:
        return {"name": author.name}
    person = {"given-names": author.given, "family-names": author.family}
    person["orcid"] = author.orcid and f"https://orcid.org/{author.orcid}"
    return {key: value for key, value in person.items() if value}


def _listed_name(author: Author) -> str:
    initials = " ".join(f"{part[0]}." for part in (author.given or "").split())
    return ", ".join(part for part in (author.family, initials) if part) if author.family else author.display

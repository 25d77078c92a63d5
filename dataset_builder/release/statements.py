"""What the files of a release say of it, held against the rows and against each other."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from dataset_builder.errors import UsageError
from dataset_builder.layout import IDENTIFIER, VERSION, bag_info
from dataset_builder.release.card import split_card
from dataset_builder.release.digest import release_digest
from dataset_builder.release.tree import FileSum

OXUM = "Payload-Oxum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the data files hold: their sums by path, rows and digests by table."""

    payload: Mapping[str, FileSum]
    rows: Mapping[str, int]
    digests: Mapping[str, str]


def false_statements(texts: Mapping[str, str], measured: Measured | None) -> Iterator[tuple[str, str]]:
    """Yield file and reason for each statement in *texts*, the release's own files by name, that is not so.

    A file that is not in *texts* is held against nothing, nor are the rows when *measured* is None. bag-info.txt says
    which release it is.
    """
    name, _, version = bag_info(texts.get("bag-info.txt", "")).get(IDENTIFIER, "").rpartition("/")
    checks: dict[str, Callable[[str], Iterator[str]]] = {
        "bag-info.txt": lambda text: _bag(text, measured),
        "provenance.json": lambda text: _provenance(json.loads(text), name, measured),
        "checks.json": lambda text: _checks(json.loads(text)),
        "README.md": lambda text: _versions({c["version"] for c in split_card(text)[0]["configs"]}, version),
        "CITATION.cff": lambda text: _versions({yaml.safe_load(text)["version"]}, version),
        "changes.json": lambda text: _versions({json.loads(text)["version"]}, version),
        "croissant.json": lambda text: _versions({json.loads(text)["version"]}, version),
        "datapackage.json": lambda text: _versions({json.loads(text)["version"]}, version),
    }
    for file in checks.keys() & texts.keys():
        try:
            yield from ((file, reason) for reason in checks[file](texts[file]))
        except (
            ValueError,
            KeyError,
            IndexError,
            TypeError,
            AttributeError,
            RecursionError,
            yaml.YAMLError,
            UsageError,
        ):
            yield file, "is not as a build writes it"


def _bag(text: str, measured: Measured | None) -> Iterator[str]:
    fields = bag_info(text)
    if not VERSION.fullmatch(fields[IDENTIFIER].rpartition("/")[2]):
        yield f"says {IDENTIFIER} {fields[IDENTIFIER]}, which is no release"
    said = fields[OXUM]
    if measured is None:
        return
    found = f"{sum(file.bytes for file in measured.payload.values())}.{len(measured.payload)}"
    if said != found:
        yield f"says {OXUM} {said}, the data files give {found}"


def _provenance(statement: Any, name: str, measured: Measured | None) -> Iterator[str]:
    subject = {one["name"]: one["digest"]["sha256"] for one in statement["subject"]}
    predicate = statement["predicate"]
    said_name = predicate["buildDefinition"]["externalParameters"]["name"]
    if name and said_name != name:
        yield f"says that the dataset is {said_name}, bag-info.txt that it is {name}"
    said = predicate["runDetails"]["byproducts"][0]["annotations"]
    if said["digest"] != release_digest(said["digests"]):
        yield "its digest of the release is not that of its digests"
    if measured is None:
        return
    sums = {path: file.sha256 for path, file in measured.payload.items()}
    for what, claimed, found in (
        ("sha256", subject, sums),
        ("rows", said["rows"], measured.rows),
        ("digests", said["digests"], measured.digests),
    ):
        for key in sorted(claimed.keys() | found.keys()):
            if claimed.get(key) != found.get(key):
                yield f"says {what} of {key}: {claimed.get(key)}, the data gives {found.get(key)}"


def _checks(report: Any) -> Iterator[str]:
    found = Counter(entry["status"] for entry in report["expectations"])
    said = report["counts"]
    for status in sorted(said.keys() | found.keys()):
        if said.get(status, 0) != found[status]:
            yield f"counts {said.get(status, 0)} {status}, its entries are {found[status]}"


def _versions(said: set[str], version: str) -> Iterator[str]:
    for other in sorted(said - {version}) if version else ():
        yield f"says version {other}, bag-info.txt says {version}"

"""The metadata files: each valid by its own standard, all saying the same, none telling of the machine."""

import hashlib
import json
import platform
import re
import subprocess
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import bagit
import jsonschema  # type: ignore[import-untyped]
import mlcroissant
import pytest
import yaml

from dataset_builder import schema
from dataset_builder.config import Author, Identity
from dataset_builder.layout import Release
from dataset_builder.release import facts_of_release
from dataset_builder.release.citation import citation_text
from dataset_builder.release.metadata import license_of
from tests.release.release_corpus import IDENTITY, SUITE, article, build_release, corpus, metadata, tree_of

CFF_SCHEMA = json.loads(Path(__file__).with_name("cff-1.2.0.schema.json").read_bytes())
HOSTILE = '"; }\n---\n<script>alert(1)</script> & \\ $x `{{ y }}` \u2028 潮 [a](b) %s'
IDENTITIES = {
    "plain": IDENTITY,
    "bare": Identity(name="x", title="x"),
    "hostile": Identity(
        name="A.b-C_d", title=HOSTILE, description=HOSTILE, authors=(Author(name=HOSTILE),), license=HOSTILE
    ),
    "license that CFF does not know": Identity(name="x", title="x", license="CDLA-Permissive-2.0"),
    "one name only": Identity(name="x", title="x", authors=(Author(family="Quay"), Author(given="Bo"))),
}


@pytest.fixture(scope="module", params=IDENTITIES)
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Release:
    return build_release(tmp_path_factory.mktemp("dist"), corpus(8), identity=IDENTITIES[request.param])[0]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return build_release(tmp_path_factory.mktemp("dist"), corpus(8))[0]


def loaded(release: Release, name: str) -> Any:
    return json.loads((release.path / name).read_bytes())


def sums_of(release: Release) -> dict[str, str]:
    return {
        path.relative_to(release.path).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(release.path.rglob("*.parquet"))
    }


@pytest.fixture
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


# --- the bag ----------------------------------------------------------------------------------------------------------


def test_the_bag_validates_with_bagit_and_sha256sum(release: Release) -> None:
    bag = bagit.Bag(str(release.path))
    bag.validate()
    assert bag.info["External-Identifier"] == f"{release.name}/{release.version}"
    assert bag.info["Bagging-Date"] == "2025-03-04"
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        command = ["sha256sum", "--strict", "-c", manifest]
        done = subprocess.run(command, cwd=release.path, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_manifests_name_every_file_once_in_the_order_of_paths(plain: Release) -> None:
    named: list[str] = []
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        paths = [line.split("  ", 1)[1] for line in (plain.path / manifest).read_text().splitlines()]
        assert paths == sorted(paths)
        named += paths
    assert sorted([*named, "tagmanifest-sha256.txt"]) == sorted(tree_of(plain.path))
    assert {path.name for path in plain.path.iterdir()} == {
        *("README.md", "croissant.json", "datapackage.json", "CITATION.cff", "provenance.json", "changes.json"),
        *("checks.json", "bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "data"),
    }


def test_a_changed_byte_is_noticed_by_bagit(tmp_path: Path) -> None:
    release, _ = build_release(tmp_path, corpus(2))
    for name in ("README.md", "provenance.json", release.files("articles")[0].relative_to(release.path).as_posix()):
        path = release.path / name
        content = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])
        with pytest.raises(bagit.BagValidationError):
            bagit.Bag(str(release.path)).validate()
        path.write_bytes(content)
    bagit.Bag(str(release.path)).validate()


# --- Croissant, Data Package, CFF -------------------------------------------------------------------------------------


def test_croissant_is_valid_and_has_the_sha256_of_every_file(release: Release, quiet: None) -> None:
    dataset = mlcroissant.Dataset(jsonld=str(release.path / "croissant.json"))
    assert not dataset.metadata.issues.errors
    record = loaded(release, "croissant.json")
    assert record["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    objects = [item for item in record["distribution"] if item["@type"] == "cr:FileObject"]
    assert {item["contentUrl"]: item["sha256"] for item in objects} == sums_of(release)
    assert [[field["name"] for field in record_set["field"]] for record_set in record["recordSet"]] == [
        schema.arrow_schema(name).names for name in schema.TABLES
    ]


@pytest.mark.parametrize("name", schema.TABLES)
def test_croissants_record_sets_load_the_rows(plain: Release, name: str, quiet: None) -> None:
    dataset = mlcroissant.Dataset(jsonld=str(plain.path / "croissant.json"))
    expected = {row[schema.table(name).key[0]]: row for row in plain.table(name).to_pylist()}
    records = list(dataset.records(name))
    assert len(records) == len(expected)

    def text(value: Any) -> Any:
        return value.decode() if isinstance(value, bytes) else value

    for record in records:
        row = {key.partition("/")[2]: value for key, value in record.items()}
        wanted = expected[text(row[schema.table(name).key[0]])]
        for column in schema.table(name).columns:
            got = row[column.name]
            if column.type == "timestamp" and got is not None:
                assert got.isoformat()[:19] == wanted[column.name].isoformat()[:19]
            elif column.type == "list<string>":
                assert [text(part) for part in got] == wanted[column.name]
            else:
                assert text(got) == wanted[column.name]


def test_the_data_package_names_every_file_with_size_and_hash(release: Release) -> None:
    record = loaded(release, "datapackage.json")
    assert re.fullmatch(r"[-a-z0-9._]+", record["name"])
    sums = sums_of(release)
    assert {resource["path"]: resource["hash"] for resource in record["resources"]} == {
        path: f"sha256:{sha256}" for path, sha256 in sums.items()
    }
    for resource in record["resources"]:
        assert resource["type"] == "file"
        assert resource["bytes"] == (release.path / resource["path"]).stat().st_size
        assert re.fullmatch(r"[-a-z0-9._]+", resource["name"])
    assert len({resource["name"] for resource in record["resources"]}) == len(sums)


def test_citation_cff_is_valid_by_its_schema(release: Release) -> None:
    record = yaml.safe_load((release.path / "CITATION.cff").read_text("utf-8"))
    jsonschema.Draft7Validator(CFF_SCHEMA).validate(record)
    assert (record["cff-version"], record["type"], record["date-released"]) == ("1.2.0", "dataset", "2025-03-04")


def test_citation_cff_of_an_invalid_record_is_refused_by_the_schema(plain: Release) -> None:
    record = yaml.safe_load((plain.path / "CITATION.cff").read_text("utf-8"))
    changes: list[dict[str, Any]] = [{"license": "no such license"}, {"authors": []}, {"date-released": "yesterday"}]
    for change in changes:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft7Validator(CFF_SCHEMA).validate(record | change)


def test_persons_organisations_and_nobody_are_cited_as_what_they_are(tmp_path: Path) -> None:
    def authors(identity: Identity) -> Any:
        release, _ = build_release(tmp_path / identity.name, corpus(1), identity=identity)
        return yaml.safe_load((release.path / "CITATION.cff").read_text("utf-8"))["authors"]

    assert authors(IDENTITY) == [
        {"given-names": "Ada", "family-names": "Quay", "orcid": "https://orcid.org/0000-0002-1825-0097"},
        {"name": "Harbour Archive"},
    ]
    assert authors(Identity(name="nobody", title="x")) == [{"name": "Anonymous"}]


@pytest.mark.parametrize(
    ("authors", "text"),
    [
        ((), "Anonymous. (2025). T (Version 1.2.3) [Data set]."),
        ((Author(given="Ada Maria", family="Quay"),), "Quay, A. M. (2025). T (Version 1.2.3) [Data set]."),
        ((Author(name="Acme Inc."),), "Acme Inc. (2025). T (Version 1.2.3) [Data set]."),
        (
            (Author(family="A"), Author(given="B"), Author(name="C")),
            "A, B & C. (2025). T (Version 1.2.3) [Data set].",
        ),
    ],
)
def test_the_citation_is_one_line_of_text(authors: tuple[Author, ...], text: str) -> None:
    identity = Identity(name="t", title="T", authors=authors)
    assert citation_text(identity, "1.2.3", date(2025, 6, 1)) == text


def test_a_license_is_found_however_its_letters_are_cased() -> None:
    found = [license_of(Identity.model_construct(name="x", title="x", license=text)) for text in ("mit", "MIT", "Mit")]
    assert {(one.id, one.hub, one.in_cff) for one in found if one} == {("MIT", "mit", True)}
    assert license_of(Identity(name="x", title="x", license="MIT OR ISC")) is None


# --- provenance, changes, and what all say ----------------------------------------------------------------------------


def test_provenance_is_an_in_toto_statement_with_an_slsa_predicate(plain: Release) -> None:
    statement = loaded(plain, "provenance.json")
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    assert {item["name"]: item["digest"]["sha256"] for item in statement["subject"]} == sums_of(plain)
    definition = statement["predicate"]["buildDefinition"]
    assert {"buildType", "externalParameters", "internalParameters", "resolvedDependencies"} <= definition.keys()
    assert statement["predicate"]["runDetails"]["builder"]["version"] == {"articleset": "0.1.0"}
    by_name = {item["name"]: item["digest"] for item in definition["resolvedDependencies"]}
    assert by_name["label model"] == {"sha256": metadata().model["sha256"]}
    assert by_name["check suite"] == {"sha256": SUITE}
    results = statement["predicate"]["runDetails"]["byproducts"][0]["annotations"]
    assert results["rows"] == {"articles": 8, "paragraphs": 48, "sources": 8}
    assert (results["records"], results["quarantined"]) == (9, {"E502": 1})
    facts = facts_of_release(plain)
    assert results["digests"] == facts.digests
    assert results["digest"] == facts.digest
    assert by_name["sources"] == {"rows-1": facts.digests["sources"].removeprefix("rows-1:")}


def test_facts_read_from_a_release_are_those_it_was_made_with(plain: Release) -> None:
    found = facts_of_release(plain)
    assert found.version == "1.0.0"
    assert found.labels["category"]["media"] == 1
    assert found.columns["paragraphs"]["url"] == "string?"
    assert found.identity["license"] == "CC-BY-4.0"
    assert (found.suite, found.articles.num_rows) == (SUITE, 8)


def test_changes_name_the_bump_the_reasons_and_the_version_before(tmp_path: Path) -> None:
    build_release(tmp_path, corpus(3))
    release, decision = build_release(tmp_path, [*corpus(3), article(9)])
    assert loaded(release, "changes.json") == {
        "name": IDENTITY.name,
        "version": "1.1.0",
        "previous": "1.0.0",
        "bump": "minor",
        "reasons": ["minor: article notes/0009 is new"],
        "counts": dict(decision.counts),
    }


def test_all_files_say_the_same_name_title_and_version(release: Release) -> None:
    croissant, package = loaded(release, "croissant.json"), loaded(release, "datapackage.json")
    citation = yaml.safe_load((release.path / "CITATION.cff").read_text("utf-8"))
    card = yaml.safe_load((release.path / "README.md").read_text("utf-8").split("---\n")[1])
    titles = {croissant["alternateName"], package["title"], citation["title"], card["pretty_name"]}
    identity = loaded(release, "provenance.json")["predicate"]["buildDefinition"]["externalParameters"]["identity"]
    assert titles == {identity["title"]}
    assert {croissant["version"], package["version"], citation["version"], release.version} == {"1.0.0"}
    assert croissant["name"] == release.name
    assert package["name"] == release.name.lower()
    assert croissant["datePublished"] == citation["date-released"]


def test_a_release_tells_nothing_of_host_place_or_clock(tmp_path: Path) -> None:
    first, _ = build_release(tmp_path / "one", corpus(4))
    second, _ = build_release(tmp_path / "two" / "deeper", corpus(4))
    assert tree_of(first.path) == tree_of(second.path)
    words = [str(tmp_path).encode(), platform.node().encode() if len(platform.node()) > 4 else b"\0no host"]
    for name, content in tree_of(first.path).items():
        assert not [word for word in words if word in content], name


def test_another_date_changes_only_where_the_date_stands(tmp_path: Path) -> None:
    trees = [
        tree_of(build_release(tmp_path / str(day.year), corpus(4), date=day)[0].path)
        for day in (date(1970, 1, 1), date(2100, 12, 31))
    ]
    differing = {name for name in trees[0] if trees[0][name] != trees[1].get(name)}
    assert differing == {"README.md", "CITATION.cff", "croissant.json", "bag-info.txt", "tagmanifest-sha256.txt"}
    assert trees[0].keys() == trees[1].keys()

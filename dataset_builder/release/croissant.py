"""croissant.json: the release as Croissant 1.1, whose record sets load from the release's folder."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from dataset_builder import schema
from dataset_builder.release.citation import ANONYMOUS, citation_text
from dataset_builder.release.metadata import Contents, Description, json_bytes, license_of

PARQUET = "application/x-parquet"  # what the reference implementation reads; the registered name it does not
_TYPES = {
    "string": "sc:Text",
    "label": "sc:Text",
    "bool": "sc:Boolean",
    "int32": "cr:Int32",
    "int64": "cr:Int64",
    "float32": "cr:Float32",
    "timestamp": "sc:DateTime",
    "list<string>": "sc:Text",
}


def croissant_json(described: Description) -> bytes:
    """Give croissant.json: a FileObject with sha256 for each file, a FileSet and a RecordSet for each table."""
    identity, contents = described.identity, described.contents
    known = license_of(identity)
    license_text = known.url if known else identity.license
    record: dict[str, Any] = {
        "@context": _context(),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": identity.name,
        "alternateName": identity.title,
        "description": identity.description or identity.title,
        "version": described.version,
        "datePublished": described.metadata.date.isoformat(),
        "creator": [_creator(author) for author in identity.authors]
        or [{"@type": "sc:Organization", "name": ANONYMOUS}],
        **({"license": license_text} if license_text else {}),
        "citeAs": citation_text(identity, described.version, described.metadata.date),
        "keywords": ["articles", "paragraphs", "boilerplate"],
        "inLanguage": sorted(language for language in contents.languages if language != "und"),
        "distribution": _distribution(contents),
        "recordSet": [_record_set(schema.table(name)) for name in schema.TABLES],
    }
    return json_bytes(record)


def _distribution(contents: Contents) -> list[dict[str, Any]]:
    objects = [
        {
            "@type": "cr:FileObject",
            "@id": file.path,
            "name": file.path.rpartition("/")[2],
            "contentUrl": file.path,
            "contentSize": f"{file.bytes} B",
            "encodingFormat": PARQUET,
            "sha256": file.sha256,
        }
        for file in contents.files
    ]
    sets = [
        {
            "@type": "cr:FileSet",
            "@id": f"{name}-files",
            "name": f"{name}-files",
            "encodingFormat": PARQUET,
            "includes": f"data/{name}/*.parquet",
        }
        for name in schema.TABLES
    ]
    return [*objects, *sets]


def _record_set(table: schema.Table) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.description,
        "key": [{"@id": f"{table.name}/{column}"} for column in table.key],
        "field": [_field(table.name, column) for column in table.columns],
    }


def _field(table: str, column: schema.Column) -> dict[str, Any]:
    many = {"isArray": True, "arrayShape": "-1"} if column.type == "list<string>" else {}
    return {
        "@type": "cr:Field",
        "@id": f"{table}/{column.name}",
        "name": column.name,
        "description": column.description,
        "dataType": _TYPES[column.type],
        **many,
        "source": {"fileSet": {"@id": f"{table}-files"}, "extract": {"column": column.name}},
    }


def _creator(author: Any) -> dict[str, str]:
    if author.name:
        return {"@type": "sc:Organization", "name": author.name}
    person = {"givenName": author.given, "familyName": author.family}
    person["url"] = author.orcid and f"https://orcid.org/{author.orcid}"
    return {"@type": "sc:Person", "name": author.display, **{key: value for key, value in person.items() if value}}


@cache
def _context() -> dict[str, Any]:
    context: dict[str, Any] = json.loads(files(__package__).joinpath("croissant_context.json").read_bytes())
    return context

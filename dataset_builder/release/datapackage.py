"""datapackage.json: the release as a Frictionless Data Package, its files with size and hash."""

from typing import Any

from dataset_builder.release.metadata import Description, json_bytes, license_of

PARQUET = "application/vnd.apache.parquet"


def datapackage_json(described: Description) -> bytes:
    """Give datapackage.json. Its resources are plain files, since Frictionless cannot type Parquet's lists."""
    identity = described.identity
    record: dict[str, Any] = {
        "profile": "data-package",
        "name": identity.name.lower(),
        "title": identity.title,
        **({"description": identity.description} if identity.description else {}),
        "version": described.version,
        "contributors": [
            {"title": author.display, "role": "author"}
            | ({"path": f"https://orcid.org/{author.orcid}"} if author.orcid else {})
            for author in identity.authors
        ],
        "licenses": _licenses(described),
        "resources": [
            {
                "type": "file",
                "name": file.path.removeprefix("data/").removesuffix(".parquet").replace("/", "-").lower(),
                "path": file.path,
                "format": "parquet",
                "mediatype": PARQUET,
                "bytes": file.bytes,
                "hash": f"sha256:{file.sha256}",
            }
            for file in described.contents.files
        ],
    }
    return json_bytes({key: value for key, value in record.items() if value != []})


def _licenses(described: Description) -> list[dict[str, str]]:
    given, known = described.identity.license, license_of(described.identity)
    if known:
        return [{"name": known.id, "path": known.url}]
    return [{"name": given}] if given else []

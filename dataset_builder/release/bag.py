"""The bag's own files (BagIt 1.0, RFC 8493): its declaration, its description and the manifests.

The manifests are canonical: one line a file, by path in the order of its bytes, `sha256  path`.
"""

import hashlib
from collections.abc import Mapping

from dataset_builder.layout import IDENTIFIER
from dataset_builder.release.metadata import Description

MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"


def bag_files(described: Description, tags: Mapping[str, bytes]) -> dict[str, bytes]:
    """Give the bag's files by name, the tag manifest last; *tags* are the release's other files outside `data/`."""
    files = {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": _bag_info(described),
        MANIFEST: manifest({file.path: file.sha256 for file in described.contents.files}),
    }
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in {**tags, **files}.items()}
    return files | {TAG_MANIFEST: manifest(sums)}


def manifest(sums: Mapping[str, str]) -> bytes:
    """Give a manifest of paths and their sha256, as `sha256sum -c` and BagIt read it."""
    return "".join(f"{sums[path]}  {path}\n" for path in sorted(sums, key=str.encode)).encode("utf-8")


def _bag_info(described: Description) -> bytes:
    contents = described.contents
    fields = {
        "Bag-Software-Agent": f"articleset {described.metadata.tool}",
        "Bagging-Date": described.metadata.date.isoformat(),
        IDENTIFIER: f"{described.identity.name}/{described.version}",
        "Payload-Oxum": f"{contents.bytes}.{len(contents.files)}",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items()).encode("utf-8")

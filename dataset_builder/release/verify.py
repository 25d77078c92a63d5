"""Verifies a release: every byte against its manifests, and the rows against what the release says of them."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_builder import schema
from dataset_builder.errors import EnvironmentFault, RejectedError
from dataset_builder.layout import DATA_FILE, Release, no_release
from dataset_builder.release.bag import MANIFEST, TAG_MANIFEST, manifest
from dataset_builder.release.facts import articles_of_release, table_digests
from dataset_builder.release.statements import Measured, false_statements
from dataset_builder.release.tree import Fault, FileSum, Tree, read_tree

# A folder with none of these is no release, damaged or not.
SIGNS = ("bagit.txt", "bag-info.txt", MANIFEST, TAG_MANIFEST)
# A release has these beside what its manifests name.
REQUIRED = (
    *SIGNS,
    *("README.md", "croissant.json", "datapackage.json", "CITATION.cff"),
    *("provenance.json", "changes.json", "checks.json"),
)
_LINE = re.compile(r"(?P<sha256>[0-9a-f]{64})  (?P<path>.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found: the faults by path, the names that were passed over, and how many files were read."""

    path: Path
    faults: tuple[Fault, ...]
    passed_over: tuple[str, ...]
    files: int

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return not self.faults

    def to_json(self) -> dict[str, Any]:
        """Give it as `verify --json` prints it."""
        faults = [asdict(fault.escaped()) for fault in self.faults]
        return {"ok": self.ok, "faults": faults, "passed_over": list(self.passed_over), "files": self.files}

    def lines(self) -> Iterator[str]:
        """Yield a line for each fault, then one on the whole."""
        yield from (f"{fault.path}: {fault.reason}" for fault in map(Fault.escaped, self.faults))
        passed = f"; passed over: {', '.join(self.passed_over)}" if self.passed_over else ""
        yield f"{self.files:,} files, {'nothing differs' if self.ok else _count(self.faults)}{passed}"

    def rejection(self) -> RejectedError:
        """Give the error (E320) of a release with faults: it names the first."""
        first = self.faults[0]
        reason = f"{_count(self.faults)}, the first: {first.path} {first.reason}"
        return RejectedError("E320", self.path, reason, "restore the release from a whole copy")


def verify_release(path: Path) -> Verification:
    """Verify the release in the folder *path*, one shard in memory at a time.

    Rows are looked at where the bytes are as the manifests say. Raises EnvironmentFault E410 when there is no sign of a
    release.
    """
    if not any(os.path.lexists(path / name) for name in SIGNS):
        raise no_release(path)
    tree = read_tree(path)
    listed = {name: _lines(path, name, tree) for name in (MANIFEST, TAG_MANIFEST)}
    faults = [*tree.faults, *_differing(tree, listed), *_rewritten(path, tree)]
    named = {fault.path for fault in faults}
    measured, more = _measure(path, tree, named)
    faults += more
    texts = {}
    for name in sorted(tree.files.keys() & set(REQUIRED) - named):
        try:
            texts[name] = (path / name).read_text("utf-8")
        except UnicodeDecodeError:
            faults.append(Fault(path=name, reason="is no UTF-8"))
    faults += (Fault(path=name, reason=why) for name, why in false_statements(texts, measured))
    return Verification(
        path=path,
        faults=tuple(sorted(set(faults), key=lambda fault: (fault.path, fault.reason))),
        passed_over=tuple(tree.passed_over),
        files=len(tree.files),
    )


def _differing(tree: Tree, listed: Mapping[str, Mapping[str, str]]) -> Iterator[Fault]:
    """Yield what is missing, added or changed against the manifests, *listed* by name as path → sha256."""
    expected = {path: sum_ for name, sums in listed.items() for path, sum_ in sums.items() if _governs(name, path)}
    wanted = expected.keys() | set(REQUIRED)
    folders = {parent.as_posix() for path in wanted for parent in PurePosixPath(path).parents} - {"."}
    found = tree.files.keys() | tree.folders | {fault.path for fault in tree.faults}
    yield from (Fault(path=path, reason="is missing") for path in (wanted | folders) - found)
    for path in tree.folders - folders:
        yield Fault(path=path, reason="is a folder, not a file" if path in wanted else "is a folder of no listed file")
    for path, file in tree.files.items():
        if path in folders:
            yield Fault(path=path, reason="is a file, not a folder")
        elif path not in expected and path != TAG_MANIFEST:
            yield Fault(path=path, reason="is in no manifest")
        elif expected.get(path, file.sha256) != file.sha256:
            manifest_name = MANIFEST if _is_payload(path) else TAG_MANIFEST
            yield Fault(path=path, reason=f"holds other bytes than {manifest_name} says")


def _rewritten(path: Path, tree: Tree) -> Iterator[Fault]:
    """Yield the manifests that are other bytes than those written anew from the files."""
    for name in (MANIFEST, TAG_MANIFEST):
        if name not in tree.files:
            continue
        sums = {file: found.sha256 for file, found in tree.files.items() if _governs(name, file) and _is_text(file)}
        if manifest(sums) != (path / name).read_bytes():
            yield Fault(path=name, reason="differs from one written anew from the files")


def _measure(path: Path, tree: Tree, named: set[str]) -> tuple[Measured | None, list[Fault]]:
    """Give what the data files hold, and their faults beyond those *named*; None for the first when there are any."""
    payload = {name: tree.files[name] for name in sorted(tree.files) if _is_payload(name)}
    rows: Counter[str] = Counter()
    faults = [fault for name in payload if name not in named for fault in _data_faults(path, name, payload[name], rows)]
    if faults or MANIFEST in named or any(map(_is_payload, named)):
        return None, faults
    try:
        articles = articles_of_release(Release(path=path, name="", version=""))
    except EnvironmentFault as fault:
        return None, [Fault(path=_inside(path, fault), reason=fault.reason)]
    return Measured(payload=payload, rows=rows, digests=table_digests(articles, schema.TABLES)), []


def _data_faults(root: Path, path: str, found: FileSum, rows: Counter[str]) -> Iterator[Fault]:
    """Yield what is wrong with a data file beyond its bytes, and count its rows into *rows* by table."""
    folder, _, name = path.rpartition("/")
    table, match = folder.removeprefix("data/"), DATA_FILE.fullmatch(name)
    if match is None or table not in schema.TABLES:
        yield Fault(path=path, reason="is no data file of a release")
        return
    if not found.sha256.startswith(match["sha8"]):
        yield Fault(path=path, reason=f"is named for other content: its sha256 starts with {found.sha256[:8]}")
    try:
        with (root / path).open("rb") as handle, pq.ParquetFile(handle) as parquet:
            rows[table] += parquet.metadata.num_rows
            if not parquet.schema_arrow.equals(schema.arrow_schema(table), check_metadata=True):
                yield Fault(path=path, reason="has another schema")
    except (OSError, pa.ArrowException) as fault:
        yield Fault(path=path, reason=f"cannot be read: {str(fault).strip().partition(chr(10))[0]}")


def _inside(root: Path, fault: EnvironmentFault) -> str:
    """Give the place of a fault of the rows relative to the release; `data` when it is the release as a whole."""
    place = Path(str(fault.place))
    return "data" if place == root else place.relative_to(root).as_posix()


def _lines(root: Path, name: str, tree: Tree) -> dict[str, str]:
    """Give the sha256 by path of a manifest's lines; a line that is none is left to the comparison of its bytes."""
    if name not in tree.files:
        return {}
    lines = (root / name).read_bytes().decode("utf-8", "replace").split("\n")
    return {match["path"]: match["sha256"] for line in lines if (match := _LINE.fullmatch(line))}


def _governs(name: str, path: str) -> bool:
    """Tell whether the manifest *name* is the one that lists the file *path*."""
    return _is_payload(path) if name == MANIFEST else not _is_payload(path) and path != TAG_MANIFEST


def _is_payload(path: str) -> bool:
    return path == "data" or path.startswith("data/")


def _is_text(path: str) -> bool:
    return not any("\udc80" <= char <= "\udcff" for char in path)


def _count(faults: tuple[Fault, ...]) -> str:
    return f"{len(faults):,} fault{'' if len(faults) == 1 else 's'}"

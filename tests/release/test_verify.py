"""Verifying a release: whatever differs is named, and what is no content makes no difference."""

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataset_builder.errors import EnvironmentFault
from dataset_builder.release import facts, verify
from dataset_builder.release.bag import MANIFEST, TAG_MANIFEST, manifest
from dataset_builder.release.tree import FileSum, read_tree
from dataset_builder.release.verify import verify_release
from tests.conftest import ROOT
from tests.flows.command import error_of, run
from tests.release.release_corpus import build_release, corpus

CHECKS = {
    "counts": {"passed": 2, "warned": 1, "failed": 0},
    "expectations": [{"code": f"C00{n}", "status": s} for n, s in enumerate(("passed", "passed", "warned"))],
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    release, _ = build_release(tmp_path_factory.mktemp("built"), corpus(8), checks=CHECKS)
    return release.path


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    return copied(built, tmp_path / "copy")


def copied(release: Path, place: Path) -> Path:
    """A copy with modes and times of its own, which may be written."""
    shutil.copytree(release, place, copy_function=shutil.copyfile)
    return place


def files_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def named(folder: Path) -> set[str]:
    return {fault.path for fault in verify_release(folder).faults}


def reseal(folder: Path) -> None:
    """Write the manifests anew, as somebody does who wants a changed release to look whole."""
    for name in (MANIFEST, TAG_MANIFEST):
        sums = {
            path: file.sha256
            for path, file in read_tree(folder).files.items()
            if path != TAG_MANIFEST and path.startswith("data/") == (name == MANIFEST)
        }
        (folder / name).write_bytes(manifest(sums))


def test_a_release_verifies_as_it_was_built(built: Path) -> None:
    found = verify_release(built)
    assert list(found.lines()) == ["17 files, nothing differs"]
    assert found.to_json() == {"ok": True, "faults": [], "passed_over": [], "files": 17}


def test_the_committed_release_verifies() -> None:
    releases = [path.parent for path in (ROOT / "dist").glob("*/*/bagit.txt")]
    assert releases
    assert [list(verify_release(path).faults) for path in releases] == [[]] * len(releases)


def test_a_copy_with_other_modes_and_times_verifies(copy: Path) -> None:
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o755)
    assert verify_release(copy).ok


def test_a_git_clone_verifies_and_says_what_it_passed_over(copy: Path, tmp_path: Path) -> None:
    (copy / ".gitattributes").write_text("* -text\n")
    (copy / "releases.json").write_text("{}\n")
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "A release"]):
        subprocess.run([*git, *arguments], cwd=copy, check=True)
    clone = tmp_path / "clone"
    subprocess.run([*git, "clone", "-q", copy, clone], check=True)
    (clone / ".cache" / "huggingface" / "download").mkdir(parents=True)
    (clone / ".cache" / "huggingface" / "download" / "README.md.metadata").write_text("x")
    found = verify_release(clone)
    assert found.faults == ()
    assert found.passed_over == (".cache/huggingface/", ".git/", ".gitattributes", "releases.json")
    assert list(found.lines())[-1].endswith(
        "nothing differs; passed over: .cache/huggingface/, .git/, .gitattributes, releases.json"
    )


def test_what_only_has_the_name_of_what_is_passed_over_is_an_addition(copy: Path) -> None:
    for name in ("releases.json", ".gitattributes", ".cache/huggingface.txt"):
        (copy / name).mkdir(parents=True)
    (copy / ".git").write_text("gitdir: elsewhere\n")
    assert named(copy) >= {"releases.json", ".gitattributes", ".cache", ".cache/huggingface.txt", ".git"}


@pytest.mark.parametrize("name", [".gitattributes", "releases.json", ".git/config", ".cache/huggingface/x"])
def test_what_is_passed_over_at_the_root_is_an_addition_elsewhere(copy: Path, name: str) -> None:
    added = copy / "data" / "articles" / name
    added.parent.mkdir(parents=True, exist_ok=True)
    added.write_text("x")
    assert f"data/articles/{name}" in named(copy)


def snapshot(release: Path, repository: Path) -> Path:
    """The folder of a revision in a hub client's cache: links to `blobs/`."""
    root = repository / "snapshots" / ("0" * 40)
    (repository / "blobs").mkdir(parents=True)
    for number, name in enumerate(files_of(release)):
        blob = repository / "blobs" / f"{number:064x}"
        shutil.copyfile(release / name, blob)
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(os.path.relpath(blob, (root / name).parent))
    return root


def test_a_hub_clients_snapshot_verifies(built: Path, tmp_path: Path) -> None:
    root = snapshot(built, tmp_path / "datasets--a--b")
    (tmp_path / "datasets--a--b" / "blobs" / "0a").write_text("* -text\n")
    (root / ".gitattributes").symlink_to("../../blobs/0a")
    found = verify_release(root)
    assert (found.faults, found.files, found.passed_over) == ((), 17, (".gitattributes",))


def test_a_snapshots_link_to_another_place_is_damage(built: Path, tmp_path: Path) -> None:
    root = snapshot(built, tmp_path / "datasets--a--b")
    other = snapshot(built, tmp_path / "datasets--a--c")
    (root / "README.md").unlink()
    (root / "README.md").symlink_to((other / "README.md").resolve())
    (root / "bagit.txt").unlink()
    (root / "bagit.txt").symlink_to("../../blobs/missing")
    assert named(root) >= {"README.md", "bagit.txt"}
    assert "checks.json" not in named(root)


def test_a_changed_blob_is_named_by_its_place_in_the_release(built: Path, tmp_path: Path) -> None:
    root = snapshot(built, tmp_path / "datasets--a--b")
    (root / "README.md").resolve().write_text("x")
    assert "README.md" in named(root)


def test_a_folder_without_any_sign_of_a_release_is_none(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("x")
    for path in (tmp_path, tmp_path / "missing", tmp_path / "README.md"):
        with pytest.raises(EnvironmentFault, match=r"E410.*is no release"):
            verify_release(path)


@pytest.mark.parametrize("name", ["bagit.txt", "bag-info.txt", MANIFEST, TAG_MANIFEST])
def test_a_release_without_one_of_the_bags_files_is_a_damaged_release(copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert name in named(copy)


def test_one_changed_byte_of_a_file_names_it_and_its_manifest_alone(copy: Path) -> None:
    path = next(name for name in files_of(copy) if name.startswith("data/paragraphs/"))
    content = bytearray((copy / path).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / path).write_bytes(content)
    found = verify_release(copy)
    assert list(found.lines()) == [
        f"{path}: holds other bytes than manifest-sha256.txt says",
        "manifest-sha256.txt: differs from one written anew from the files",
        "17 files, 2 faults",
    ]


Mutation = Callable[[Path, random.Random], set[str]]


def flip_a_bit(root: Path, chance: random.Random) -> set[str]:
    name = chance.choice(files_of(root))
    content = bytearray((root / name).read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    (root / name).write_bytes(content)
    return {name}


def truncate(root: Path, chance: random.Random) -> set[str]:
    name = chance.choice(files_of(root))
    os.truncate(root / name, chance.randrange((root / name).stat().st_size))
    return {name}


def empty(root: Path, chance: random.Random) -> set[str]:
    name = chance.choice(files_of(root))
    os.truncate(root / name, 0)
    return {name}


def append(root: Path, chance: random.Random) -> set[str]:
    name = chance.choice(files_of(root))
    with (root / name).open("ab") as stream:
        stream.write(chance.choice([b"\n", b" ", b"\0", chance.randbytes(9)]))
    return {name}


def swap_two_files(root: Path, chance: random.Random) -> set[str]:
    one, other = chance.sample(files_of(root), 2)
    (root / one).rename(root / "between")
    (root / other).rename(root / one)
    (root / "between").rename(root / other)
    return {one, other}


def swap_two_bytes(root: Path, chance: random.Random) -> set[str]:
    name = chance.choice(files_of(root))
    content = bytearray((root / name).read_bytes())
    first = chance.randrange(len(content))
    second = chance.choice([place for place, byte in enumerate(content) if byte != content[first]])
    content[first], content[second] = content[second], content[first]
    (root / name).write_bytes(content)
    return {name}


def remove(root: Path, chance: random.Random) -> set[str]:
    name = chance.choice(files_of(root))
    (root / name).unlink()
    return {name}


NAMES = [
    ".hidden",
    "a b",
    "a\nb",
    "\x1b[31m",
    "größe",
    os.fsdecode(b"\xff"),
    "README.md~",
    "train-00000-00000000.parquet",
]


def new_place(root: Path, chance: random.Random) -> str:
    folder = chance.choice(["", "data/", "data/articles/", "data/sources/"])
    return folder + chance.choice([*NAMES, f"{chance.randrange(10**9)}"])


def add_a_file(root: Path, chance: random.Random) -> set[str]:
    name = new_place(root, chance)
    (root / name).write_bytes(chance.randbytes(chance.randrange(9)))
    return {name}


def add_a_copy(root: Path, chance: random.Random) -> set[str]:
    name = new_place(root, chance)
    shutil.copyfile(root / chance.choice(files_of(root)), root / name)
    return {name}


def add_an_empty_folder(root: Path, chance: random.Random) -> set[str]:
    name = chance.choice([new_place(root, chance), ".cache", ".cache/other", "data/.git", "extra"])
    (root / name).mkdir(parents=True)
    return {name}


def add_a_pipe(root: Path, chance: random.Random) -> set[str]:
    name = new_place(root, chance)
    os.mkfifo(root / name)
    return {name}


def rename(root: Path, chance: random.Random) -> set[str]:
    old, new = chance.choice(files_of(root)), new_place(root, chance)
    (root / old).rename(root / new)
    return {old, new}


def rename_a_folder(root: Path, chance: random.Random) -> set[str]:
    old = chance.choice(["data", "data/articles", "data/paragraphs"])
    (root / old).rename(root / f"{old}-2")
    return {old, f"{old}-2"}


def link_to_the_same_bytes(root: Path, chance: random.Random) -> set[str]:
    name = chance.choice([*files_of(root), "data", "data/articles"])
    outside = root.parent / "outside"
    (root / name).rename(outside)
    (root / name).symlink_to(outside)
    return {name}


def link_to_another_file(root: Path, chance: random.Random) -> set[str]:
    name, other = chance.sample(files_of(root), 2)
    (root / name).unlink()
    (root / name).symlink_to(chance.choice([root / other, root / "missing", root / name]))
    return {name}


def add_a_link(root: Path, chance: random.Random) -> set[str]:
    name = chance.choice([new_place(root, chance), ".gitattributes", ".git", "releases.json", ".cache"])
    (root / name).symlink_to(chance.choice([root / "data", root / "README.md", root.parent]))
    return {name}


def file_to_folder(root: Path, chance: random.Random) -> set[str]:
    name = chance.choice(files_of(root))
    (root / name).unlink()
    (root / name).mkdir()
    return {name}


def folder_to_file(root: Path, chance: random.Random) -> set[str]:
    name = chance.choice(["data", "data/articles"])
    shutil.rmtree(root / name)
    (root / name).write_text("x")
    return {name}


def edit_a_manifest(root: Path, chance: random.Random) -> set[str]:
    name = chance.choice([MANIFEST, TAG_MANIFEST])
    lines = (root / name).read_text().splitlines(keepends=True)
    one, other = chance.sample(range(len(lines)), 2)
    change = chance.randrange(7)
    if change == 0:
        lines[one], lines[other] = lines[other], lines[one]
    elif change == 1:
        del lines[one]
    elif change == 2:
        lines.insert(one, lines[one])
    elif change == 3:
        lines[one] = lines[one].upper()
    elif change == 4:
        lines[one] = lines[one].replace("  ", chance.choice([" ", " *", "\t", "  ./"]))
    elif change == 5:
        lines[one] = lines[other][:64] + lines[one][64:]
    else:
        lines[one] = lines[one].rstrip("\n") + chance.choice(["\r\n", " \n", "\n\n"])
    (root / name).write_bytes("".join(lines).encode())
    return {name}


MUTATIONS: list[Mutation] = [
    *(flip_a_bit, truncate, empty, append, swap_two_files, swap_two_bytes, remove, add_a_file, add_a_copy, add_a_pipe),
    *(add_an_empty_folder, rename, rename_a_folder, link_to_the_same_bytes, link_to_another_file, add_a_link),
    *(file_to_folder, folder_to_file, edit_a_manifest),
]


def missed(release: Path, place: Path, rounds: range) -> list[tuple[int, str, set[str]]]:
    """The mutations of which something is not named: number, name, what is not named."""
    found = []
    for number in rounds:
        mutate, chance = MUTATIONS[number % len(MUTATIONS)], random.Random(number)
        root = copied(release, place / f"{number}" / "release")
        unnamed = mutate(root, chance) - named(root)
        if unnamed:
            found.append((number, str(mutate), unnamed))
        shutil.rmtree(place / f"{number}")
    return found


def test_every_mutation_is_named(built: Path, tmp_path: Path) -> None:
    assert missed(built, tmp_path, range(171)) == []


@pytest.mark.slow
def test_a_thousand_more_mutations_are_named(built: Path, tmp_path: Path) -> None:
    assert missed(built, tmp_path, range(1000, 2010)) == []


def test_every_byte_of_the_manifests_counts(copy: Path) -> None:
    for name in (MANIFEST, TAG_MANIFEST):
        whole = (copy / name).read_bytes()
        for place in range(0, len(whole), 29):
            (copy / name).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            assert name in named(copy), place
        (copy / name).write_bytes(whole)
    assert verify_release(copy).ok


def replaced(name: str, old: str, new: str) -> Callable[[Path], str]:
    def change(root: Path) -> str:
        text = (root / name).read_text("utf-8")
        assert old in text
        (root / name).write_text(text.replace(old, new), "utf-8")
        return name

    return change


def data_file(root: Path, table: str) -> Path:
    return min((root / "data" / table).iterdir())


def named_for_others(root: Path) -> str:
    path = data_file(root, "articles")
    return path.rename(path.with_name("train-00000-00000000.parquet")).relative_to(root).as_posix()


def rewritten(root: Path, change: Callable[[pa.Table], pa.Table]) -> str:
    """Change a data file's rows, and everything that names the file by its bytes."""
    path = data_file(root, "articles")
    pq.write_table(change(pq.read_table(path)), root / "new", store_schema=False)
    new = read_tree(root).files["new"]
    target = path.with_name(f"train-00000-{new.sha256[:8]}.parquet")
    (root / "new").rename(target)
    statement = json.loads((root / "provenance.json").read_text())
    old = path.relative_to(root).as_posix()
    subject = next(one for one in statement["subject"] if one["name"] == old)
    subject |= {"name": target.relative_to(root).as_posix(), "digest": {"sha256": new.sha256}}
    (root / "provenance.json").write_text(json.dumps(statement))
    path.unlink()
    return target.relative_to(root).as_posix()


def other_schema(root: Path) -> str:
    return rewritten(root, lambda table: table.rename_columns(["x", *table.column_names[1:]]))


def other_rows(root: Path) -> str:
    rewritten(root, lambda table: table.set_column(1, table.schema.field(1), pa.array(["?"] * len(table))))
    return "provenance.json"


def fewer_rows(root: Path) -> str:
    rewritten(root, lambda table: table.slice(1))
    return "data/"


def no_parquet(root: Path) -> str:
    path = data_file(root, "sources")
    path.write_bytes(b"PAR1")
    return path.relative_to(root).as_posix()


def strange_table(root: Path) -> str:
    (root / "data" / "other").mkdir()
    shutil.copyfile(data_file(root, "sources"), root / "data" / "other" / "train-00000-00000000.parquet")
    return "data/other/train-00000-00000000.parquet"


def without(name: str) -> Callable[[Path], str]:
    def change(root: Path) -> str:
        (root / name).unlink()
        return name

    return change


FORGERIES = {
    "sha8": named_for_others,
    "schema": other_schema,
    "rows": other_rows,
    "row count": fewer_rows,
    "no Parquet": no_parquet,
    "a table of no release": strange_table,
    "oxum": replaced("bag-info.txt", "Payload-Oxum: ", "Payload-Oxum: 1"),
    "identifier": replaced("bag-info.txt", "/1.0.0", "/1.0"),
    "counts": replaced("checks.json", '"warned": 1', '"warned": 0'),
    "no checks": replaced("checks.json", '"expectations"', '"others"'),
    "card": replaced("README.md", "  version: 1.0.0", "  version: 1.0.1"),
    "no card": replaced("README.md", "---\n", ""),
    "citation": replaced("CITATION.cff", "version: 1.0.0", "version: 1.0.1"),
    "changes": replaced("changes.json", '"1.0.0"', '"1.0.1"'),
    "croissant": replaced("croissant.json", '"version": "1.0.0"', '"version": "1.0.1"'),
    "data package": replaced("datapackage.json", '"version": "1.0.0"', '"version": "1.0.1"'),
    "name": replaced("provenance.json", '"name": "harbour-notes"', '"name": "harbour"'),
    "digests": replaced("provenance.json", '"articles": "rows-1:', '"articles": "rows-1:0'),
    "digest": replaced("provenance.json", '"digest": "', '"digest": "0'),
    "row counts": replaced("provenance.json", '"sources": 8', '"sources": 9'),
    "subject": replaced("provenance.json", '"name": "data/', '"name": "date/'),
    "no JSON": replaced("provenance.json", "{", "["),
    **{f"no {name}": without(name) for name in ("croissant.json", "changes.json", "checks.json", "bagit.txt")},
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_change_that_the_manifests_were_made_to_fit_is_named(copy: Path, forge: Callable[[Path], str]) -> None:
    expected = forge(copy)
    reseal(copy)
    paths = named(copy)
    assert any(path.startswith(expected) for path in paths), paths
    assert not paths & {MANIFEST, TAG_MANIFEST}


def test_a_resealed_release_that_nobody_changed_verifies(copy: Path) -> None:
    reseal(copy)
    assert verify_release(copy).ok


def test_rows_are_read_a_shard_at_a_time(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    whole = facts.article_facts

    def counted(*tables: pa.Table, split: str) -> pa.Table:
        sizes.append(tables[1].num_rows)
        return whole(*tables, split=split)

    monkeypatch.setattr(facts, "article_facts", counted)
    assert verify_release(built).ok
    assert sizes == [5, 3]


def test_the_signs_of_a_release_are_among_what_it_must_hold() -> None:
    assert set(verify.SIGNS) < set(verify.REQUIRED)


def test_a_tree_counts_bytes(copy: Path) -> None:
    size = (copy / "README.md").stat().st_size
    found = read_tree(copy).files["README.md"]
    assert found == FileSum(sha256=found.sha256, bytes=size)


def test_verify_prints_a_line_for_each_fault_and_exits_1(copy: Path, tmp_path: Path) -> None:
    whole = run("verify", copy, cwd=tmp_path)
    assert (whole.returncode, whole.stdout, whole.stderr) == (0, "17 files, nothing differs\n", "")
    (copy / "data" / os.fsdecode(b"a\n\xff")).write_text("x")
    done = run("verify", copy, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "data/a\\x0a\\xff: is in no manifest",
        "18 files, 1 fault",
    ]
    assert error_of(done).startswith(f"E320 {copy}: 1 fault, the first: data/a\\x0a\\xff is in no manifest; ")
    as_json = run("verify", copy, "--json", cwd=tmp_path)
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout) == {
        "ok": False,
        "faults": [{"path": "data/a\\x0a\\xff", "reason": "is in no manifest"}],
        "passed_over": [],
        "files": 18,
    }


def test_verify_of_what_is_no_release_is_a_fault_of_the_place(tmp_path: Path) -> None:
    done = run("verify", tmp_path, cwd=tmp_path)
    assert done.returncode == 4
    assert error_of(done).startswith("E410 ")

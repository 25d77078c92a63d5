"""A disk that is full while a release is written: one line with the bytes needed and free, and nothing released."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dataset_builder.errors import EnvironmentFault
from dataset_builder.layout import versions_of
from dataset_builder.pipeline import build
from tests.conftest import config_for
from tests.flows.command import write_articles

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mount") is None, reason="only root can mount a small disk"
)


@contextmanager
def disk(place: Path, kilobytes: int) -> Iterator[Path]:
    place.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "articleset-test", str(place)])
    if mounted.returncode:
        pytest.skip("a small disk may not be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_it_is_one_line_at_any_size_and_enough_is_enough(tmp_path: Path) -> None:
    config = config_for(write_articles(tmp_path / "articles"), tmp_path / "disk" / "out", license="CC0-1.0")
    outcomes = []
    for kilobytes in (4, 16, 36, 64, 112, 1024):
        with disk(tmp_path / "disk", kilobytes):
            try:
                outcomes.append(str(build(config).version))
            except EnvironmentFault as fault:
                outcomes.append(str(fault))
                assert versions_of(tmp_path / "disk" / "out" / "articles") == []
                assert not list((tmp_path / "disk").rglob(".stage-*"))
    line = r"E404 /.*: the disk is full: [0-9,]+ bytes are needed, [0-9,]+ are free; free some space, .*"
    assert [o for o in outcomes if o != "1.0.0" and not re.fullmatch(line, o)] == []
    assert outcomes.count("1.0.0") <= 2
    assert outcomes[-1] == "1.0.0"


def test_the_release_before_stays_as_it_was(tmp_path: Path) -> None:
    source = write_articles(tmp_path / "articles")
    config = config_for(source, tmp_path / "disk" / "out", license="CC0-1.0")
    with disk(tmp_path / "disk", 1024):
        first = build(config)
        assert first.release is not None
        before = {path: path.read_bytes() for path in first.release.rglob("*") if path.is_file()}
        free = os.statvfs(tmp_path / "disk")
        (tmp_path / "disk" / "ballast").write_bytes(b"x" * (free.f_bavail * free.f_frsize - 40_000))
        write_articles(source, 8)
        with pytest.raises(EnvironmentFault, match=r"^E404 "):
            build(config)
        assert {path: path.read_bytes() for path in first.release.rglob("*") if path.is_file()} == before
        (tmp_path / "disk" / "ballast").unlink()
        assert build(config).version == "1.1.0"

"""A clone made as Git for Windows makes it holds releases that verify, and a build there says unchanged."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import bagit
import pytest

from dataset_builder.layout import versions_of
from tests.conftest import ROOT
from tests.flows.command import run

NAME = "sample-articles"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("this is no git checkout, or git is not installed")
    place = tmp_path_factory.mktemp("windows") / "clone"
    command = ["git", "clone", "-q", "-c", "core.autocrlf=true", "-c", "core.eol=crlf", str(ROOT), str(place)]
    subprocess.run(command, check=True, env={"PATH": os.environ["PATH"], "HOME": str(place.parent)})
    return place


def test_its_releases_are_whole(clone: Path) -> None:
    versions = versions_of(clone / "dist" / NAME)
    assert versions == versions_of(ROOT / "dist" / NAME)
    for version in versions:
        release = clone / "dist" / NAME / version
        for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
            subprocess.run(["sha256sum", "--strict", "--quiet", "-c", manifest], cwd=release, check=True)
        bagit.Bag(str(release)).validate()


def test_a_build_there_says_unchanged(clone: Path) -> None:
    done = run("build", "--json", cwd=clone, PYTHONPATH=str(clone))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["status"] == "unchanged"
    assert Path(result["release"]).is_relative_to(clone)
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert changed.stdout == ""

"""Hypothesis profiles (`--hypothesis-profile=ci` runs 10,000 examples), and what tests share."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from dataset_builder.config import Config, resolve

settings.register_profile("quick", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quick")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def _own_caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Caches of the session's own, and no network: neither a hub nor a person's files have a part in a test."""
    place = str(tmp_path_factory.mktemp("cache"))
    own = {"HF_HOME": place, "XDG_CACHE_HOME": place, "HF_HUB_OFFLINE": "1"}
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    yield
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def config_for(source: Path, output: Path, **flags: str) -> Config:
    """The configuration of a build of *source* into *output*, away from every configuration file."""
    return resolve({"source": source, "output": output, **flags}, {}, output.parent)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared data; a test that asks for it is skipped where there is none."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the shared benchmark data is not beside the repository")
    return folder


@pytest.fixture(scope="session")
def old_datasets() -> Path:
    """The Python of an environment with the oldest `datasets` that is supported; skipped where there is none."""
    python = Path(os.environ.get("ARTICLESET_CLIENTS", "missing"), "datasets-3.6", "bin", "python")
    if not python.exists():
        assert "ARTICLESET_CI" not in os.environ, "the continuous integration installs the other clients"
        pytest.skip("datasets 3.6 is not installed in an environment of its own (.ci/run does that)")
    return python


@pytest.fixture(scope="session")
def as_nobody() -> tuple[str, ...]:
    """What runs this Python without any rights: the start of a command; skipped where that is not possible."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root can give up its rights, with setpriv")
    rights = ("--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all")
    command = ("setpriv", *rights, sys.executable, "-B")
    code = "import dataset_builder.config, pyarrow, polars; dataset_builder.config.Limits()"
    if subprocess.run([*command, "-c", code], capture_output=True, check=False, cwd="/").returncode:
        pytest.skip("the interpreter or the project is out of reach for another user")
    return command

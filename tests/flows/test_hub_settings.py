"""Settings of a hub that a machine may carry mean nothing to build and check."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dataset_builder.pipeline import build
from tests.conftest import config_for
from tests.flows.command import environment, write_articles

DEAD = "http://127.0.0.1:9"
SETTINGS = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_ENDPOINT": DEAD,
    "HF_TOKEN": "",
    "HF_HOME": "/dev/null/hub",
    "HF_HUB_ENABLE_HF_TRANSFER": "1",
    "HTTP_PROXY": DEAD,
    "HTTPS_PROXY": DEAD,
    "ALL_PROXY": "no-scheme:0",
    "http_proxy": DEAD,
    "https_proxy": DEAD,
}
# Both commands in one process, since the check library's import costs more than both; a socket is never connected.
BOTH = """
import socket, sys
def refuse(*_): sys.exit("a socket was opened")
socket.socket.connect = socket.socket.connect_ex = refuse
from dataset_builder.cli import run
build = ["build", "--source", "articles", "--output", "out", "--license", "CC0-1.0", "--json"]
sys.exit(run(build) or run(["check", "out/articles/1.0.0"]))
"""


@pytest.mark.slow
def test_build_and_check_give_what_they_give_without_them(tmp_path: Path) -> None:
    source = write_articles(tmp_path / "articles")
    plain = build(config_for(source, tmp_path / "plain", license="CC0-1.0"))
    done = subprocess.run(
        [sys.executable, "-c", BOTH],
        cwd=tmp_path,
        env=environment(tmp_path, **SETTINGS),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    result, end = json.JSONDecoder().raw_decode(done.stdout)
    assert (result["status"], result["digest"]) == ("new", plain.digest)
    assert result["warnings"] == list(plain.warnings)
    assert "0 failed" in done.stdout[end:]


def test_a_build_of_what_stands_says_unchanged_under_them(tmp_path: Path) -> None:
    source = write_articles(tmp_path / "articles")
    build(config_for(source, tmp_path / "out", license="CC0-1.0"))
    code = BOTH.partition("sys.exit(run")[0] + "sys.exit(run(build))\n"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(tmp_path, **SETTINGS),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["status"] == "unchanged"

"""Articles of our own, and the command line in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.conftest import ROOT

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def article(number: int) -> str:
    return (
        f"The lamp of pier {number}\n\nThe keeper of pier {number} lit his lamp at six, and it burnt until the "
        f"morning.\n\nNobody paid him for it, and on day {number} nobody had yet asked him why he did it.\n"
    )


def write_articles(folder: Path, count: int = 4) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"pier-{number}.txt").write_text(article(number), "utf-8")
    return folder


def environment(home: Path, **extra: str) -> dict[str, str]:
    """What a process is told: nothing of this one's but PATH, then *extra*."""
    own = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    return own | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"} | extra


def start(
    *arguments: str | Path, cwd: Path, python: Sequence[str] = (sys.executable,), **environ: str
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*python, "-m", "dataset_builder", *map(str, arguments)],
        cwd=cwd,
        env=environment(cwd, **environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )


def run(
    *arguments: str | Path, cwd: Path, python: Sequence[str] = (sys.executable,), **environ: str
) -> subprocess.CompletedProcess[str]:
    process = start(*arguments, cwd=cwd, python=python, **environ)
    try:
        out, err = process.communicate(timeout=180)
    except BaseException:
        process.kill()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def error_of(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that is no warning on standard error."""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]

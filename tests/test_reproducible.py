"""The same inputs give the same digest and the same bytes, whatever the machine's settings.

Six factors of two levels each, pairwise: the eight rows of an orthogonal array (Plackett and Burman, 1946).
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BASE = [1, 1, 1, 0, 1, 0, 0]
ROWS = [[BASE[(column - row) % 7] for column in range(6)] for row in range(7)] + [[0] * 6]
ARTICLES = 2600
SENTENCES = (
    "The keeper counts the boats. Вечером он пишет число на стене. 誰もそれを頼んでいない。 Niemand wischt es weg. "
    "Le matin, il recommence. हर शाम वही बात होती है। Subscribe to our letter! القارب الأخير يعود متأخرا. Photo: R. Ell"
).split(". ")


def write_corpus(folder: Path, *, backwards: bool) -> None:
    """Articles of a few paragraphs in several scripts, written forwards or backwards."""
    draws = np.random.default_rng(7).integers(0, len(SENTENCES), (ARTICLES, 5))
    numbers = range(ARTICLES - 1, -1, -1) if backwards else range(ARTICLES)
    for number in numbers:
        path = folder / f"{number % 13}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n".join(f"{SENTENCES[i]} {number}" for i in draws[number]), "utf-8")


def build_with(levels: list[int], folder: Path) -> tuple[str, dict[str, str]]:
    workers, seed, locale, zone, backwards, deep = levels
    place = folder / ("a deeper/ö/place" if deep else "p")
    write_corpus(place / "source", backwards=bool(backwards))
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "PYTHONHASHSEED": str(seed * 4321),
        "TZ": "Pacific/Kiritimati" if zone else "UTC",
        "SOURCE_DATE_EPOCH": "1700000000",
        **({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"} if locale else {"LC_ALL": "C.UTF-8"}),
    }
    command = [sys.executable, "-m", "dataset_builder", "build", "--source", str(place / "source"), "--name", "same"]
    command += ["--output", str(place / "out"), "--workers", str(workers + 1), "--license", "CC0-1.0", "--json"]
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    release = Path(result["release"])
    files = {str(p.relative_to(release)): hashlib.sha256(p.read_bytes()).hexdigest() for p in release.rglob("*.*")}
    return result["digest"], {name: digest for name, digest in files.items() if name}


def test_the_array_is_pairwise() -> None:
    levels = np.array(ROWS)
    for first in range(6):
        for second in range(first):
            assert len({tuple(pair) for pair in levels[:, [first, second]].tolist()}) == 4


@pytest.mark.slow
def test_settings_of_the_machine_change_no_byte(tmp_path: Path) -> None:
    made = []
    for number, levels in enumerate(ROWS):
        (tmp_path / str(number)).mkdir()
        made.append(build_with(levels, tmp_path / str(number)))
    digests, files = zip(*made, strict=True)
    assert len(set(digests)) == 1
    assert sum(name.startswith("data/paragraphs/") for name in files[0]) >= 2
    for other in files[1:]:
        assert other == files[0]

"""Labels and scores are the same to the last bit whatever a processor can do, and however many threads there are."""

import importlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import ROOT

# Digests of the labels of some articles, and of things that are known to differ between processors.
PROGRAM = """
import hashlib, json
import numpy as np
from numpy._core._multiarray_umath import __cpu_features__
from tests.label.test_exactness import articles
from tests.label.test_blocks import batch
from dataset_builder.label import label_blocks, load_model
texts, offsets, _ = batch(articles())
labels = label_blocks(texts, offsets, load_model())
random = np.random.default_rng(1)
floats = random.random(100_000, np.float32) * 8
square = random.random((300, 300), np.float32)
digest = lambda data: hashlib.sha256(data).hexdigest()
scores = labels["boilerplate_score"].to_numpy()
print(json.dumps({
    "labels": digest(json.dumps(labels.to_pydict()).encode() + scores.tobytes()),
    "leftovers": int(labels["is_boilerplate"].to_numpy().sum()),
    "exp": digest(np.exp(floats).tobytes()),
    "product": digest((square @ square).tobytes()),
    "features": sorted(name for name, has in __cpu_features__.items() if has),
}))
"""
WORDS = (
    "harbour Council 1987 bridge, Möwe город мост 新闻 橋 सड़क الميناء ירידה « » — 12:40 © Subscribe Read more |".split()
)


def articles() -> list[list[str]]:
    """Articles of random words in many scripts, always the same ones."""
    random = np.random.default_rng(11)
    sizes = random.integers(1, 40, (60, 12))
    return [[" ".join(random.choice(WORDS, size)) + ".!? "[size % 4] for size in row] for row in sizes.tolist()]


def run(**environment: str) -> dict[str, object]:
    own = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])} | environment
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=own, check=True, capture_output=True, text=True
    )
    result: dict[str, object] = json.loads(done.stdout)
    return result


def dispatched() -> list[str]:
    """What NumPy can do on this processor beyond its baseline, by the names that switch it off."""
    core = importlib.import_module("numpy._core._multiarray_umath")
    return [name for name in core.__cpu_dispatch__ if core.__cpu_features__[name]]


@pytest.fixture(scope="module")
def plain() -> dict[str, object]:
    return run()


def test_labels_are_the_same_with_every_feature_of_the_processor_off(plain: dict[str, object]) -> None:
    if not (names := dispatched()):
        pytest.skip("NumPy uses nothing of this processor beyond its baseline")
    off = run(NPY_DISABLE_CPU_FEATURES=" ".join(names), OPENBLAS_CORETYPE="Haswell", ARROW_USER_SIMD_LEVEL="NONE")
    assert not set(names) & set(off["features"])  # type: ignore[call-overload]
    assert off["labels"] == plain["labels"]
    assert 0 < int(str(plain["leftovers"])) < 720
    if (off["exp"], off["product"]) == (plain["exp"], plain["product"]):
        pytest.skip("on this processor not even floats differ, so that equal labels say little")


def test_labels_are_the_same_with_one_thread_and_with_two(plain: dict[str, object]) -> None:
    for number in ("1", "2"):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "ARROW_IO_THREADS")
        assert run(**dict.fromkeys(names, number))["labels"] == plain["labels"]


@pytest.mark.slow
@pytest.mark.parametrize("name", dispatched())
def test_labels_are_the_same_without_one_feature_of_the_processor(plain: dict[str, object], name: str) -> None:
    off = run(NPY_DISABLE_CPU_FEATURES=name)
    assert name not in off["features"]  # type: ignore[operator]
    assert off["labels"] == plain["labels"]


@pytest.mark.slow
@pytest.mark.parametrize("core", ["Haswell", "Sandybridge", "Nehalem"])
def test_labels_are_the_same_with_the_products_of_another_processor(plain: dict[str, object], core: str) -> None:
    assert run(OPENBLAS_CORETYPE=core)["labels"] == plain["labels"]

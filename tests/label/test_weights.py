"""Weights are used only when they are what was pinned, whole, and made for these columns."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from dataset_builder.errors import EnvironmentFault
from dataset_builder.label import load_model
from dataset_builder.label import model as module
from dataset_builder.label.model import FEATURES, pack_weights, read_weights
from tests.label.small_model import random_model

WEIGHTS = Path(str(files("dataset_builder.label").joinpath("weights")))
Arrays = dict[str, npt.NDArray[Any]]


def repacked(change: Callable[[Arrays], None]) -> bytes:
    """The bytes of random weights after a change."""
    with np.load(BytesIO(pack_weights(random_model()))) as archive:
        arrays = {name: archive[name] for name in archive.files}
    change(arrays)
    sink = BytesIO()
    np.savez(sink, **arrays)
    return sink.getvalue()


def refusal(content: bytes) -> EnvironmentFault:
    with pytest.raises(EnvironmentFault) as caught:
        read_weights(content, Path("weights.npz"), {})
    return caught.value


def test_the_committed_weights_are_those_pinned_and_measured() -> None:
    digest = hashlib.sha256((WEIGHTS / "model.npz").read_bytes()).hexdigest()
    assert (WEIGHTS / "model.sha256").read_text("utf-8") == f"{digest}  model.npz\n"
    assert json.loads((WEIGHTS / "metrics.json").read_text("utf-8"))["weights_sha256"] == digest
    assert load_model().sha256 == digest


def test_the_committed_weights_are_small() -> None:
    assert (WEIGHTS / "model.npz").stat().st_size <= 2_000_000


def test_packing_gives_the_same_bytes_again() -> None:
    content = pack_weights(random_model())
    read = read_weights(content, Path("weights.npz"), {})
    assert pack_weights(read) == content
    assert read.sha256 == hashlib.sha256(content).hexdigest()
    assert pack_weights(replace(load_model(), metrics={})) == (WEIGHTS / "model.npz").read_bytes()


def test_weights_in_a_file_of_ones_own_are_read(tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    path.write_bytes(pack_weights(random_model()))
    assert load_model(path).categories == random_model().categories


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match=r"^E430 .*none\.npz") as caught:
        load_model(tmp_path / "none.npz")
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("name", ["model.npz", "model.sha256", "metrics.json"])
def test_an_installation_without_its_weights_says_so(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(WEIGHTS, folder)
    module._pinned(folder)
    (folder / name).unlink()
    with pytest.raises(EnvironmentFault, match=rf"^E430 .*{name}.*install articleset again"):
        module._pinned(folder)


@pytest.mark.parametrize("place", [0, 1000, -1])
def test_a_changed_byte_of_the_pinned_weights_is_refused(tmp_path: Path, place: int) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(WEIGHTS, folder)
    content = bytearray((folder / "model.npz").read_bytes())
    content[place] ^= 1
    (folder / "model.npz").write_bytes(content)
    with pytest.raises(EnvironmentFault, match=r"^E431 "):
        module._pinned(folder)


NO_WEIGHTS = {
    "empty": b"",
    "a zip's first bytes": b"PK\x03\x04",
    "text": b"no weights at all",
    "cut short": pack_weights(random_model())[:-400],
    "a single array": b"\x93NUMPY\x01\x00" + b"\x00" * 80,
}


@pytest.mark.parametrize("content", NO_WEIGHTS.values(), ids=NO_WEIGHTS)
def test_what_is_no_file_of_weights_is_refused(content: bytes) -> None:
    assert refusal(content).code == "E432"


def test_damage_inside_is_refused() -> None:
    content = bytearray(pack_weights(random_model()))
    content[len(content) // 2] ^= 0xFF
    assert refusal(bytes(content)).code == "E432"


def test_pickled_objects_are_refused() -> None:
    def plant(arrays: Arrays) -> None:
        arrays["categories"] = np.array([{"a": 1}], object)

    assert refusal(repacked(plant)).code == "E432"


def test_weights_for_another_feature_set_are_refused_by_its_number() -> None:
    def change(arrays: Arrays) -> None:
        arrays["features"] = np.array(FEATURES + 1)

    assert f"needs feature set {FEATURES + 1}" in str(refusal(repacked(change)))


def _drop(name: str) -> Callable[[Arrays], None]:
    return lambda arrays: arrays.__delitem__(name)


def _put(name: str, change: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> Callable[[Arrays], None]:
    return lambda arrays: arrays.__setitem__(name, change(arrays[name]))


@pytest.mark.parametrize(
    "change",
    [
        _drop("text"),
        _drop("roles.leaves"),
        _put("text", lambda a: a[:, :100]),
        _put("text", lambda a: a.astype(np.float64)),
        _put("scores", lambda a: a[:10]),
        _put("scores", lambda a: a * 2),
        _put("scores", lambda a: a * np.float32("nan")),
        _put("threshold", lambda a: np.array(1.5)),
        _put("categories", lambda a: a[::-1][:3]),
        _put("boilerplate.trees", lambda a: a + 100_000),
        _put("boilerplate.split_columns", lambda a: a - 1),
        _put("boilerplate.split_columns", lambda a: a[::-1]),
        _put("boilerplate.leaves", lambda a: np.full_like(a, 2**31 - 1)),
        _put("roles.bias", lambda a: a[:3]),
        _put("roles.columns", lambda a: np.char.add(a, "?")),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(change: Callable[[Arrays], None]) -> None:
    read_weights(repacked(lambda arrays: None), Path("weights.npz"), {})
    assert refusal(repacked(change)).code == "E432"

"""Trees in whole numbers answer as the trees that they were made from."""

import json
from pathlib import Path

import numpy as np
import pytest

from dataset_builder.label import trees as module
from dataset_builder.label.trees import Trees, pack_trees

RAW = {
    "oblivious_trees": [
        {
            "splits": [
                {"float_feature_index": 1, "border": 2.5},
                {"float_feature_index": 0, "border": -1.0},
            ],
            "leaf_values": [1, 2, 4, 8],
        },
        {"splits": [{"float_feature_index": 1, "border": 0.5}], "leaf_values": [16, 32]},
    ],
    "scale_and_bias": [1, [0.5]],
}


def test_answers_are_the_bits_of_a_leafs_number() -> None:
    trees = pack_trees(["a", "b"], RAW, 10)
    a, b = np.array([-1, 0, -1, 0], np.int32), np.array([2, 2, 3, 1], np.int32)
    # b > 2.5 is the first bit, a > -1 the second; the second tree asks whether b > 0.5.
    wanted = [[1 + 32], [4 + 32], [2 + 32], [4 + 32]]
    assert trees.sums({"a": a, "b": b}, 4).tolist() == [[10 * value + 5] for [value] in wanted]
    assert trees.is_sound()


def test_no_rows_give_no_sums() -> None:
    none = np.zeros(0, np.int32)
    assert pack_trees(["a", "b"], RAW, 10).sums({"a": none, "b": none}, 0).shape == (0, 1)


def test_rows_are_answered_alike_wherever_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    columns = {name: random.integers(-3, 4, 1000).astype(np.int32) for name in "ab"}
    whole = pack_trees(["a", "b"], RAW, 10).sums(columns, 1000)
    monkeypatch.setattr(module, "ROWS", 7)
    assert pack_trees(["a", "b"], RAW, 10).sums(columns, 1000).tolist() == whole.tolist()


def _catboost_trees(folder: Path, classes: int) -> tuple[Trees, dict[str, np.ndarray], np.ndarray]:
    catboost = pytest.importorskip("catboost", reason="catboost is in the extra [train]")
    random = np.random.default_rng(classes)
    columns = {f"c{i}": random.integers(-1, 60, 600).astype(np.int32) for i in range(6)}
    table = np.stack(list(columns.values()), 1)
    truth = (table[:, 0] + table[:, 1] * 2 + random.integers(0, 40, 600)) * classes // 220
    model = catboost.CatBoostClassifier(
        iterations=12,
        depth=4,
        random_seed=1,
        verbose=0,
        allow_writing_files=False,
        thread_count=1,
        loss_function="Logloss" if classes == 2 else "MultiClass",
    )
    model.fit(table.astype(np.float32), np.clip(truth, 0, classes - 1))
    model.save_model(str(folder / "model.json"), format="json")
    raw = json.loads((folder / "model.json").read_text("utf-8"))
    expected = model.predict(table.astype(np.float32), prediction_type="RawFormulaVal").reshape(600, -1)
    return pack_trees(list(columns), raw, 2**16), columns, expected


@pytest.mark.parametrize("classes", [2, 4])
def test_sums_are_those_of_catboost(tmp_path: Path, classes: int) -> None:
    trees, columns, expected = _catboost_trees(tmp_path, classes)
    found = trees.sums(columns, 600) / 2**16
    assert trees.is_sound()
    assert np.ptp(expected) > 0.1
    assert np.abs(found - expected).max() < 13 / 2**16  # each of 12 leaves, and the bias, are rounded by half a step

"""Weights that changed under one path label anew, also within one process."""

from dataclasses import replace
from pathlib import Path

from dataset_builder.config import resolve
from dataset_builder.label import load_model
from dataset_builder.label.model import pack_weights
from dataset_builder.pipeline import build
from tests.flows.command import write_articles


def test_weights_that_were_replaced_are_read_again(tmp_path: Path) -> None:
    write_articles(tmp_path / "articles", 2)
    (tmp_path / "dataset.toml").write_text('source = "articles"\n[label]\nmodel = "weights.npz"\n')
    weights, own = tmp_path / "weights.npz", load_model()
    versions = []
    for threshold in (0.999999, 0.000001):
        weights.write_bytes(pack_weights(replace(own, threshold=threshold)))
        result = build(resolve({}, {}, tmp_path))
        versions.append((result.version, sum(result.boilerplate.values()) == result.paragraphs))
    assert versions == [("1.0.0", False), ("2.0.0", True)]

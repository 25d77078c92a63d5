"""The labeller's weights: loading, checking, and predicting with whole numbers only."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dataset_builder.characters import codes_of
from dataset_builder.errors import EnvironmentFault
from dataset_builder.label.shape import Columns, Ints, block_shapes, neighbours
from dataset_builder.label.text_model import Grams, gram_pieces, sums_over
from dataset_builder.label.trees import Trees

FEATURES = 1  # the feature set that weights are made for; raised whenever a column's meaning changes
SCALE = 2**16  # one unit of a logit, in leaves
TABLE_STEP, TABLE_SIZE = 2**10, 2048  # the score table: a place is 1/64 of a logit, 0 in its middle
TEXT_LIMIT = 4_000
ROLES = ("title", "heading", "body", "list_item", "quote", "table", "code")
TREE_FIELDS = ("split_columns", "split_borders", "trees", "leaves", "bias")
TREES = ("boilerplate", "roles", "categories")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Weights ready for use.

    text: int16 [2, buckets], boilerplate and heading; category_text: int8 [12, buckets]; trees by name; scores: the
    calibrated probability for each place of the logit; threshold: the score from which a block is boilerplate;
    sha256: of the weights' file; metrics: what was measured of them, with publishers kept apart.
    """

    text: npt.NDArray[np.int16]
    category_text: npt.NDArray[np.int8]
    trees: Mapping[str, Trees]
    scores: npt.NDArray[np.float32]
    categories: tuple[str, ...]
    threshold: float
    sha256: str
    metrics: Mapping[str, Any]


def load_model(path: Path | None = None) -> Model:
    """Give the weights in *path*; None: the tool's own, whose sha256 is pinned and whose measures stand beside them.

    Raises EnvironmentFault: E430 when the file cannot be read, E431 when it is not what was pinned, E432 when it is no
    such file or needs another feature set.
    """
    if path is not None:
        return _read_weights(_bytes_of(path), path, {})
    folder = files("dataset_builder.label").joinpath("weights")
    content = folder.joinpath("model.npz").read_bytes()
    pinned = folder.joinpath("model.sha256").read_text("utf-8").split()[0]
    if hashlib.sha256(content).hexdigest() != pinned:
        raise EnvironmentFault("E431", "model.npz", "is not the file that was pinned", "install articleset again")
    return _read_weights(content, Path("model.npz"), json.loads(folder.joinpath("metrics.json").read_text("utf-8")))


def block_columns(texts: pa.Array, articles: Ints, text_weights: npt.NDArray[np.int16]) -> Columns:
    """Give every column that the first trees may ask about, for the blocks of a batch of articles."""
    codes, bounds = codes_of(texts)
    article_of = np.repeat(np.arange(len(articles) - 1), np.diff(articles))
    scores = text_scores(gram_pieces(codes, bounds), text_weights)
    return block_shapes(codes, bounds, article_of, articles) | text_columns(scores, articles, article_of)


def text_scores(pieces: Iterable[Grams], weights: npt.NDArray[np.int16]) -> list[npt.NDArray[np.int32]]:
    """Give the text model's scores of each block, leftover and heading, about 1/64 of a logit."""
    return [np.clip(sums // 64, -TEXT_LIMIT, TEXT_LIMIT).astype(np.int32) for sums in sums_over(pieces, weights)]


def text_columns(scores: list[npt.NDArray[np.int32]], articles: Ints, article_of: Ints) -> Columns:
    """Give the text model's scores of each block, its neighbours, and its article's mean."""
    columns: Columns = {}
    for name, score in zip(("leftover_text", "heading_text"), scores, strict=True):
        columns[name] = score
        columns |= neighbours(name, score, article_of, 2)
        columns[f"{name}_mean"] = article_means(score, articles)[article_of]
    return columns


def article_means(values: npt.NDArray[np.int32], articles: Ints) -> npt.NDArray[np.int32]:
    """Give the mean (floor) of a column in each article."""
    sums = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
    means: npt.NDArray[np.int32] = (
        (sums[articles[1:]] - sums[articles[:-1]]) // np.maximum(np.diff(articles), 1)
    ).astype(np.int32)
    return means


def logit_columns(logits: Ints, article_of: Ints) -> Columns:
    """Give the boilerplate logit (1/64) of each block and its neighbours."""
    values = np.clip(logits // TABLE_STEP, -1000, 1000).astype(np.int32)
    return {"logit": values} | neighbours("logit", values, article_of, 2)


def score_places(logits: Ints) -> Ints:
    """Give the place in the score table of each logit."""
    return np.clip(logits // TABLE_STEP + TABLE_SIZE // 2, 0, TABLE_SIZE - 1)


def category_columns(texts: pa.Array, chosen: Ints, article_of: Ints, weights: npt.NDArray[np.int8]) -> Columns:
    """Give the category scores of the *chosen* blocks' own text and of the blocks before and after."""
    n = len(article_of)
    columns: Columns = {}
    around = np.unique(np.clip(np.concatenate([chosen - 1, chosen, chosen + 1]), 0, max(n - 1, 0)))
    codes, bounds = codes_of(texts.take(pa.array(around)))
    for number, sums in enumerate(sums_over(gram_pieces(codes, bounds), weights)):
        score = np.clip(sums, -TEXT_LIMIT, TEXT_LIMIT).astype(np.int32)
        for step in (-1, 0, 1):
            place = np.clip(chosen + step, 0, max(n - 1, 0))
            same = (chosen + step == place) & (article_of[place] == article_of[chosen])
            found = np.where(same, score[np.searchsorted(around, place)], -TEXT_LIMIT - 1)
            columns[f"category{number}{step:+d}" if step else f"category{number}"] = found.astype(np.int32)
    return columns


def pack_weights(model: Model) -> bytes:
    """Give weights as the bytes of an npz file, the same for the same weights."""
    import zipfile

    arrays: dict[str, npt.NDArray[Any]] = {
        "features": np.array(FEATURES),
        "text": model.text,
        "category_text": model.category_text,
        "scores": model.scores,
        "categories": np.array(model.categories),
        "threshold": np.array(model.threshold),
    }
    for name, trees in model.trees.items():
        arrays |= {f"{name}.{field}": getattr(trees, field) for field in TREE_FIELDS}
        arrays[f"{name}.columns"] = np.array(trees.columns)
    sink = BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            part = BytesIO()
            np.lib.format.write_array(part, np.asarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, part.getvalue(), zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise EnvironmentFault(
            "E430", path, f"cannot be read: {fault.strerror}", "give existing weights as label.model"
        ) from None


def _read_weights(content: bytes, path: Path, metrics: Mapping[str, Any]) -> Model:
    import zipfile

    try:
        with np.load(BytesIO(content), allow_pickle=False) as archive:
            made_for = int(archive["features"])
            arrays = {name: archive[name] for name in archive.files}
        if made_for != FEATURES:
            reason = f"needs feature set {made_for}, this version has {FEATURES}"
            raise EnvironmentFault("E432", path, reason, "use the articleset version that made it, or train anew")
        return Model(
            text=arrays["text"],
            category_text=arrays["category_text"],
            trees={name: _trees(arrays, name) for name in TREES},
            scores=arrays["scores"],
            categories=tuple(arrays["categories"].tolist()),
            threshold=float(arrays["threshold"]),
            sha256=hashlib.sha256(content).hexdigest(),
            metrics=metrics,
        )
    except (ValueError, KeyError, zipfile.BadZipFile, EOFError) as fault:
        raise EnvironmentFault("E432", path, f"holds no weights: {fault}", "give a file that training wrote") from None


def _trees(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Trees:
    fields = {field: arrays[f"{name}.{field}"] for field in TREE_FIELDS}
    return Trees(columns=tuple(arrays[f"{name}.columns"].tolist()), **fields)

"""The labeller's weights: loading, checking, and predicting with whole numbers only."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dataset_builder.characters import codes_of
from dataset_builder.errors import EnvironmentFault
from dataset_builder.label.shape import Columns, Ints, block_shapes, neighbours
from dataset_builder.label.text_model import BITS, Grams, grams_of, sums_over
from dataset_builder.label.trees import Trees
from dataset_builder.schema import label_names

FEATURES = 2  # the feature set that weights are made for; raised whenever a column's meaning changes
SCALE = 2**16  # one unit of a logit, in leaves
TABLE_STEP, TABLE_SIZE = 2**10, 2048  # the score table: a place is 1/64 of a logit, 0 in its middle
TEXT_LIMIT = 4_000
TEXTS = ("leftover", "heading", "after", "before")  # what the text model tells: of the block, and of its neighbours
ROLES = ("title", "heading", "body", "list_item", "quote", "table", "code")
TREE_FIELDS = ("split_columns", "split_borders", "trees", "leaves", "bias")
TREES = ("boilerplate", "roles", "categories")
MOST_BYTES = 2**28  # of an array in a file of weights
# What NumPy and zipfile say of bytes that are no file of weights.
DAMAGE = (ValueError, TypeError, KeyError, IndexError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error)
Scores = Mapping[str, npt.NDArray[np.int32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Weights ready for use.

    text: int16 [len(TEXTS), buckets]; category_text: int16 [categories, buckets]; trees by name; scores: the calibrated
    probability for each place of the logit; threshold: the score from which a block is boilerplate; sha256: of the
    weights' file; metrics: what was measured of them, with publishers kept apart.
    """

    text: npt.NDArray[np.int16]
    category_text: npt.NDArray[np.int16]
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
        return read_weights(_bytes_of(path, "give existing weights as label.model"), path, {})
    return _pinned(files("dataset_builder.label").joinpath("weights"))


def _pinned(folder: Traversable) -> Model:
    content, pin, metrics = (
        _bytes_of(folder.joinpath(name), "install articleset again")
        for name in ("model.npz", "model.sha256", "metrics.json")
    )
    if hashlib.sha256(content).hexdigest() != pin.decode("ascii", "replace").partition(" ")[0]:
        raise EnvironmentFault("E431", "model.npz", "is not the file that was pinned", "install articleset again")
    return read_weights(content, Path("model.npz"), json.loads(metrics))


def block_columns(texts: pa.Array, articles: Ints, article_of: Ints, text_weights: npt.NDArray[np.int16]) -> Columns:
    """Give every column that the first trees may ask about, for the blocks of a batch of articles."""
    codes, bounds = codes_of(texts)
    grams = grams_of(codes, bounds)
    shapes = block_shapes(codes, bounds, grams, article_of, articles)
    return shapes | text_columns(text_scores(grams, text_weights), articles, article_of)


def text_scores(grams: Grams, weights: npt.NDArray[np.int16]) -> Scores:
    """Give the text model's scores of each block by name, about 1/64 of a logit."""
    sums = np.clip(sums_over(grams, weights) // 64, -TEXT_LIMIT, TEXT_LIMIT).astype(np.int32)
    return dict(zip(TEXTS, sums, strict=True))


def text_columns(scores: Scores, articles: Ints, article_of: Ints) -> Columns:
    """Give the text model's scores of each block and its neighbours, and their means in the article around it."""
    columns: Columns = {}
    for name in ("leftover", "heading"):
        columns[f"{name}_text"] = scores[name]
        columns |= neighbours(f"{name}_text", scores[name], article_of, 2)
        columns |= {f"{name}_text_{k}": v for k, v in article_means(scores[name], articles, article_of).items()}
    columns["text_said_before"] = neighbours("", scores["after"], article_of, 1)["-1"]
    columns["text_said_after"] = neighbours("", scores["before"], article_of, 1)["+1"]
    return columns


def article_means(values: npt.NDArray[np.int32], articles: Ints, article_of: Ints) -> Columns:
    """Give, for each block, the means (floor) of a column in its article, before the block and after it; 0 of none."""
    sums = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
    here = np.arange(len(values))
    first, stop = articles[article_of], articles[article_of + 1]
    means = {
        "mean": (sums[stop] - sums[first]) // (stop - first),
        "mean_before": (sums[here] - sums[first]) // np.maximum(here - first, 1),
        "mean_after": (sums[stop] - sums[here + 1]) // np.maximum(stop - here - 1, 1),
    }
    return {name: mean.astype(np.int32) for name, mean in means.items()}


def logit_columns(logits: Ints, article_of: Ints) -> Columns:
    """Give the boilerplate logit (1/64) of each block and its neighbours."""
    values = np.clip(logits // TABLE_STEP, -1000, 1000).astype(np.int32)
    return {"logit": values} | neighbours("logit", values, article_of, 2)


def score_places(logits: Ints) -> Ints:
    """Give the place in the score table of each logit."""
    return np.clip(logits // TABLE_STEP + TABLE_SIZE // 2, 0, TABLE_SIZE - 1)


def category_columns(texts: pa.Array, chosen: Ints, article_of: Ints, weights: npt.NDArray[np.int16]) -> Columns:
    """Give the category scores of the *chosen* blocks' own text and of the blocks before and after.

    Past the article's ends they are lower than any score.
    """
    n = len(article_of)
    around = np.unique(np.clip(np.concatenate([chosen - 1, chosen, chosen + 1]), 0, max(n - 1, 0)))
    grams = grams_of(*codes_of(texts.take(pa.array(around))))
    scores = np.clip(sums_over(grams, weights), -TEXT_LIMIT, TEXT_LIMIT).astype(np.int32)
    columns: Columns = {}
    for step in (-1, 0, 1):
        place = np.clip(chosen + step, 0, max(n - 1, 0))
        same = (chosen + step == place) & (article_of[place] == article_of[chosen])
        found = np.where(same, scores[:, np.searchsorted(around, place)], np.int32(-TEXT_LIMIT - 1))
        names = (f"category{number}{step:+d}" if step else f"category{number}" for number in range(len(weights)))
        columns |= dict(zip(names, found, strict=True))
    return columns


def pack_weights(model: Model) -> bytes:
    """Give weights as the bytes of an npz file, the same for the same weights."""
    arrays: dict[str, npt.NDArray[Any]] = {
        "features": np.array(FEATURES),
        "text": model.text,
        "category_text": model.category_text.astype(np.int8),
        "scores": model.scores,
        "categories": np.array(model.categories),
        "threshold": np.array(model.threshold),
    }
    for name, trees in model.trees.items():
        arrays |= {f"{name}.{field}": getattr(trees, field) for field in TREE_FIELDS}
        arrays[f"{name}.columns"] = np.array(trees.columns)
    sink = BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, array in arrays.items():
            part = BytesIO()
            np.lib.format.write_array(part, np.asarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, part.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)
    return sink.getvalue()


def read_weights(content: bytes, path: Path, metrics: Mapping[str, Any]) -> Model:
    """Give the weights in an npz file's bytes. Raises EnvironmentFault E432 when they are none that can be used."""
    try:
        arrays = dict(_arrays(content))
        made_for = int(arrays["features"])
        if made_for != FEATURES:
            reason = f"needs feature set {made_for}, this version has {FEATURES}"
            raise EnvironmentFault("E432", path, reason, "use the articleset version that made it, or train anew")
        model = Model(
            text=arrays["text"].astype(np.int16, casting="safe"),
            category_text=arrays["category_text"].astype(np.int16, casting="safe"),
            trees={name: _trees(arrays, name) for name in TREES},
            scores=arrays["scores"].astype(np.float32, casting="safe"),
            categories=tuple(arrays["categories"].tolist()),
            threshold=float(arrays["threshold"]),
            sha256=hashlib.sha256(content).hexdigest(),
            metrics=metrics,
        )
        _demand_fit(model)
    except DAMAGE as fault:
        raise EnvironmentFault("E432", path, f"holds no weights: {fault}", "give a file that training wrote") from None
    return model


def _arrays(content: bytes) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for entry in archive.infolist():
            if entry.file_size > MOST_BYTES:
                raise ValueError(f"{entry.filename} is too large")
            with archive.open(entry) as part:
                yield entry.filename.removesuffix(".npy"), np.lib.format.read_array(part, allow_pickle=False)


def _demand_fit(model: Model) -> None:
    """Raise ValueError where arrays do not belong together: sums would wrap, or places would not be there."""
    kinds, roles = len(model.categories), len(ROLES)
    fits = [
        model.text.shape == (len(TEXTS), 2**BITS),
        model.category_text.shape == (kinds, 2**BITS),
        model.scores.shape == (TABLE_SIZE,),
        bool(((model.scores >= 0) & (model.scores <= 1)).all()),
        set(model.categories) == set(label_names("category")) - {"none"},
        0 <= model.threshold <= 1,
        [len(model.trees[name].bias) for name in TREES] == [1, roles, kinds],
        all(trees.is_sound() for trees in model.trees.values()),
    ]
    if not all(fits):
        raise ValueError("its arrays do not belong together")
    empty, articles, none = pa.array([], pa.large_string()), np.zeros(1, np.int64), np.zeros(0, np.int64)
    known = set(block_columns(empty, articles, none, model.text))
    late = known | set(logit_columns(none, none))
    most = late | set(category_columns(empty, none, none, model.category_text))
    for name, columns in zip(TREES, (known, late, most), strict=True):
        if unknown := set(model.trees[name].columns) - columns:
            raise ValueError(f"it asks about {sorted(unknown)[0]}, which this version does not compute")


def _bytes_of(path: Traversable, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        reason = f"cannot be read: {fault.strerror}"
        raise EnvironmentFault("E430", str(path), reason, remedy) from None


def _trees(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Trees:
    fields = {field: arrays[f"{name}.{field}"] for field in TREE_FIELDS}
    return Trees(columns=tuple(arrays[f"{name}.columns"].tolist()), **fields)

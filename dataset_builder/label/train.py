"""Training: labelled pages → weights and their measures. `python -m dataset_builder.label.train --bench FOLDER`.

Needs the extra `[train]`. What is reported comes from five models, each measured on publishers that it has not seen.
What later parts learn from is cross-fitted: a block's text scores and logit come from models that had not seen its
publisher. The logits are one round for all five models; the text scores of each model are its own.
"""

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dataset_builder.characters import codes_of
from dataset_builder.errors import ArticlesetError
from dataset_builder.label.blocks import leftover_kinds
from dataset_builder.label.evaluate import label_pages
from dataset_builder.label.measures import measure_calibration, measure_categories, measure_labels, measure_thresholds
from dataset_builder.label.model import (
    ROLES,
    SCALE,
    TABLE_SIZE,
    TABLE_STEP,
    TEXTS,
    Model,
    Scores,
    category_columns,
    logit_columns,
    pack_weights,
    text_columns,
    text_scores,
)
from dataset_builder.label.pages import Pages, pages_of, read_pages
from dataset_builder.label.shape import Columns, block_shapes
from dataset_builder.label.text_model import BITS, Grams, grams_of
from dataset_builder.label.trees import Trees, pack_trees
from dataset_builder.schema import label_names

FOLDS = 5
CATEGORIES = label_names("category")[1:]
TEXT_SCALE, CATEGORY_SCALE = 4096, 8
Matrix = Any  # a scipy sparse matrix
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Leftovers whose category was read: their block's number, gold, and fold."""

    rows: Ints
    gold: Ints
    folds: Ints


def page_weights(pages: Pages) -> npt.NDArray[np.float64]:
    """Give the weight of each block: the main source counts threefold, pages of noisier gold less."""
    source, kind = pages.pages("source"), pages.pages("kind")
    noisy = np.where(kind == "article", 0.6, 0.15)
    return np.where(source == "fundus", 3.0, np.where(source == "wcxb", noisy, 1.0))


def gram_matrix(grams: Grams) -> Matrix:
    """Give grams as a sparse matrix, a row a block: counts over the root of their number."""
    import scipy.sparse as sparse

    shape = (len(grams.counts), 2**BITS)
    matrix = sparse.csr_matrix(shape, dtype=np.float32)
    for buckets, starts, ends in grams.parts:
        sizes = ends - starts
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        places = np.repeat(starts - offsets[:-1], sizes) + np.arange(offsets[-1])
        ones = np.ones(len(places), np.float32)
        matrix = matrix + sparse.csr_matrix((ones, buckets[places].astype(np.int32), offsets), shape=shape)
    matrix.data *= np.repeat(1 / np.sqrt(np.maximum(grams.counts, 1)), np.diff(matrix.indptr)).astype(np.float32)
    return matrix


def fit_text(
    matrix: Matrix, truth: Flags, weights: npt.NDArray[np.float64], alpha: float = 1e-5, epochs: int = 5
) -> Any:
    """Give the weights of a logistic regression over grams (its constant is left out: trees find their own borders)."""
    from sklearn.linear_model import SGDClassifier

    model = SGDClassifier(loss="log_loss", alpha=alpha, max_iter=epochs, tol=None, average=True, random_state=0)
    return model.fit(matrix, truth, sample_weight=weights).coef_[0]


LEFTOVER_TREES = {"loss_function": "Logloss", "iterations": 500, "learning_rate": 0.05, "depth": 6, "rsm": 0.3}
ROLE_TREES = {"loss_function": "MultiClass", "iterations": 200, "learning_rate": 0.08, "depth": 6}
CATEGORY_TREES = {"loss_function": "MultiClass", "iterations": 300, "learning_rate": 0.08, "depth": 4}


def fit_trees(
    columns: Columns, truth: npt.NDArray[Any], weights: npt.NDArray[np.float64], options: Mapping[str, Any]
) -> Trees:
    """Give oblivious trees (CatBoost: Prokhorenkova et al., 2018) in whole numbers."""
    from catboost import CatBoostClassifier

    names = list(columns)
    model = CatBoostClassifier(
        border_count=64, l2_leaf_reg=6, bootstrap_type="Bernoulli", subsample=0.7, random_seed=0, thread_count=2,
        verbose=0, allow_writing_files=False, **options,
    )  # fmt: skip
    model.fit(np.stack([columns[name] for name in names], 1).astype(np.float32), truth, sample_weight=weights)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        model.save_model(str(path), format="json")
        return pack_trees(names, json.loads(path.read_text("utf-8")), SCALE)


class Trainer:
    """All that training needs of a set of pages, computed once: shapes, grams, gold.

    categories: the leftovers whose category was read, as (page_id, block, category); more: texts of other pages'
    leftovers that were read, with their folds and categories.
    """

    def __init__(
        self, pages: Pages, categories: Sequence[tuple[str, int, str]], more: Sequence[tuple[str, int, str]] = ()
    ) -> None:
        codes, bounds = codes_of(pages.texts)
        self.pages = pages
        self.page_of = pages.page_of
        self.grams = grams_of(codes, bounds)
        self.shapes = block_shapes(codes, bounds, self.grams, self.page_of, pages.articles)
        self.matrix = gram_matrix(self.grams)
        self.gold = pages.blocks("label")
        self.known = self.gold != "unknown"
        self.truth = self.gold == "boilerplate"
        self.weights = page_weights(pages)
        self.folds = np.array([int(record["fold"]) for record in pages.records])[self.page_of]
        # This source marks no headings: of its article blocks, only running text is sure to be none.
        unsure = (pages.pages("source") == "daniel") & (self.gold == "content") & (self.shapes["long"] == 0)
        self.roles = np.where(unsure, -1, _gold_roles(pages))
        self.is_main = pages.pages("source") == "fundus"
        self.targets = self._targets()
        self._texts: dict[frozenset[int], tuple[npt.NDArray[np.int16], Scores]] = {}
        place = {record["page_id"]: int(start) for record, start in zip(pages.records, pages.articles, strict=False)}
        rows = np.array([place[page] + block for page, block, _ in categories if page in place], np.int64)
        gold = np.array([CATEGORIES.index(name) for page, _, name in categories if page in place], np.int64)
        self.read = Read(rows=rows, gold=gold, folds=self.folds[rows])
        self.more = Read(
            rows=np.arange(len(more)),
            gold=np.array([CATEGORIES.index(name) for _, _, name in more], np.int64),
            folds=np.array([fold for _, fold, _ in more], np.int64),
        )
        self.more_matrix = gram_matrix(grams_of(*codes_of(pa.array([text for text, _, _ in more], pa.large_string()))))
        self.logits = self._cross_fitted()

    def _targets(self) -> dict[str, tuple[Flags, Flags]]:
        """What each text model learns: the truth of each block, and whether it is known."""
        neighbour = {step: self._moved(step) for step in (1, -1)}
        return {
            "leftover": (self.truth, self.known),
            "heading": (self.gold == "heading", self.known),
            "after": neighbour[1],
            "before": neighbour[-1],
        }

    def _moved(self, step: int) -> tuple[Flags, Flags]:
        n = len(self.gold)
        place = np.clip(np.arange(n) + step, 0, n - 1)
        same = (self.page_of[place] == self.page_of) & (place != np.arange(n))
        return self.truth[place] & same, self.known[place] & same

    def text_model(self, without: frozenset[int] = frozenset()) -> tuple[npt.NDArray[np.int16], Scores]:
        """Give the text models' weights, trained without some folds, and their scores of all blocks."""
        if without not in self._texts:
            fits = []
            for name in TEXTS:
                truth, known = self.targets[name]
                rows = known & ~np.isin(self.folds, list(without))
                fits.append(fit_text(self.matrix[rows], truth[rows], self.weights[rows]))
            weights = np.clip(np.rint(np.array(fits) * TEXT_SCALE), -32767, 32767).astype(np.int16)
            self._texts[without] = weights, text_scores(self.grams, weights)
        return self._texts[without]

    def columns(self, held: frozenset[int] = frozenset()) -> Columns:
        """Give the columns to train on without the *held* fold: text scores by models that had not seen the block."""
        scores = {name: np.zeros(len(self.gold), np.int32) for name in TEXTS}
        for k in range(FOLDS):
            found = self.text_model(held | {k})[1]
            for name, total in scores.items():
                total[self.folds == k] = found[name][self.folds == k]
        return self.shapes | text_columns(scores, self.pages.articles, self.page_of)

    def _cross_fitted(self) -> Ints:
        """The boilerplate logit of each block, by trees that had not seen its publisher."""
        columns, logits = self.columns(), np.zeros(len(self.truth), np.int64)
        for k in range(FOLDS):
            held = self.folds == k
            trees = self._leftovers(columns, self.known & ~held)
            logits[held] = trees.sums(_take(columns, held), int(held.sum()))[:, 0]
        return logits

    def fit(self, held: int | None = None) -> Model:
        """Give a model trained without the publishers of fold *held*; None: on all."""
        without = frozenset() if held is None else frozenset({held})
        chosen = ~np.isin(self.folds, list(without))
        columns = self.columns(without)
        rows = chosen & self.known
        leftovers = self._leftovers(columns, rows)
        columns |= logit_columns(self.logits, self.page_of)
        own = rows & ~self.truth & (self.roles >= 0)
        roles = fit_trees(_take(columns, own), self.roles[own], self.weights[own], ROLE_TREES)
        category_text, categories = self._fit_categories(chosen, columns)
        main = rows & self.is_main
        return Model(
            text=self.text_model(without)[0],
            category_text=category_text,
            scores=calibrate(self.logits[main], self.truth[main]),
            trees={"boilerplate": leftovers, "roles": roles, "categories": categories},
            categories=CATEGORIES,
            threshold=0.5,
            sha256="",
            metrics={},
        )

    def _leftovers(self, columns: Columns, rows: Flags) -> Trees:
        return fit_trees(_take(columns, rows), self.truth[rows], self.weights[rows], LEFTOVER_TREES)

    def _category_weights(self, kept: Flags, more: Flags) -> npt.NDArray[np.int16]:
        """The text models of categories, from the read blocks for which *kept* holds, and of the others *more*."""
        import scipy.sparse as sparse

        gold = np.concatenate([self.read.gold[kept], self.more.gold[more]])
        matrix = sparse.vstack([self.matrix[self.read.rows[kept]], self.more_matrix[more]]).tocsr()
        fits = [fit_text(matrix, gold == c, np.ones(len(gold)), 1e-4, 20) for c in range(len(CATEGORIES))]
        weights: npt.NDArray[np.int16] = np.clip(np.rint(np.array(fits) * CATEGORY_SCALE), -127, 127).astype(np.int16)
        return weights

    def _fit_categories(self, chosen: Flags, columns: Columns) -> tuple[npt.NDArray[np.int16], Trees]:
        inside = chosen[self.read.rows]
        more = np.isin(self.more.folds, self.folds[chosen])
        rows = self.read.rows[inside]
        parts: Columns = {}
        for k in np.unique(self.read.folds[inside]):
            held = self.read.folds[inside] == k
            weights = self._category_weights(inside & (self.read.folds != k), more & (self.more.folds != k))
            for name, values in category_columns(self.pages.texts, rows[held], self.page_of, weights).items():
                parts.setdefault(name, np.zeros(len(rows), np.int32))[held] = values
        columns = _take(columns, rows) | parts
        trees = fit_trees(columns, self.read.gold[inside], np.ones(len(rows)), CATEGORY_TREES)
        return self._category_weights(inside, more), trees

    def forced_kinds(self, model: Model, rows: Ints) -> Ints:
        """The category of leftovers, whether they were found or not."""
        columns = self.shapes | text_columns(text_scores(self.grams, model.text), self.pages.articles, self.page_of)
        logits = model.trees["boilerplate"].sums(columns, len(self.gold))[:, 0]
        columns |= logit_columns(logits, self.page_of)
        return leftover_kinds(self.pages.texts, rows, self.page_of, columns, model)


def calibrate(logits: Ints, truth: Flags) -> npt.NDArray[np.float32]:
    """Give the score table: Platt's scaling (1999) of logits that were not trained on."""
    from sklearn.linear_model import LogisticRegression

    fit = LogisticRegression(C=1e6).fit((logits / SCALE)[:, None], truth)
    centres = (np.arange(TABLE_SIZE) - TABLE_SIZE // 2 + 0.5) * TABLE_STEP / SCALE
    scores: npt.NDArray[np.float32] = (1 / (1 + np.exp(-(centres * fit.coef_[0, 0] + fit.intercept_[0])))).astype(
        np.float32
    )
    return scores


def train(bench: Path) -> tuple[bytes, dict[str, Any]]:
    """Give the weights' bytes and the measures, from the files of a benchmark folder."""
    records = read_pages([bench / "track_t_dev.jsonl.gz", bench / "track_t_extra.jsonl.gz"])
    pages = pages_of([record for record in records if record["variant"] == "residual"])
    whole = {record["page_id"]: record for record in records if record["variant"] == "full"}
    categories = read_categories(bench / "categories_dev.jsonl")
    more = [(whole[p]["blocks"][b]["text"], whole[p]["fold"], c) for p, b, c in categories["full"] if p in whole]
    trainer = Trainer(pages, categories["residual"], more)
    model = trainer.fit()
    content = pack_weights(model)
    sites = {record["site"] for record in pages.records}
    counts = {"pages": len(pages.records), "publishers": len(sites), "blocks": len(pages.texts)}
    about = {
        "weights_sha256": hashlib.sha256(content).hexdigest(),
        "training": counts | {"category_blocks": len(trainer.read.rows) + len(more), "folds": FOLDS},
    }
    return content, about | measure_held_out(trainer)


def measure_held_out(trainer: Trainer) -> dict[str, Any]:
    """Give the measures of five models on the publishers that each has not seen."""
    pages, fold_of = trainer.pages, np.array([int(record["fold"]) for record in trainer.pages.records])
    forced = np.zeros(len(trainer.read.rows), np.int64)
    parts: list[tuple[Pages, pa.Table]] = []
    for k in range(FOLDS):
        model = trainer.fit(k)
        held = pages.only(fold_of == k)
        parts.append((held, label_pages(held, model)))
        inside = trainer.read.folds == k
        forced[inside] = trainer.forced_kinds(model, trainer.read.rows[inside])
    together = pages_of([record for part, _ in parts for record in part.records])
    labels = pa.concat_tables([table for _, table in parts])
    sources = np.array([record["source"] for record in together.records])
    groups = {"main": sources == "fundus"} | {str(name): sources == name for name in np.unique(sources)}
    by_group = {
        name: (together.only(keep), labels.filter(pa.array(keep[together.page_of]))) for name, keep in groups.items()
    }
    return {
        "residual": {name: measure_labels(*group) for name, group in by_group.items()},
        "thresholds": measure_thresholds(*by_group["main"]),
        "calibration_error": measure_calibration(*by_group["main"]),
        "categories": measure_categories(trainer.read.gold, forced, CATEGORIES),
    }


def _gold_roles(pages: Pages) -> npt.NDArray[np.int64]:
    """The number in ROLES of each block of the article's own; -1 where the gold does not say."""
    gold, sub, form = pages.blocks("label"), pages.blocks("sub"), pages.blocks("form")
    of_heading = np.where(sub == "title", "title", "heading")
    names = np.where(gold == "heading", of_heading, np.where(form == "caption", "body", form))
    names = np.where((gold == "content") & (form == ""), "body", names)
    return np.array([ROLES.index(name) if name in ROLES else -1 for name in names])


def read_categories(path: Path) -> dict[str, list[tuple[str, int, str]]]:
    """Give, by variant, the (page_id, block, category) of blocks that were read."""
    found: dict[str, list[tuple[str, int, str]]] = {"residual": [], "full": []}
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["category"] in CATEGORIES:
            found[row["variant"]].append((row["page_id"], row["block"], row["category"]))
    return found


def _take(columns: Columns, rows: npt.NDArray[Any]) -> Columns:
    return {name: values[rows] for name, values in columns.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, and write model.npz, model.sha256 and metrics.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="the folder of labelled pages")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "weights", help="where the weights go")
    options = parser.parse_args(arguments)
    try:
        content, measures = train(options.bench)
    except ArticlesetError as error:
        sys.exit(str(error))
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "model.npz").write_bytes(content)
    (options.output / "model.sha256").write_text(f"{measures['weights_sha256']}  model.npz\n", "utf-8")
    (options.output / "metrics.json").write_text(json.dumps(measures, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()

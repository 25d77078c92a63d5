"""Training: labelled pages → weights and their measures. `python -m dataset_builder.label.train --bench FOLDER`.

Needs the extra `[train]`. What is reported comes from five models, each measured on publishers that it has not seen:
of its training pages too, text scores come from models that had not seen that page's publisher.
"""

import argparse
import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dataset_builder.characters import codes_of
from dataset_builder.label.evaluate import label_pages
from dataset_builder.label.measures import measure_labels
from dataset_builder.label.model import (
    ROLES,
    SCALE,
    TABLE_SIZE,
    TABLE_STEP,
    Model,
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


def page_weights(pages: Pages) -> npt.NDArray[np.float64]:
    """Give the weight of each block: the main source counts threefold, pages of noisier gold less."""
    source, kind = pages.pages("source"), pages.pages("kind")
    noisy = np.where(kind == "article", 0.6, 0.15)
    return np.where(source == "fundus", 3.0, np.where(source == "wcxb", noisy, 1.0))


def gram_matrix(grams: Grams) -> Matrix:
    """Give grams as a sparse matrix, a row a block: counts over the root of their number."""
    import scipy.sparse as sparse

    shape = (len(grams.counts), 2**BITS)
    parts = [
        sparse.csr_matrix((np.ones(len(b), np.float32), b.astype(np.int32), o.astype(np.int64)), shape=shape)
        for b, o in grams.parts
    ]
    matrix = sum(parts[1:], parts[0])
    matrix.data *= np.repeat(1 / np.sqrt(np.maximum(grams.counts, 1)), np.diff(matrix.indptr)).astype(np.float32)
    return matrix


def fit_text(
    matrix: Matrix,
    truth: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.float64],
    alpha: float = 1e-5,
    epochs: int = 5,
) -> Any:
    """Give the weights of a logistic regression over grams (its constant is left out: trees find their own borders)."""
    from sklearn.linear_model import SGDClassifier

    model = SGDClassifier(loss="log_loss", alpha=alpha, max_iter=epochs, tol=None, average=True, random_state=0)
    return model.fit(matrix, truth, sample_weight=weights).coef_[0]


def fit_trees(
    columns: Columns, truth: npt.NDArray[Any], weights: npt.NDArray[np.float64], *, loss: str, iterations: int
) -> Trees:
    """Give oblivious trees (CatBoost: Prokhorenkova et al., 2018) in whole numbers."""
    from catboost import CatBoostClassifier

    names = list(columns)
    options: dict[str, Any] = {"rsm": 0.3} if loss == "Logloss" else {}
    model = CatBoostClassifier(
        iterations=iterations, depth=6, learning_rate=0.08, loss_function=loss, border_count=64, l2_leaf_reg=6,
        bootstrap_type="Bernoulli", subsample=0.7, random_seed=0, thread_count=2, verbose=0, allow_writing_files=False,
        **options,
    )  # fmt: skip
    model.fit(np.stack([columns[name] for name in names], 1).astype(np.float32), truth, sample_weight=weights)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        model.save_model(str(path), format="json")
        return pack_trees(names, json.loads(path.read_text("utf-8")), SCALE)


class Trainer:
    """All that training needs of a set of pages, computed once: shapes, grams, gold."""

    def __init__(self, pages: Pages, categories: Sequence[tuple[str, int, str]]) -> None:
        codes, bounds = codes_of(pages.texts)
        self.pages = pages
        self.page_of = pages.page_of
        self.shapes = block_shapes(codes, bounds, self.page_of, pages.articles)
        self.grams = grams_of(codes, bounds)
        self.matrix = gram_matrix(self.grams)
        self.gold = pages.blocks("label")
        self.known = self.gold != "unknown"
        self.weights = page_weights(pages)
        self.folds = np.array([int(record["fold"]) for record in pages.records])[self.page_of]
        self.roles = _gold_roles(pages)
        place = {record["page_id"]: int(start) for record, start in zip(pages.records, pages.articles, strict=False)}
        self.category_rows = np.array([place[page] + block for page, block, _ in categories if page in place], np.int64)
        self.category_gold = np.array([CATEGORIES.index(c) for page, _, c in categories if page in place], np.int64)

    def text_weights(self, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.int16]:
        rows = chosen & self.known
        fits = [
            fit_text(self.matrix[rows], (self.gold == label)[rows], self.weights[rows])
            for label in ("boilerplate", "heading")
        ]
        weights: npt.NDArray[np.int16] = np.clip(np.rint(np.array(fits) * TEXT_SCALE), -32767, 32767).astype(np.int16)
        return weights

    def text_scores(self, weights: npt.NDArray[np.int16]) -> list[npt.NDArray[np.int32]]:
        return text_scores([self.grams], weights)

    def fit(self, chosen: npt.NDArray[np.bool_]) -> tuple[Model, npt.NDArray[np.int64]]:
        """Give a model trained on the *chosen* blocks, without its score table, and their out-of-fold logits."""
        folds = np.unique(self.folds[chosen]).tolist()
        scores = [np.zeros(len(self.gold), np.int32) for _ in range(2)]
        for k in folds:
            for total, part in zip(
                scores, self.text_scores(self.text_weights(chosen & (self.folds != k))), strict=True
            ):
                total[self.folds == k] = part[self.folds == k]
        columns = self.shapes | text_columns(scores, self.pages.articles, self.page_of)
        rows = chosen & self.known
        truth = self.gold == "boilerplate"
        logits = np.zeros(len(truth), np.int64)
        for k in folds:
            inner = rows & (self.folds != k)
            trees = fit_trees(_take(columns, inner), truth[inner], self.weights[inner], loss="Logloss", iterations=250)
            held = chosen & (self.folds == k)
            logits[held] = trees.sums(_take(columns, held), int(held.sum()))[:, 0]
        trees = fit_trees(_take(columns, rows), truth[rows], self.weights[rows], loss="Logloss", iterations=250)
        columns |= logit_columns(logits, self.page_of)
        own = rows & ~truth & (self.roles >= 0)
        roles = fit_trees(_take(columns, own), self.roles[own], self.weights[own], loss="MultiClass", iterations=200)
        category_text, categories = self._fit_categories(chosen, columns)
        model = Model(
            text=self.text_weights(chosen),
            category_text=category_text,
            scores=np.zeros(TABLE_SIZE, np.float32),
            trees={"boilerplate": trees, "roles": roles, "categories": categories},
            categories=CATEGORIES,
            threshold=0.5,
            sha256="",
            metrics={},
        )
        return model, logits

    def _category_weights(self, rows: npt.NDArray[np.int64], gold: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
        even = np.ones(len(rows))
        fits = [fit_text(self.matrix[rows], gold == c, even, 1e-4, 20) for c in range(len(CATEGORIES))]
        weights: npt.NDArray[np.int8] = np.clip(np.rint(np.array(fits) * CATEGORY_SCALE), -127, 127).astype(np.int8)
        return weights

    def _fit_categories(self, chosen: npt.NDArray[np.bool_], columns: Columns) -> tuple[npt.NDArray[np.int8], Trees]:
        inside = chosen[self.category_rows]
        rows, gold = self.category_rows[inside], self.category_gold[inside]
        parts: Columns = {}
        for k in np.unique(self.folds[rows]):
            held = self.folds[rows] == k
            weights = self._category_weights(rows[~held], gold[~held])
            for name, values in category_columns(self.pages.texts, rows[held], self.page_of, weights).items():
                parts.setdefault(name, np.zeros(len(rows), np.int32))[held] = values
        columns = _take(columns, rows) | parts
        trees = fit_trees(columns, gold, np.ones(len(rows)), loss="MultiClass", iterations=250)
        return self._category_weights(rows, gold), trees


def calibrate(logits: npt.NDArray[np.int64], truth: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
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
    paths = [bench / "track_t_dev.jsonl.gz", bench / "track_t_extra.jsonl.gz"]
    pages = pages_of(read_pages(paths, "residual"))
    categories = _read_categories(bench / "categories_dev.jsonl", "residual")
    trainer = Trainer(pages, categories)
    everything = np.ones(len(trainer.gold), bool)
    model, logits = trainer.fit(everything)
    main = trainer.known & (pages.pages("source") == "fundus")
    model = replace(model, scores=calibrate(logits[main], (trainer.gold == "boilerplate")[main]))
    held_labels: dict[int, pa.Table] = {}
    forced = np.full(len(trainer.category_rows), -1)
    page_folds = np.array([int(record["fold"]) for record in pages.records])
    for k in range(FOLDS):
        chosen = trainer.folds != k
        part, inner = trainer.fit(chosen)
        rows = chosen & main
        part = replace(part, scores=calibrate(inner[rows], (trainer.gold == "boilerplate")[rows]))
        held_labels[k] = label_pages(pages.only(page_folds == k), part)
        held = trainer.folds[trainer.category_rows] == k
        forced[held] = _forced(trainer, part, trainer.category_rows[held])
    measures = _measures(pages, page_folds, held_labels)
    measures["categories"] = _category_measures(trainer.category_gold, forced)
    content = pack_weights(model)
    about = {"weights_sha256": hashlib.sha256(content).hexdigest(), "training": _training(pages, len(categories))}
    return content, about | measures


def _measures(pages: Pages, page_folds: npt.NDArray[np.int64], held: Mapping[int, pa.Table]) -> dict[str, Any]:
    parts = [(pages.only(page_folds == k), held[k]) for k in range(FOLDS)]
    together = pages_of([record for part, _ in parts for record in part.records])
    labels = pa.concat_tables([table for _, table in parts])
    sources = np.array([record["source"] for record in together.records])
    groups = {"main": sources == "fundus"} | {str(name): sources == name for name in np.unique(sources)}
    result: dict[str, Any] = {}
    main: tuple[Pages, pa.Table] | None = None
    for name, keep in groups.items():
        chosen = labels.filter(pa.array(keep[together.page_of]))
        main = main or (together.only(keep), chosen)
        result[name] = measure_labels(together.only(keep), chosen)
    assert main is not None
    return {"residual": result, "thresholds": _thresholds(*main), "calibration_error": _calibration(*main)}


def _thresholds(pages: Pages, labels: pa.Table) -> dict[str, dict[str, float]]:
    gold = pages.blocks("label")
    known, truth = gold != "unknown", gold == "boilerplate"
    scores = labels["boilerplate_score"].to_numpy()
    result = {}
    for threshold in ("0.3", "0.5", "0.7"):
        said = (scores >= np.float32(float(threshold))) & known
        hits = int((said & truth).sum())
        result[threshold] = {
            "precision": round(hits / max(int(said.sum()), 1), 4),
            "recall": round(hits / max(int((truth & known).sum()), 1), 4),
        }
    return result


def _calibration(pages: Pages, labels: pa.Table, bins: int = 15) -> float:
    """The expected calibration error over bins of equal count (Naeini et al., 2015)."""
    gold = pages.blocks("label")
    known = gold != "unknown"
    scores, truth = labels["boilerplate_score"].to_numpy()[known].astype(float), (gold == "boilerplate")[known]
    order = np.argsort(scores, kind="stable")
    gaps = [abs(scores[part].mean() - truth[part].mean()) * len(part) for part in np.array_split(order, bins)]
    return round(float(sum(gaps)) / len(order), 4)


def _forced(trainer: Trainer, model: Model, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The category of leftovers, whether they were found or not."""
    scores = trainer.text_scores(model.text)
    columns = trainer.shapes | text_columns(scores, trainer.pages.articles, trainer.page_of)
    logits = model.trees["boilerplate"].sums(columns, len(trainer.gold))[:, 0]
    columns |= logit_columns(logits, trainer.page_of)
    own = category_columns(trainer.pages.texts, rows, trainer.page_of, model.category_text)
    kinds: npt.NDArray[np.int64] = model.trees["categories"].sums(_take(columns, rows) | own, len(rows)).argmax(axis=1)
    return kinds


def _category_measures(gold: npt.NDArray[np.int64], found: npt.NDArray[np.int64]) -> dict[str, Any]:
    by = {}
    for number, name in enumerate(CATEGORIES):
        is_gold, is_found = gold == number, found == number
        both = int(is_gold.sum() + is_found.sum())
        by[name] = {"blocks": int(is_gold.sum()), "f1": round(2 * int((is_gold & is_found).sum()) / max(both, 1), 4)}
    macro = float(np.mean([entry["f1"] for entry in by.values()]))
    accuracy = round(float((gold == found).mean()), 4)
    return {"blocks": len(gold), "accuracy": accuracy, "macro_f1": round(macro, 4), "by_category": by}


def _training(pages: Pages, categories: int) -> dict[str, Any]:
    sites = {record["site"] for record in pages.records}
    counts = {"pages": len(pages.records), "publishers": len(sites), "blocks": len(pages.texts)}
    return counts | {"category_blocks": categories, "folds": FOLDS}


def _gold_roles(pages: Pages) -> npt.NDArray[np.int64]:
    """The number in ROLES of each block of the article's own; -1 where the gold does not say."""
    gold, sub, form = pages.blocks("label"), pages.blocks("sub"), pages.blocks("form")
    of_heading = np.where(sub == "title", "title", "heading")
    names = np.where(gold == "heading", of_heading, np.where(form == "caption", "body", form))
    names = np.where((gold == "content") & (form == ""), "body", names)
    return np.array([ROLES.index(name) if name in ROLES else -1 for name in names])


def _read_categories(path: Path, variant: str) -> list[tuple[str, int, str]]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["variant"] == variant and row["category"] in CATEGORIES]
    return [(row["page_id"], row["block"], row["category"]) for row in rows]


def _take(columns: Columns, rows: npt.NDArray[Any]) -> Columns:
    return {name: values[rows] for name, values in columns.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, and write model.npz, model.sha256 and metrics.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="the folder of labelled pages")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "weights", help="where the weights go")
    options = parser.parse_args(arguments)
    content, measures = train(options.bench)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "model.npz").write_bytes(content)
    (options.output / "model.sha256").write_text(f"{measures['weights_sha256']}  model.npz\n", "utf-8")
    (options.output / "metrics.json").write_text(json.dumps(measures, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()

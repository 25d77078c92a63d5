"""How good labels are, boilerplate being the positive class: by block, by page, by character, by section.

The measures are those of the field's boilerplate benchmarks; intervals are 95%, a bootstrap over publishers.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dataset_builder.label.pages import Pages

Floats = npt.NDArray[np.float64]
DRAWS = 1000


def measure_labels(pages: Pages, labels: pa.Table, *, intervals: bool = True) -> dict[str, Any]:
    """Give the measures of *labels* (as `label_blocks` gives them) on pages whose unknown blocks are not scored.

    A measure is None where the pages hold nothing to judge it by.
    """
    gold = pages.blocks("label")
    known = gold != "unknown"
    want = (gold == "boilerplate") & known
    found = labels["is_boilerplate"].to_numpy() & known
    size = pc.utf8_length(pages.texts).to_numpy()
    counts = {"tp": want & found, "fp": ~want & found & known, "fn": want & ~found, "tn": ~want & ~found & known}
    table = {name: _by_page(flags, pages) for name, flags in counts.items()}
    table |= {f"{name}_chars": _by_page(flags * size, pages) for name, flags in counts.items()}
    not_title = pages.blocks("sub") != "title"  # the page's own title is not judged as a section heading
    heading, said = (gold == "heading") & not_title, _says_heading(labels) & not_title
    headings = {"htp": heading & said, "hfp": said & ~heading & known, "hfn": heading & ~said}
    table |= {name: _by_page(flags, pages) for name, flags in headings.items()}
    right, judged = _sections(pages, labels)
    table |= {"section_right": right, "section_judged": judged}
    errors = table["fp"] + table["fn"]
    f1 = np.where(2 * table["tp"] + errors > 0, 2 * table["tp"] / np.maximum(2 * table["tp"] + errors, 1), 1.0)
    table |= {"perfect": (errors == 0).astype(float), "page_f1": f1}
    scores = labels["boilerplate_score"].to_numpy()[known].astype(float)
    result: dict[str, Any] = {"pages": len(pages.records), "blocks": int(known.sum()), "boilerplate": int(want.sum())}
    result |= {name: _round(measure(table, np.ones((1, len(f1))))[0]) for name, measure in MEASURES.items()}
    unjudged = {"heading_f1": not heading.any(), "section_accuracy": not judged.any()}
    result |= {name: None for name, nothing in unjudged.items() if nothing}
    auc, precision = rank_measures(want[known], scores)
    result |= {"auc": _round(auc), "average_precision": _round(precision)}
    if intervals:
        draws = _draws([str(record.get("site", "")) for record in pages.records])
        result["intervals"] = {
            name: _interval(MEASURES[name](table, draws)) for name in WITH_INTERVALS if result[name] is not None
        }
    return result


def rank_measures(truth: npt.NDArray[np.bool_], scores: Floats) -> tuple[float | None, float | None]:
    """Give the area under the ROC curve (ties count half) and the average precision; None without both classes."""
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return None, None
    order = np.argsort(-scores, kind="stable")
    last = np.append(scores[order][1:] != scores[order][:-1], True)
    tp, fp = np.cumsum(truth[order])[last], np.cumsum(~truth[order])[last]
    auc = np.trapezoid(np.append(0, tp), np.append(0, fp)) / positives / negatives
    return float(auc), float((np.diff(np.append(0, tp)) / positives * tp / (tp + fp)).sum())


def measure_thresholds(pages: Pages, labels: pa.Table) -> dict[str, dict[str, float]]:
    """Give precision and recall of boilerplate, by block, for scores from 0.3, 0.5 and 0.7."""
    gold = pages.blocks("label")
    known, truth = gold != "unknown", gold == "boilerplate"
    scores = labels["boilerplate_score"].to_numpy()
    result = {}
    for threshold in ("0.3", "0.5", "0.7"):
        said = (scores >= np.float32(float(threshold))) & known
        hits = int((said & truth).sum())
        result[threshold] = {
            "precision": round(hits / max(int(said.sum()), 1), 4),
            "recall": round(hits / max(int(truth.sum()), 1), 4),
        }
    return result


def measure_calibration(pages: Pages, labels: pa.Table, bins: int = 15) -> float:
    """Give the expected calibration error over bins of equal count (Naeini et al., 2015)."""
    gold = pages.blocks("label")
    known = gold != "unknown"
    scores, truth = labels["boilerplate_score"].to_numpy()[known].astype(float), (gold == "boilerplate")[known]
    order = np.argsort(scores, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(float(scores[part].mean() - truth[part].mean())) * len(part) for part in parts]
    return round(sum(gaps) / len(order), 4)


def measure_categories(
    gold: npt.NDArray[np.int64], found: npt.NDArray[np.int64], names: Sequence[str]
) -> dict[str, Any]:
    """Give accuracy, macro F1 and F1 by category of categories numbered as *names* are."""
    by = {}
    for number, name in enumerate(names):
        is_gold, is_found = gold == number, found == number
        both = int(is_gold.sum() + is_found.sum())
        by[name] = {"blocks": int(is_gold.sum()), "f1": round(2 * int((is_gold & is_found).sum()) / max(both, 1), 4)}
    macro = float(np.mean([entry["f1"] for entry in by.values()]))
    accuracy = round(float((gold == found).mean()), 4)
    return {"blocks": len(gold), "accuracy": accuracy, "macro_f1": round(macro, 4), "by_category": by}


def _f(tp: Floats, fp: Floats, fn: Floats) -> Floats:
    return 2 * tp / np.maximum(2 * tp + fp + fn, 1e-12)


def _ratio(above: Floats, below: Floats) -> Floats:
    return above / np.maximum(below, 1e-12)


Table = dict[str, Floats]
MEASURES: dict[str, Callable[[Table, Floats], Floats]] = {
    "precision": lambda t, w: _ratio(w @ t["tp"], w @ (t["tp"] + t["fp"])),
    "recall": lambda t, w: _ratio(w @ t["tp"], w @ (t["tp"] + t["fn"])),
    "f1": lambda t, w: _f(w @ t["tp"], w @ t["fp"], w @ t["fn"]),
    "macro_f1": lambda t, w: _ratio(w @ t["page_f1"], w.sum(axis=1)),
    "character_f1": lambda t, w: _f(w @ t["tp_chars"], w @ t["fp_chars"], w @ t["fn_chars"]),
    "perfect_pages": lambda t, w: _ratio(w @ t["perfect"], w.sum(axis=1)),
    "lost_characters": lambda t, w: _ratio(w @ t["fp_chars"], w @ (t["fp_chars"] + t["tn_chars"])),
    "heading_f1": lambda t, w: _f(w @ t["htp"], w @ t["hfp"], w @ t["hfn"]),
    "section_accuracy": lambda t, w: _ratio(w @ t["section_right"], w @ t["section_judged"]),
}
WITH_INTERVALS = ("f1", "macro_f1", "character_f1", "perfect_pages", "heading_f1")


def _says_heading(labels: pa.Table) -> npt.NDArray[np.bool_]:
    """Blocks labelled title or heading: a heading taken for the title is found, if not for what it is."""
    said: npt.NDArray[np.bool_] = pc.is_in(labels["role"], value_set=pa.array(["title", "heading"])).to_numpy()
    return said


def _sections(pages: Pages, labels: pa.Table) -> tuple[Floats, Floats]:
    """By page: paragraphs under the right heading, and all whose heading is known. The page's title is no section."""
    index, position = (labels[name].to_numpy() for name in ("section_index", "section_position"))
    opened = np.arange(len(index)) - position  # the block that opens the section of each block
    sub = pages.blocks("sub")
    right, judged = np.zeros(len(pages.records)), np.zeros(len(pages.records))
    for number, record in enumerate(pages.records):
        if not record.get("sections"):
            continue
        start = int(pages.articles[number])
        for place, block in enumerate(record["blocks"], start):
            if block["label"] == "content" and "sec" in block:
                under_none = index[place] == 0 or sub[opened[place]] == "title"
                above = None if under_none else int(opened[place]) - start
                judged[number] += 1
                right[number] += above == block["sec"]
    return right, judged


def _by_page(values: npt.NDArray[Any], pages: Pages) -> Floats:
    return np.bincount(pages.page_of, values.astype(float), minlength=len(pages.records)).astype(float)


def _draws(sites: list[str]) -> Floats:
    names, index = np.unique(sites, return_inverse=True)
    draws = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=DRAWS)
    return draws[:, index].astype(float)


def _interval(values: Floats) -> list[float]:
    return [_round(float(np.percentile(values, q))) or 0.0 for q in (2.5, 97.5)]


def _round(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)

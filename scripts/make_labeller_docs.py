"""Write the tables of docs/labeller.md anew, from the measures beside the weights.

python scripts/make_labeller_docs.py
"""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs" / "labeller.md"
METRICS = ROOT / "dataset_builder" / "label" / "weights" / "metrics.json"
COLUMNS = {
    "pages": "pages",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "macro_f1": "F1 by page",
    "character_f1": "F1 by character",
    "auc": "ROC AUC",
    "average_precision": "average precision",
    "perfect_pages": "pages without an error",
    "lost_characters": "characters lost",
    "heading_f1": "heading F1",
    "section_accuracy": "section right",
}
OF_MAIN = ("heading_f1", "section_accuracy")  # the gold of other sources has no sections, and marks few headings
Measures = dict[str, Any]


def table(head: list[str], rows: list[list[str]]) -> str:
    """Give a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def list_data(metrics: Measures) -> str:
    """Give the rows of the table of the data."""
    training = metrics["training"]
    pages = f"{training['pages']:,} pages of {training['publishers']:,} publishers, {training['blocks']:,} blocks"
    rows = [
        [
            "labelled pages",
            pages,
            "the publishers' texts: for research; the labels as their sources, CC-BY-4.0 where said",
        ],
        ["categories", f"{training['category_blocks']:,} leftovers read one by one", "not stated"],
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def list_numbers(metrics: Measures) -> str:
    """Give the measures of the held-out pages, a row a source."""
    rows = []
    for name, measures in metrics["residual"].items():
        if name == "fundus":
            continue  # the main source under its other name
        shown = (column for column in COLUMNS if name == "main" or column not in OF_MAIN)
        rows.append([name, *(_cell(measures, column) for column in shown), *["–"] * (len(OF_MAIN) * (name != "main"))])
    return table(["source", *COLUMNS.values()], rows)


def _cell(measures: Measures, column: str) -> str:
    value = measures[column]
    if value is None:
        return "–"
    if isinstance(value, int):
        return str(value)
    low, high = measures.get("intervals", {}).get(column, (None, None))
    return f"{value:.3f}" if low is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def list_thresholds(metrics: Measures) -> str:
    """Give precision and recall by threshold, and how well scores are calibrated."""
    rows = [[name, f"{m['precision']:.3f}", f"{m['recall']:.3f}"] for name, m in metrics["thresholds"].items()]
    said = f"\nThe expected calibration error, over 15 bins of equal count, is {metrics['calibration_error']:.4f}.\n"
    return table(["score from", "precision", "recall"], rows) + said


def list_categories(metrics: Measures) -> str:
    """Give F1 by category."""
    found = metrics["categories"]
    rows = [[name, str(m["blocks"]), f"{m['f1']:.3f}"] for name, m in found["by_category"].items()]
    said = f"\nAccuracy {found['accuracy']:.3f}, macro F1 {found['macro_f1']:.3f}.\n"
    return table(["category", "blocks", "F1"], rows) + said


def with_tables(text: str) -> str:
    """Give the page with its tables made anew."""
    metrics = json.loads(METRICS.read_text("utf-8"))
    parts = {"data": list_data, "numbers": list_numbers, "thresholds": list_thresholds, "categories": list_categories}
    for name, make in parts.items():
        start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
        before, _, rest = text.partition(start)
        text = f"{before}{start}{make(metrics)}{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    DOCS.write_text(with_tables(DOCS.read_text("utf-8")), "utf-8")

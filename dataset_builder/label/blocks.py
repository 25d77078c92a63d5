"""Labels of a batch of articles: leftovers and their kind, the form of all blocks, sections."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dataset_builder.label.model import ROLES, Model, block_columns, category_columns, logit_columns, score_places
from dataset_builder.label.sections import sections_of
from dataset_builder.label.shape import Columns, Ints, neighbours

TITLE, HEADING, BODY, LIST_ITEM = (ROLES.index(name) for name in ("title", "heading", "body", "list_item"))
LAST_TITLE = 5  # a title stands among the first blocks of its article
LEFTOVER_ROLES = {"byline": "byline", "media": "caption"}  # by category
ROLE_NAMES = (*ROLES, *LEFTOVER_ROLES.values())


def label_blocks(
    texts: pa.Array,
    article_offsets: npt.NDArray[np.int64],
    model: Model,
    *,
    threshold: float | None = None,
    levels: npt.NDArray[np.int32] | None = None,
) -> pa.Table:
    """Give the labels of the blocks of a batch of articles, a row a block, in order.

    texts: an Arrow array of normalised texts; article_offsets: int64, the blocks' offsets by article (n articles + 1);
    threshold: the score from which a block is boilerplate (None: the model's); levels: of headings where the markup
    tells them, 0 elsewhere. Labels depend on the block's own article alone.

    Columns: role, is_boilerplate, boilerplate_category, boilerplate_score, and the section's index, title, level, path
    and position.
    """
    n = len(texts)
    article_of = np.repeat(np.arange(len(article_offsets) - 1), np.diff(article_offsets))
    columns = block_columns(texts, article_offsets, article_of, model.text)
    logits = model.trees["boilerplate"].sums(columns, n)[:, 0]
    scores = model.scores[score_places(logits)]
    is_boilerplate = scores >= np.float32(model.threshold if threshold is None else threshold)
    columns |= logit_columns(logits, article_of)
    chosen = np.flatnonzero(is_boilerplate)
    kinds = leftover_kinds(texts, chosen, article_of, columns, model)
    forms = model.trees["roles"].sums(columns, n).argmax(axis=1)
    listed = is_listed(columns["mark"], article_of)
    forms = np.where(listed & (forms == BODY), LIST_ITEM, forms)
    known = np.zeros(n, np.int32) if levels is None else levels
    roles = _own_roles(forms, known, ~is_boilerplate, np.arange(n) - article_offsets[article_of], article_of)
    by_kind = np.array([_role_number(LEFTOVER_ROLES.get(name, "body")) for name in model.categories])
    roles[chosen] = np.where(listed[chosen] & (by_kind[kinds] == BODY), LIST_ITEM, by_kind[kinds])
    categories = np.zeros(n, np.int64)
    categories[chosen] = 1 + kinds
    return pa.table(
        {
            "role": _named(ROLE_NAMES, roles),
            "is_boilerplate": pa.array(is_boilerplate),
            "boilerplate_category": _named(("none", *model.categories), categories),
            "boilerplate_score": pa.array(scores, pa.float32()),
            **sections_of(texts, roles == HEADING, np.maximum(known, 1).astype(np.int64), article_offsets),
        }
    )


def is_listed(marks: npt.NDArray[np.int32], article_of: Ints) -> npt.NDArray[np.bool_]:
    """Which blocks begin with a list's mark, as the block before or after does: one alone may be a dash or a date."""
    around = neighbours("", marks, article_of, 1)
    listed: npt.NDArray[np.bool_] = (marks > 0) & ((around["-1"] == marks) | (around["+1"] == marks))
    return listed


def leftover_kinds(texts: pa.Array, chosen: Ints, article_of: Ints, columns: Columns, model: Model) -> Ints:
    """Give the number in the model's categories of each of the *chosen* blocks, leftovers all."""
    if not len(chosen):
        return chosen
    trees = model.trees["categories"]
    own = category_columns(texts, chosen, article_of, model.category_text)
    wanted = {name: columns[name][chosen] for name in trees.columns if name in columns}
    kinds: Ints = trees.sums(wanted | own, len(chosen)).argmax(axis=1)
    return kinds


def _own_roles(
    forms: Ints, levels: npt.NDArray[np.int32], is_own: npt.NDArray[np.bool_], place: Ints, article_of: Ints
) -> Ints:
    """The role of each block of the article's own: one title at most, and the headings that the markup tells."""
    may_be = np.flatnonzero((forms == TITLE) & is_own & (place < LAST_TITLE))
    _, first = np.unique(article_of[may_be], return_index=True)
    roles = np.where((forms == TITLE) | (levels > 0), HEADING, forms)
    roles[may_be[first]] = TITLE
    return roles


def _role_number(name: str) -> int:
    return ROLE_NAMES.index(name)


def _named(names: tuple[str, ...], numbers: Ints) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(numbers))

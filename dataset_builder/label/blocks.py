"""Labels of a batch of articles: leftovers and their kind, the form of all blocks, sections."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dataset_builder.label.model import (
    ROLES,
    Model,
    block_columns,
    category_columns,
    logit_columns,
    score_places,
)
from dataset_builder.label.sections import sections_of
from dataset_builder.label.shape import Columns

TITLE, HEADING, BODY = ROLES.index("title"), ROLES.index("heading"), ROLES.index("body")
LAST_TITLE = 5  # a title stands among the first blocks of its article
LEFTOVER_ROLES = {"byline": "byline", "media": "caption"}  # by category


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
    columns = block_columns(texts, article_offsets, model.text)
    logits = model.trees["boilerplate"].sums(columns, n)[:, 0]
    scores = model.scores[score_places(logits)]
    is_boilerplate = scores >= np.float32(model.threshold if threshold is None else threshold)
    columns |= logit_columns(logits, article_of)
    roles = _roles(model.trees["roles"].sums(columns, n), is_boilerplate, article_of, article_offsets, levels)
    chosen = np.flatnonzero(is_boilerplate)
    kinds = _categories(texts, chosen, article_of, columns, model)
    known = np.zeros(n, np.int64) if levels is None else levels.astype(np.int64)
    is_heading = roles == HEADING
    category = np.full(n, "none", object)
    category[chosen] = np.array(model.categories, object)[kinds]
    role = np.array(ROLES, object)[roles]
    role[chosen] = [LEFTOVER_ROLES.get(kind, "body") for kind in category[chosen]]
    listed = chosen[(roles[chosen] == ROLES.index("list_item")) & (role[chosen] == "body")]
    role[listed] = "list_item"
    return pa.table(
        {
            "role": pa.array(role, pa.string()),
            "is_boilerplate": pa.array(is_boilerplate),
            "boilerplate_category": pa.array(category, pa.string()),
            "boilerplate_score": pa.array(scores, pa.float32()),
            **sections_of(texts, is_heading, np.where(known > 0, known, 1), article_offsets),
        }
    )


def _roles(
    sums: npt.NDArray[np.int64],
    is_boilerplate: npt.NDArray[np.bool_],
    article_of: npt.NDArray[np.int64],
    articles: npt.NDArray[np.int64],
    levels: npt.NDArray[np.int32] | None,
) -> npt.NDArray[np.int64]:
    """The number in ROLES of each block; of a leftover, the form it would have among those that it may have."""
    roles = sums.argmax(axis=1)
    place = np.arange(len(roles)) - articles[:-1][article_of]
    titles = (roles == TITLE) & ~is_boilerplate & (place < LAST_TITLE)
    nth = np.cumsum(titles) - np.concatenate([[0], np.cumsum(titles)])[articles[:-1][article_of]]
    roles = np.where((roles == TITLE) & ~(titles & (nth == 1)), HEADING, roles)
    if levels is not None:
        roles = np.where(levels > 0, HEADING, roles)
    unfit = is_boilerplate & ((roles == TITLE) | (roles == HEADING))
    return np.where(unfit, BODY, roles)


def _categories(
    texts: pa.Array,
    chosen: npt.NDArray[np.int64],
    article_of: npt.NDArray[np.int64],
    columns: Columns,
    model: Model,
) -> npt.NDArray[np.int64]:
    if not len(chosen):
        return chosen
    own = category_columns(texts, chosen, article_of, model.category_text)
    wanted = {name: columns[name][chosen] for name in model.trees["categories"].columns if name in columns}
    kinds: npt.NDArray[np.int64] = model.trees["categories"].sums(wanted | own, len(chosen)).argmax(axis=1)
    return kinds

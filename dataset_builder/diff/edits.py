"""Pairs the paragraphs that were removed with those that were added in their place, most similar first."""

import polars as pl

# A word: what stands between spaces, and each character of the scripts that are written without them.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORD = rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+"
# Two texts are one paragraph, edited, when Dice's coefficient of their sets of words is at least this: half in common.
LEAST = 0.5
# How many places apart, within a gap, two paragraphs may stand: bounds the pairs of a rewritten article.
REACH = 32


def pair_edits(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Give the edited paragraphs of two releases: `article_id`, `paragraph_id`, `paragraph_id_new`.

    *old* and *new* hold whole articles with `article_id`, `paragraph_id`, `position` and `text`. Only paragraphs that
    have no partner of the same id are paired, within an article, between the same kept neighbours (the nearest
    paragraphs before and after that both releases have, or the article's ends), at most `REACH` places apart and at
    least `LEAST` similar. The most similar pair is taken first, of equals the nearest, then the earliest.
    """
    left, right = _gaps(old, new), _gaps(new, old)
    order = ("score", "apart", "sum", "rank")
    pairs = (
        left.join(right, on=["article_id", "before", "after"], how="inner", nulls_equal=True, suffix="_new")
        .with_columns(apart=(pl.col("rank") - pl.col("rank_new")).abs(), sum=pl.col("rank") + pl.col("rank_new"))
        .filter(pl.col("apart") <= REACH)
        .with_columns(score=_dice(pl.col("words"), pl.col("words_new")))
        .filter(pl.col("score") >= LEAST)
        .sort(*order, "article_id", "before", "after", descending=[True, *[False] * 6])
        .select("article_id", "paragraph_id", "paragraph_id_new")
    )
    taken = [pairs.clear()]
    while pairs.height:  # a pair that is the first for both its sides is what going through them in order would take
        best = pairs.filter(
            pl.struct("article_id", "paragraph_id").is_first_distinct()
            & pl.struct("article_id", "paragraph_id_new").is_first_distinct()
        )
        taken.append(best)
        for column in ("paragraph_id", "paragraph_id_new"):
            pairs = pairs.join(best, on=["article_id", column], how="anti", maintain_order="left")
    return pl.concat(taken)


def _gaps(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Give the rows that *others* has not, each with its kept neighbours, its place between them, and its words."""
    keys = ["article_id", "paragraph_id"]
    kept = others.select(*keys, kept="paragraph_id")
    return (
        rows.select(*keys, "position", "text")
        .join(kept, on=keys, how="left")
        .sort("article_id", "position")
        .with_columns(
            before=pl.col("kept").forward_fill().over("article_id"),
            after=pl.col("kept").backward_fill().over("article_id"),
        )
        .filter(pl.col("kept").is_null())
        .with_columns(
            rank=pl.int_range(pl.len(), dtype=pl.Int64).over("article_id", "before", "after"),
            words=pl.col("text").str.extract_all(WORD).list.unique(),
        )
        .drop("kept", "position", "text")
    )


def _dice(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Dice's coefficient of two sets, https://doi.org/10.2307/1932409: 2 |A ∩ B| / (|A| + |B|); 0 of empty ones."""
    both = left.list.set_intersection(right).list.len()
    return (2 * both / (left.list.len() + right.list.len())).fill_nan(0.0)

"""Where shards end: at articles that a hash of their id decides, so that one article more changes one file.

The mean number of articles a shard is a power of two, chosen at the first release and kept by the next ones.
"""

import hashlib
from collections.abc import Sequence

TARGET_FILES, LEAST_MEAN, MOST_FILES = 64, 1024, 200
GREATEST_BYTES = 32 * 2**20  # of source: the rows of a shard, three texts each and copies, take 15 times as much memory


def mean_shard_size(n_articles: int, before: int | None = None) -> int:
    """Give the mean number of articles a shard: about 64 files, or *before*, doubled while files would exceed 200."""
    mean = before or LEAST_MEAN
    while before is None and mean * TARGET_FILES < n_articles:
        mean *= 2
    while mean * MOST_FILES < n_articles:
        mean *= 2
    return mean


def cut_shards(ids: Sequence[str], sizes: Sequence[int], mean: int) -> list[slice]:
    """Give the shards of articles in order of id as slices; *sizes* in bytes close a shard before its greatest size."""
    cuts, start, held = [], 0, 0
    for number, (article_id, size) in enumerate(zip(ids, sizes, strict=True)):
        if number > start and held + size > GREATEST_BYTES:
            cuts.append(slice(start, number))
            start, held = number, 0
        held += size
        if ends_shard(article_id, mean):
            cuts.append(slice(start, number + 1))
            start, held = number + 1, 0
    return [*cuts, slice(start, len(ids))] if start < len(ids) else cuts


def ends_shard(article_id: str, mean: int) -> bool:
    """Whether a shard ends after this article: one in *mean* (a power of two) does."""
    return int.from_bytes(hashlib.sha256(article_id.encode()).digest()[:8], "big") % mean == 0

"""Powers of the hashes' multiplier modulo 2**64, kept: every batch needs the same ones again."""

from functools import cache

import numpy as np
import numpy.typing as npt

BASE = 0x9E3779B97F4A7C15
BACK = pow(BASE, -1, 2**64)
MOST_KEPT = 2**21


def powers_of(base: int, n: int) -> npt.NDArray[np.uint64]:
    """Give base ** 1 to base ** n."""
    return _kept(base)[:n] if n <= MOST_KEPT else _powers(base, n)


@cache
def _kept(base: int) -> npt.NDArray[np.uint64]:
    return _powers(base, MOST_KEPT)


def _powers(base: int, n: int) -> npt.NDArray[np.uint64]:
    return np.multiply.accumulate(np.full(n, base, np.uint64))

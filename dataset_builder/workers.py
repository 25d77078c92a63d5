"""Running shards: in this process, or in a pool whose killed workers are replaced."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, TypeVar

from dataset_builder.errors import EnvironmentFault

Result = TypeVar("Result")

MOST_BREAKS = 3


def run_tasks(function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], workers: int) -> Iterator[Result]:
    """Yield `function(*task)` for each task as it is done, in any order.

    A worker that dies is replaced, and what it had not finished runs again. Raises EnvironmentFault E420 when workers
    keep dying, and whatever *function* raises.
    """
    if workers == 1 or len(tasks) < 2:
        yield from (function(*task) for task in tasks)
        return
    left = dict(enumerate(tasks))
    for _ in range(MOST_BREAKS):
        try:
            yield from _run_in_pool(function, left, min(workers, len(left)))
        except BrokenProcessPool:
            continue
        return
    reason = f"worker processes died {MOST_BREAKS} times (out of memory?)"
    raise EnvironmentFault("E420", None, reason, "build with fewer --workers")


def _run_in_pool(function: Callable[..., Result], left: dict[int, tuple[Any, ...]], workers: int) -> Iterator[Result]:
    """Yield results, and take what is done out of *left*."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_worker) as pool:
        futures = {pool.submit(function, *task): number for number, task in left.items()}
        try:
            for future in as_completed(futures):
                result = future.result()
                del left[futures[future]]
                yield result
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _start_worker() -> None:
    os.environ["POLARS_MAX_THREADS"] = "1"  # read when Polars is imported, which is later
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the workers
    import pyarrow as pa

    pa.set_cpu_count(1)

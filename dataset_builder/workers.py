"""Running shards: in this process, or in a pool whose killed workers are replaced."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context, parent_process
from typing import Any, TypeVar

from dataset_builder.errors import EnvironmentFault

Result = TypeVar("Result")

MOST_BREAKS = 3  # in a row without a task done


def run_tasks(function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], workers: int) -> Iterator[Result]:
    """Yield `function(*task)` for each task as it is done, in any order.

    A worker that dies is replaced, and what was not done runs again. Raises EnvironmentFault E420 when workers keep
    dying, and whatever *function* raises. No worker is left running, however this ends.
    """
    if workers == 1 or len(tasks) < 2:
        yield from (function(*task) for task in tasks)
        return
    left = dict(enumerate(tasks))
    breaks = 0
    while left:
        before = len(left)
        try:
            yield from _run_in_pool(function, left, min(workers, len(left)))
        except BrokenProcessPool:
            breaks = breaks + 1 if len(left) == before else 1
            if breaks == MOST_BREAKS:
                raise _dying() from None


def _dying() -> EnvironmentFault:
    reason = f"worker processes died {MOST_BREAKS} times in a row (out of memory?)"
    advice = "build with fewer workers; a script that builds needs `if __name__ == '__main__':` around it"
    return EnvironmentFault("E420", None, reason, advice)


def _run_in_pool(function: Callable[..., Result], left: dict[int, tuple[Any, ...]], workers: int) -> Iterator[Result]:
    """Yield results, and take what is done out of *left*."""
    others = set(active_children())
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_worker) as pool:
        try:
            futures = {pool.submit(function, *task): number for number, task in left.items()}
            for future in as_completed(futures):
                result = future.result()
                del left[futures[future]]
                yield result
        except BaseException:  # also an interrupt, and a reader that stops reading
            for worker in set(active_children()) - others:
                worker.terminate()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _start_worker() -> None:
    os.environ["POLARS_MAX_THREADS"] = "1"  # read when Polars is imported, which is later
    import signal
    from threading import Thread

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the workers
    Thread(target=_end_with_parent, daemon=True).start()
    import pyarrow as pa

    pa.set_cpu_count(1)


def _end_with_parent() -> None:
    """Leave when the parent is gone, also when it was killed and could end nobody."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

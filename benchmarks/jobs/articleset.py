"""The build itself, its stages timed where the path calls them.

CPU seconds are the process's, threads included. A stage that another one calls counts for itself alone; `rest` is what
no stage takes: putting the tables of a shard together, the plan, opening the stage.
"""

import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

# What the stages import when they need it counts as start, as with the others (pandas: pyarrow, for a list's array).
import pandas  # noqa: F401
import polars  # noqa: F401
import polars_hash  # noqa: F401
import py3langid  # noqa: F401

from dataset_builder import pipeline, shard
from dataset_builder.config import resolve

# The stage of each function of the path, and the module whose name for it the path calls.
STAGES: tuple[tuple[str, ModuleType, str], ...] = (
    ("find", pipeline, "find_files"),
    ("read", shard, "read_text"),
    ("segment", shard, "segment"),
    ("label", shard, "label_blocks"),
    ("language", shard, "detect_languages"),
    ("ids and counts", shard, "paragraph_ids"),
    ("ids and counts", shard, "count_texts"),
    ("write", shard, "write_table"),
    ("digest", shard, "article_facts"),
    ("digest", pipeline, "facts_of_build"),
    ("digest", pipeline, "propose_version"),
    ("check", pipeline, "run_checks"),
    ("release", pipeline, "finish"),
)
# Where the peak of memory is taken afresh.
PHASES = {"run_checks": "check", "finish": "release"}
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


class Clock:
    """CPU and wall seconds by stage and the peak of memory by phase."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = defaultdict(float)
        self.wall: dict[str, float] = defaultdict(float)
        self.peaks: dict[str, int] = {}
        self._running = ["rest"]
        self._since = time.process_time(), time.perf_counter()
        self._phase = "shards"
        _reset_peak()

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Give *function* with its seconds counted for *stage*."""
        phase = PHASES.get(function.__name__)

        def run(*args: Any, **kwargs: Any) -> Any:
            if phase:
                self.enter(phase)
            self._switch()
            self._running.append(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self._switch()
                self._running.pop()

        return run

    def enter(self, phase: str) -> None:
        """Note the peak since the last phase began, and start the next."""
        self.peaks[self._phase] = _peak()
        self._phase = phase
        _reset_peak()

    def stop(self) -> None:
        """Count what runs up to here."""
        self._switch()
        self.enter("end")

    def _switch(self) -> None:
        now, stage = (time.process_time(), time.perf_counter()), self._running[-1]
        self.cpu[stage] += now[0] - self._since[0]
        self.wall[stage] += now[1] - self._since[1]
        self._since = now


def run(source: Path, output: Path) -> dict[str, Any]:
    """Build a release of *source* in *output* and give seconds by stage, peaks by phase, and what was released."""
    clock = Clock()
    for stage, module, name in STAGES:
        setattr(module, name, clock.timed(stage, getattr(module, name)))
    config = resolve({"source": source, "output": output, "name": "benchmark", "workers": 1}, {}, output)
    result = pipeline.build(config)
    clock.stop()
    if result.rejection is not None:
        raise result.rejection
    return {
        "rows": result.paragraphs,
        "cpu": dict(clock.cpu),
        "wall": dict(clock.wall),
        "peaks": clock.peaks,
        "result": result.to_json(),
    }


def _reset_peak() -> None:
    """Forget the peak so far, where the system can (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _peak() -> int:
    """The greatest resident size since the last reset, or ever where there is none, in bytes."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))

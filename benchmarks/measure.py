"""Runs a job in a process of its own and gives what it cost: wall time, CPU seconds with its children's, peak memory.

A job is a module with `run(source, output)`, which gives a report for JSON with `rows` in it. What importing the
module costs is counted apart, as `start`.
"""

import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# ru_maxrss is in kilobytes, on macOS in bytes.
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
SETTINGS = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a job took: seconds of wall and CPU time, CPU seconds of `start` (not in `cpu`), the peak in bytes."""

    wall: float
    cpu: float
    start: float
    peak: int
    report: dict[str, Any]

    @property
    def rows_per_cpu(self) -> float:
        """Paragraphs a CPU second."""
        return float(self.report["rows"] / self.cpu)


def run_job(module: str, source: Path, output: Path) -> Cost:
    """Run a job and give its cost. Raises RuntimeError when it fails, with the end of what it wrote to stderr."""
    command = [sys.executable, "-m", "benchmarks.measure", module, str(source), str(output)]
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(command, cwd=ROOT, env=os.environ | SETTINGS, stdout=said, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        errors.seek(0)
        if child.returncode:
            raise RuntimeError(f"{module} ended with {child.returncode}: {errors.read()[-2000:]}")
        told = json.loads(said.read().splitlines()[-1])
    # A job that takes its peak afresh phase by phase (`peaks`) resets what the system tells at its end.
    peaks = (usage.ru_maxrss * MAXRSS_UNIT, *told["report"].get("peaks", {}).values())
    return Cost(
        wall=told["wall"],
        cpu=usage.ru_utime + usage.ru_stime - told["start"],
        start=told["start"],
        peak=max(peaks),
        report=told["report"],
    )


def main(module: str, source: Path, output: Path) -> None:
    """Import and run a job, and print what it told."""
    job = importlib.import_module(module)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    start = usage.ru_utime + usage.ru_stime
    began = time.perf_counter()
    report = job.run(source, output)
    print(json.dumps({"start": start, "wall": time.perf_counter() - began, "report": report}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))

"""What a build costs, by stage, beside the least it could cost and beside other tools, in one run.

    python -m benchmarks.build --paragraphs 500000 --seed 1 --json costs.json

On a machine that others use too only the ratios say something.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from benchmarks.measure import ROOT, Cost, run_job

BUILD = "build"
PEERS = {
    "datatrove": "benchmarks.jobs.datatrove",
    "datatrove, bare reader": "benchmarks.jobs.datatrove_bare",
    "datasets.map": "benchmarks.jobs.datasets_map",
    "datasets.map, bare reader": "benchmarks.jobs.datasets_map_bare",
}
JOBS = {"floor": "benchmarks.jobs.floor", **PEERS, BUILD: "benchmarks.jobs.articleset"}
MB = 1_000_000


def measure(source: Path, jobs: Mapping[str, str]) -> dict[str, Cost]:
    """Run each job on *source*, one after the other, and give its cost. Raises RuntimeError when rows differ."""
    costs = {}
    for name, module in jobs.items():
        with tempfile.TemporaryDirectory() as output:
            costs[name] = run_job(module, source, Path(output))
    rows = {name: cost.report["rows"] for name, cost in costs.items()}
    if len(set(rows.values())) != 1:
        raise RuntimeError(f"the jobs do not split alike: {rows}")
    return costs


def without_check(build: Cost) -> Cost:
    """Give the cost of a build without its check stage."""
    peaks = [peak for phase, peak in build.report["peaks"].items() if phase != "check"]
    return Cost(
        wall=build.wall - build.report["wall"]["check"],
        cpu=build.cpu - build.report["cpu"]["check"],
        start=build.start,
        peak=max(peaks),
        report=build.report,
    )


def ratios(costs: Mapping[str, Cost]) -> dict[str, float]:
    """Give the build's rows a CPU second, the check stage apart, over those of the others."""
    own = without_check(costs[BUILD]).rows_per_cpu
    return {name: own / cost.rows_per_cpu for name, cost in costs.items() if name != BUILD}


def format_costs(costs: Mapping[str, Cost], size: int) -> list[str]:
    """Give the table of the jobs, a line each."""
    shown = {
        f"{BUILD}, checks apart" if n == BUILD else n: without_check(c) if n == BUILD else c for n, c in costs.items()
    }
    shown |= {f"{BUILD}, whole": costs[BUILD]}
    lines = [f"{'':26}{'rows/s':>9}{'MB/s':>7}{'CPU s':>8}{'start s':>9}{'rows/CPU s':>12}{'peak MB':>9}"]
    for name, cost in shown.items():
        speed, volume = cost.report["rows"] / cost.wall, size / cost.wall / MB
        numbers = f"{speed:9,.0f}{volume:7.1f}{cost.cpu:8.1f}{cost.start:9.1f}{cost.rows_per_cpu:12,.0f}"
        lines.append(f"{name:26}{numbers}{cost.peak / MB:9,.0f}")
    return lines


def format_stages(build: Cost) -> list[str]:
    """Give the table of the build's stages, the most costly first, and the peaks."""
    cpu, rows = build.report["cpu"], build.report["rows"]
    lines = [f"{'stage':26}{'CPU s':>9}{'share':>7}{'µs/row':>8}"]
    for stage, seconds in sorted(cpu.items(), key=lambda item: -item[1]):
        lines.append(f"{stage:26}{seconds:9.2f}{seconds / sum(cpu.values()):7.0%}{seconds / rows * 1e6:8.2f}")
    peaks = ", ".join(f"{phase} {peak / MB:,.0f}" for phase, peak in build.report["peaks"].items())
    return [*lines, f"peak MB: {peaks}"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a build beside other tools.")
    parser.add_argument("--paragraphs", type=int, default=500_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without-peers", action="store_true", help="measure the build and the floor alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    arguments = parser.parse_args()
    jobs = {name: module for name, module in JOBS.items() if not (arguments.without_peers and name in PEERS)}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "corpus")
        size = _generate(source, arguments.paragraphs, arguments.seed)
        costs = measure(source, jobs)
    print(f"{arguments.paragraphs:,} paragraphs, {size / MB:.1f} MB, seed {arguments.seed};", _machine())
    lines = [*format_costs(costs, size), "", *format_stages(costs[BUILD]), "", "rows a CPU second, checks apart, over"]
    print("\n".join([*lines, *(f"{name:26}{ratio:9.2f}" for name, ratio in ratios(costs).items())]))
    if arguments.json:
        figures = {
            "paragraphs": arguments.paragraphs,
            "bytes": size,
            "seed": arguments.seed,
            "machine": _machine(),
            "jobs": {name: asdict(cost) | {"rows_per_cpu": cost.rows_per_cpu} for name, cost in costs.items()},
            "ratios": ratios(costs),
        }
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def _generate(source: Path, paragraphs: int, seed: int) -> int:
    """Write the corpus in a process of its own: what a child's peak starts from is the parent's size."""
    command = [sys.executable, "-m", "benchmarks.corpus", str(source), f"--paragraphs={paragraphs}", f"--seed={seed}"]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return int(said.split(" bytes")[0].split()[-1])


def _machine() -> str:
    return f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {platform.system()} {platform.machine()}"


if __name__ == "__main__":
    main()

"""CPU seconds of asking for help above those of Python alone: `python -m benchmarks.startup`. The bar is 0.3."""

import resource
import subprocess
import sys

RUNS = 7


def cpu_seconds(*arguments: str) -> float:
    """Give the least CPU of several runs of this Python with *arguments*, in seconds."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(RUNS))


def main() -> None:
    """Print a line a command."""
    bare = cpu_seconds("-c", "pass")
    for command in (["--version"], ["--help"], ["build", "--help"]):
        print(f"{' '.join(command):14} {cpu_seconds('-m', 'dataset_builder', *command) - bare:.2f} s")


if __name__ == "__main__":
    main()

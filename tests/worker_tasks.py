"""Tasks that worker processes run in the tests: they are imported there by name."""

import os
import signal
import time
from pathlib import Path


def double(number: int) -> int:
    return 2 * number


def place(number: int) -> int:
    time.sleep(0.05)
    return os.getpid()


def die_once(number: int, folder: Path) -> int:
    """Kill the worker at the first call for an odd number."""
    mark = folder / str(number)
    if number % 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def always_die(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def refuse(number: int, folder: Path) -> int:
    from dataset_builder.errors import InputError

    if number == 1:
        raise InputError("E205", folder / "a.txt", "was changed while it was read", "build again")
    return number


def sleep_long(number: int, folder: Path) -> int:
    (folder / str(os.getpid())).touch()
    if number:
        time.sleep(60)
    return number


def settings_of_worker(number: int) -> tuple[str | None, int, bool]:
    import pyarrow as pa

    ignores = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    return os.environ.get("POLARS_MAX_THREADS"), pa.cpu_count(), ignores

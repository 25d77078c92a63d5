"""Workers: complete results, replaced workers, nothing left running."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import active_children
from pathlib import Path

import pytest

from dataset_builder.config import Limits
from dataset_builder.errors import EnvironmentFault, InputError
from dataset_builder.read import Found
from dataset_builder.shard import Settings, build_shard
from dataset_builder.workers import run_tasks
from tests import worker_tasks


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    yield
    assert active_children() == []


def is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 20
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(is_running, pids))


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_gives_its_result(workers: int) -> None:
    tasks = [(number,) for number in range(9)]
    assert sorted(run_tasks(worker_tasks.double, tasks, workers)) == [2 * number for number in range(9)]
    assert list(run_tasks(worker_tasks.double, [], workers)) == []


def test_one_task_or_one_worker_runs_in_this_process() -> None:
    assert list(run_tasks(worker_tasks.place, [(1,)], 8)) == [os.getpid()]
    assert set(run_tasks(worker_tasks.place, [(1,), (2,)], 1)) == {os.getpid()}


def test_workers_are_processes_of_their_own_with_one_thread_each() -> None:
    assert os.getpid() not in set(run_tasks(worker_tasks.place, [(n,) for n in range(4)], 2))
    assert set(run_tasks(worker_tasks.settings_of_worker, [(1,), (2,)], 2)) == {("1", 1, True)}


def test_a_worker_that_dies_is_replaced_and_its_task_runs_again(tmp_path: Path) -> None:
    results = list(run_tasks(worker_tasks.die_once, [(number, tmp_path) for number in range(4)], 2))
    assert sorted(results) == [0, 1, 2, 3]
    assert {path.name for path in tmp_path.iterdir()} == {"1", "3"}


def test_a_task_that_kills_every_worker_is_an_error_and_no_hang() -> None:
    with pytest.raises(EnvironmentFault) as caught:
        list(run_tasks(worker_tasks.always_die, [(number,) for number in range(4)], 2))
    assert caught.value.code == "E420"


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_task_raises_comes_through_whole(tmp_path: Path, workers: int) -> None:
    with pytest.raises(InputError) as caught:
        list(run_tasks(worker_tasks.refuse, [(number, tmp_path) for number in range(6)], workers))
    assert str(caught.value) == f"E205 {tmp_path / 'a.txt'}: was changed while it was read; build again"


def test_a_reader_that_stops_ends_the_workers_at_once(tmp_path: Path) -> None:
    started = time.monotonic()
    results = run_tasks(worker_tasks.sleep_long, [(number, tmp_path) for number in range(4)], 2)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert time.monotonic() - started < 30
    assert wait_until_gone([int(path.name) for path in tmp_path.iterdir()])


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_parent_that_is_stopped_leaves_no_worker(tmp_path: Path, number: signal.Signals) -> None:
    program = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[2])\n"
        "from tests import worker_tasks\n"
        "from dataset_builder.workers import run_tasks\n"
        "if __name__ == '__main__':\n"
        "    list(run_tasks(worker_tasks.sleep_long, [(n, pathlib.Path(sys.argv[1])) for n in (1, 2)], 2))\n"
    )
    script = tmp_path / "script.py"
    script.write_text(program)
    marks = tmp_path / "marks"
    marks.mkdir()
    with subprocess.Popen(
        [sys.executable, str(script), str(marks), str(Path(__file__).parents[1])], stderr=subprocess.DEVNULL
    ) as parent:
        deadline = time.monotonic() + 30
        while len(list(marks.iterdir())) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        parent.send_signal(number)
        assert parent.wait(timeout=20) != 0
    pids = [int(path.name) for path in marks.iterdir()]
    assert len(pids) == 2
    assert wait_until_gone(pids)


def test_a_shard_that_a_killed_worker_had_written_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A line.\n")
    found = [Found(file=tmp_path / "a.txt", source_path="a.txt", article_id="a", size=8)]
    settings = Settings(limits=Limits(), language="en", threshold=None, model=None)
    first, again = (build_shard(0, found, settings, tmp_path / "stage") for _ in range(2))
    assert first.files == again.files
    assert len(list((tmp_path / "stage").rglob("*.parquet"))) == len(first.files) == 3

"""The commands: each parses, calls the library, prints what it gives, and returns a status.

0 done · 1 checks failed, or rejected · 2 usage or configuration · 3 input · 4 output or environment · 130 and 143
interrupted
"""

import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, TextIO

import typer
from typer.exceptions import Abort, Exit, TyperException

from dataset_builder import __version__
from dataset_builder.errors import ArticlesetError, EnvironmentFault, escape_place

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, and nothing else.")]


class Interrupted(BaseException):
    """SIGINT came: what is open is closed, then the process ends with 130."""


class Terminated(BaseException):
    """SIGTERM came: what is open is closed, then the process ends with 143."""


def run(arguments: Sequence[str]) -> int:
    """Run the command line; give the exit status. Every expected failure is one line on standard error."""
    _write_anything()
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGINT, _interrupt)
    debug = "--debug" in arguments or bool(os.environ.get("ARTICLESET_DEBUG"))
    try:
        if sys.platform not in ("linux", "darwin"):
            raise EnvironmentFault("E429", None, f"articleset does not run on {sys.platform}", "use Linux or macOS")
        status = app([a for a in arguments if a != "--debug"], prog_name="articleset", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except ArticlesetError as error:
        return _fail(str(error), error.exit_code, debug)
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.format_message())  # noqa: T201
            return 2
        reason = escape_place(error.format_message()).rstrip(".")
        return _fail(f"E105 {reason}; see python -m dataset_builder --help", 2, debug)
    except Exit as stop:
        return int(stop.exit_code)
    except (Interrupted, KeyboardInterrupt, Abort):
        return _fail("E110 interrupted; no half release is left, start again", 130, debug)
    except Terminated:
        return _fail("E111 terminated; no half release is left, start again", 143, debug)
    except (BrokenPipeError, SystemExit):  # typer exits where the reader of a pipe is gone
        _drop_output(sys.stdout)
        return 4
    except Exception as fault:  # noqa: BLE001 - a fault of our own: still one line, and the way to its traceback
        line = f"E499 {type(fault).__name__}: {escape_place(str(fault)[:500])}"
        return _fail(f"{line}; this is a fault of articleset: run again with --debug and report it", 4, debug)


def _fail(line: str, status: int, debug: bool) -> int:
    try:
        if debug:
            traceback.print_exc()
        print(line, file=sys.stderr, flush=True)  # noqa: T201
    except OSError:  # nobody can be told, but for the status
        _drop_output(sys.stderr)
    return status


def _write_anything() -> None:
    """Let a terminal that knows few characters show the others as escapes, and a closed stream take anything."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - open as long as the process
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def _printing() -> Iterator[None]:
    """Raise EnvironmentFault E412 where what is printed inside cannot be written."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as fault:
        _drop_output(sys.stdout)
        advice = "send it elsewhere; what was released stands"
        raise EnvironmentFault("E412", "standard output", f"cannot be written: {fault.strerror}", advice) from None


def _drop_output(stream: TextIO) -> None:
    """Let what is still to be flushed at the end go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise Interrupted


def _terminate(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"articleset {__version__}")  # noqa: T201
        raise Exit


@app.callback()
def articleset(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback when something fails.")] = False,
) -> None:
    """Turn a folder of articles into a checked, versioned dataset of labelled paragraphs."""


@app.command()
def build(
    source: Annotated[Path | None, typer.Option(help="The folder of articles.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="Where releases go: OUTPUT/NAME/VERSION.  [default: dist]")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="dataset.toml, or a pyproject.toml with [tool.articleset].")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The dataset's name.")] = None,
    title: Annotated[str | None, typer.Option(help="The dataset's title.")] = None,
    license: Annotated[str | None, typer.Option(help="The dataset's license, an SPDX identifier.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that read and label.  [default: 1]")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say which version it would be, and why; release nothing.")
    ] = False,
    unrelated: Annotated[
        bool, typer.Option("--unrelated", help="Allow a release that shares no article with the one before.")
    ] = False,
    as_json: JsonFlag = False,
) -> int:
    """Build a release: read, segment, label, check, and give it the version that the data decides."""
    from dataset_builder.cli.progress import show_progress
    from dataset_builder.cli.summary import print_failing, print_json, print_summary, print_warnings
    from dataset_builder.config import resolve
    from dataset_builder.pipeline import build as build_dataset

    words = {"name": name, "title": title, "license": license, "workers": workers}
    settings = resolve({"source": source, "output": output, "config": config, **words})
    with show_progress() as progress:
        result = build_dataset(settings, dry_run=dry_run, unrelated=unrelated, progress=progress)
    print_warnings(result)
    with _printing():
        print_json(result.to_json()) if as_json else print_summary(result)
    if result.rejection is not None:
        print_failing(result.rejection)
        raise result.rejection
    return 0


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="The folder of a release.")],
    as_json: JsonFlag = False,
) -> int:
    """Run the checks on a release."""
    from dataset_builder.check import check_release, rejection
    from dataset_builder.cli.progress import show_progress
    from dataset_builder.cli.summary import print_failing, print_json, print_report

    with show_progress() as progress:
        report = check_release(path, progress=progress)
    with _printing():
        print_json(report.to_json()) if as_json else print_report(report)
    if report.failed:
        error = rejection(report)
        print_failing(error)
        raise error
    return 0


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="A release: its folder, or a version of the configured dataset.")],
    new: Annotated[str, typer.Argument(help="Another release, likewise.")],
    as_json: JsonFlag = False,
    parquet: Annotated[Path | None, typer.Option(help="Write the changes there, a row each.")] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Return 1 when anything differs.")] = False,
) -> int:
    """Show what differs between two releases, and which version the rule makes of it."""
    from dataset_builder.cli.changes import find_release, print_changes, write_changes
    from dataset_builder.cli.summary import print_json
    from dataset_builder.diff import compare_releases

    comparison = compare_releases(find_release(old), find_release(new))
    if parquet is not None:
        write_changes(comparison, parquet)
    with _printing():
        print_json(comparison.to_json()) if as_json else print_changes(comparison)
    return int(exit_code and comparison.differs)


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(help="The folder of a release.")],
    as_json: JsonFlag = False,
) -> int:
    """Compare every byte of a release with its manifests, and its rows with what it says of them."""
    from dataset_builder.cli.summary import print_json, print_lines
    from dataset_builder.release.verify import verify_release

    found = verify_release(path)
    with _printing():
        print_json(found.to_json()) if as_json else print_lines(found.lines())
    if not found.ok:
        raise found.rejection()
    return 0


@app.command()
def evaluate(
    data: Annotated[list[Path], typer.Argument(help="Labelled pages, JSON lines (docs/labeller.md), plain or gzip.")],
    model: Annotated[Path | None, typer.Option(help="The labeller's weights.  [default: the tool's own]")] = None,
    as_json: JsonFlag = False,
) -> int:
    """Measure the labeller on labelled pages."""
    from dataset_builder.cli.summary import print_evaluation, print_json
    from dataset_builder.label import load_model
    from dataset_builder.label.evaluate import evaluate_files

    measures = evaluate_files(data, load_model(model))
    with _printing():
        print_json(measures) if as_json else print_evaluation(measures)
    return 0

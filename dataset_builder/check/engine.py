"""The suite run by Great Expectations, in an ephemeral context: nothing is sent, and nothing is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from dataset_builder.check.suite import Expectation
from dataset_builder.check.view import Progress, View
from dataset_builder.errors import RejectedError

# Above this, the library gets the columns of one expectation at a time: it copies and hashes whole frames.
WIDE_ROWS = 500_000
FAILING_ROWS = 10
# Where the library says what it saw in a whole column; of sets, it says what was too many, or missing.
OBSERVED = ("observed_value", "partial_unexpected_list", "partial_missing_list")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the library says of one expectation; rows: the numbers of the first failing rows."""

    success: bool
    n_unexpected: int
    observed: Any
    rows: tuple[int, ...]


def run_expectations(
    views: Mapping[str, View],
    expectations: Sequence[Expectation],
    *,
    wide_rows: int = WIDE_ROWS,
    progress: Progress | None = None,
) -> dict[str, Finding]:
    """Give what the library finds for each expectation, by code.

    Raises RejectedError (E306) naming the expectations that the library does not run.
    """
    validate = _validator()
    findings: dict[str, Finding] = {}
    for name, view in views.items():
        mine = [e for e in expectations if e.view == name]
        for group in _groups(mine, is_wide=view.n_rows > wide_rows):
            findings |= validate(view, group)
            if progress is not None:
                progress("checks", len(findings), len(expectations))
    return findings


def _groups(expectations: Sequence[Expectation], *, is_wide: bool) -> Iterator[list[Expectation]]:
    """Yield expectations that are run on one frame: all, or those of the same columns."""
    if not is_wide:
        yield from [list(expectations)] if expectations else []
        return
    by_columns: dict[tuple[str, ...], list[Expectation]] = {}
    for expectation in expectations:
        by_columns.setdefault(tuple(sorted(expectation.columns)), []).append(expectation)
    yield from by_columns.values()


class _Validator:
    """Runs expectations on views, in one context."""

    def __init__(self) -> None:
        import great_expectations as gx
        from great_expectations.data_context.types.base import (
            DataContextConfig,
            InMemoryStoreBackendDefaults,
            ProgressBarsConfig,
        )

        self.make_suite: Any = gx.ExpectationSuite
        config = DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        )
        context = gx.get_context(mode="ephemeral", project_config=config)
        asset = context.data_sources.add_pandas("check view").add_dataframe_asset("rows")
        self.batch: Any = asset.add_batch_definition_whole_dataframe("whole")

    def __call__(self, view: View, expectations: Sequence[Expectation]) -> dict[str, Finding]:
        suite = self.make_suite(name=view.name, expectations=[_for_library(e) for e in expectations])
        loaded = {e.meta["code"] for e in suite.expectations}
        _refuse_missing(expectations, loaded, "are not known to this version of Great Expectations")
        frame = _frame(view, dict.fromkeys(name for e in expectations for name in e.columns))
        batch = self.batch.get_batch(batch_parameters={"dataframe": frame})
        found = batch.validate(
            suite, result_format={"result_format": "SUMMARY", "partial_unexpected_count": FAILING_ROWS}
        )
        results = {r.expectation_config.meta["code"]: r for r in found.results if _has_run(r)}
        _refuse_missing(expectations, results, "could not be run")
        return {code: _finding(result) for code, result in results.items()}


@cache
def _validator() -> _Validator:
    return _Validator()


def _for_library(expectation: Expectation) -> dict[str, Any]:
    return {
        "type": expectation.type,
        "kwargs": dict(expectation.kwargs),
        "severity": expectation.severity,
        "meta": {"code": expectation.code},
    }


def _refuse_missing(expectations: Sequence[Expectation], present: Iterable[str], reason: str) -> None:
    """Raise RejectedError (E306): the library leaves out what it does not understand."""
    missing = [f"{e.code} ({e.type})" for e in expectations if e.code not in set(present)]
    if missing:
        advice = "correct them, or install the version of great-expectations that this tool asks for"
        raise RejectedError("E306", "checks", f"{', '.join(missing)} {reason}", advice)


def _has_run(result: Any) -> bool:
    """Whether an expectation gave a result; the library tells of an exception in two shapes."""
    info = result.exception_info
    return bool(info.get("raised_exception") is False) and bool(result.result or result.success)


def _frame(view: View, columns: Iterable[str]) -> Any:
    """Give columns of a view as a pandas frame on Arrow's own arrays; a row's label is its number."""
    import pandas as pd

    names = list(columns)
    table = view.columns(names)
    return table.to_pandas(types_mapper=pd.ArrowDtype) if names else pd.DataFrame(index=range(view.n_rows))


def _finding(result: Any) -> Finding:
    found = result.result
    if "element_count" not in found:
        seen = (_plain(found.get(key)) for key in OBSERVED)
        observed = next((value for value in seen if value not in (None, [])), None)
        return Finding(success=bool(result.success), n_unexpected=0, observed=observed, rows=())
    n_unexpected = int(found["unexpected_count"])
    n_looked_at = int(found["element_count"]) - int(found.get("missing_count") or 0)
    return Finding(
        success=bool(result.success),
        n_unexpected=n_unexpected,
        observed=n_unexpected / n_looked_at if n_looked_at else 0.0,
        rows=tuple(int(row) for row in found.get("partial_unexpected_index_list") or ()),
    )


def _plain(value: Any) -> Any:
    """Give a value as JSON has it: NumPy's scalars and arrays as Python's, NaN and NA as None."""
    import pandas as pd

    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    return None if value is None or pd.isna(value) else value

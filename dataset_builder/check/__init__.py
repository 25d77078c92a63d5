"""The check stage: the written tables are held to a suite of expectations before anyone sees them."""

from dataset_builder.check.report import CheckReport, ChecksFailed, FailingRow, Outcome, failing_lines, rejection
from dataset_builder.check.run import check_release, run_checks
from dataset_builder.check.suite import Expectation, Suite, load_suite

__all__ = [
    "CheckReport",
    "ChecksFailed",
    "Expectation",
    "FailingRow",
    "Outcome",
    "Suite",
    "check_release",
    "failing_lines",
    "load_suite",
    "rejection",
    "run_checks",
]

"""The command line: parse → call → print → exit status."""

from dataset_builder.cli.app import run

__all__ = ["run"]

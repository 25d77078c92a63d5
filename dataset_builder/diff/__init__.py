"""What differs between two releases, row by row; the version rule alone says what it amounts to."""

from dataset_builder.diff.compare import Comparison, compare_releases
from dataset_builder.diff.rows import CHANGES

__all__ = ["CHANGES", "Comparison", "compare_releases"]

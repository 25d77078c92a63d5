"""articleset: turn a folder of articles into a checked, versioned, citable dataset of labelled paragraphs."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from dataset_builder.check import CheckReport, check_release
    from dataset_builder.config import Config, resolve
    from dataset_builder.errors import ArticlesetError
    from dataset_builder.label import label_blocks, load_model
    from dataset_builder.layout import Release, open_release
    from dataset_builder.pipeline import BuildResult, build

_PLACES = {
    "ArticlesetError": "errors",
    "BuildResult": "pipeline",
    "CheckReport": "check",
    "Config": "config",
    "Release": "layout",
    "build": "pipeline",
    "check_release": "check",
    "label_blocks": "label",
    "load_model": "label",
    "open_release": "layout",
    "resolve": "config",
}

__all__ = [
    "ArticlesetError",
    "BuildResult",
    "CheckReport",
    "Config",
    "Release",
    "__version__",
    "build",
    "check_release",
    "label_blocks",
    "load_model",
    "open_release",
    "resolve",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `--help` needs none of the libraries."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"dataset_builder.{_PLACES[name]}"), name)

"""datatrove doing the same split, its reader left out: a bare step opens the files."""

from pathlib import Path
from typing import Any

from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep

from benchmarks.jobs.datatrove import run_steps
from benchmarks.lines import texts_of


class Read(PipelineStep):  # type: ignore[misc]
    """Gives each file as a document, without the library's file systems and a logged line a file."""

    name = "articles"
    type = "reader"

    def __init__(self, source: Path) -> None:
        super().__init__()
        self.source = source

    def run(self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        for path, text in texts_of(self.source):
            document = Document(text=text, id=path)
            self.update_doc_stats(document)
            yield document


def run(source: Path, output: Path) -> dict[str, Any]:
    """Write the paragraphs of *source* to one Parquet file in *output*."""
    return run_steps(Read(source), output)

"""datatrove doing the same split: a step that reads, a step that splits, its Parquet writer as it comes."""

from pathlib import Path
from typing import Any

import pyarrow.parquet  # noqa: F401 - what the writer imports when it starts
from datatrove.data import Document, DocumentsPipeline
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.writers import ParquetWriter

from benchmarks.lines import split_lines, texts_of


class Read(PipelineStep):  # type: ignore[misc]
    """Gives each file as a document; leaner than the library's readers, which log a line a file."""

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


class Split(PipelineStep):  # type: ignore[misc]
    """Gives each paragraph as a document."""

    name = "paragraphs"
    type = "splitter"

    def run(self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        for document in data:
            for position, text in enumerate(split_lines(document.text)):
                self.stat_update("paragraphs")
                metadata = {"article_id": document.id, "position": position}
                yield Document(text=text, id=f"{document.id}#{position}", metadata=metadata)


def run(source: Path, output: Path) -> dict[str, Any]:
    """Write the paragraphs of *source* to one Parquet file in *output*."""
    steps = [Read(source), Split(), ParquetWriter(str(output / "data"))]
    executor = LocalPipelineExecutor(steps, tasks=1, workers=1, logging_dir=str(output / "logs"))
    stats = executor.run()
    return {"rows": int(stats.stats[-1].stats["total"].total)}

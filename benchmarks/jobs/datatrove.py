"""datatrove doing the same split: a reader for text files on its base class, a step, its Parquet writer as it comes."""

from pathlib import Path
from typing import Any

import pyarrow.parquet  # noqa: F401 - what the writer imports when it starts
from datatrove.data import Document, DocumentsPipeline
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.readers.base import BaseDiskReader
from datatrove.pipeline.writers import ParquetWriter

from benchmarks.lines import split_lines


class TextReader(BaseDiskReader):  # type: ignore[misc]
    """Gives each file as a document."""

    name = "text"

    def read_file(self, filepath: str) -> DocumentsPipeline:
        with self.data_folder.open(filepath, "rt", encoding="utf-8", newline="") as file:
            document = self.get_document_from_dict({"text": file.read(), "id": filepath}, filepath, 0)
        if document:
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
    return run_steps(TextReader(str(source)), output)


def run_steps(reader: PipelineStep, output: Path) -> dict[str, Any]:
    """Split what *reader* gives and write it to *output*, in this process."""
    steps = [reader, Split(), ParquetWriter(str(output / "data"))]
    executor = LocalPipelineExecutor(steps, tasks=1, workers=1, logging_dir=str(output / "logs"))
    stats = executor.run()
    return {"rows": int(stats.stats[-1].stats["total"].total)}

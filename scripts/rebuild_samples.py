"""Make the sample corpus's release, the accepted labels and the README's output anew.

    python scripts/rebuild_samples.py

They belong together, and change in one commit with the labeller's weights.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from dataset_builder.layout import Release, latest_release

ROOT = Path(__file__).parents[1]
NAME = "sample-articles"
BLOCK = re.compile(r"^```(?P<kind>sh|python)\n(?P<code>.*?)^```\n(?:\n?```text\n(?P<output>.*?)^```\n)?", re.M | re.S)
INSTALL = re.compile(r"^pip install \S+ \S+ && ", re.M)


def main() -> None:
    """Rebuild everything; the release starts again at 1.0.0 until one of them is published."""
    remove_releases(ROOT / "dist" / NAME)
    run([sys.executable, "-m", "dataset_builder", "build"])
    release = latest_release(ROOT / "dist", NAME)
    assert release is not None
    lines = [json.dumps(article, ensure_ascii=False) + "\n" for article in labels_of(release)]
    (ROOT / "tests" / "gold" / "accepted.jsonl").write_text("".join(lines), "utf-8")
    readme = ROOT / "README.md"
    readme.write_text(BLOCK.sub(with_output, readme.read_text("utf-8")), "utf-8")


def labels_of(release: Release) -> list[dict[str, Any]]:
    """Give the labels of a release in the form of the gold file: an entry an article, by id, with its paragraphs."""
    columns = ["article_id", "text", "role", "boilerplate_category", "section_title"]
    articles: dict[str, list[dict[str, Any]]] = {}
    for row in release.table("paragraphs", columns).to_pylist():
        labels = {"role": row["role"], "category": row["boilerplate_category"], "section": row["section_title"]}
        articles.setdefault(row["article_id"], []).append({"text_start": row["text"][:40], **labels})
    return [{"article_id": name, "paragraphs": paragraphs} for name, paragraphs in articles.items()]


def with_output(block: re.Match[str]) -> str:
    """Give a README block with the output that its code has now, where it shows one."""
    if block["output"] is None:
        return block[0]
    return f"```{block['kind']}\n{block['code']}```\n\n```text\n{output_of(block['kind'], block['code'])}```\n"


def output_of(kind: str, code: str) -> str:
    """Give what a README block prints on standard output, run in the repository without the network."""
    lines = [line for line in code.splitlines() if not line.endswith("pytest")]
    script = INSTALL.sub("", "\n".join(lines))
    command = ["bash", "-euc", script] if kind == "sh" else [sys.executable, "-W", "error", "-c", script]
    return "".join(line.rstrip() + "\n" for line in run(command).splitlines())


def run(command: list[str]) -> str:
    """Run a command in the repository and give its standard output; what it says on standard error is shown."""
    with tempfile.TemporaryDirectory() as cache:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        own = {"HF_HOME": cache, "HF_HUB_OFFLINE": "1", "XDG_CACHE_HOME": cache, "COLUMNS": "80", "PATH": path}
        done = subprocess.run(command, cwd=ROOT, env=os.environ | own, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def remove_releases(folder: Path) -> None:
    """Remove a folder of releases, which are read-only."""
    for path in [folder, *folder.rglob("*")] if folder.exists() else []:
        if path.is_dir():
            path.chmod(stat.S_IRWXU)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

"""`python -m dataset_builder` and the command `articleset`."""

import os
import sys
from contextlib import suppress

from dataset_builder.cli import run


def main() -> None:
    """Run the command line and exit with its status.

    The exit is at once: threads that a library still has at work after an error would otherwise end the process with a
    signal, and with another status.
    """
    status = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    main()

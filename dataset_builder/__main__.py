"""`python -m dataset_builder` and the command `articleset`."""

import sys

from dataset_builder.cli import run


def main() -> None:
    """Run the command line and exit with its status."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()

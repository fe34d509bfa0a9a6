"""`python -m tests.benchmarks.learning [castings] [kinds] [surfaces]`: heads learnt at once, on fixed draws.

LINESIDE_DATA names the folder with the real data.
"""

from __future__ import annotations

import sys

from tests.benchmarks.judging.models import data_folder
from tests.benchmarks.learning import castings, kinds, surfaces

SECTIONS = {"castings": castings.run, "kinds": kinds.run, "surfaces": surfaces.run}


def main(names: list[str]) -> None:
    """Print the sections asked for, or all."""
    data = data_folder()
    if data is None:
        raise SystemExit("LINESIDE_DATA names no folder with the real data.")
    for name in names or list(SECTIONS):
        SECTIONS[name](data)


if __name__ == "__main__":
    main(sys.argv[1:])

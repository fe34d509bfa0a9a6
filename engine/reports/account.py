"""What a folder holds besides its pictures, as JSON lines; the same from the command line and from the window."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from engine.images.listing import LeftOut, reason_words


def left_out_lines(left_out: Iterable[LeftOut], source: str) -> Iterator[str]:
    """The stable line of each file that was left out (docs/jsonl.md), with its end of line."""
    for left in left_out:
        words = reason_words(left.why, 1)
        line = {"path": left.name, "source": source, "verdict": None, "left_out": left.why, "reasons": [words]}
        yield json.dumps(line, ensure_ascii=False) + "\n"

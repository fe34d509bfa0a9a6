"""The graph in the cache is the one that was made; a damaged one is made anew, and a cache is never needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.backbone import graph as graphs
from engine.backbone.backbone import Backbone
from engine.backbone.graph import cached
from tests import ROOT
from tests.unit.engine.backbone.drawn import drawn


def described() -> NDArray[np.float32]:
    return next(Backbone(64, 96, 3).describe(drawn(1, 64, 96))).whole


def test_graph_is_made_once_and_from_the_cache_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = described()
    kept = cached(64, 96, 3).read_bytes()
    monkeypatch.setattr(graphs, "read_weights", None)
    assert np.array_equal(described(), fresh)
    assert cached(64, 96, 3).read_bytes() == kept
    assert [path.name for path in cached(64, 96, 3).parent.iterdir()] == [cached(64, 96, 3).name]


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "short", "folder"])
def test_damaged_graph_is_made_anew(damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = described()
    path = cached(64, 96, 3)
    kept = path.read_bytes()
    if damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        half = len(kept) // 2
        flipped = kept[:half] + bytes([kept[half] ^ 1]) + kept[half + 1 :]
        path.write_bytes({"cut": kept[:half], "bit": flipped, "empty": b"", "short": kept[:20]}[damage])
    assert np.array_equal(described(), fresh)
    if damage != "folder":
        monkeypatch.setattr(graphs, "read_weights", None)
        assert np.array_equal(described(), fresh)


def test_cache_that_takes_no_file_is_done_without(lineside_home: Path) -> None:
    lineside_home.mkdir(parents=True)
    (lineside_home / "cache").write_text("in the way")
    assert described().shape == (1488,)


def test_graphs_of_two_sizes_are_kept_apart() -> None:
    assert len({cached(64, 96, 3), cached(64, 96, 1), cached(96, 64, 3)}) == 3


def test_two_programs_at_once_make_the_same_graph_and_neither_reads_half_of_it() -> None:
    script = "from tests.unit.engine.backbone.test_graph import described; print(described().tobytes().hex())"
    both = [
        subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    told = {one.communicate(timeout=300)[0].strip() for one in both}
    assert told == {described().tobytes().hex()}
    assert [path.name for path in cached(64, 96, 3).parent.iterdir()] == [cached(64, 96, 3).name]

"""Heads written as arrays and read back: the same scores; damaged ones are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from engine.errors import InputError
from engine.learning import kept
from engine.learning.class_head import fit_classes
from engine.learning.good_only import fit_good
from engine.learning.normality import fit_normality
from engine.learning.patch_head import PatchHead
from tests.unit.engine.learning.drawn import described

BOTH = ("ok", "bad")
GRID = np.random.default_rng(5).standard_normal((4, 6, 9)).astype(np.float32)


def test_heads_come_back_from_a_file_as_they_were(tmp_path: Path) -> None:
    given = described(1, 20, 10, 30)
    heads = [
        (fit_classes(given, BOTH).head, lambda a: kept.class_head(a, BOTH), lambda h: h.scores(given.values)),
        (fit_good(described(2, 12, 0, 30)).head, kept.good_only, lambda h: h.scores(given.values)),
        (PatchHead(np.arange(9.0), 0.5, 2.0, -1.0), kept.patch_head, lambda h: h.map(GRID)),
        (fit_normality([GRID + seed * GRID[::-1] for seed in range(6)]), kept.normality, lambda h: h.map(GRID)),
    ]
    told: list[tuple[Any, Callable[..., Any], Callable[..., Any]]] = list(heads)
    for head, read, answers in told:
        save_file(kept.kept(head), tmp_path / "head.safetensors")
        back = read(load_file(tmp_path / "head.safetensors"))
        assert type(back) is type(head)
        assert np.abs(answers(back) - answers(head)).max() < 1e-4


@pytest.mark.parametrize("spoil", ["weights", "bias", "mean"])
def test_damaged_arrays_are_refused(spoil: str) -> None:
    arrays = kept.kept(fit_classes(described(1, 20, 10, 30), BOTH).head)
    for broken in (arrays[spoil][:-1], arrays[spoil] * np.float32(np.nan)):
        with pytest.raises(InputError, match="learnt part of the model is damaged"):
            kept.class_head({**arrays, spoil: broken}, BOTH)
    with pytest.raises(InputError, match="damaged"):
        kept.class_head({name: values for name, values in arrays.items() if name != spoil}, BOTH)
    with pytest.raises(InputError, match="damaged"):
        kept.class_head(arrays, ("ok", "bad", "other"))

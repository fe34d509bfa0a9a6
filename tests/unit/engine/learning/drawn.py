"""Drawn descriptions of parts: sound ones, and bad ones that lie apart along a tenth of the numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.learning.taught import Floats, Taught, taught


def described(
    seed: int,
    good: int,
    bad: int,
    numbers: int = 40,
    apart: float = 4.0,
    copies: int = 0,
    kinds: Sequence[str] = ("bad",),
) -> Taught:
    """So many parts of each kind; every part has its varied copies, near it."""
    random = np.random.default_rng(seed)
    values, words = _parts(random, good, bad, numbers, apart, kinds)
    parts = [f"part{index:04}" for index in range(len(values))]
    near = values.repeat(copies, axis=0) + 0.3 * random.standard_normal((len(values) * copies, numbers))
    marks = np.repeat([False, True], [len(values), len(near)])
    more = [[text for text in texts for _ in range(copies)] for texts in (parts, words)]
    return taught(np.concatenate([values, near]), [*parts, *more[0]], [*words, *more[1]], marks)


def _parts(
    random: np.random.Generator, good: int, bad: int, numbers: int, apart: float, kinds: Sequence[str]
) -> tuple[Floats, list[str]]:
    scale = np.exp(random.standard_normal(numbers))
    words = ["ok"] * good + [kind for kind in kinds for _ in range(bad)]
    away = {kind: apart * (np.arange(numbers) % 10 == index) for index, kind in enumerate(kinds)}
    base = random.standard_normal((len(words), numbers))
    shift = np.array([away.get(word, np.zeros(numbers)) for word in words])
    return np.asarray((base + shift) * scale + 5.0), words

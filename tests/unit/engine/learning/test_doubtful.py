"""Words that look wrong: planted ones are shown first, and nothing is said of a set without mistakes that is not so."""

from __future__ import annotations

import numpy as np

from engine.learning.class_head import fit_classes
from engine.learning.doubtful import doubts
from engine.learning.taught import renamed
from tests.unit.engine.learning.drawn import described

BOTH = ("ok", "bad")
OTHER = {"ok": "bad", "bad": "ok"}


def test_planted_wrong_words_are_among_the_first_shown() -> None:
    for seed in range(5):
        given = described(seed, 100, 40, 60, apart=2.0, copies=2)
        parts = sorted(set(given.parts))
        wrong = set(np.random.default_rng(seed).permutation(parts)[:14].tolist())
        told = zip(given.parts, given.words, strict=True)
        said = [OTHER[word] if part in wrong else word for part, word in told]
        fit = fit_classes(renamed(given, said), BOTH)
        shown = given.shown
        found = doubts([given.parts[i] for i in shown], [said[i] for i in shown], BOTH, fit.left_out[shown])
        first = {doubt.part for doubt in found[: len(found) // 5]}
        assert len(first & wrong) >= 0.8 * len(wrong)


def test_doubt_names_what_was_said_and_what_is_likelier() -> None:
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    first, second = doubts(["a", "b", "b"], ["bad", "bad", "bad"], BOTH, scores)
    assert (first.part, first.said, first.likelier) == ("a", "bad", "ok") and first.by > 0
    assert second.part == "b" and second.by < 0

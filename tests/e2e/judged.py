"""Verdicts of a package on the demo line's parts, with what they truly are."""

from __future__ import annotations

from engine.backends.load import load_model
from engine.domain.inspection import Verdict
from engine.domain.recipe import Recipe
from engine.packages.package import ModelPackage
from engine.sources.demo import KINDS, PartMaker
from engine.verdicts.verdict import decide


def judge_demo(
    package: ModelPackage, recipe: Recipe, *, seed: int, count: int, kinds: tuple[str, ...] = KINDS
) -> list[tuple[str, Verdict]]:
    """Truth and verdict of `count` parts, half of them defective."""
    maker = PartMaker(seed, kinds=kinds, defect_rate=0.5)
    model = load_model(package)
    try:
        parts = (maker.part(index) for index in range(count))
        return [(part.truth.label, decide(model.run(part.pixels), recipe)) for part in parts]
    finally:
        model.close()

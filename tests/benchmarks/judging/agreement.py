"""Verdicts of every backend and precision on every real data set, against OpenVINO in fp32."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.backends.base import Model
from engine.backends.load import load_model
from engine.domain.inspection import Outcome, Pixels
from engine.packages.package import ModelPackage
from engine.recipes.file import default_recipe, without_review
from engine.verdicts.verdict import decide

WAYS = ("torch", "f32", "bf16", "int8")


@dataclass(frozen=True, slots=True)
class Row:
    """Equal verdicts (outcome and label) of `pictures`, by way; None where the package has no such graph."""

    name: str
    pictures: int
    equal: dict[str, int | None]
    escapes: dict[str, int | None]
    """OK where fp32 says NG."""


def compare(name: str, package: ModelPackage, pictures: list[Pixels]) -> Row:
    """Judge the same pictures every way."""
    recipe = without_review(default_recipe(package))
    judged: dict[str, list[tuple[Outcome, str]] | None] = {}
    for way in WAYS:
        model = _load(package, way)
        if model is None:
            judged[way] = None
            continue
        verdicts = (decide(p, recipe) for p in model.stream(iter(pictures), recipe.view))
        judged[way] = [(v.outcome, v.label) for v in verdicts]
        model.close()
    base = judged["f32"] or []
    return Row(name, len(pictures), dict(_counts(judged, base, same=True)), dict(_counts(judged, base, same=False)))


def _counts(
    judged: dict[str, list[tuple[Outcome, str]] | None], base: list[tuple[Outcome, str]], *, same: bool
) -> Iterator[tuple[str, int | None]]:
    for way, verdicts in judged.items():
        if verdicts is None:
            yield way, None
        elif same:
            yield way, sum(a == b for a, b in zip(verdicts, base, strict=True))
        else:
            pairs = zip(verdicts, base, strict=True)
            yield way, sum(a[0] is Outcome.OK and b[0] is not Outcome.OK for a, b in pairs)


def _load(package: ModelPackage, way: str) -> Model | None:
    if way == "torch":
        return load_model(package, backend="torch") if package.weights is not None else None
    if way == "int8" and package.int8_graph is None:
        return None
    return load_model(package, mode="throughput", precision=way)  # type: ignore[arg-type]

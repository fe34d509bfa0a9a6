"""Builders of real domain objects for the tests of db."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from engine.domain.inspection import (
    Frame,
    FrameRef,
    Inspection,
    ModelRef,
    Origin,
    Outcome,
    Override,
    Pixels,
    Prediction,
    RecipeRef,
    Region,
    Scores,
    Times,
    Traveller,
    Verdict,
    new_id,
)
from engine.domain.recipe import Limits, Recipe, SavingPolicy
from engine.packages.manifest import PACKAGE_SCHEMA, ClassSpec, Lineage, Manifest
from engine.packages.package import ModelPackage, write_package
from engine.preprocessing.input_spec import InputSpec

START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
SQUARE = Region("scratch", 0.9, (10, 8, 6, 5), 30.0, ((10, 8), (15, 8), (15, 12), (10, 12)))


def inspection(
    number: int = 0,
    outcome: Outcome = Outcome.NG,
    *,
    id: str | None = None,
    score: float = 0.8,
    label: str | None = None,
    seconds: float | None = None,
    lot: str = "L1",
    part: str = "",
    name: str = "",
    regions: tuple[Region, ...] = (SQUARE,),
    model: str = "abc123",
    source: str = "demo:",
    origin: Origin = Origin.PRODUCTION,
) -> Inspection:
    """An inspection of a 32×48 frame; the number makes id, sequence and time."""
    at = START + timedelta(seconds=number if seconds is None else seconds)
    known = {Outcome.OK: "good", Outcome.NO_VERDICT: ""}.get(outcome, "scratch")
    return Inspection(
        id=id or f"{number:024x}",
        frame=FrameRef(source, number, at - timedelta(milliseconds=20), name, 32, 48, "scratch"),
        scores=Scores(("good", "scratch"), (1.0 - score, score)),
        regions=regions if outcome is not Outcome.NO_VERDICT else (),
        verdict=Verdict(outcome, known if label is None else label, score, ("scratch 0.80 ≥ 0.50",)),
        model=ModelRef("demo", model),
        recipe=RecipeRef("plate", 3, "d1"),
        traveller=Traveller(lot, part, "ann", "Station 1", origin=origin),
        times=Times(at, 1.5, 10.25, 20.125),
    )


def recipe(every_ok: int = 0, *, defects: bool = True, ng_at: float = 0.5) -> Recipe:
    """What judged them, as far as a recorder asks: the saving policy and the limit."""
    return Recipe("plate", 3, ("good",), Limits(ng_at=ng_at), SavingPolicy(defects, every_ok))


def pixels(seed: int = 0, height: int = 32, width: int = 48) -> Pixels:
    """Repeatable grey noise, H×W uint8."""
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


def frame_of(made: Inspection, seed: int = 0) -> Frame:
    """The frame of an inspection, with pixels."""
    return Frame(pixels(seed), made.frame.source, made.frame.sequence, made.frame.captured_at, made.frame.name)


def prediction_of(made: Inspection) -> Prediction:
    """A prediction with a heat map."""
    heat = np.linspace(0.0, 1.0, 8 * 12, dtype=np.float32).reshape(8, 12)
    return Prediction(made.scores, made.regions, heat, made.model)


def override(
    made: Inspection | str,
    outcome: Outcome = Outcome.OK,
    label: str = "good",
    *,
    minutes: float = 60.0,
    operator: str = "ann",
    why: str = "",
    accepted: tuple[int, ...] | None = None,
    mask: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None = None,
) -> Override:
    """An override of an inspection or of its id."""
    at = START + timedelta(minutes=minutes)
    owner = made if isinstance(made, str) else made.id
    return Override(new_id(at), owner, at, operator, outcome, label, why, accepted, mask)


def package(folder: Path, name: str = "demo", graph: bytes = b"graph", parent: str = "") -> ModelPackage:
    """A verified package; other bytes make another version."""
    manifest = Manifest(
        schema=PACKAGE_SCHEMA,
        name=name,
        kind="segdec",
        architecture="segdec-s",
        classes=[ClassSpec(name="good", role="ok"), ClassSpec(name="scratch")],
        input=InputSpec(height=32, width=48, channels=1),
        metrics={"ap": 0.99},
        lineage=Lineage(dataset="demo:seed=1", parent=parent, preset="segdec-fast"),
    )
    return write_package(folder, manifest, {"model.onnx": graph})

"""What is kept of a part: what judged it, as its pixels were seen, and what it took."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from engine.domain.inspection import (
    Frame,
    ModelRef,
    Outcome,
    Prediction,
    Region,
    Scores,
    Times,
    Traveller,
    Verdict,
    utc_now,
)
from engine.domain.recipe import Limits, Recipe, View
from engine.judging.judge import Judge, Judged, not_judged
from engine.station.in_flight import Part, inspection_of
from tests.frames import part
from tests.line import FakeModel

NOW = utc_now()
NG = Verdict(Outcome.NG, "scratch", 0.9, ("scratch 0.90 ≥ 0.50",))
SEEN = Prediction(
    Scores(("good", "scratch"), (0.1, 0.9)),
    (Region("scratch", 0.9, (10, 8, 6, 5), 30.0),),
    prepare_ms=1.5,
    infer_ms=10.25,
)


def part_of(judged: Judged) -> Part:
    """Taken 40 ms before NOW with 12 bits, judged by a recipe that reads a mosaic."""
    frame = Frame(part(), "list:", 3, NOW - timedelta(milliseconds=40), bits=12)
    recipe = Recipe("plate", 2, ("good",), Limits(), view=View(bayer="RGGB"))
    model = FakeModel(ModelRef("tiny", "1"), lambda: (0.1, 0.9))
    return Part(frame, frame.ref, Judge(model, recipe), Traveller("L1"), judged)


def test_an_inspection_has_all_that_judged_its_part() -> None:
    made = part_of(Judged(NG, SEEN))
    kept = inspection_of(made, NG, NOW)
    assert (kept.scores, kept.regions, kept.verdict) == (SEEN.scores, SEEN.regions, NG)
    assert (kept.model, kept.recipe, kept.traveller) == (made.judge.model.ref, made.judge.recipe.ref, Traveller("L1"))
    assert kept.frame == replace(made.ref, bits=12, bayer="RGGB")
    assert kept.times == Times(NOW, 1.5, 10.25, 40.0)


def test_a_part_the_model_never_saw_took_the_time_from_its_capture_alone() -> None:
    judged = not_judged("the frame is stale")
    kept = inspection_of(part_of(judged), judged.verdict, NOW)
    assert (kept.scores, kept.regions) == (Scores((), ()), ())
    assert kept.times == Times(NOW, 0.0, 0.0, 40.0)

"""A part between its reading and its record, with all that judges it: nothing of it is looked up later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from engine.domain.inspection import Frame, FrameRef, Inspection, Scores, Times, Traveller, Verdict, new_id
from engine.judging.judge import Judge, Judged
from engine.verdicts.verdict import measured


@dataclass(frozen=True, slots=True)
class Part:
    """One frame as it was judged."""

    frame: Frame | None
    ref: FrameRef
    judge: Judge
    traveller: Traveller
    judged: Judged


def inspection_of(part: Part, verdict: Verdict, now: datetime) -> Inspection:
    """Of one part, with the model and the recipe that judged it and the pixels as they were seen."""
    ref, prediction, judge = part.ref, part.judged.prediction, part.judge
    seen = judge.view_of(ref)
    return Inspection(
        id=new_id(now),
        frame=replace(ref, bits=seen.bits, bayer=seen.bayer),
        scores=prediction.scores if prediction else Scores((), ()),
        regions=measured(prediction, judge.recipe),
        verdict=verdict,
        model=judge.model.ref,
        recipe=judge.recipe.ref,
        traveller=replace(part.traveller, product=judge.recipe.product),
        times=Times(
            now,
            prediction.prepare_ms if prediction else 0.0,
            prediction.infer_ms if prediction else 0.0,
            (now - ref.captured_at).total_seconds() * 1000,
        ),
    )

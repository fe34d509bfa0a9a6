"""Between rows and domain types; nothing else knows how an inspection lies in the tables."""

from __future__ import annotations

import math
from typing import Any

from db.store.schema import InspectionRow, OverrideRow
from engine.domain.inspection import (
    FrameRef,
    Inspection,
    ModelRef,
    Origin,
    Outcome,
    Override,
    RecipeRef,
    Region,
    Scores,
    Times,
    Traveller,
    Verdict,
)


def inspection_values(inspection: Inspection, threshold: float, digest: str | None) -> dict[str, Any]:
    """The columns of one inspection. `threshold`: the defect score from which NG was said, for the margin."""
    frame, verdict, times, traveller = inspection.frame, inspection.verdict, inspection.times, inspection.traveller
    return {
        "id": inspection.id,
        "inspected_at": times.inspected_at,
        "pixels_sha256": digest,
        "outcome": str(verdict.outcome),
        "label": verdict.label,
        "score": float(verdict.score),
        "margin": abs(float(verdict.score) - threshold),
        "reasons": list(verdict.reasons),
        "scores": _scores_values(inspection.scores),
        "regions": [_region_values(r) for r in inspection.regions],
        "model_name": inspection.model.name,
        "model_version": inspection.model.version,
        "recipe_name": inspection.recipe.name,
        "recipe_version": inspection.recipe.version,
        "recipe_digest": inspection.recipe.digest,
        "lot": traveller.lot,
        "part": traveller.part,
        "operator": traveller.operator,
        "station": traveller.station,
        "product": traveller.product,
        "origin": str(traveller.origin),
        "unknown": verdict.unknown,
        "prepare_ms": float(times.prepare_ms),
        "infer_ms": float(times.infer_ms),
        "total_ms": float(times.total_ms),
    } | _frame_values(frame)


def inspection_of(row: InspectionRow) -> Inspection:
    """The inspection as it was added."""
    return Inspection(
        id=row.id,
        frame=_frame_of(row),
        scores=_scores_of(row.scores),
        regions=tuple(_region_of(values) for values in row.regions),
        verdict=Verdict(Outcome(row.outcome), row.label, row.score, tuple(row.reasons), row.unknown),
        model=ModelRef(row.model_name, row.model_version),
        recipe=RecipeRef(row.recipe_name, row.recipe_version, row.recipe_digest),
        traveller=Traveller(row.lot, row.part, row.operator, row.station, row.product, Origin(row.origin)),
        times=Times(row.inspected_at, row.prepare_ms, row.infer_ms, row.total_ms),
    )


def _frame_values(frame: FrameRef) -> dict[str, Any]:
    return {
        "source": frame.source,
        "sequence": frame.sequence,
        "captured_at": frame.captured_at,
        "name": frame.name,
        "height": frame.height,
        "width": frame.width,
        "truth": frame.truth,
        "bits": frame.bits,
        "bayer": frame.bayer,
        "device_ns": frame.device_ns,
        "triggered_at": frame.triggered_at,
        "exposed_at": frame.exposed_at,
    }


def _frame_of(row: InspectionRow) -> FrameRef:
    return FrameRef(
        row.source,
        row.sequence,
        row.captured_at,
        row.name,
        row.height,
        row.width,
        row.truth,
        row.bits,
        row.bayer,
        row.device_ns,
        row.triggered_at,
        row.exposed_at,
    )


def override_of(row: OverrideRow) -> Override:
    """The override without its painted mask, which `db.inspections.overrides.read_mask` reads from the archive."""
    return Override(
        id=row.id,
        inspection_id=row.inspection_id,
        at=row.at,
        operator=row.operator,
        outcome=Outcome(row.outcome),
        label=row.label,
        why=row.why,
        accepted_regions=None if row.accepted_regions is None else tuple(row.accepted_regions),
        undoes=row.undoes,
    )


def _scores_values(scores: Scores) -> dict[str, Any]:
    """As JSON, which knows no value that is not a number: such a score is kept as null."""
    values = [float(v) if math.isfinite(v) else None for v in scores.values]
    return {"classes": list(scores.classes), "values": values, "exclusive": scores.exclusive}


def _scores_of(values: dict[str, Any]) -> Scores:
    read = tuple(math.nan if v is None else v for v in values["values"])
    # Rows of before views and multi-label models were always exclusive.
    return Scores(tuple(values["classes"]), read, values.get("exclusive", True))


def _region_values(region: Region) -> dict[str, Any]:
    return {
        "label": region.label,
        "score": float(region.score),
        "box": [int(v) for v in region.box],
        "area": float(region.area_px),
        "contour": [[int(x), int(y)] for x, y in region.contour],
    } | ({} if region.area_mm2 is None else {"area_mm2": float(region.area_mm2)})


def _region_of(values: dict[str, Any]) -> Region:
    x, y, width, height = values["box"]
    contour = tuple((x_, y_) for x_, y_ in values["contour"])
    return Region(
        values["label"], values["score"], (x, y, width, height), values["area"], contour, values.get("area_mm2")
    )

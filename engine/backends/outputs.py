"""Raw outputs of the graph → Prediction; shared by every backend so that all of them mean the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain import Box, HeatMap, Prediction, Region, Scores
from engine.manifest import InputSpec
from engine.package import ModelPackage
from engine.preprocess import Look, Placement, place

MAX_REGIONS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """The graph's outputs for one input, without the batch: scores K, maps M×h×w, novelty."""

    scores: NDArray[np.float32]
    maps: NDArray[np.float32] | None = None
    novelty: float | None = None


def assemble(raws: Sequence[Raw], seen: Look, package: ModelPackage) -> Prediction:
    """The outputs for every input of a look (one, or one a tile) as one Prediction of the frame, without times."""
    (raw,) = raws
    found = interpret(raw.scores, raw.maps, package, seen.size, seen.view.roi)
    return replace(found, quality=seen.quality, novelty=raw.novelty)


def interpret(
    scores: NDArray[np.float32],
    maps: NDArray[np.float32] | None,
    package: ModelPackage,
    size: tuple[int, int],
    roi: Box | None,
) -> Prediction:
    """Scores (K) and maps (M×h×w or None) of one picture of `size` (height, width) as a Prediction without times."""
    manifest = package.manifest
    named = Scores(manifest.class_names, tuple(float(v) for v in scores), manifest.head == "softmax")
    if maps is None or manifest.map.kind == "none":
        return Prediction(named, model=package.ref)
    where = place(size, manifest.input, roi)
    label, peak = _top_defect(named, manifest.ok_classes)
    if manifest.map.kind == "cam":
        heat = _scaled_cam(maps[named.classes.index(label)], peak)
        return Prediction(named, (), _inner(heat, manifest.input, where), package.ref)
    heat = np.clip(maps[0], 0.0, 1.0)
    regions = find_regions(heat, manifest.input, where, manifest.map.threshold, label)
    return Prediction(named, regions, _inner(heat, manifest.input, where), package.ref)


def find_regions(heat: HeatMap, spec: InputSpec, where: Placement, threshold: float, label: str) -> tuple[Region, ...]:
    """Connected areas of the map (h×w, 0…1) at or over the threshold, largest first, in frame pixels."""
    if float(heat.max(initial=0.0)) < threshold:
        return ()
    full = np.asarray(cv2.resize(heat, (spec.width, spec.height), interpolation=cv2.INTER_LINEAR), np.float32)
    over = (full >= threshold).astype(np.uint8)
    contours, _ = cv2.findContours(over, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    pixel_area = 1.0 / (where.scale_x * where.scale_y)
    regions = [_region(full, np.asarray(c, np.int32), where, pixel_area, label) for c in contours]
    return tuple(sorted(regions, key=lambda r: -r.area_px)[:MAX_REGIONS])


def _region(
    full: NDArray[np.float32], contour: NDArray[np.int32], where: Placement, pixel_area: float, label: str
) -> Region:
    x, y, width, height = cv2.boundingRect(contour)
    inside = np.zeros((height, width), np.uint8)
    cv2.drawContours(inside, [contour - (x, y)], -1, 1, cv2.FILLED)
    window = full[y : y + height, x : x + width]
    return Region(
        label=label,
        score=min(1.0, float(window[inside > 0].max())),
        box=where.box_to_frame((x, y, width, height)),
        area_px=float(inside.sum()) * pixel_area,
        contour=where.contour_to_frame(contour),
    )


def _top_defect(scores: Scores, ok_classes: tuple[str, ...]) -> tuple[str, float]:
    defects = [(n, v) for n, v in scores if n not in ok_classes] or list(scores)
    return max(defects, key=lambda pair: pair[1])


def _scaled_cam(cam: NDArray[np.float32], score: float) -> HeatMap:
    """A class activation map has no unit of its own: it is shown with its peak at the class's probability."""
    positive = np.maximum(cam, 0.0)
    peak = float(positive.max(initial=0.0))
    return cast(HeatMap, (positive * (score / peak) if peak > 0 else positive).astype(np.float32))


def _inner(heat: HeatMap, spec: InputSpec, where: Placement) -> HeatMap:
    """The part of the map that covers the picture, without the letterbox's border."""
    if not where.pad_x and not where.pad_y:
        return heat
    rows, columns = heat.shape
    top, left = round(where.pad_y * rows / spec.height), round(where.pad_x * columns / spec.width)
    return heat[top : max(top + 1, rows - top), left : max(left + 1, columns - left)]

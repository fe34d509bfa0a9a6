"""Raw outputs of the graph → Prediction; shared by every backend so that all of them mean the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Box, Contour, HeatMap, Prediction, Region, Scores
from engine.packages.manifest import Manifest
from engine.packages.package import ModelPackage
from engine.preprocessing.input_spec import InputSpec
from engine.preprocessing.look import Look
from engine.preprocessing.placement import Placement
from engine.preprocessing.registration import Affine

MAX_REGIONS = 200
MAX_CANVAS_PX = 4_000_000
"""The joined map of many tiles is never larger than this."""
HEAT_SIDE = 512
"""Longer side of a heat map that was put together, pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """The graph's outputs for one input, without the batch: scores K, maps M×h×w, novelty."""

    scores: NDArray[np.float32]
    maps: NDArray[np.float32] | None = None
    novelty: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Canvas:
    """The inputs' maps joined over the inspected region: H×W in 0…1, and where it lies in the frame."""

    heat: HeatMap
    where: Placement


def assemble(raws: Sequence[Raw], seen: Look, package: ModelPackage) -> Prediction:
    """The outputs for every input of a look (one, or one a tile) as one Prediction of the frame, without times.

    A look without inputs, and maps or novelty that are not numbers, give a `doubt`; scores are handed on as they are.
    Regions are found once, on the joined map, so that a defect across tiles is one region.
    """
    manifest = package.manifest
    box = seen.view.heat_box
    found = Prediction(Scores((), ()), model=package.ref, quality=seen.quality, doubt=seen.lost, heat_box=box)
    if seen.lost:
        return found
    found = replace(found, scores=joined_scores(raws, manifest), novelty=_novelty(raws))
    if found.novelty is not None and not math.isfinite(found.novelty):
        return replace(found, doubt="the model's novelty is not a number")
    if manifest.map.kind == "none" or any(raw.maps is None for raw in raws):
        return found
    maps = [cast(NDArray[np.float32], raw.maps) for raw in raws]
    if not all(bool(np.isfinite(each).all()) for each in maps):
        return replace(found, doubt="the model's map holds values that are not numbers")
    heats = _heats(maps, raws, found.scores, manifest)
    plain = seen.boxes == (seen.region,) and seen.inside is None and seen.back is None
    if plain and manifest.map.kind == "cam":
        return replace(found, heat=_inner(heats[0], manifest.input, seen.places[0]))
    canvas = _joined(heats, seen, manifest.input)
    regions = _regions(canvas, raws, seen, manifest) if manifest.map.kind == "mask" else ()
    heat = _inner(heats[0], manifest.input, seen.places[0]) if plain else _shown(canvas, seen)
    return replace(found, regions=regions, heat=heat)


def joined_scores(raws: Sequence[Raw], manifest: Manifest) -> Scores:
    """One score a class: of one input its own; of several the highest for a defect, the lowest for a sound class.

    A picture is as bad as its worst tile, and each class keeps its own evidence: the scores then no longer sum to 1,
    so they are not `exclusive`. A class with a score that is not finite in any of them has none: NaN.
    """
    names, sound = manifest.class_names, manifest.ok_classes
    if len(raws) == 1:
        return Scores(names, tuple(float(v) for v in raws[0].scores), manifest.head == "softmax")
    table = np.stack([raw.scores for raw in raws])
    table[:, ~np.isfinite(table).all(axis=0)] = np.nan
    lowest, highest = table.min(axis=0), table.max(axis=0)
    values = tuple(float(lowest[i] if name in sound else highest[i]) for i, name in enumerate(names))
    return Scores(names, values, exclusive=False)


def _novelty(raws: Sequence[Raw]) -> float | None:
    told = [raw.novelty for raw in raws if raw.novelty is not None]
    return float(np.max(told)) if told else None


def _heats(
    maps: Sequence[NDArray[np.float32]], raws: Sequence[Raw], scores: Scores, manifest: Manifest
) -> list[HeatMap]:
    """One map in 0…1 an input: of `mask` the defect's probability, of `cam` the likeliest defect's evidence."""
    if manifest.map.kind == "mask":
        return [np.clip(each[0], 0.0, 1.0) for each in maps]
    index = _top_defect(np.array(scores.values), manifest)
    return [_scaled_cam(each[index], float(raw.scores[index])) for each, raw in zip(maps, raws, strict=True)]


def _scaled_cam(cam: NDArray[np.float32], score: float) -> HeatMap:
    """A class activation map has no unit of its own: it is shown with its peak at the class's probability."""
    positive = np.maximum(cam, 0.0)
    peak = float(positive.max(initial=0.0))
    known = score if math.isfinite(score) else 0.0
    return cast(HeatMap, (positive * (known / peak) if peak > 0 else positive).astype(np.float32))


def _top_defect(scores: NDArray[np.floating[Any]], manifest: Manifest) -> int:
    """Index of the likeliest defect class; of the likeliest class where none is a defect."""
    defects = [i for i, c in enumerate(manifest.classes) if c.role == "defect"] or list(range(len(scores)))
    return max(defects, key=lambda i: scores[i])


def _joined(heats: Sequence[HeatMap], seen: Look, spec: InputSpec) -> _Canvas:
    """The maps over the inspected region, the highest where tiles overlap, zero outside the polygon."""
    if seen.boxes == (seen.region,):
        heat, where = _alone(heats[0], seen.places[0], seen.region, spec)
    else:
        heat, where = _side_by_side(heats, seen, spec)
    if seen.inside is not None:
        inside = cv2.resize(seen.inside, heat.shape[::-1], interpolation=cv2.INTER_NEAREST)
        heat = np.where(inside > 0, heat, np.float32(0.0))
    return _Canvas(heat, where)


def _alone(heat: HeatMap, where: Placement, region: Box, spec: InputSpec) -> tuple[HeatMap, Placement]:
    """One map at the input's resolution, without the letterbox's border."""
    full = _resized(heat, (spec.width, spec.height))
    width, height = round(region[2] * where.scale_x), round(region[3] * where.scale_y)
    inner = full[where.pad_y : where.pad_y + height, where.pad_x : where.pad_x + width]
    return inner, replace(where, pad_x=0, pad_y=0)


def _side_by_side(heats: Sequence[HeatMap], seen: Look, spec: InputSpec) -> tuple[HeatMap, Placement]:
    left, top, width, height = seen.region
    first = seen.places[0]
    small = min(1.0, math.sqrt(MAX_CANVAS_PX / (width * height * min(1.0, first.scale_x) * min(1.0, first.scale_y))))
    columns = max(1, round(width * min(1.0, first.scale_x) * small))
    rows = max(1, round(height * min(1.0, first.scale_y) * small))
    scale_x, scale_y = columns / width, rows / height
    canvas = np.zeros((rows, columns), np.float32)
    for heat, where, box in zip(heats, seen.places, seen.boxes, strict=True):
        x0, y0 = round((box[0] - left) * scale_x), round((box[1] - top) * scale_y)
        x1, y1 = round((box[0] + box[2] - left) * scale_x), round((box[1] + box[3] - top) * scale_y)
        tile = _alone(heat, where, box, spec)[0] if where.pad_x or where.pad_y else heat
        window = canvas[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
        np.maximum(window, _resized(tile, window.shape[::-1]), out=window)
    return canvas, Placement(scale_x, scale_y, 0, 0, left, top, seen.back)


def _resized(heat: HeatMap, size: tuple[int, ...]) -> HeatMap:
    return np.asarray(cv2.resize(heat, (size[0], size[1]), interpolation=cv2.INTER_LINEAR), np.float32)


def _shown(canvas: _Canvas, seen: Look) -> HeatMap:
    """A joined map as the heat map that covers the view's `heat_box`, or the frame, edge to edge."""
    rows, columns = canvas.heat.shape
    if seen.back is None:
        share = min(1.0, HEAT_SIDE / max(rows, columns))
        small = max(1, round(columns * share)), max(1, round(rows * share))
        return _thick(canvas.heat, 1.0 / share, small)
    height, width = seen.size
    share = min(1.0, HEAT_SIDE / max(height, width))
    size = max(1, round(width * share)), max(1, round(height * share))
    ratio = max(canvas.where.scale_x * width / size[0], canvas.where.scale_y * height / size[1])
    thick = _thick(canvas.heat, ratio, (columns, rows))
    turned = cv2.warpAffine(
        thick, _way(canvas, seen.back, seen, size), size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    return np.asarray(turned, np.float32)


def _thick(heat: HeatMap, ratio: float, size: tuple[int, int]) -> HeatMap:
    """At `size` (width, height), what is small kept: each pixel is the highest of those it stands for."""
    side = max(1, math.ceil(ratio))
    swollen = cv2.dilate(heat, np.ones((side, side), np.uint8)) if side > 1 else heat
    return np.asarray(cv2.resize(swollen, size, interpolation=cv2.INTER_NEAREST), np.float32)


def _way(canvas: _Canvas, back: Affine, seen: Look, size: tuple[int, int]) -> NDArray[np.float64]:
    """2×3: pixel centres of a heat map over the whole frame (width, height) → those of the canvas."""
    where = canvas.where
    forward = np.asarray(cv2.invertAffineTransform(back), np.float64)
    grow = np.array([seen.size[1] / size[0], seen.size[0] / size[1]])
    shrink = np.array([where.scale_x, where.scale_y])
    linear = shrink[:, None] * forward[:, :2] * grow[None, :]
    offset = shrink * (forward[:, 2] - (where.left, where.top))
    return np.hstack([linear, (offset + linear @ (0.5, 0.5) - 0.5)[:, None]])


def _inner(heat: HeatMap, spec: InputSpec, where: Placement) -> HeatMap:
    """The part of the map that covers the picture, without the letterbox's border."""
    if not where.pad_x and not where.pad_y:
        return heat
    rows, columns = heat.shape
    top, left = round(where.pad_y * rows / spec.height), round(where.pad_x * columns / spec.width)
    return heat[top : max(top + 1, rows - top), left : max(left + 1, columns - left)]


def _regions(canvas: _Canvas, raws: Sequence[Raw], seen: Look, manifest: Manifest) -> tuple[Region, ...]:
    """Connected areas of the joined map at or over the threshold, largest first, in frame pixels.

    Each is of the likeliest defect class of the input in which it peaks.
    """
    threshold = manifest.map.threshold
    if float(canvas.heat.max(initial=0.0)) < threshold:
        return ()
    over = (canvas.heat >= threshold).astype(np.uint8)
    contours, _ = cv2.findContours(over, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = sorted(contours, key=cv2.contourArea, reverse=True)[:MAX_REGIONS]
    found = []
    for contour in (np.asarray(c, np.int32) for c in largest):
        x, y, width, height = cv2.boundingRect(contour)
        inside = np.zeros((height, width), np.uint8)
        cv2.drawContours(inside, [contour - (x, y)], -1, 1, cv2.FILLED)
        inside &= over[y : y + height, x : x + width]
        _, peak, _, (at_x, at_y) = cv2.minMaxLoc(canvas.heat[y : y + height, x : x + width], inside)
        label = _label_at((x + at_x + 0.5, y + at_y + 0.5), canvas, raws, seen, manifest)
        area = float(np.count_nonzero(inside)) * canvas.where.pixel_area
        box, outline = _box(contour, canvas.where, seen.size), canvas.where.contour_to_frame(contour)
        found.append(Region(label, min(1.0, float(peak)), box, area, _clipped(outline, seen.size)))
    return tuple(sorted(found, key=lambda r: -r.area_px))


def _label_at(point: tuple[float, float], canvas: _Canvas, raws: Sequence[Raw], seen: Look, manifest: Manifest) -> str:
    if len(raws) == 1:
        return manifest.class_names[_top_defect(raws[0].scores, manifest)]
    where = canvas.where
    x, y = point[0] / where.scale_x + where.left, point[1] / where.scale_y + where.top
    here = [
        raw.scores
        for raw, (left, top, width, height) in zip(raws, seen.boxes, strict=True)
        if left <= x <= left + width and top <= y <= top + height
    ]
    tops = [(float(scores[_top_defect(scores, manifest)]), _top_defect(scores, manifest)) for scores in here]
    return manifest.class_names[max(tops)[1]]


def _box(contour: NDArray[np.int32], where: Placement, size: tuple[int, int]) -> Box:
    """Around all pixels of a contour, in frame pixels and within the frame (height, width)."""
    if where.back is None:
        x, y, width, height = cv2.boundingRect(contour)
        corners = np.array([(x, y), (x + width, y + height)], np.float64)
    else:
        points = contour.reshape(-1, 2).astype(np.float64)
        corners = np.concatenate([points + step for step in ((0, 0), (1, 0), (1, 1), (0, 1))])
    seen = where.points_to_frame(corners)
    (left, top), (right, bottom) = seen.min(axis=0).tolist(), seen.max(axis=0).tolist()
    x0, y0 = min(max(round(left), 0), size[1] - 1), min(max(round(top), 0), size[0] - 1)
    x1, y1 = min(round(right), size[1]), min(round(bottom), size[0])
    return x0, y0, max(1, x1 - x0), max(1, y1 - y0)


def _clipped(contour: Contour, size: tuple[int, int]) -> Contour:
    return tuple((min(max(x, 0), size[1]), min(max(y, 0), size[0])) for x, y in contour)

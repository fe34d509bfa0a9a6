"""Heat map, mask and contours → pictures; and the view filters. Pure numpy and OpenCV; never what the model sees."""

from __future__ import annotations

from typing import Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Box, HeatMap, Pixels, Region
from engine.images.depth import to_channels, to_uint8

Style = Literal["heat", "mask", "contour", "off"]

HEAT_FLOOR = 0.15
"""Heat below this is not drawn: a calm picture where there is nothing to see."""
MASK_RGB = (255, 64, 160)
_INFERNO_RGB: NDArray[np.uint8] = np.ascontiguousarray(
    cv2.applyColorMap(np.arange(256, dtype=np.uint8).reshape(-1, 1), cv2.COLORMAP_INFERNO)[:, 0, ::-1], np.uint8
)
CONTOUR_BGR = (160, 64, 255)
"""Magenta: no metal, light or oxide has that colour, and it stands apart from the verdict colours."""


def heat_floor(kind: str, threshold: float) -> float:
    """From which heat on it is drawn, for a package's kind and map threshold.

    An anomaly map hums below its threshold all over a sound part; the other maps are near zero there.
    """
    return max(HEAT_FLOOR, 0.8 * threshold) if kind == "anomaly" else HEAT_FLOOR


def heat_rgba(heat: HeatMap, floor: float = HEAT_FLOOR) -> NDArray[np.uint8]:
    """h×w×4 RGBA at the map's resolution; colour and alpha grow with the heat from `floor` on.

    Inferno without its pale end: on grey metal, hot is a strong orange and not a white that looks like glare.
    """
    if not (heat > floor).any():
        # Most sound parts: nothing to be seen, and nothing to be worked out.
        return np.zeros((*heat.shape, 4), np.uint8)
    level = np.clip((heat - floor) / (1.0 - floor), 0.0, 1.0)
    rgba = np.empty((*heat.shape, 4), np.uint8)
    rgba[..., :3] = _INFERNO_RGB[(level * 150 + 55).astype(np.uint8)]
    rgba[..., 3] = np.sqrt(level) * 255
    return rgba


def mask_rgba(heat: HeatMap, threshold: float = 0.5) -> NDArray[np.uint8]:
    """h×w×4 RGBA: one colour where the map is at or over the threshold, clear elsewhere."""
    picture = np.zeros((*heat.shape, 4), np.uint8)
    picture[heat >= threshold] = (*MASK_RGB, 255)
    return picture


def render(
    pixels: Pixels,
    heat: HeatMap | None,
    regions: tuple[Region, ...],
    style: Style,
    opacity: float = 0.55,
    *,
    roi: Box | None = None,
    threshold: float = 0.5,
    floor: float = HEAT_FLOOR,
) -> NDArray[np.uint8]:
    """The picture with its overlay, H×W×3 BGR uint8, for reports and snapshots."""
    picture = to_channels(to_uint8(pixels), 3).copy()
    if style == "contour":
        return draw_contours(picture, regions)
    if style == "off" or heat is None:
        return picture
    left, top, width, height = roi or (0, 0, picture.shape[1], picture.shape[0])
    rgba = heat_rgba(heat, floor) if style == "heat" else mask_rgba(heat, threshold)
    # Colour and alpha are converted while they are small; a scan draws hundreds of these a second.
    alpha = rgba[..., 3:].astype(np.float32) * np.float32(opacity / 255.0)
    colour = np.rint(rgba[..., 2::-1] * alpha).astype(np.uint8)
    kept = np.repeat(np.rint(255.0 * (1.0 - alpha)).astype(np.uint8), 3, axis=2)
    size = (width, height)
    over, through = (cv2.resize(each, size, interpolation=cv2.INTER_LINEAR) for each in (colour, kept))
    window = picture[top : top + height, left : left + width]
    window[:] = cv2.add(cv2.multiply(window, through, scale=1.0 / 255.0), over)
    return picture


def draw_contours(picture: NDArray[np.uint8], regions: tuple[Region, ...]) -> NDArray[np.uint8]:
    """Draw the regions' contours into a BGR picture, in place; returns it."""
    thickness = max(1, round(picture.shape[1] / 400))
    for region in regions:
        points = np.array(region.contour, np.int32).reshape(-1, 1, 2)
        if len(points) >= 3:
            cv2.polylines(picture, [points], True, CONTOUR_BGR, thickness, cv2.LINE_AA)
        else:
            x, y, width, height = region.box
            cv2.rectangle(picture, (x, y), (x + width, y + height), CONTOUR_BGR, thickness)
    return picture


def edges(pixels: Pixels, low: int = 100, high: int = 200) -> NDArray[np.uint8]:
    """Canny edges, H×W, 0 or 255: a view filter, never a model's input."""
    return cast(NDArray[np.uint8], cv2.Canny(to_channels(to_uint8(pixels), 1), low, high))


def enhance(pixels: Pixels, clip: float = 3.0) -> NDArray[np.uint8]:
    """Local contrast (CLAHE, 8×8 tiles), H×W grey: a view filter, never a model's input."""
    return cast(NDArray[np.uint8], cv2.createCLAHE(clip, (8, 8)).apply(to_channels(to_uint8(pixels), 1)))

"""How a map is drawn for the model it came from: what counts as hot, and from which value on it is a defect."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Box, HeatMap, Pixels, Region
from engine.images.overlay import heat_floor, heat_rgba, mask_rgba, render
from engine.packages.package import ModelPackage
from gui.widgets.pictures.image_view import OverlayStyle

NO_PACKAGE = (0.5, heat_floor("segdec", 0.5))


def drawn_map(heat: HeatMap, style: OverlayStyle, package: ModelPackage | None) -> NDArray[np.uint8]:
    """The RGBA layer of the styles `heat` and `mask`."""
    threshold, floor = _limits(package)
    return heat_rgba(heat, floor) if style == "heat" else mask_rgba(heat, threshold)


def drawn_picture(
    pixels: Pixels,
    heat: HeatMap | None,
    regions: tuple[Region, ...],
    look: tuple[OverlayStyle, float],
    package: ModelPackage | None,
    box: Box | None,
) -> NDArray[Any]:
    """The picture with its overlay on screen, H×W×3 BGR; `look` is style and opacity, `box` what `heat` covers."""
    threshold, floor = _limits(package)
    return render(pixels, heat, regions, look[0], look[1], roi=box, threshold=threshold, floor=floor)


def _limits(package: ModelPackage | None) -> tuple[float, float]:
    if package is None:
        return NO_PACKAGE
    manifest = package.manifest
    return manifest.map.threshold, heat_floor(manifest.kind, manifest.map.threshold)

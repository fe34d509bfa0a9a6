"""Where a picture lies on its widget: zoom, pan, and positions there and back. No Qt: pairs of x and y."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from engine.domain.inspection import Region

MAX_ZOOM = 32.0
CLOSER = 4.0
"""What a double click shows a picture at that is larger than its frame already."""

Point = tuple[float, float]
Covers = tuple[float, float, float, float]
"""x, y, width and height of what an array shows, in frame pixels."""


class Cut(NamedTuple):
    """The visible part of an array: its columns x0…x1 and rows y0…y1, and its corners on the widget."""

    x0: int
    y0: int
    x1: int
    y1: int
    top_left: Point
    bottom_right: Point


class Viewport:
    """The whole picture, letterboxed, until somebody comes closer. Sizes are width and height."""

    def __init__(self) -> None:
        self.room = (1, 1)
        """The widget's size in pixels."""
        self._picture: tuple[int, int] | None = None
        self._scale: float | None = None
        """Screen pixels per frame pixel; None = fit."""
        self._centre: Point = (0.0, 0.0)

    @property
    def fits(self) -> bool:
        """Whether the whole picture is shown, as large as it goes."""
        return self._scale is None

    @property
    def zoom(self) -> float:
        """Screen pixels per frame pixel."""
        if self._scale is not None:
            return self._scale
        return 1.0 if self._picture is None else max(1e-6, self._fit(self._picture))

    def show(self, picture: tuple[int, int] | None) -> None:
        """A picture of this size; zoom and place stay where it is as large as the one before, or there is none."""
        if picture is not None and picture != self._picture:
            self._scale = None
        self._picture = picture

    def fit(self) -> None:
        """The whole picture."""
        self._scale = None

    def look_like(self, other: Viewport) -> None:
        """Another one's zoom and place; of a picture of the same size."""
        self._scale, self._centre = other._scale, other._centre

    def zoom_to(self, zoom: float, at: Point) -> bool:
        """So many screen pixels per frame pixel, while what lies under `at` stays there; False without a picture."""
        if self._picture is None:
            return False
        fit = self._fit(self._picture)
        x, y = self.frame_at(at)
        zoom = min(MAX_ZOOM, max(min(fit, 1.0), zoom))
        self._scale = None if zoom <= fit else zoom
        if self._scale is not None:
            middle = self.middle
            self._centre = x + (middle[0] - at[0]) / zoom, y + (middle[1] - at[1]) / zoom
        return True

    def toggle(self, at: Point) -> bool:
        """Between the whole picture and single pixels about `at`."""
        if self._scale is None:
            return self.zoom_to(1.0 if self.zoom < 1.0 else CLOSER, at)
        self.fit()
        return True

    def pan(self, right: float, down: float) -> bool:
        """The picture so many screen pixels further; False where all of it is shown."""
        if self._scale is None:
            return False
        self._centre = self._centre[0] - right / self._scale, self._centre[1] - down / self._scale
        return True

    @property
    def middle(self) -> Point:
        """Of the widget."""
        return self.room[0] / 2, self.room[1] / 2

    @property
    def origin(self) -> Point:
        """Where the frame's top left corner lies on the widget."""
        if self._picture is None:
            return 0.0, 0.0
        zoom, middle = self.zoom, self.middle
        if self._scale is None:
            return (self.room[0] - self._picture[0] * zoom) / 2, (self.room[1] - self._picture[1] * zoom) / 2
        return middle[0] - self._centre[0] * zoom, middle[1] - self._centre[1] * zoom

    def frame_at(self, at: Point) -> Point:
        """Widget position → frame pixel; may lie outside the picture."""
        origin, zoom = self.origin, self.zoom
        return (at[0] - origin[0]) / zoom, (at[1] - origin[1]) / zoom

    def widget_at(self, x: float, y: float) -> Point:
        """Frame pixel → widget position."""
        origin, zoom = self.origin, self.zoom
        return origin[0] + x * zoom, origin[1] + y * zoom

    def cut(self, rows: int, columns: int, covers: Covers) -> Cut | None:
        """What is visible of an array of this many rows and columns; None = nothing."""
        per_x, per_y = columns / covers[2], rows / covers[3]
        left, top = self.frame_at((0.0, 0.0))
        right, bottom = self.frame_at((float(self.room[0]), float(self.room[1])))
        x0, y0 = max(0, int((left - covers[0]) * per_x)), max(0, int((top - covers[1]) * per_y))
        x1 = min(columns, math.ceil((right - covers[0]) * per_x) + 1)
        y1 = min(rows, math.ceil((bottom - covers[1]) * per_y) + 1)
        if x1 <= x0 or y1 <= y0:
            return None
        near = self.widget_at(covers[0] + x0 / per_x, covers[1] + y0 / per_y)
        far = self.widget_at(covers[0] + x1 / per_x, covers[1] + y1 / per_y)
        return Cut(x0, y0, x1, y1, near, far)

    def _fit(self, picture: tuple[int, int]) -> float:
        return min(self.room[0] / picture[0], self.room[1] / picture[1])


def smallest_at(regions: Sequence[Region], x: float, y: float) -> int | None:
    """The index of the smallest region whose box holds this frame pixel; None = there is none."""
    hits = []
    for index, region in enumerate(regions):
        left, top, width, height = region.box
        if left <= x <= left + width and top <= y <= top + height:
            hits.append((width * height, index))
    return min(hits)[1] if hits else None

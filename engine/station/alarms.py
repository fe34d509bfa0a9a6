"""When the line's own results call somebody: NG in a row, too many NG, a defect in one place, parts nobody taught.

Pure: inspections in, alarms out. NO VERDICT tells nothing about a part, so it neither counts nor resets anything; but
for an unknown part, whatever its verdict. What the model does not know is no NG and has no defect in a place.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from engine.domain.inspection import Box, Inspection, Outcome
from engine.settings import AlarmRules

GROW = 0.02
"""Boxes are widened by this share of the frame's longer side before they are compared: no part lies as the last did."""
OVERLAP = 0.3
"""Intersection over union of two widened boxes from which they are in the same place."""
NEAR = 0.03
"""Centres closer than this share of the frame's diagonal are in the same place too, whatever the boxes' sizes."""
REGIONS = 12
"""The largest ones of a part are compared, so that a picture full of specks costs no time."""


class AlarmKind(StrEnum):
    """What called. Stored by these words."""

    IN_ROW = "in_row"
    RATE = "rate"
    SAME_PLACE = "same_place"
    UNKNOWN = "unknown"
    """Parts that the model does not know."""
    TRIGGER = "trigger"
    """A trigger got no verdict in time; the station itself says so (engine.events.Alarmed)."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm: `count` NG, unknown parts, or parts with a defect in one place, among the last `among` parts."""

    kind: AlarmKind
    inspection: Inspection
    """The part that set it off."""
    count: int
    among: int


@dataclass(frozen=True, slots=True)
class _Marks:
    """Where one part had its defects."""

    size: tuple[int, int]
    """Height, width of the frame in pixels."""
    boxes: tuple[Box, ...]


class AlarmWatch:
    """Give it every inspection in order. Each kind calls once, and again only after it was clear in between.

    Another product begins anew: what was of the last one says nothing about it.
    """

    def __init__(self, rules: AlarmRules) -> None:
        self.rules = rules
        """May be replaced or changed at any time; counts from the next part on."""
        self._product = ""
        self._begin()

    def _begin(self) -> None:
        self._row = 0
        self._rate: deque[bool] = deque()
        self._places: deque[_Marks] = deque()
        self._unknown: deque[bool] = deque()
        self._calling: set[AlarmKind] = set()

    def take(self, inspection: Inspection) -> list[Alarm]:
        """The alarms this part sets off; nearly always none."""
        if inspection.recipe.name != self._product:
            self._product = inspection.recipe.name
            self._begin()
        verdict = inspection.verdict
        if verdict.outcome is Outcome.NO_VERDICT and not verdict.unknown:
            return []
        found = [self._nobody_taught(inspection)]
        if verdict.outcome is not Outcome.NO_VERDICT:
            found += [self._in_row(inspection), self._too_many(inspection), self._same_place(inspection)]
        return [alarm for alarm in found if alarm is not None]

    def _in_row(self, inspection: Inspection) -> Alarm | None:
        self._row = self._row + 1 if inspection.verdict.outcome is Outcome.NG else 0
        limit = self.rules.ng_in_row
        return self._call(AlarmKind.IN_ROW, 0 < limit <= self._row, inspection, self._row, self._row)

    def _too_many(self, inspection: Inspection) -> Alarm | None:
        self._rate.append(inspection.verdict.outcome is Outcome.NG)
        while len(self._rate) > self.rules.rate_parts:
            self._rate.popleft()
        count, parts = sum(self._rate), len(self._rate)
        # A share of few parts says nothing: the first defect of a shift would be 100 %.
        whole = parts == self.rules.rate_parts
        too_many = whole and 0.0 < self.rules.ng_rate < count / parts
        return self._call(AlarmKind.RATE, too_many, inspection, count, parts)

    def _same_place(self, inspection: Inspection) -> Alarm | None:
        limit, marks = self.rules.same_place, _marks(inspection)
        while len(self._places) > max(0, limit - 1):
            self._places.popleft()
        stays = (
            limit > 1 and len(self._places) == limit - 1 and any(self._everywhere(box, marks) for box in marks.boxes)
        )
        self._places.append(marks)
        return self._call(AlarmKind.SAME_PLACE, stays, inspection, limit, limit)

    def _nobody_taught(self, inspection: Inspection) -> Alarm | None:
        self._unknown.append(inspection.verdict.unknown)
        while len(self._unknown) > max(self.rules.unknown_parts, self.rules.unknown):
            self._unknown.popleft()
        count = sum(self._unknown)
        return self._call(AlarmKind.UNKNOWN, 0 < self.rules.unknown <= count, inspection, count, len(self._unknown))

    def _everywhere(self, box: Box, marks: _Marks) -> bool:
        """Whether every part before had a defect where this one is."""
        return all(
            before.size == marks.size and any(same_place(box, other, marks.size) for other in before.boxes)
            for before in reversed(self._places)
        )

    def _call(self, kind: AlarmKind, on: bool, inspection: Inspection, count: int, among: int) -> Alarm | None:
        if not on:
            self._calling.discard(kind)
            return None
        if kind in self._calling:
            return None
        self._calling.add(kind)
        return Alarm(kind, inspection, count, among)


def same_place(one: Box, other: Box, size: tuple[int, int]) -> bool:
    """Whether two boxes (x, y, width, height in pixels) of frames of one size (height, width) are in the same place."""
    height, width = size
    grow = GROW * max(height, width)
    if _overlap(_grown(one, grow), _grown(other, grow)) >= OVERLAP:
        return True
    across = one[0] + one[2] / 2 - other[0] - other[2] / 2
    down = one[1] + one[3] / 2 - other[1] - other[3] / 2
    return bool((across**2 + down**2) ** 0.5 <= NEAR * (height**2 + width**2) ** 0.5)


def _grown(box: Box, by: float) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    x, y, width, height = box
    return x - by, y - by, x + width + by, y + height + by


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """Intersection over union."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    areas = sum((right - left) * (bottom - top) for left, top, right, bottom in (one, other))
    return wide * high / (areas - wide * high)


def _marks(inspection: Inspection) -> _Marks:
    """The defects of a part that was not OK: on an OK part every region was too small to count."""
    size, verdict = (inspection.frame.height, inspection.frame.width), inspection.verdict
    if verdict.outcome is Outcome.OK or verdict.unknown:
        return _Marks(size, ())
    largest = sorted(inspection.regions, key=lambda region: region.area_px, reverse=True)[:REGIONS]
    return _Marks(size, tuple(region.box for region in largest))

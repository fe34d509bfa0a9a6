"""What a tool says of one picture, put together object by object, and the sample that follows from it."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.domain.inspection import Mask
from engine.domain.sound_names import is_sound
from engine.packages.package import sha256_of
from trainer.formats.labels.imagefolder import reading
from trainer.formats.labels.labelme_shapes import Drawn, area_of, draw_all
from trainer.formats.samples.dataset import Part, Sample
from trainer.formats.samples.pictures import with_mask
from trainer.formats.samples.shapes import Shape

OK = "ok"
_CORNERS = 64


@dataclass(slots=True)
class Drawing:
    """Classes of a picture and what is drawn of them.

    What bears a sound class's name (`ok`, `background`) is no defect and is not drawn.
    """

    areas: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Area of each class in pixels squared; 0 for one that is only named."""
    drawn: list[Drawn] = field(default_factory=list)
    open: bool = False
    """Some defect has no outline: where it ends is not known."""
    unread: bool = False
    """Something of it is not used."""
    said: bool = False
    """Somebody said what the picture is, be it that nothing is on it."""

    def draw(self, label: str, shape: Drawn, *, boxed: bool = False) -> None:
        """One more object. `boxed`: the shape is only a box around it."""
        self.areas[label] += area_of(shape)
        if not is_sound(label):
            self.open |= boxed
            self.drawn.append(shape)

    def name(self, label: str) -> None:
        """The picture is of that class; nothing says where."""
        self.areas[label] += 0.0
        self.open |= not is_sound(label)

    def sample(self, key: str, path: Path, part: Part = "") -> Sample | None:
        """Label = the defect with most area, `also` the others; sound without any. None where its labels are unread."""
        defects = sorted((n for n in self.areas if not is_sound(n)), key=lambda name: (-self.areas[name], name))
        labels = defects or sorted(self.areas)[:1]
        if self.unread and not defects:
            return None
        drawn = list(self.drawn)

        def mask(height: int, width: int) -> Mask:
            return draw_all(drawn, height, width)

        whole = not self.open and not self.unread
        load = with_mask(path, mask) if whole else reading(path)
        label, also, assumed = (labels or [OK])[0], tuple(labels[1:]), not labels and not self.said
        return Sample(key, label, key, load, whole, part, sha256_of(path), path, also, assumed, self.unread)


def turned(shape: Shape, degrees: float, x: float, y: float) -> Shape:
    """The polygon turned clockwise (as one sees it) about a point."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    moved = shape.points - (x, y)
    return Shape("polygon", moved @ np.array([[cos, sin], [-sin, cos]]) + (x, y))


def ellipse(x: float, y: float, across: float, down: float) -> Shape:
    """An ellipse by its centre and half axes, as a polygon of 64 corners."""
    at = np.arange(_CORNERS) * (2 * math.pi / _CORNERS)
    return Shape("polygon", np.column_stack((x + across * np.cos(at), y + down * np.sin(at))))

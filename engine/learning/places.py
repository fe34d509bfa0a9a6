"""Which places of a picture are taught as bad, which as good, and which as neither: from a mask, a stroke or a box.

A place is one cell of the grid on which patches are described.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Mask
from engine.errors import InputError
from engine.learning.taught import Bools

COVERED = 0.15
"""A place is bad from this share painted on."""
NEAR = 2
"""Places this near to what is painted are neither good nor bad: their patches see it too."""
Patches = NDArray[np.float32]


class Drawn(StrEnum):
    """How a person told the place."""

    MASK = "mask"
    """All of the defect is painted: the rest of the picture is good."""
    STROKE = "stroke"
    """Some of it is: of the rest nothing is known."""
    BOX = "box"
    """It lies somewhere inside; outside is good."""


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """One picture's patches H×W×D, and which of its places are taught as bad and as good; a place may be neither."""

    part: str
    patches: Patches
    bad: Bools
    good: Bools
    boxed: bool = False
    """Only some of the bad places are: those which look most like a defect are believed."""
    varied: bool = False

    @property
    def defective(self) -> bool:
        """Whether a defect is shown in it."""
        return bool(self.bad.any())


def sound(part: str, patches: Patches, *, varied: bool = False) -> Painted:
    """A picture of a good part: every place is good."""
    every = np.ones(patches.shape[:2], np.bool_)
    return Painted(part, patches, ~every, every, varied=varied)


def painted(part: str, patches: Patches, mask: Mask, how: Drawn = Drawn.MASK, *, varied: bool = False) -> Painted:
    """A picture of a defective part; `mask` (uint8 H×W of the model's input, 255 = painted) says where.

    Raises InputError where nothing is painted, or the mask is of another shape than the picture.
    """
    height, width = patches.shape[:2]
    if mask.ndim != 2 or mask.shape[0] * width != mask.shape[1] * height:
        rows, columns = mask.shape[:2]
        raise InputError(f"The mask is {columns} × {rows}, which does not fit the picture.", "Paint on this picture.")
    if not mask.any():
        raise InputError("Nothing is painted on the picture of a defect.", "Paint the defect, or teach it unpainted.")
    share = cv2.resize((mask > 0).astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    # Something so thin that no place is covered still lies where it covers most.
    bad = np.asarray(share >= min(COVERED, float(share.max())), np.bool_)
    reach = cv2.dilate((share > 0).astype(np.uint8), np.ones((2 * NEAR + 1, 2 * NEAR + 1), np.uint8)) > 0
    good = np.zeros_like(bad) if how is Drawn.STROKE else np.asarray(~reach, np.bool_)
    return Painted(part, patches, bad, good, how is Drawn.BOX, varied)

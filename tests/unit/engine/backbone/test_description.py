"""Each number of a description is what the layout says it is, by numpy and OpenCV from the taps."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.backbone.backbone import Backbone
from engine.backbone.description import PLACE, WHOLE
from engine.backbone.graph import TAPS, graph
from engine.backends.core import core
from tests.unit.engine.backbone.drawn import drawn

HEIGHT, WIDTH = 96, 160


def taps_of(picture: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    model = core().compile_model(graph(*picture.shape), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = model(picture[None])
    return [np.asarray(found[name][0], np.float64) for name in TAPS]


def test_whole_picture_is_mean_deviation_and_maximum_of_each_tap() -> None:
    (picture,) = drawn(1, HEIGHT, WIDTH)
    flat = [tap.reshape(len(tap), -1) for tap in taps_of(picture)]
    told = np.concatenate([part for tap in flat for part in (tap.mean(1), tap.std(1), tap.max(1))])
    (found,) = Backbone(HEIGHT, WIDTH, 3).describe([picture])
    assert found.patches is None
    assert found.whole.shape == (WHOLE,) == (1488,)
    assert np.allclose(found.whole, told, rtol=1e-5, atol=1e-5)


def test_place_is_its_own_numbers_and_what_lies_around_it() -> None:
    (picture,) = drawn(1, HEIGHT, WIDTH)
    fine, middle, coarse, _ = (np.ascontiguousarray(tap.transpose(1, 2, 0), np.float32) for tap in taps_of(picture))
    rows, columns = middle.shape[:2]
    pooled = fine.reshape(rows, 2, columns, 2, -1).mean((1, 3))
    own = np.concatenate([pooled, middle, cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_LINEAR)], 2)
    around = np.dstack([cv2.blur(plane, (7, 7), borderType=cv2.BORDER_REFLECT_101) for plane in np.moveaxis(own, 2, 0)])
    (found,) = Backbone(HEIGHT, WIDTH, 3, patches=True).describe([picture])
    assert found.patches is not None
    assert found.patches.shape == (HEIGHT // 8, WIDTH // 8, PLACE)
    assert np.allclose(found.patches, np.concatenate([own, around], 2), rtol=1e-4, atol=1e-4)

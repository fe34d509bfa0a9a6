"""A part is found where it lies, to a fraction of a pixel; and what is not it is not found."""

from __future__ import annotations

import numpy as np
import pytest

from engine.domain.recipe import View
from engine.preprocessing.input_spec import InputSpec
from engine.preprocessing.look import look
from engine.preprocessing.registration import find_part, is_findable
from tests.golden import PART, golden, moved, reference, way

CORNERS = np.array([(120, 90), (280, 90), (280, 210), (120, 210)], np.float64)
WHOLE = InputSpec(height=300, width=400, channels=1)


def through(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


@pytest.mark.parametrize("angle", [-11.5, -4.0, 0.0, 7.3])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (31.4, -22.7), (-55.0, 48.5)])
def test_turned_and_shifted_part_is_found_to_half_a_pixel(angle: float, shift: tuple[float, float]) -> None:
    noise = np.random.default_rng(3).normal(0.0, 5.0, (300, 400))
    frame = np.clip(moved(golden(), angle, shift) * 0.7 + 15 + noise, 0, 255).astype(np.uint8)
    found = find_part(frame, reference())
    assert found.doubt == ""
    assert found.score > 0.9
    assert np.abs(through(found.back, CORNERS) - through(way(angle, shift), CORNERS)).max() < 0.5
    assert np.allclose(through(found.forward, through(found.back, CORNERS)), CORNERS)


@pytest.mark.parametrize("kind", ["black", "white", "noise", "another part", "tiny"])
def test_what_is_not_the_part_is_not_found(kind: str) -> None:
    frames = {
        "black": np.zeros((300, 400), np.uint8),
        "white": np.full((300, 400), 255, np.uint8),
        "noise": np.random.default_rng(0).integers(0, 255, (300, 400), dtype=np.uint8),
        "another part": np.ascontiguousarray(golden()[::-1, ::-1].T),
        "tiny": np.zeros((20, 20), np.uint8),
    }
    found = find_part(frames[kind], reference())
    assert found.score < 0.6
    assert found.doubt == f"the part was not found (match {found.score:.2f} < 0.60)"


def test_part_beyond_its_limits_is_doubted_with_the_measure() -> None:
    assert "px off, more than 20 px" in find_part(moved(golden(), 0.0, (28.0, 0.0)), reference(max_shift_px=20)).doubt
    assert "turned by 6" in find_part(moved(golden(), 6.0, (0.0, 0.0)), reference(max_angle=3.0)).doubt


def test_lower_match_than_asked_is_not_found() -> None:
    covered = golden()
    covered[140:210, 120:200] = 180
    score = find_part(covered, reference()).score
    assert 0.2 < score < 0.95
    assert find_part(covered, reference(min_score=score - 0.05)).doubt == ""
    assert "not found" in find_part(covered, reference(min_score=score + 0.05)).doubt


@pytest.mark.parametrize("angle", [-10.0, 3.0, 9.0])
def test_glaring_defect_neither_hides_nor_pulls_the_part(angle: float) -> None:
    picture = golden()
    picture[168:188, 150:174] = 255
    found = find_part(moved(picture, angle, (24.0, -18.0)), reference())
    assert found.doubt == ""
    assert np.abs(through(found.back, CORNERS) - through(way(angle, (24.0, -18.0)), CORNERS)).max() < 0.5


def test_part_too_small_for_its_search_is_told() -> None:
    assert is_findable(reference())
    assert not is_findable(reference(max_shift_px=4000))


def test_model_sees_a_found_part_upright() -> None:
    seen = look(moved(golden(), 8.0, (20.0, -15.0)), WHOLE, View(reference=reference(), roi=PART))
    upright = look(golden(), WHOLE, View(roi=PART))
    assert seen.lost == ""
    difference = np.abs(seen.inputs[0].astype(int) - upright.inputs[0])
    assert difference.mean() < 1.5
    x, y = through(way(8.0, (20.0, -15.0)), np.array([[120.0, 90.0]]))[0]
    assert seen.places[0].to_frame(0, 0) == (round(x), round(y))


def test_frame_without_the_part_shows_the_model_nothing() -> None:
    seen = look(np.zeros((300, 400), np.uint8), WHOLE, View(reference=reference()))
    assert seen.inputs == ()
    assert seen.lost == "the part was not found (match 0.00 < 0.60)"


def test_found_part_that_reaches_out_of_the_frame_is_not_judged() -> None:
    frame = np.ascontiguousarray(moved(golden(), 0.0, (-55.0, 0.0))[:, 80:])
    view = View(reference=reference(max_shift_px=200, min_score=0.3))
    assert "reaches out of the frame" in look(frame, WHOLE, view).lost
    inner = View(reference=reference(max_shift_px=200, min_score=0.3), roi=(200, 100, 60, 60))
    assert look(frame, WHOLE, inner).lost == "", "what is inspected is all there"

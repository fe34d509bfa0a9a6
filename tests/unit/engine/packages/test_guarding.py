"""What the guard lets through and what it stops, on the demo line's own parts."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.domain.inspection import Quality
from engine.packages.guarding import guard_spec, joined
from engine.packages.manifest import GuardSpec
from engine.preprocessing.input_spec import InputSpec
from engine.preprocessing.look import quality_of
from engine.preprocessing.placement import prepare
from engine.sources.demo import ALL_KINDS, KINDS, PartMaker

pytestmark = pytest.mark.slow

SPEC = InputSpec(height=384, width=480, channels=1)
TAUGHT, FRESH = (1001, 1002), (7, 31)
Picture = NDArray[np.uint8]


def parts(seed: int, count: int, kinds: tuple[str, ...]) -> list[Picture]:
    maker = PartMaker(seed, kinds=kinds, defect_rate=0.6)
    return [prepare(maker.part(index).pixels, SPEC) for index in range(count)]


@pytest.fixture(scope="module")
def taught() -> list[Picture]:
    return [picture for seed in TAUGHT for picture in parts(seed, 60, KINDS)]


@pytest.fixture(scope="module")
def guard(taught: list[Picture]) -> GuardSpec:
    return guard_spec([quality_of(p) for p in taught], novelty=False, brightness=0.05, contrast=0.1)


def fit(quality: Quality, guard: GuardSpec) -> bool:
    return (
        guard.brightness[0] <= quality.brightness <= guard.brightness[1]
        and quality.contrast >= guard.contrast_min
        and quality.sharpness >= guard.sharpness_min
        and quality.clipped <= guard.clipped_max
    )


def changed(picture: Picture, how: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Picture:
    return np.clip(how(picture.astype(np.float64)), 0, 255).astype(np.uint8).reshape(picture.shape)


def test_no_training_picture_violates_its_own_guard(taught: list[Picture], guard: GuardSpec) -> None:
    assert all(fit(quality_of(p), guard) for p in taught)


def test_fresh_parts_of_other_lines_with_every_kind_of_defect_are_judged(guard: GuardSpec) -> None:
    assert all(fit(quality_of(p), guard) for seed in FRESH for p in parts(seed, 40, ALL_KINDS))


@pytest.mark.parametrize(("gain", "shift"), [(0.9, -12.75), (1.1, 12.75), (0.9, 12.75), (1.1, -12.75)])
def test_light_changed_as_in_training_is_judged(
    taught: list[Picture], guard: GuardSpec, gain: float, shift: float
) -> None:
    lit = [changed(p, lambda x: (x - x.mean()) * gain + x.mean() + shift) for p in taught]
    assert all(fit(quality_of(p), guard) for p in lit)


@pytest.mark.parametrize("gain", [0.62, 1.3])
def test_light_multiplied_as_in_training_is_judged_and_a_lens_cap_is_not(taught: list[Picture], gain: float) -> None:
    qualities = [quality_of(p) for p in taught]
    taught_light = guard_spec(qualities, novelty=False, exposure=0.5)
    lit = [quality_of(changed(p, lambda x: x * gain)) for p in taught]
    assert all(fit(q, taught_light) for q in lit)
    middle = [Quality(128.0, 40.0, 0.2, 0.0)]
    seen = Quality(128.0 * gain, 40.0 * gain, 0.2, 0.0)
    assert fit(seen, guard_spec(middle, novelty=False, exposure=0.5)) and not fit(
        seen, guard_spec(middle, novelty=False)
    )
    assert not any(fit(quality_of(changed(p, SPOILT["lens cap"])), taught_light) for p in taught[::6])


def noise(deviation: float) -> NDArray[np.float64]:
    return np.random.default_rng(5).normal(0, deviation, (384, 480, 1))


SPOILT: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "lens cap": lambda x: x * 0 + 4 + noise(3),
    "uniform wall": lambda x: x * 0 + x.mean() + noise(4),
    "over-exposed": lambda x: x * 3,
    "white": lambda x: x * 0 + 255,
    "defocus of 4 %": lambda x: np.asarray(cv2.GaussianBlur(x, (0, 0), 0.04 * 384)),
    "defocus of 1 %": lambda x: np.asarray(cv2.GaussianBlur(x, (0, 0), 0.01 * 384)),
}


@pytest.mark.parametrize("what", list(SPOILT))
def test_spoilt_pictures_are_stopped(taught: list[Picture], guard: GuardSpec, what: str) -> None:
    assert not any(fit(quality_of(changed(p, SPOILT[what])), guard) for p in taught[::6])


def test_an_unvaried_training_set_still_has_room_to_drift() -> None:
    one = Quality(128.0, 40.0, 0.2, 0.0)
    spec = guard_spec([one], novelty=True)
    assert spec.brightness == pytest.approx((89.75, 166.26)) and spec.novelty_max == 1.0
    with pytest.raises(ValueError, match="needs pictures"):
        guard_spec([], novelty=False)


def test_dark_and_white_parts_are_not_their_own_false_alarm() -> None:
    for quality in (Quality(3.0, 1.0, 3.0, 0.0), Quality(254.5, 2.0, 0.1, 0.99), Quality(255.0, 0.0, 0.0, 1.0)):
        assert fit(quality, guard_spec([quality], novelty=False))


def test_a_fine_tuned_models_guard_holds_its_parents() -> None:
    dark, bright = Quality(40.0, 20.0, 0.3, 0.0), Quality(200.0, 60.0, 0.1, 0.2)
    both = joined(guard_spec([bright], novelty=True), guard_spec([dark], novelty=False))
    assert fit(dark, both) and fit(bright, both) and both.novelty_max == 1.0

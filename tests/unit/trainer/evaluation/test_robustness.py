"""Disturbed pictures are what they are said to be, always alike; what a model loses by them is counted rightly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.domain.inspection import Mask, Pixels
from engine.domain.recipe import Guard, View
from engine.errors import DatasetError, PictureError
from engine.recipes.file import default_recipe, without_review
from tests.packages import write_tiny_package
from trainer.evaluation.disturb import CLEAN, CONDITIONS, Condition
from trainer.evaluation.robustness import example_pictures, robustness, robustness_words
from trainer.formats.samples.dataset import Dataset, Sample

BY_NAME = {c.name: c for c in CONDITIONS}
LIGHT = (BY_NAME["dim"], BY_NAME["bright"])


def texture(dtype: type, full: int, channels: int = 1) -> Pixels:
    random = np.random.default_rng(1)
    small = random.integers(full // 4, full // 2, (9, 12, channels)).astype(np.float32)
    grown = cv2.resize(small, (120, 90)).reshape(90, 120, channels).astype(dtype)
    return grown[..., 0] if channels == 1 else grown


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda c: c.name)
@pytest.mark.parametrize(("dtype", "bits", "channels"), [(np.uint8, 0, 1), (np.uint8, 0, 3), (np.uint16, 12, 1)])
def test_every_condition_keeps_shape_type_and_depth_and_repeats(
    condition: Condition, dtype: type, bits: int, channels: int
) -> None:
    full = 255 if dtype is np.uint8 else 4095
    pixels = texture(dtype, full, channels)
    before = pixels.copy()
    once, again = (condition.disturb(pixels, "a/1.png", bits=bits) for _ in range(2))
    assert once.shape == pixels.shape and once.dtype == pixels.dtype and int(once.max()) <= full
    assert np.array_equal(once, again) and np.array_equal(pixels, before)
    assert not np.array_equal(once, pixels)


def test_light_and_contrast_are_what_they_say() -> None:
    pixels = np.array([[100, 200], [100, 200]], np.uint8)
    assert BY_NAME["dim"].disturb(pixels, "").tolist() == [[60, 120], [60, 120]]
    assert BY_NAME["bright"].disturb(pixels, "").tolist() == [[140, 255], [140, 255]]
    assert BY_NAME["flat"].disturb(pixels, "").tolist() == [[115, 185], [115, 185]]
    assert BY_NAME["hard"].disturb(pixels, "").tolist() == [[85, 215], [85, 215]]
    assert BY_NAME["bright"].disturb(pixels.astype(np.uint16) * 20, "", bits=12).tolist() == [[2800, 4095]] * 2


def test_random_conditions_differ_between_pictures_and_noise_has_its_strength() -> None:
    grey = np.full((200, 200), 128, np.uint8)
    for name in ("glare", "noise"):
        assert not np.array_equal(BY_NAME[name].disturb(grey, "a"), BY_NAME[name].disturb(grey, "b"))
    assert float(BY_NAME["noise"].disturb(grey, "a").std()) == pytest.approx(8.0, abs=0.2)


def test_glare_is_one_saturated_spot_within_the_inspected_region() -> None:
    grey = np.full((300, 400), 60, np.uint8)
    for key in "abcdef":
        lit = BY_NAME["glare"].disturb(grey, key, box=(200, 100, 200, 200))
        count, _ = cv2.connectedComponents((lit == 255).astype(np.uint8))
        assert count == 2
        ys, xs = np.nonzero(lit == 255)
        assert 200 <= xs.mean() < 400 and 100 <= ys.mean() < 300
        assert 0.5 < float((lit == 60).mean()) < 1.0


def test_geometry_moves_a_mark_where_it_should_go() -> None:
    pixels = np.zeros((201, 201), np.uint8)
    pixels[95:106, 175:186] = 255
    for name, x, y in (("larger", 188, 100), ("smaller", 172, 100), ("left", 179.7, 93.0), ("right", 179.7, 107.0)):
        # The mirrored edge may show a second mark: the largest one is meant.
        moved = (BY_NAME[name].disturb(pixels, "") > 127).astype(np.uint8)
        _, _, stats, centres = cv2.connectedComponentsWithStats(moved)
        best = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
        assert centres[best].tolist() == [pytest.approx(x, abs=1.0), pytest.approx(y, abs=1.0)], name


def test_blur_grows_with_the_picture() -> None:
    for side in (112, 448):
        step = np.zeros((side, side), np.uint8)
        step[:, side // 2 :] = 200
        row = BY_NAME["blur"].disturb(step, "")[side // 2].astype(float)
        # The 16 % and 84 % points of a blurred edge lie two sigmas apart.
        width = float(np.interp(168, row, np.arange(side)) - np.interp(32, row, np.arange(side)))
        assert width / 2 == pytest.approx(1.5 * side / 224, abs=0.35)


def parts(*kinds: tuple[str, int, int]) -> tuple[Dataset, list[str]]:
    """A picture each: label, ground, spot; and the keys in the order they were read."""
    read: list[str] = []

    def sample(i: int, label: str, ground: int, spot: int) -> Sample:
        pixels = np.full((64, 80), ground, np.uint8)
        pixels[20:40, 20:40] = spot

        def load() -> tuple[Pixels, Mask | None]:
            read.append(str(i))
            return pixels, None

        return Sample(str(i), label, str(i), load)

    samples = tuple(sample(i, *kind) for i, kind in enumerate(kinds))
    return Dataset("d", "folder", ("ok", "defect"), ("ok",), samples), read


def test_losses_are_counted_by_limits_and_by_guard(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "tiny")
    # NG from a grey of 128: 200 dims to 120 (escapes), 250 to 150; 100 brightens to 140 (overkill), 60 to 84.
    dataset, read = parts(
        ("ok", 60, 60), ("ok", 60, 60), ("ok", 100, 100), ("ok", 60, 60), ("defect", 60, 200), ("defect", 60, 250)
    )
    recipe = replace(without_review(default_recipe(package)), guard=Guard(brightness=(50.0, 250.0)))
    found = robustness(package, dataset, dataset.samples, recipe=recipe, conditions=LIGHT, threads=1, precision="f32")
    clean, dim, bright = found.rows
    assert sorted(read) == [str(i) for i in range(6)]
    assert clean.figures["macro_f1"] == 1.0 and clean.interval is None
    assert (dim.figures["escapes"]["count"], dim.figures["overkill"]["count"]) == (1, 0)
    assert (bright.figures["escapes"]["count"], bright.figures["overkill"]["count"]) == (0, 1)
    f1_dim, f1_bright = (2 * 4 / 9 + 2 * 1 / 3) / 2, (2 * 3 / 7 + 2 * 2 / 5) / 2
    assert dim.delta["macro_f1"] == pytest.approx(f1_dim - 1.0, abs=1e-5)
    assert found.dim_less_bright == pytest.approx(f1_dim - f1_bright, abs=1e-5)
    assert dim.delta["accuracy"] == pytest.approx(-1 / 6, abs=1e-5) and dim.delta["ap"] == 0.0
    assert dim.interval is not None and dim.interval[0] <= f1_dim - 1.0 <= dim.interval[1] <= 0.0
    # Dimmed, all but the sound part of ground 100 and the brightest defect (grey 41) are too dark: all but one.
    assert dim.guarded == {"no_verdict": 5, "review": 0, "escapes": 0, "overkill": 3}
    assert clean.guard.no_verdict.count == 0
    again = robustness(package, dataset, dataset.samples, recipe=recipe, conditions=LIGHT, threads=1, precision="f32")
    assert again.plain() == found.plain()
    words = robustness_words(found.plain())
    assert [line.split()[0] for line in words[:4]] == ["condition", "clean", "dim", "bright"]


def test_unreadable_pictures_are_left_out_of_every_condition(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "tiny")

    def broken() -> tuple[Pixels, Mask | None]:
        raise PictureError("x.png cannot be read.", "Remove it.", "x.png")

    dataset, _ = parts(("ok", 60, 60), ("defect", 60, 250))
    bad = Sample("bad", "ok", "bad", broken)
    mixed = [dataset.samples[0], bad, dataset.samples[1]]
    found = robustness(package, dataset, mixed, conditions=LIGHT, threads=1)
    assert found.pictures == 2
    assert [row.figures["count"] for row in found.rows] == [2, 2, 2]
    with pytest.raises(DatasetError, match="could be judged"):
        robustness(package, dataset, [bad], conditions=LIGHT, threads=1)
    shown = example_pictures([bad, dataset.samples[1]], dataset, default_recipe(package))
    assert [p.title for p in shown] == [c.title for c in (CLEAN, *CONDITIONS)]


def test_mosaics_become_pictures_before_they_are_disturbed(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "tiny")
    dataset, _ = parts(("ok", 60, 60), ("defect", 60, 250))
    recipe = replace(without_review(default_recipe(package)), view=View(bayer="RGGB"), guard=Guard())
    found = robustness(package, dataset, dataset.samples, recipe=recipe, conditions=(BY_NAME["left"],), threads=1)
    assert [row.figures["accuracy"] for row in found.rows] == [1.0, 1.0]

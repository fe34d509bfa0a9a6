"""[camera] and [imaging] of a recipe: what they set, errors that name the key, and recipes that are saved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.inspection import Pixels
from engine.domain.recipe import CameraSetup, Imaging, View
from engine.errors import InputError, StorageError
from engine.images.pictures import read_picture
from engine.packages.package import ModelPackage
from engine.preprocessing.golden import imaging_of
from engine.recipes.camera import CHOICES, NUMBERS, SWITCHES, TEXTS, WHOLE_NUMBERS, camera_document, camera_of
from engine.recipes.file import default_recipe, dump_recipe, load_recipe, save_recipe, with_camera, with_imaging
from engine.sources.base import SETTINGS
from engine.station.drift import compare
from tests.golden import golden
from tests.packages import write_tiny_package

IMAGING = '[imaging]\npicture = "golden.png"\n'


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    return write_tiny_package(tmp_path / "tiny")


def write(folder: Path, text: str) -> Path:
    assert cv2.imwrite(str(folder / "golden.png"), golden())
    path = folder / "recipe.toml"
    path.write_text(f'schema = 1\nname = "b"\n{text}', encoding="utf-8")
    return path


def deep() -> Pixels:
    return golden().astype(np.uint16) * 16 + 3


# ── [camera] ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_file_sets_the_camera_in_the_order_of_applying(package: ModelPackage, tmp_path: Path) -> None:
    text = '[camera]\ntrigger = "hardware"\ntakt_s = 1.5\nexposure_us = 4000\nburst = 2.0\ntrigger_line = "Line1"\n'
    camera = load_recipe(write(tmp_path, text + "auto_gain = false\n"), package).camera
    assert camera == CameraSetup(
        (
            ("exposure_us", 4000.0),
            ("auto_gain", False),
            ("trigger_line", "Line1"),
            ("burst", 2),
            ("trigger", "hardware"),
        ),
        1.5,
    )
    assert [type(v) for _, v in camera.settings] == [float, bool, str, int, str]
    assert camera.trigger == "hardware"


def test_every_setting_of_a_source_has_its_type() -> None:
    kinds = (NUMBERS, WHOLE_NUMBERS, SWITCHES, frozenset(CHOICES), TEXTS)
    assert sorted(name for kind in kinds for name in kind) == sorted(SETTINGS)


_VALUES: dict[str, st.SearchStrategy[Any]] = {
    **{name: st.floats(0, 1e9) for name in NUMBERS},
    **{name: st.integers(1, 10**9) for name in WHOLE_NUMBERS},
    **{name: st.booleans() for name in SWITCHES},
    **{name: st.sampled_from(choices) for name, choices in CHOICES.items()},
    **{name: st.text("abcµ \"'\\", min_size=1, max_size=100) for name in TEXTS},
}


@given(st.fixed_dictionaries({}, optional=_VALUES), st.floats(0, 3600))
def test_any_camera_is_read_back_as_written(settings: dict[str, Any], takt: float) -> None:
    made = camera_of({**settings, "takt_s": takt}, Path("r.toml"))
    assert camera_of(camera_document(made) or {}, Path("r.toml")) == made
    assert dict(made.settings) == settings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exposure = 4000", "camera.exposure:.*exposure_us"),
        ('exposure_us = "long"', "camera.exposure_us"),
        ("exposure_us = true", "camera.exposure_us"),
        ("exposure_us = -1", "camera.exposure_us"),
        ("exposure_us = inf", "camera.exposure_us"),
        ("exposure_us = nan", "camera.exposure_us"),
        ("exposure_us = 1" + "0" * 400, "camera.exposure_us"),
        ("width = 0", "camera.width"),
        ("width = 640.5", "camera.width.*whole"),
        ("burst = 0", "camera.burst"),
        ("auto_exposure = 1", "camera.auto_exposure.*true or false"),
        ('trigger = "on"', "camera.trigger.*off, software, hardware"),
        ("trigger = false", "camera.trigger:"),
        ('trigger_edge = "up"', "camera.trigger_edge.*rising, falling"),
        ('trigger_line = ""', "camera.trigger_line"),
        ('trigger_line = "a\\nb"', "camera.trigger_line"),
        ('pixel_format = "' + "M" * 101 + '"', "camera.pixel_format"),
        ("takt_s = -1", "camera.takt_s"),
        ("takt_s = 1e6", "camera.takt_s"),
        ("[camera.more]\nx = 1", "camera.more"),
    ],
)
def test_bad_camera_names_the_key(package: ModelPackage, tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        load_recipe(write(tmp_path, f"[camera]\n{text}\n"), package)
    assert caught.value.remedy or "exposure_us" in said


def test_camera_is_part_of_what_the_recipe_is(package: ModelPackage) -> None:
    plain = default_recipe(package)
    one = with_camera(plain, CameraSetup((("trigger", "software"), ("exposure_us", 4000))))
    other_order = with_camera(plain, CameraSetup((("exposure_us", 4000.0), ("trigger", "software"))))
    assert one.digest == other_order.digest != plain.digest
    assert with_camera(one, CameraSetup()).digest == plain.digest
    with pytest.raises(InputError, match=r"camera\.shutter"):
        with_camera(plain, CameraSetup((("shutter", 1),)))
    with pytest.raises(InputError, match="twice"):
        with_camera(plain, CameraSetup((("gain_db", 1.0), ("gain_db", 2.0))))


# ── [imaging] ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_file_sets_what_the_pictures_must_look_like(package: ModelPackage, tmp_path: Path) -> None:
    text = IMAGING + "brightness = [0.05, 0.3]\nshift_px = [3, 8]\nframes = 7\n"
    imaging = load_recipe(write(tmp_path, text), package).imaging
    assert imaging is not None
    assert (imaging.brightness, imaging.shift_px, imaging.frames) == ((0.05, 0.3), (3.0, 8.0), 7)
    assert (imaging.saturation, imaging.focus) == ((0.01, 0.05), (0.25, 0.50))
    np.testing.assert_array_equal(imaging.golden, golden())
    assert load_recipe(write(tmp_path, ""), package).imaging is None


def test_another_golden_picture_is_another_recipe(package: ModelPackage, tmp_path: Path) -> None:
    one = load_recipe(write(tmp_path, IMAGING), package)
    assert load_recipe(write(tmp_path, IMAGING), package).digest == one.digest
    assert cv2.imwrite(str(tmp_path / "golden.png"), golden() // 2)
    assert load_recipe(tmp_path / "recipe.toml", package).digest != one.digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[imaging]\nframes = 3", "imaging.picture"),
        ('[imaging]\npicture = "none.png"', "imaging.picture"),
        ('[imaging]\npicture = "../golden.png"', "imaging.picture.*folder"),
        ('[imaging]\npicture = "recipe.toml"', "imaging.picture"),
        ('[imaging]\npicture = "tiny.png"', "imaging.picture.*smaller"),
        ('[imaging]\npicture = "colour.png"\nbayer = "RGGB"', "bayer"),
        (IMAGING + "brightness = [0.3, 0.2]", "imaging.brightness"),
        (IMAGING + "brightness = [0, 0.2]", "imaging.brightness"),
        (IMAGING + "focus = [0.3, 1.2]", "imaging.focus"),
        (IMAGING + "saturation = 0.1", "imaging.saturation"),
        (IMAGING + "shift_px = [nan, 2]", "imaging.shift_px"),
        (IMAGING + "frames = 0", "imaging.frames"),
        (IMAGING + "frames = 1001", "imaging.frames"),
        (IMAGING + "bits = 7", "imaging.bits"),
        (IMAGING + "contrast = [1, 2]", "imaging.contrast"),
    ],
)
def test_bad_imaging_names_the_key(package: ModelPackage, tmp_path: Path, text: str, said: str) -> None:
    assert cv2.imwrite(str(tmp_path / "tiny.png"), golden()[:8])
    assert cv2.imwrite(str(tmp_path / "colour.png"), np.dstack([golden()] * 3))
    with pytest.raises(InputError, match=said) as caught:
        load_recipe(write(tmp_path, text), package)
    assert caught.value.remedy


def test_limits_that_no_file_could_hold_are_refused(package: ModelPackage) -> None:
    with pytest.raises(InputError, match=r"imaging\.focus"):
        with_imaging(default_recipe(package), replace(imaging_of(golden()), focus=(0.5, 0.2)))
    with pytest.raises(InputError, match="frames"):
        with_imaging(default_recipe(package), replace(imaging_of(golden()), frames=0))


# ── saving ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def tuned(package: ModelPackage, imaging: Imaging | None = None) -> Any:
    recipe = with_camera(default_recipe(package), CameraSetup((("gain_db", 2), ("trigger", "software")), 2))
    return with_imaging(recipe, imaging)


@pytest.mark.parametrize(
    ("pixels", "bits", "bayer", "view"),
    [
        (golden(), 8, "", View()),
        (np.dstack([golden(), golden() // 2, golden() // 3]), 0, "", View()),
        (deep(), 12, "", View()),
        (deep(), 12, "GBRG", View()),
        (deep(), 16, "RGGB", View(bits=12, bayer="GBRG")),
    ],
    ids=["grey", "colour", "deep", "mosaic", "stated by the recipe"],
)
def test_saved_recipe_is_read_back_with_its_golden_picture(
    package: ModelPackage, tmp_path: Path, pixels: Pixels, bits: int, bayer: str, view: View
) -> None:
    wanted = replace(imaging_of(pixels, bits, bayer), shift_px=(4, 9), frames=3)
    path = tmp_path / "bracket.toml"
    saved = save_recipe(path, replace(tuned(package, wanted), view=view), pixels)
    read = load_recipe(path, package)
    assert read.digest == saved.digest
    assert (read.camera, read.version) == (saved.camera, 1)
    kept = read_picture(tmp_path / "bracket-golden.png")
    assert kept.dtype == pixels.dtype
    np.testing.assert_array_equal(kept, pixels)
    assert read.imaging is not None
    seen = view.stated(bits, bayer)
    assert {c.level for c in compare(read.imaging, pixels, seen.bits, seen.bayer)} == {"fine"}
    assert dump_recipe(read) == dump_recipe(saved)


def test_saving_again_keeps_the_former_recipe_and_its_picture(package: ModelPackage, tmp_path: Path) -> None:
    path = tmp_path / "bracket.toml"
    first = save_recipe(path, tuned(package), golden())
    second = save_recipe(path, first, golden() // 2)
    third = save_recipe(path, with_camera(second, CameraSetup()))
    assert [r.version for r in (first, second, third)] == [1, 2, 3]
    for name, recipe in (("bracket.v1.toml", first), ("bracket.v2.toml", second), ("bracket.toml", third)):
        assert load_recipe(tmp_path / name, package).digest == recipe.digest
    assert len({r.imaging.digest for r in (first, second, third) if r.imaging}) == 2


def test_a_higher_version_is_kept_and_nothing_kept_is_overwritten(package: ModelPackage, tmp_path: Path) -> None:
    path = tmp_path / "bracket.toml"
    save_recipe(path, tuned(package))
    (tmp_path / "bracket.v1.toml").write_text("somebody's own", encoding="utf-8")
    assert save_recipe(path, replace(tuned(package), version=9)).version == 9
    assert (tmp_path / "bracket.v1.toml").read_text(encoding="utf-8") == "somebody's own"
    assert load_recipe(tmp_path / "bracket.v1-2.toml", package).version == 1
    assert load_recipe(path, package).version == 9


def test_file_that_is_no_recipe_is_not_overwritten(package: ModelPackage, tmp_path: Path) -> None:
    path = tmp_path / "notes.toml"
    path.write_text("my = 'notes'", encoding="utf-8")
    with pytest.raises(InputError, match="not valid"):
        save_recipe(path, tuned(package))
    assert path.read_text(encoding="utf-8") == "my = 'notes'"


def test_recipe_without_its_golden_picture_is_not_saved(package: ModelPackage, tmp_path: Path) -> None:
    there = save_recipe(tmp_path / "bracket.toml", tuned(package), golden())
    elsewhere = tmp_path / "elsewhere" / "bracket.toml"
    with pytest.raises(InputError, match=r"bracket-golden\.png is not in"):
        save_recipe(elsewhere, there)
    with pytest.raises(InputError, match="not kept in a file"):
        save_recipe(elsewhere, tuned(package, imaging_of(golden())))
    for bad in (golden()[:8], golden().astype(np.float32)):
        with pytest.raises(InputError, match="golden one"):
            save_recipe(elsewhere, there, bad)  # type: ignore[arg-type]
    assert not elsewhere.exists()


def test_folder_that_cannot_be_written_is_told(package: ModelPackage, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StorageError):
        save_recipe(tmp_path / "file" / "bracket.toml", tuned(package))

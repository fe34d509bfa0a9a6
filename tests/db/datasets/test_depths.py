"""What a deep or raw camera sent is kept bit for bit, judged again alike, and exported as the model saw it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from db.datasets.export import export
from db.inspections import overrides
from db.inspections import table as inspections
from db.recording.recorder import Recorder
from db.store.session import Database
from engine.backends.load import load_model
from engine.domain.inspection import Frame, Inspection, Outcome, Pixels
from engine.domain.recipe import WHOLE
from engine.images.depth import BAYER_PATTERNS, develop
from engine.images.pictures import read_picture
from engine.recipes.file import default_recipe
from engine.training import DatasetManifest
from engine.verdicts.verdict import decide
from tests.db import make
from tests.packages import write_tiny_package

DEEP = [
    (10, ""),
    (12, ""),
    (16, ""),
    *((bits, bayer) for bits, bayer in zip((8, 10, 12, 16), BAYER_PATTERNS, strict=True)),
]


def deep(bits: int) -> Pixels:
    """64×80 noise over the whole depth, and a bright spot that is a defect."""
    kind = np.uint8 if bits == 8 else np.uint16
    pixels = np.random.default_rng(bits).integers(0, (1 << bits) // 3, (64, 80)).astype(kind)
    pixels[0, 0] = (1 << bits) - 1
    pixels[24:36, 40:56] = (1 << bits) * 3 // 4
    return pixels


def keep(db: Database, made: Inspection, pixels: Pixels, bits: int, bayer: str) -> Inspection:
    frame = Frame(pixels, made.frame.source, made.frame.sequence, made.frame.captured_at, bits=bits, bayer=bayer)
    made = replace(made, frame=frame.ref)
    with Recorder(db) as recorder:
        recorder(made, make.recipe(1), frame, None)
    return made


@pytest.mark.parametrize(("bits", "bayer"), DEEP)
def test_archived_frame_is_the_cameras_bit_for_bit_and_is_judged_alike(
    db: Database, tmp_path: Path, bits: int, bayer: str
) -> None:
    package, pixels = write_tiny_package(tmp_path / "tiny"), deep(bits)
    recipe = default_recipe(package)
    model = load_model(package)
    first = decide(model.run(pixels, WHOLE.stated(bits, bayer)), recipe)
    made = keep(db, replace(make.inspection(1), verdict=first), pixels, bits, bayer)
    stored = inspections.get(db, made.id)
    assert stored is not None
    assert stored.image is not None
    archived = db.archive.load(stored.image)
    assert archived.dtype == pixels.dtype
    np.testing.assert_array_equal(archived, pixels)
    frame = stored.inspection.frame
    assert decide(model.run(archived, recipe.view.stated(frame.bits, frame.bayer)), recipe) == first
    assert first.outcome is Outcome.NG
    model.close()


def exported(db: Database, made: Inspection, out: Path) -> Path:
    overrides.add_override(db, make.override(made, Outcome.NG, "scratch", accepted=(0,)))
    assert export(db, out).skipped == ()
    (item,) = DatasetManifest.model_validate_json((out / "dataset.json").read_bytes()).items
    assert item.mask is not None
    assert read_picture(out / item.mask).shape == (made.frame.height, made.frame.width)
    return out / item.path


@pytest.mark.parametrize(("bits", "bayer"), DEEP)
def test_stated_depth_and_mosaic_are_developed_for_training(
    db: Database, tmp_path: Path, bits: int, bayer: str
) -> None:
    made = keep(db, make.inspection(1), deep(bits), bits, bayer)
    shown = read_picture(exported(db, made, tmp_path / "set"))
    assert shown.dtype == np.uint8
    assert shown.shape == ((64, 80, 3) if bayer else (64, 80))
    np.testing.assert_array_equal(shown, develop(deep(bits), bits, bayer))


@pytest.mark.parametrize(("pixels", "bits"), [(deep(8), 8), (deep(8), 0), (deep(12), 0)])
def test_plain_picture_is_exported_byte_for_byte(db: Database, tmp_path: Path, pixels: Pixels, bits: int) -> None:
    made = keep(db, make.inspection(1), pixels, bits, "")
    stored = inspections.get(db, made.id)
    assert stored is not None
    assert stored.image is not None
    assert exported(db, made, tmp_path / "set").read_bytes() == db.archive.path(stored.image).read_bytes()


def test_mosaic_that_is_none_is_left_out_with_the_reason(db: Database, tmp_path: Path) -> None:
    good = keep(db, make.inspection(1), deep(8), 8, "RGGB")
    bad = keep(db, make.inspection(2), np.dstack([deep(8)] * 3), 8, "RGGB")
    for made in (good, bad):
        overrides.add_override(db, make.override(made, Outcome.NG, "scratch"))
    ((id, why),) = export(db, tmp_path / "set").skipped
    assert id == bad.id
    assert "cannot be developed" in why

"""The view keys of a recipe file: what they set, and errors that name the key."""

from __future__ import annotations

import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.recipe import Tiles, View
from engine.errors import InputError
from engine.packages.package import ModelPackage
from engine.recipes.file import dump_recipe, load_recipe
from engine.recipes.toml_text import toml_of
from engine.recipes.view import ViewKeys, view_document, view_of
from tests.golden import PART, golden
from tests.packages import write_tiny_package

REFERENCE = '[reference]\npicture = "golden.png"\npart = [120, 90, 160, 120]\n'


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    return write_tiny_package(tmp_path / "tiny")


def write(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    assert cv2.imwrite(str(folder / "golden.png"), golden())
    path = folder / "recipe.toml"
    path.write_text(f'schema = 1\nname = "b"\n{text}', encoding="utf-8")
    return path


def test_file_sets_the_whole_view(package: ModelPackage, tmp_path: Path) -> None:
    text = (
        "roi = [100, 80, 200, 150]\npolygon = [[110, 90], [290, 90], [200, 220]]\nbits = 12\n"
        "[tiles]\nheight = 64\nwidth = 80\noverlap = 0.3\n" + REFERENCE + "max_shift_px = 40\n"
    )
    view = load_recipe(write(tmp_path, text), package).view
    assert view.roi == (100, 80, 200, 150)
    assert view.polygon == ((110, 90), (290, 90), (200, 220))
    assert view.tiles == Tiles(64, 80, 0.3)
    assert view.bits == 12
    assert view.reference is not None
    assert (view.reference.part, view.reference.max_shift_px, view.reference.min_score) == (PART, 40, 0.6)
    np.testing.assert_array_equal(view.reference.pixels, golden())


def test_another_golden_picture_is_another_recipe(package: ModelPackage, tmp_path: Path) -> None:
    one = load_recipe(write(tmp_path, REFERENCE), package)
    assert load_recipe(write(tmp_path, REFERENCE), package).digest == one.digest
    assert cv2.imwrite(str(tmp_path / "golden.png"), golden() // 2)
    assert load_recipe(tmp_path / "recipe.toml", package).digest != one.digest


def test_recipe_with_a_reference_is_read_back_as_written(package: ModelPackage, tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path, REFERENCE + "max_angle = 4.5\n"), package)
    (tmp_path / "again.toml").write_text(dump_recipe(recipe), encoding="utf-8")
    assert load_recipe(tmp_path / "again.toml", package).digest == recipe.digest


@given(
    st.none() | st.just((3, 4, 50, 60)),
    st.sampled_from([(), ((0, 0), (90, 5), (40, 70))]),
    st.none() | st.builds(Tiles, st.integers(16, 900), st.integers(16, 900), st.floats(0, 0.8)),
    st.sampled_from([0, 8, 10, 16]),
    st.sampled_from(["", "RGGB", "GBRG"]),
)
def test_any_view_is_read_back_as_written(
    roi: tuple[int, int, int, int] | None,
    polygon: tuple[tuple[int, int], ...],
    tiles: Tiles | None,
    bits: int,
    bayer: str,
) -> None:
    view = View(roi, polygon, tiles, None, bits, bayer)
    read = ViewKeys.model_validate(tomllib.loads(toml_of(view_document(view))))
    assert view_of(read, Path("recipe.toml")) == view


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("roi = [0, 0, 4, 100]", "roi"),
        ("roi = [-1, 0, 40, 100]", "roi"),
        ("polygon = [[0, 0], [50, 0]]", "polygon"),
        ("polygon = [[0, 0], [50, 0], [100, 0]]", "polygon"),
        ("polygon = [[0, 0], [50, 0], [-10, 50]]", "polygon"),
        ("bits = 7", "bits"),
        ("bits = 17", "bits"),
        ('bayer = "RGB"', "bayer"),
        ("[tiles]\nheight = 4\nwidth = 64", "tiles.height"),
        ("[tiles]\nheight = 64", "tiles.width"),
        ("[tiles]\nheight = 64\nwidth = 64\noverlap = 0.95", "tiles.overlap"),
        ('[reference]\npart = [0, 0, 50, 50]\npicture = "none.png"', "reference.picture"),
        ('[reference]\npart = [0, 0, 50, 50]\npicture = "recipe.toml"', "reference.picture"),
        ('[reference]\npart = [0, 0, 50, 50]\npicture = "../golden.png"', "reference.picture.*folder"),
        ('[reference]\npart = [0, 0, 50, 50]\npicture = "/etc/hostname"', "reference.picture.*folder"),
        ('[reference]\npart = [0, 0, 50, 50]\npicture = "c:\\\\golden.png"', "reference.picture.*folder"),
        ('[reference]\npart = [300, 200, 200, 200]\npicture = "golden.png"', "reference.part"),
        ('[reference]\npart = [0, 0, 50, 50]\npicture = "golden.png"', "reference.part.*nothing"),
        (REFERENCE + "max_shift_px = 4000", "reference.part.*small"),
        (REFERENCE + "max_angle = 90", "reference.max_angle"),
        (REFERENCE + "min_score = 0", "reference.min_score"),
        (REFERENCE + "digest = 3", "reference.digest"),
        ("roi = [300, 0, 200, 100]\n" + REFERENCE, "roi.*golden"),
        ("polygon = [[0, 0], [500, 0], [0, 100]]\n" + REFERENCE, "polygon.*golden"),
        ('bayer = "RGGB"\n[reference]\npicture = "colour.png"\npart = [120, 90, 160, 120]', "bayer"),
    ],
)
def test_bad_view_names_the_key(package: ModelPackage, tmp_path: Path, text: str, said: str) -> None:
    assert cv2.imwrite(str(tmp_path / "colour.png"), np.dstack([golden()] * 3))
    with pytest.raises(InputError, match=said) as caught:
        load_recipe(write(tmp_path, text), package)
    assert caught.value.remedy


def test_golden_picture_behind_a_link_out_of_the_folder_is_refused(package: ModelPackage, tmp_path: Path) -> None:
    path = write(tmp_path / "recipes", REFERENCE)
    (tmp_path / "recipes" / "golden.png").rename(tmp_path / "outside.png")
    try:
        (tmp_path / "recipes" / "golden.png").symlink_to(tmp_path / "outside.png")
    except OSError:
        pytest.skip("this system makes no links")
    with pytest.raises(InputError, match="leads out"):
        load_recipe(path, package)


def test_huge_golden_picture_is_refused_unread(package: ModelPackage, tmp_path: Path) -> None:
    path = write(tmp_path, '[reference]\npicture = "golden.bmp"\npart = [120, 90, 160, 120]')
    assert cv2.imwrite(str(tmp_path / "golden.bmp"), golden())
    data = bytearray((tmp_path / "golden.bmp").read_bytes())
    data[18:26] = (30_000).to_bytes(4, "little") + (20_000).to_bytes(4, "little")
    (tmp_path / "golden.bmp").write_bytes(data)
    with pytest.raises(InputError, match="50 megapixels"):
        load_recipe(path, package)


def test_mosaics_of_a_folder_and_their_golden_picture_are_read_alike(package: ModelPackage, tmp_path: Path) -> None:
    mosaic = golden().astype(np.uint16) * 16
    assert cv2.imwrite(str(tmp_path / "raw.png"), mosaic)
    text = 'bits = 12\nbayer = "RGGB"\n[reference]\npicture = "raw.png"\npart = [120, 90, 160, 120]'
    reference = load_recipe(write(tmp_path, text), package).view.reference
    assert reference is not None
    assert np.abs(reference.pixels.astype(int) - golden()).mean() < 3

"""Recipe files: what they set, what they leave to the package, and errors that name the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InputError
from engine.package import ModelPackage
from engine.product import Limits
from engine.recipe import default_recipe, load_recipe, without_review
from tests.packages import write_tiny_package


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    return write_tiny_package(tmp_path / "tiny", review=0.2)


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_default_recipe_is_the_packages_own(package: ModelPackage) -> None:
    recipe = default_recipe(package)
    assert recipe.limits == Limits(0.5, 0.3, 0.7)
    assert recipe.ok_classes == ("ok",)
    assert without_review(recipe).limits == Limits(0.5, 0.5, 0.5)
    assert without_review(recipe).digest != recipe.digest


def test_file_sets_limits_in_mm2(package: ModelPackage, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'schema = 1\nname = "b"\n[limits]\nng_at = 0.8\nreview = [0.6, 0.9]\nmin_area_mm2 = 0.5\nmm_per_px = 0.05',
    )
    recipe = load_recipe(path, package)
    assert recipe.limits == Limits(0.8, 0.6, 0.9, pytest.approx(200.0), 0.05)


def test_same_contents_have_the_same_digest(package: ModelPackage, tmp_path: Path) -> None:
    one = load_recipe(write(tmp_path, 'schema = 1\nname = "b"'), package)
    two = load_recipe(write(tmp_path, 'name = "b"\nschema = 1'), package)
    assert one.digest == two.digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('schema = 1\nname = "b"\n[limits]\nng_at = 3', "limits.ng_at"),
        ('schema = 1\nname = "b"\n[limits]\nnga = 0.3', "limits.nga"),
        ('schema = 1\nname = "b"\n[limits]\nng_at = 0.5\nreview = [0.6, 0.7]', "limits.review"),
        ('schema = 1\nname = "b"\n[limits]\nmin_area_mm2 = 2', "mm_per_px"),
        ('schema = 9\nname = "b"', "newer"),
        ('schema = 1\nname = "b"\nmodel = "abc"', "abc"),
        ("schema = 1", "name"),
        ("schema =", "TOML"),
    ],
)
def test_bad_recipe_names_the_key(package: ModelPackage, tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_recipe(write(tmp_path, text), package)


def test_missing_recipe_is_told(package: ModelPackage, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_recipe(tmp_path / "none.toml", package)

"""A camera's settings and the golden picture as a new version of the recipe's file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from engine.domain import Frame
from engine.package import ModelPackage
from engine.product import CameraSetup, Imaging
from engine.recipe import default_recipe, load_recipe, save_recipe, with_camera, with_imaging


@dataclass(frozen=True, slots=True)
class Saved:
    """Where the recipe is now."""

    path: Path
    version: int


def save(
    path: str, folder: Path, package: ModelPackage, camera: CameraSetup | None, golden: tuple[Frame, Imaging] | None
) -> Saved:
    """Put both into the recipe at `path`, or into a new one in `folder` made from what the package brings along.

    Raises InputError, StorageError.
    """
    file = Path(path) if path else folder / f"{_plain(package.manifest.name)}.toml"
    if file.exists():
        recipe = load_recipe(file, package)
    else:
        recipe = replace(default_recipe(package), name=package.manifest.name)
    if camera is not None:
        recipe = with_camera(recipe, camera)
    if golden is not None:
        recipe = with_imaging(recipe, golden[1])
    saved = save_recipe(file, recipe, golden[0].pixels if golden is not None else None)
    return Saved(file, saved.version)


def _plain(name: str) -> str:
    """A package's name, which comes from outside, as a file's name in this folder and no other."""
    return re.sub(r"[^\w-]+", "_", name).strip("_") or "recipe"

"""A camera's settings and the golden picture as a new version of the recipe's file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from db.recipes.shelf import save as save_stored
from db.store.session import Database
from engine.domain.inspection import Frame
from engine.domain.recipe import CameraSetup, Imaging
from engine.packages.package import ModelPackage
from engine.recipes.file import default_recipe, load_recipe, save_recipe, with_camera, with_imaging
from gui.i18n.language import translate


@dataclass(frozen=True, slots=True)
class Saved:
    """Where the recipe is now."""

    path: Path
    version: int


def save(
    path: str,
    folder: Path,
    package: ModelPackage,
    camera: CameraSetup | None,
    golden: tuple[Frame, Imaging] | None,
    *,
    trail: tuple[Database, str] | None = None,
) -> Saved:
    """Put both into the recipe at `path`, or into a new one in `folder` made from what the package brings along.

    `trail`: the database whose audit trail says so, and who did it. Raises InputError, StorageError.
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
    pixels = golden[0].pixels if golden is not None else None
    if trail is None:
        saved = save_recipe(file, recipe, pixels)
    else:
        words = translate("Camera", "camera settings"), translate("Camera", "golden picture")
        what = [word for word, there in zip(words, (camera, golden), strict=True) if there is not None]
        saved = save_stored(trail[0], file, recipe, trail[1], ", ".join(what), golden=pixels)
    return Saved(file, saved.version)


def _plain(name: str) -> str:
    """A package's name, which comes from outside, as a file's name in this folder and no other."""
    return re.sub(r"[^\w-]+", "_", name).strip("_") or "recipe"

"""A product as one file: its recipes, the models that judge it, its known parts and its collection."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from db.carrying.contents import (
    CHALLENGE,
    COLLECTION,
    HEAD,
    MODELS,
    MOST_FILES,
    MOST_PICTURE_BYTES,
    MOST_PICTURES,
    RECIPES,
    FileEntry,
    ProductHead,
)
from db.models.registry import active, list_models
from db.products.shelf import Product
from db.recipes.shelf import StoredRecipe, export_recipe, list_recipes, of_product, stored
from db.store.session import Database
from db.users import trail as audit
from engine.domain.inspection import utc_now
from engine.errors import InputError, StorageError
from engine.images.listing import list_folder
from engine.names import name_of
from engine.packages.archives import members
from engine.packages.package import MANIFEST, open_package

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Packed:
    """What was written."""

    path: Path
    recipes: int
    models: int
    pictures: int
    left_out: tuple[str, ...]


def export_product(db: Database, station: Path, product: Product, out: Path, by: str) -> Packed:
    """Write the file `out`, complete or not at all; `station`: where its recipes and collections are. Blocking.

    What people said of its parts stays here: `lineside export --product` takes that along. Raises InputError for a
    product with nothing to carry, PackageError for a damaged model, StorageError.
    """
    recipes = _recipes(station, product)
    now = active(db, product.id)
    wanted = {recipe.model for recipe in recipes if recipe.model} | ({now.version} if now is not None else set())
    models = [model for model in list_models(db, product.id) if model.version in wanted]
    if not recipes and not models:
        raise InputError(f"The product {product.name!r} has no model and no recipe yet.", "Teach it in first.")
    files: dict[str, Path] = {}
    for model in models:
        package = open_package(model.folder)
        names = (MANIFEST, *package.manifest.files)
        files |= {f"{MODELS}/{model.version}/{name}": package.folder / name for name in names}
    with tempfile.TemporaryDirectory(prefix="lineside-product-") as scratch:
        in_force, carried = _carried_recipes(recipes, product, Path(scratch))
        pictures, left_out = _pictures(station, product)
        files |= carried | pictures
        head = ProductHead(
            schema=1,
            name=product.name,
            exported_at=utc_now().isoformat(),
            active=now.version if now is not None else "",
            recipe=in_force,
            left_out=left_out,
        )
        _write(out, head, files)
    audit.record(db, by, "product exported", f"{product.name} to {name_of(out)}")
    return Packed(out, len(recipes), len(models), len(pictures), tuple(left_out))


def _recipes(station: Path, product: Product) -> tuple[StoredRecipe, ...]:
    """The product's, and the one in force where that lies elsewhere."""
    found = of_product(list_recipes(station / RECIPES), product)
    if product.recipe is None or any(recipe.path == product.recipe for recipe in found):
        return found
    return (*found, stored(product.recipe))


def _carried_recipes(recipes: tuple[StoredRecipe, ...], product: Product, scratch: Path) -> tuple[str, dict[str, Path]]:
    """Each with its golden pictures, in a folder of its own; and which one is in force."""
    files: dict[str, Path] = {}
    in_force = ""
    for number, recipe in enumerate(recipes):
        folder = scratch / str(number)
        written = export_recipe(recipe.path, folder / recipe.path.name)
        files |= {f"{RECIPES}/{number}/{file.name}": file for file in sorted(folder.iterdir())}
        if recipe.path == product.recipe:
            in_force = f"{RECIPES}/{number}/{written.name}"
    return in_force, files


def _pictures(station: Path, product: Product) -> tuple[dict[str, Path], list[str]]:
    """Known parts and collected pictures by their names in the zip; and what is too much of them."""
    files: dict[str, Path] = {}
    left_out: list[str] = []
    named = {
        CHALLENGE: product.challenge,
        COLLECTION: station / "teach-in" / product.collection if product.collection else None,
    }
    for name, folder in named.items():
        if folder is None or not folder.is_dir():
            continue
        found = list_folder(folder).pictures
        size = sum(path.stat().st_size for path in found)
        if len(found) > MOST_PICTURES or size > MOST_PICTURE_BYTES:
            left_out.append(f"{name}: {len(found):,} pictures, {size >> 20:,} MiB")
        else:
            files |= {f"{name}/{PurePosixPath(path.relative_to(folder))}": path for path in found}
    return files, left_out


def _write(out: Path, head: ProductHead, files: dict[str, Path]) -> None:
    staging = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(staging, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, path in files.items():
                head.files[name] = _add(archive, name, path)
            archive.writestr(HEAD, head.model_dump_json(by_alias=True, indent=1))
            # A name that another station could not write is told here, not there.
            members(archive, MOST_FILES)
        staging.replace(out)
    except OSError as error:
        raise StorageError(
            f"{out} could not be written: {error.strerror or error}.", "Choose another folder."
        ) from error
    finally:
        staging.unlink(missing_ok=True)


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> FileEntry:
    """Copied and hashed in one reading: what is written is what is named."""
    digest, size = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as target:
        for block in _blocks(path):
            digest.update(block)
            size += len(block)
            target.write(block)
    return FileEntry(sha256=digest.hexdigest(), size=size)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block

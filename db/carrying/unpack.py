"""A product's file brought in: everything is checked before anything of the station changes."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from db.carrying.contents import (
    CHALLENGE,
    COLLECTION,
    HEAD,
    KIND,
    MODELS,
    MOST_BYTES,
    MOST_FILES,
    MOST_HEAD,
    RECIPES,
    SCHEMA,
    ProductHead,
)
from db.datasets.collection import safe_name
from db.models.registry import list_models, put_in_force, register
from db.products.acts import append, checked_name, kept_path, make_in, set_recipe_in
from db.products.shelf import MODEL, Product, alike, find, list_products
from db.recipes.shelf import check_code, import_recipe
from db.store.session import Database
from engine.errors import InputError, LinesideError, PackageError
from engine.importing.into_package import try_package
from engine.names import name_of
from engine.packages.archives import Members, members, opened_zip, read_member, storing, unpack
from engine.packages.package import open_package
from engine.recipes.file import read_head, recipe_document
from engine.recipes.toml_text import toml_of
from engine.system.apart import apart
from engine.system.files import write_atomically

WHY = "brought in from a file"
MOST_RECIPES, MOST_MODELS = 500, 50


@dataclass(frozen=True, slots=True)
class Brought:
    """What was brought in."""

    product: Product
    recipes: int
    models: int
    pictures: int
    left_out: tuple[str, ...]
    """What was too large to be in the file, in words."""


@dataclass(frozen=True, slots=True)
class _Checked:
    """A file whose every part was looked at, unpacked below `folder`."""

    folder: Path
    head: ProductHead
    name: str
    recipes: tuple[Path, ...]
    models: tuple[Path, ...]


def import_product(db: Database, station: Path, file: Path, by: str, name: str = "") -> Brought:
    """A product with the recipes, models, known parts and pictures of the file, called `name`, else as in the file.

    The product inspected now goes on; the new one waits to be changed over to. Blocking, a few seconds a model.
    Raises PackageError for a file that is damaged or no product's, InputError where a name or a code is taken,
    StorageError; then there is no new product, though its models may be registered.
    """
    scratch = tempfile.TemporaryDirectory(prefix="lineside-product-", ignore_cleanup_errors=True)
    with scratch as folder, _named_as(file, folder):
        found = _checked(db, station, file, Path(folder), name)
        versions = [register(db, path, by).version for path in found.models]
        written: list[Path] = []
        try:
            recipes = {path.relative_to(found.folder).as_posix(): _bring(path, station, found.name, written)
                       for path in found.recipes}  # fmt: skip
            folders = _bring_pictures(db, station, found, written)
            product = _make(db, found, versions, recipes.get(found.head.recipe), folders, by)
        except LinesideError:
            for path in written:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            raise
    pictures = sum(path.is_file() for folder in folders.values() for path in folder.rglob("*"))
    left_out = tuple(name_of(words)[:200] for words in found.head.left_out[:10])
    return Brought(product, len(recipes), len(versions), pictures, left_out)


@contextmanager
def _named_as(file: Path, folder: str) -> Iterator[None]:
    """What is wrong below `folder`, where the file was unpacked, is told as of the file: nobody knows the folder."""
    try:
        yield
    except LinesideError as error:
        message, remedy = (words.replace(folder, name_of(file)) for words in (error.message, error.remedy))
        if (message, remedy) == (error.message, error.remedy):
            raise
        raise type(error)(message, remedy) from error


def _make(
    db: Database, found: _Checked, versions: list[str], recipe: Path | None, folders: dict[str, Path], by: str
) -> Product:
    """The product and all that is its own, in one transaction."""
    bound = read_head(recipe).model if recipe is not None else ""
    judges = bound or found.head.active
    with db.writing() as session:
        id = make_in(session, db.folder, found.name, by, WHY)
        for version in versions:
            append(session, id, MODEL, version, by, WHY)
        if CHALLENGE in folders:
            append(session, id, CHALLENGE, kept_path(folders[CHALLENGE], db.folder), by, WHY)
        if COLLECTION in folders:
            append(session, id, COLLECTION, folders[COLLECTION].name, by, WHY)
        set_recipe_in(session, db.folder, id, recipe, by, WHY)
        if judges:
            put_in_force(session, judges, by, WHY, id)
    return find(db, id)


def _checked(db: Database, station: Path, file: Path, scratch: Path, name: str) -> _Checked:
    with opened_zip(file) as archive:
        found = members(archive, MOST_FILES + 1)
        head = _head(archive, found)
        wanted = {pure: entry for pure, entry in found.items() if str(pure) != HEAD}
        if {str(pure) for pure in wanted} != set(head.files):
            raise PackageError(f"{name_of(file)} holds other files than it names.", "Export the product again.")
        unpack(archive, wanted, scratch, MOST_BYTES)
    for listed, entry in head.files.items():
        path = scratch / PurePosixPath(listed)
        if path.stat().st_size != entry.size or _sha256(path) != entry.sha256:
            raise PackageError(f"{listed!r} in {name_of(file)} is damaged.", "Export the product again.")
    wished = checked_name(name or head.name)
    taken = next((product for product in list_products(db) if product.is_called(wished)), None)
    if taken is not None:
        said = f"There is a product called {wished!r} here."
        if alike(taken.name) != alike(wished):
            said = f"The product {taken.name!r} was once called {wished!r}."
        raise InputError(said, "Bring it in under another name.")
    _check_whole(db, head, scratch, name_of(file))
    return _Checked(scratch, head, wished, _recipes(scratch, station), _models(scratch))


def _check_whole(db: Database, head: ProductHead, scratch: Path, shown: str) -> None:
    """What the file says judges is in it: else the product would be judged by something else here, or by nothing."""
    if head.recipe and head.recipe not in head.files:
        raise PackageError(f"{shown} lacks the recipe that is in force.", "Export the product again.")
    bound = read_head(scratch / PurePosixPath(head.recipe)).model if head.recipe else ""
    there = {path.name for path in (scratch / MODELS).glob("*")} | {model.version for model in list_models(db)}
    for version in (head.active, bound):
        if version and version not in there:
            raise PackageError(f"{shown} lacks the model {version} that judges.", "Export the product again.")


def _head(archive: zipfile.ZipFile, found: Members) -> ProductHead:
    shown, entry = archive.filename, found.get(PurePosixPath(HEAD))
    if entry is None:
        raise PackageError(f"{shown} is no product's file.", "Choose one that `products export` wrote.")
    try:
        head = ProductHead.model_validate_json(read_member(archive, entry, MOST_HEAD))
    except ValidationError as error:
        raise PackageError(f"{shown} is no product's file: {HEAD} cannot be read.", "Export it again.") from error
    if head.kind != KIND:
        raise PackageError(f"{shown} is no product's file.", "Choose one that `products export` wrote.")
    if head.schema_version > SCHEMA:
        raise PackageError(f"{shown} was made by a newer Lineside.", "Update this station.")
    return head


def _recipes(folder: Path, station: Path) -> tuple[Path, ...]:
    """Each is one, and its code is free here."""
    found = tuple(sorted((folder / RECIPES).glob("*/*.toml")))
    if len(found) > MOST_RECIPES:
        raise PackageError(f"The file holds {len(found):,} recipes.", "Do not use it.")
    for path in found:
        check_code(station / RECIPES, read_head(path).code, None)
    return found


def _models(folder: Path) -> tuple[Path, ...]:
    """Each is whole, and is tried in a process of its own before anything here opens it."""
    found = tuple(sorted(path for path in (folder / MODELS).glob("*") if path.is_dir()))
    if len(found) > MOST_MODELS:
        raise PackageError(f"The file holds {len(found):,} models.", "Do not use it.")
    for path in found:
        package = open_package(path)
        if package.version != path.name:
            raise PackageError(
                f"The file holds the model {package.version} as {path.name}.", "Export the product again."
            )
        apart(try_package, package.folder)
    return found


def _bring(path: Path, station: Path, product: str, written: list[Path]) -> Path:
    """A recipe of the new product, with its golden pictures."""
    write_atomically(path, toml_of(recipe_document(path) | {"product": product}).encode())
    made = import_recipe(path, station / RECIPES).path
    written.append(made)
    return made


def _bring_pictures(db: Database, station: Path, found: _Checked, written: list[Path]) -> dict[str, Path]:
    """Known parts and collection, each in a new folder of its own."""
    folders: dict[str, Path] = {}
    for name, root in ((CHALLENGE, db.folder / CHALLENGE), (COLLECTION, station / "teach-in")):
        if (found.folder / name).is_dir():
            target = _free(root, safe_name(found.name) or "product")
            written.append(target)
            with storing(target):
                shutil.copytree(found.folder / name, target)
            folders[name] = target
    return folders


def _free(root: Path, name: str) -> Path:
    tries = (root / (name if n == 1 else f"{name} {n}") for n in range(1, 10_000))
    return next(path for path in tries if not path.exists())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""The station's recipes: a folder of TOML files, every former version kept beside the newest, nothing ever deleted.

`<file>.toml` is the newest version, `<file>.v<N>.toml` a former one (recipes.file.save_recipe keeps them), golden
pictures lie beside them. `retired/` holds what was taken out of use.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from db.products.shelf import Product
from db.store.session import Database
from db.users.trail import entries, note
from engine.domain.inspection import Pixels
from engine.domain.recipe import Recipe
from engine.errors import InputError, LinesideError, StorageError
from engine.names import name_of
from engine.recipes.file import MAX_RECIPE_BYTES, read_head, recipe_document, save_recipe
from engine.recipes.toml_text import toml_of
from engine.recipes.view import MAX_PICTURE_BYTES, golden_picture
from engine.system.files import write_atomically

SAVED, DUPLICATED, IMPORTED = "recipe saved", "recipe duplicated", "recipe imported"
"""In the audit trail."""
MOST_ENTRIES = 20_000
RETIRED = "retired"
MAX_FILES = 5000
"""More files than this in the folder are not looked at."""
_FORMER = re.compile(r"(.+)\.v(\d{1,9})(-\d{1,9})?")


@dataclass(frozen=True, slots=True)
class Saving:
    """Who saved a version, and why."""

    who: str
    why: str


@dataclass(frozen=True, slots=True)
class StoredRecipe:
    """One version of a recipe in its file."""

    path: Path
    name: str
    version: int
    digest: str
    """First 12 hex digits of the file's sha256; another one than Recipe.digest, which needs the model's package."""
    code: str
    model: str
    saved_at: datetime
    product: str = ""
    """Whose it is, by a name that product has or had; empty = the first one's."""


class SavedMeanwhile(InputError):
    """Somebody saved another version since this one was read."""


def of_product(recipes: Iterable[StoredRecipe], product: Product) -> tuple[StoredRecipe, ...]:
    """Those of this product."""
    return tuple(r for r in recipes if (product.is_called(r.product) if r.product else product.first))


def list_recipes(folder: Path) -> tuple[StoredRecipe, ...]:
    """The newest version of each, by name. Files that cannot be used are left out; `problems` tells of them."""
    return _looked_through(folder)[0]


def problems(folder: Path) -> tuple[LinesideError, ...]:
    """What is wrong with the files `list_recipes` leaves out."""
    return _looked_through(folder)[1]


def by_code(folder: Path, code: str) -> StoredRecipe | None:
    """The recipe a scanner's code stands for. Raises InputError where two have it: neither is the one meant."""
    found = [recipe for recipe in list_recipes(folder) if code and recipe.code == code]
    if len(found) > 1:
        names = " and ".join(repr(recipe.name) for recipe in found[:2])
        raise InputError(f"The code {code} belongs to two recipes: {names}.", "Change the code of one of them.")
    return found[0] if found else None


def stored(path: Path) -> StoredRecipe:
    """One file, read once: another program may save it anew meanwhile. Raises InputError."""
    if path.exists() and not path.is_file():
        raise InputError(f"The recipe {path} is no file.", "Choose a recipe file.")
    try:
        data, changed = path.read_bytes(), path.stat().st_mtime
    except OSError as error:
        raise InputError(f"The recipe {path} cannot be read: {error.strerror}.", "Choose a recipe file.") from error
    head = read_head(path, _text_of(data))
    at = datetime.fromtimestamp(changed, UTC)
    return StoredRecipe(path, head.name, head.version, digest_of(data), head.code, head.model, at, head.product)


def _text_of(data: bytes) -> str | None:
    """The text of a recipe; None where it is none, which its reader has the words for."""
    try:
        return data.decode("utf-8-sig") if len(data) <= MAX_RECIPE_BYTES else None
    except UnicodeDecodeError:
        return None


def digest_of(data: bytes) -> str:
    """Of a recipe file's bytes, as StoredRecipe has it."""
    return hashlib.sha256(data).hexdigest()[:12]


def versions(path: Path) -> tuple[StoredRecipe, ...]:
    """The recipe and its former versions, newest first; damaged former ones are left out. Raises InputError."""
    former = []
    for file in _former_files(path):
        try:
            former.append(stored(file))
        except InputError:
            continue
    return (stored(path), *sorted(former, key=lambda s: (s.version, s.saved_at), reverse=True))


def save(
    db: Database,
    path: Path,
    recipe: Recipe,
    who: str,
    why: str,
    *,
    golden: Pixels | None = None,
    expected: str | None = None,
) -> Recipe:
    """Write the next version and say so in the audit trail: both or neither. `expected`: the digest of the file as it
    was read, so that nobody's version is overlooked. Raises SavedMeanwhile, InputError, StorageError.
    """
    check_code(path.parent, recipe.code, path)
    if expected is not None and path.exists():
        now = stored(path)
        if now.digest != expected:
            raise SavedMeanwhile(
                f"{now.name} was saved as version {now.version} meanwhile.",
                "Compare the versions, then save again to put yours on top.",
            )
    with db.writing() as session:
        saved = save_recipe(path, recipe, golden)
        note(session, who, SAVED, f"{saved.name} {saved.version} ({path.name}): {why}")
    return saved


def reasons(db: Database, path: Path) -> dict[int, Saving]:
    """Version → who saved it and why, as far as the audit trail of this station tells."""
    pattern = re.compile(rf".* (\d{{1,9}}) \({re.escape(path.name)}\): (.*)", re.DOTALL)
    found: dict[int, Saving] = {}
    for entry in entries(db, MOST_ENTRIES):
        matched = pattern.fullmatch(entry.detail) if entry.what == SAVED else None
        if matched is not None:
            found.setdefault(int(matched[1]), Saving(entry.who, matched[2]))
    return found


def duplicate(path: Path, name: str) -> StoredRecipe:
    """The same under another name, as version 1 and with no code. Raises InputError, StorageError."""
    document = recipe_document(path) | {"name": name, "version": 1}
    document.pop("code", None)
    target = free_path(path.parent, name)
    write_atomically(target, toml_of(document).encode())
    return stored(target)


def import_recipe(path: Path, folder: Path) -> StoredRecipe:
    """Bring a file and its golden pictures in, as a recipe of its own. Raises InputError, StorageError.

    Pictures are read as pictures first, and must lie in the file's folder or below it.
    """
    document = recipe_document(path)
    check_code(folder, str(document.get("code", "")), None)
    names = {recipe.name for recipe in list_recipes(folder)}
    document["name"] = _other_name(str(document["name"]), names)
    target = free_path(folder, document["name"])
    _with_pictures(path, document, target)
    write_atomically(target, toml_of(document).encode())
    return stored(target)


def export_recipe(path: Path, target: Path) -> Path:
    """Write a recipe and its golden pictures elsewhere; returns the file. Raises InputError, StorageError."""
    target = target if target.suffix == ".toml" else target.with_name(f"{target.name}.toml")
    document = recipe_document(path)
    _with_pictures(path, document, target)
    write_atomically(target, toml_of(document).encode())
    return target


def retire(db: Database, path: Path, who: str, why: str) -> Path:
    """Take a recipe out of use: it and its former versions move to `retired/`. Raises InputError, StorageError."""
    recipe = stored(path)
    folder = path.parent / RETIRED
    target = free_path(folder, path.stem)
    document = recipe_document(path)
    with db.writing() as session:
        note(session, who, "recipe retired", f"{recipe.name} {recipe.version} ({path.name}): {why}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in _pictures(document):
                if (path.parent / name).is_file() and not (folder / name).exists():
                    write_atomically(folder / name, (path.parent / name).read_bytes())
            for file in (*_former_files(path), path):
                os.replace(file, folder / (target.stem + file.name[len(path.stem) :]))
        except OSError as error:
            raise StorageError(f"{path.name} could not be moved: {error.strerror}.", "Allow writing there.") from error
    return target


def check_code(folder: Path, code: str, mine: Path | None) -> None:
    """Raises InputError where another recipe than `mine` has this code: a scan must mean one recipe."""
    other = next((r for r in list_recipes(folder) if code and r.code == code and r.path != mine), None)
    if other is not None:
        raise InputError(f"The code {code} belongs to the recipe {other.name!r}.", "Give each recipe its own code.")


def free_path(folder: Path, name: str) -> Path:
    """A file of this name, as far as a file can have it, in this folder and no other, that is not there yet."""
    plain = re.sub(r"[^\w-]+", "_", name).strip("_")[:80] or "recipe"
    tries = (folder / f"{plain}{ending}.toml" for ending in ("", *(f"-{n}" for n in range(2, MAX_FILES))))
    found = next((path for path in tries if not path.exists() and not _former_files(path)), None)
    if found is None:
        raise StorageError(f"There is no name left for {plain} in {folder}.", "Choose another name.")
    return found


def _looked_through(folder: Path) -> tuple[tuple[StoredRecipe, ...], tuple[LinesideError, ...]]:
    found: list[StoredRecipe] = []
    wrong: list[LinesideError] = []
    try:
        files = sorted(folder.glob("*.toml"))[:MAX_FILES] if folder.is_dir() else []
    except OSError as error:
        return (), (StorageError(f"{folder} cannot be read: {error.strerror}.", "Allow reading there."),)
    names = {file.name for file in files}
    for file in files:
        former = _FORMER.fullmatch(file.stem)
        if file.name.startswith(".") or (former is not None and f"{former[1]}.toml" in names):
            continue
        if name_of(file.name) != file.name:
            # Settings, drafts and the trail know a recipe by the name of its file.
            wrong.append(InputError(f"The name of the recipe file {file} holds odd characters.", "Rename the file."))
            continue
        try:
            found.append(stored(file))
        except LinesideError as error:
            wrong.append(error)
    return tuple(sorted(found, key=lambda r: (r.name.casefold(), r.path.name))), tuple(wrong)


def _former_files(path: Path) -> tuple[Path, ...]:
    """The files of former versions."""
    if not path.parent.is_dir():
        return ()
    stem = f"{path.stem}.v"
    files = (f for f in path.parent.iterdir() if f.suffix == ".toml" and f.name.startswith(stem))
    return tuple(f for f in sorted(files) if (m := _FORMER.fullmatch(f.stem)) is not None and m[1] == path.stem)


def _other_name(name: str, taken: set[str]) -> str:
    tries = (name if n == 1 else f"{name[:90]} ({n})" for n in count(1))
    return next(tried for tried in tries if tried not in taken)


def _pictures(document: dict[str, object]) -> tuple[str, ...]:
    tables = (document.get(name) for name in ("reference", "imaging"))
    return tuple(str(table["picture"]) for table in tables if isinstance(table, dict) and table.get("picture"))


def _with_pictures(path: Path, document: dict[str, object], target: Path) -> None:
    """Copy the golden pictures of the recipe at `path` beside `target` and name them there."""
    bits, bayer = document.get("bits", 0), document.get("bayer", "")
    for key in ("reference", "imaging"):
        table = document.get(key)
        if not isinstance(table, dict):
            continue
        own = (bits or table.get("bits", 0), bayer or table.get("bayer", ""))
        golden_picture(str(table["picture"]), path, f"{key}.picture", int(str(own[0])), str(own[1]))
        data = _bounded(path.parent / str(table["picture"]))
        # By its content: another recipe may have a picture of the same name.
        name = f"{target.stem}-{key}-{digest_of(data)}{Path(str(table['picture'])).suffix.lower()}"
        write_atomically(target.with_name(name), data)
        document[key] = table | {"picture": name}


def _bounded(file: Path) -> bytes:
    """Raises InputError for a file that grew since it was looked at."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_PICTURE_BYTES + 1)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.", "Choose another recipe.") from error
    if len(data) > MAX_PICTURE_BYTES:
        raise InputError(f"{file} is too large for a golden picture.", "Choose a smaller one.")
    return data

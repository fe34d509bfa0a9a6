"""The folder of recipes: found by code, versions kept, brought in and out, and nothing from outside leads elsewhere."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from db.recipes import shelf
from db.recipes.shelf import (
    by_code,
    duplicate,
    export_recipe,
    import_recipe,
    list_recipes,
    problems,
    reasons,
    retire,
    save,
    stored,
    versions,
)
from db.store.session import Database
from db.users.trail import entries
from engine.domain.recipe import Recipe
from engine.errors import InputError
from engine.packages.package import ModelPackage
from engine.recipes.file import MAX_RECIPE_BYTES, default_recipe, load_recipe
from tests.packages import write_tiny_package
from tests.unit.engine.odd_names import write

PIPES = [None] if hasattr(os, "mkfifo") else []


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    return write_tiny_package(tmp_path / "tiny", review=0.1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recipes"


def made(db: Database, folder: Path, package: ModelPackage, name: str, **changes: object) -> Path:
    """One recipe in its file."""
    recipe: Recipe = replace(default_recipe(package), name=name, **changes)  # type: ignore[arg-type]
    path = folder / f"{name}.toml"
    save(db, path, recipe, "Ana", "first")
    return path


def test_code_finds_the_newest_version(db: Database, folder: Path, package: ModelPackage) -> None:
    path = made(db, folder, package, "bracket", code="4711-A")
    made(db, folder, package, "cover", code="4712")
    save(db, path, load_recipe(path, package), "Ana", "again")
    found = by_code(folder, "4711-A")
    assert found is not None
    assert (found.path, found.name, found.version) == (path, "bracket", 2)
    assert by_code(folder, "4713") is None
    assert by_code(folder, "") is None


def test_one_code_is_one_recipe(db: Database, folder: Path, package: ModelPackage) -> None:
    path = made(db, folder, package, "bracket", code="4711")
    with pytest.raises(InputError, match="belongs to the recipe 'bracket'"):
        made(db, folder, package, "cover", code="4711")
    (folder / "by-hand.toml").write_text(path.read_text().replace("bracket", "by hand"))
    with pytest.raises(InputError, match="two recipes"):
        by_code(folder, "4711")


def test_former_versions_are_no_recipes_of_their_own(db: Database, folder: Path, package: ModelPackage) -> None:
    path = made(db, folder, package, "bracket")
    save(db, path, load_recipe(path, package), "Bo", "less overkill (a lot)")
    assert [r.version for r in list_recipes(folder)] == [2]
    assert [r.version for r in versions(path)] == [2, 1]
    told = reasons(db, path)
    assert (told[1].who, told[1].why, told[2].who, told[2].why) == ("Ana", "first", "Bo", "less overkill (a lot)")


def test_bad_file_is_left_out_and_told(db: Database, folder: Path, package: ModelPackage) -> None:
    made(db, folder, package, "bracket")
    (folder / "bad.toml").write_text('schema = 1\nname = "bad"\n[limits]\nng_at = 3\n')
    (folder / "deep.toml").write_text("a = " + "[" * 50_000)
    assert [r.name for r in list_recipes(folder)] == ["bracket"]
    assert len(problems(folder)) == 2
    assert "limits.ng_at" in problems(folder)[0].message


def test_a_version_saved_meanwhile_is_not_overlooked(db: Database, folder: Path, package: ModelPackage) -> None:
    path = made(db, folder, package, "bracket")
    mine = stored(path).digest
    save(db, path, load_recipe(path, package), "Bo", "meanwhile", expected=mine)
    with pytest.raises(InputError, match="saved as version 2 meanwhile"):
        save(db, path, load_recipe(path, package), "Ana", "mine", expected=mine)
    assert stored(path).version == 2
    assert [e.who for e in entries(db) if e.what == "recipe saved"] == ["Bo", "Ana"]


def test_name_and_digest_are_of_one_reading_of_the_file(
    db: Database, folder: Path, package: ModelPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made(db, folder, package, "a")
    before, read = path.read_bytes(), shelf.read_head

    def written_over_first(*given: object) -> object:
        path.write_bytes(before.replace(b'"a"', b'"b"'))
        return read(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(shelf, "read_head", written_over_first)
    assert (found := stored(path)).name == "a" and found.digest == shelf.digest_of(before)
    assert (found := stored(path)).name == "b" and found.digest != shelf.digest_of(before)


@pytest.mark.parametrize("data", [b'name = "gr\xfcn"', b"\0" * 9, b"#" * (MAX_RECIPE_BYTES + 1), *PIPES])
def test_file_that_is_no_recipe_is_told(folder: Path, data: bytes | None) -> None:
    folder.mkdir(exist_ok=True)
    if data is None:
        os.mkfifo(folder / "r.toml")
    else:
        (folder / "r.toml").write_bytes(data)
    with pytest.raises(InputError, match=r"The recipe .*r\.toml"):
        stored(folder / "r.toml")


def test_duplicate_begins_anew(db: Database, folder: Path, package: ModelPackage) -> None:
    path = made(db, folder, package, "bracket", code="4711")
    save(db, path, load_recipe(path, package), "Ana", "again")
    copy = duplicate(path, "bracket, left")
    assert (copy.name, copy.version, copy.code) == ("bracket, left", 1, "")
    assert load_recipe(copy.path, package).limits == load_recipe(path, package).limits


def golden_recipe(folder: Path, picture: str) -> Path:
    """A recipe with a golden picture, as another station has it."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    cv2.imwrite(str(folder / "golden.png"), rng.integers(0, 255, (64, 80), dtype=np.uint8))
    text = f'schema = 1\nname = "bracket"\nversion = 7\n[imaging]\npicture = "{picture}"\n'
    (folder / "theirs.toml").write_text(text)
    return folder / "theirs.toml"


def test_recipe_travels_with_its_golden_picture(tmp_path: Path, folder: Path, package: ModelPackage) -> None:
    theirs = golden_recipe(tmp_path / "theirs", "golden.png")
    mine = import_recipe(theirs, folder)
    assert (mine.name, mine.version, mine.path.parent) == ("bracket", 7, folder)
    out = export_recipe(mine.path, tmp_path / "stick" / "out")
    one, two = (load_recipe(path, package).imaging for path in (theirs, out))
    assert one is not None
    assert two is not None
    assert one.digest == two.digest
    assert import_recipe(theirs, folder).name == "bracket (2)"


@pytest.mark.parametrize("picture", ["../golden.png", "/etc/hostname", "C:/golden.png", "theirs.toml"])
def test_import_takes_no_file_but_a_picture_beside_it(tmp_path: Path, folder: Path, picture: str) -> None:
    theirs = golden_recipe(tmp_path / "theirs", picture)
    with pytest.raises(InputError, match=r"imaging\.picture"):
        import_recipe(theirs, folder)
    assert not folder.exists()


def test_retired_recipe_is_kept(db: Database, folder: Path, package: ModelPackage) -> None:
    path = made(db, folder, package, "bracket", code="4711")
    save(db, path, load_recipe(path, package), "Ana", "again")
    target = retire(db, path, "Bo", "out of production")
    assert list_recipes(folder) == ()
    assert [v.version for v in versions(target)] == [2, 1]
    made(db, folder, package, "bracket", code="4711")
    again = retire(db, path, "Bo", "once more")
    assert again != target
    assert [v.version for v in versions(target)] == [2, 1]
    assert entries(db, 1)[0].what == "recipe retired"


def test_a_file_with_an_odd_name_is_left_out_and_told(db: Database, folder: Path, package: ModelPackage) -> None:
    plain = made(db, folder, package, "bracket")
    write(folder, b"K\xf6rner.toml", plain.read_bytes())
    assert [recipe.path for recipe in list_recipes(folder)] == [plain]
    (wrong,) = problems(folder)
    assert str(wrong).endswith(r"K\xf6rner.toml holds odd characters. Rename the file.")

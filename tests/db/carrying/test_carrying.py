"""A product travels as one file; what comes from outside is checked as a whole before anything changes."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from db.carrying import pack
from db.carrying.pack import export_product
from db.carrying.unpack import import_product
from db.models.choose import judge_of, put_in_force
from db.models.registry import activate, active, list_models, register
from db.products.acts import make_product, set_challenge, set_collection
from db.products.shelf import Product, find, list_products
from db.recipes.shelf import list_recipes, of_product
from db.store.session import Database, open_database
from engine.errors import InputError, LinesideError, PackageError
from engine.packages.package import open_package
from engine.preprocessing.golden import imaging_of
from engine.recipes.file import default_recipe, load_recipe, save_recipe, with_imaging, with_product
from tests.packages import write_tiny_package


def picture(path: Path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((32, 40), level, np.uint8))


@pytest.fixture
def castings(db: Database, tmp_path: Path) -> Product:
    """A product with a recipe bound to its model and a golden picture, known parts and a collection."""
    make_product(db, "plates", "ann")
    made = make_product(db, "castings", "ann")
    package = write_tiny_package(tmp_path / "made", name="caster", review=0.2)
    activate(db, register(db, package.folder, "ann").version, "ann", product=made.id)
    golden = np.random.default_rng(3).integers(0, 256, (64, 80), np.uint8)
    recipe = with_product(with_imaging(default_recipe(package), imaging_of(golden)), "castings")
    path = db.folder / "recipes" / "castings.toml"
    path.parent.mkdir(parents=True)
    text = save_recipe(path, recipe, golden)
    assert text.name == "default"
    told = path.read_text(encoding="utf-8").replace('model = ""', f'model = "{package.version}"')
    path.write_text(told.replace('name = "default"', 'name = "line 1"\ncode = "RC-1"'), encoding="utf-8")
    put_in_force(db, judge_of(db, made, str(path)), "ann")
    for name, level in (("ok/1.png", 40), ("ok/2.png", 50), ("dent/1.png", 90)):
        picture(tmp_path / "known" / name, level)
    picture(db.folder / "teach-in" / "castings" / "ok" / "000001-0000000000000000.png", 60)
    set_challenge(db, made.id, tmp_path / "known", "ann")
    return set_collection(db, made.id, "castings", "ann")


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Database]:
    """Another station, which inspects strip."""
    db = open_database(tmp_path / "other" / "lineside.db")
    make_product(db, "strip", "bob")
    yield db
    db.close()


@pytest.fixture
def file(db: Database, castings: Product, tmp_path: Path) -> Path:
    return export_product(db, db.folder, castings, tmp_path / "castings.zip", "ann").path


def untouched(other: Database) -> bool:
    """Nothing came of it but, at most, a registered model."""
    left = [path for name in ("recipes", "teach-in", "challenge") for path in (other.folder / name).rglob("*.*")]
    return [p.name for p in list_products(other)] == ["strip"] and left == []


def rewritten(file: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The same file with other contents."""
    with zipfile.ZipFile(file) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    change(held)
    out = file.with_name("changed.zip")
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    return out


def test_another_station_judges_as_the_first_one_did(
    db: Database, castings: Product, other: Database, file: Path
) -> None:
    done = import_product(other, other.folder, file, "bob")
    assert (done.product.name, done.recipes, done.models, done.pictures) == ("castings", 1, 1, 4)
    now, before = active(other, done.product.id), active(db, castings.id)
    assert now is not None and before is not None and now.version == before.version
    assert done.product.models == (now.version,)
    assert castings.recipe is not None and done.product.recipe is not None
    package = open_package(now.folder)
    there, here = load_recipe(done.product.recipe, package), load_recipe(castings.recipe, package)
    assert (there.limits, there.guard, there.rules) == (here.limits, here.guard, here.rules)
    assert there.imaging is not None and here.imaging is not None
    assert there.imaging.digest == here.imaging.digest, "the golden picture came along"
    assert done.product.recipe == other.folder / "recipes" / "line_1.toml"
    assert [r.code for r in of_product(list_recipes(other.folder / "recipes"), done.product)] == ["RC-1"]
    assert done.product.challenge == other.folder / "challenge" / "castings"
    assert sorted(p.name for p in (other.folder / "challenge" / "castings").iterdir()) == ["dent", "ok"]
    assert len(list((other.folder / "teach-in" / "castings").glob("ok/*.png"))) == 1
    judge = judge_of(other, done.product, str(done.product.recipe))
    assert judge.version == now.version


def test_what_the_station_inspects_stays_as_it_was(other: Database, file: Path) -> None:
    strip = find(other, "strip")
    import_product(other, other.folder, file, "bob")
    assert find(other, "strip") == strip
    assert active(other, strip.id) is None


def test_a_name_or_a_code_that_is_taken_is_told_before_anything_changes(
    db: Database, other: Database, file: Path
) -> None:
    with pytest.raises(InputError, match="called 'castings' here"):
        import_product(db, db.folder, file, "ann")
    with pytest.raises(InputError, match="code RC-1 belongs to the recipe"):
        import_product(db, db.folder, file, "ann", "castings 2")
    assert [p.name for p in list_products(db)] == ["plates", "castings"]
    again = import_product(other, other.folder, file, "bob", "castings 2").product
    assert again.name == "castings 2"
    assert again.recipe is not None and 'product = "castings 2"' in again.recipe.read_text(encoding="utf-8")


def _damaged(held: dict[str, bytes]) -> None:
    name = next(name for name in held if name.endswith(".png"))
    held[name] = held[name][:-1] + b"x"


def _more(held: dict[str, bytes]) -> None:
    held["models/evil.py"] = b"import os"


def _less(held: dict[str, bytes]) -> None:
    held.pop(next(name for name in held if name.endswith(".onnx")))


def _outside(held: dict[str, bytes]) -> None:
    held["../../evil.toml"] = b"x"


def _newer(held: dict[str, bytes]) -> None:
    held["product.json"] = json.dumps(json.loads(held["product.json"]) | {"schema": 2}).encode()


def _another_kind(held: dict[str, bytes]) -> None:
    held["product.json"] = json.dumps(json.loads(held["product.json"]) | {"kind": "plant"}).encode()


def _no_head(held: dict[str, bytes]) -> None:
    held.pop("product.json")


def _told(**changes: str) -> Callable[[dict[str, bytes]], None]:
    """The head says something else."""

    def change(held: dict[str, bytes]) -> None:
        held["product.json"] = json.dumps(json.loads(held["product.json"]) | changes).encode()

    return change


def _as_another_model(held: dict[str, bytes]) -> None:
    head = json.loads(held["product.json"])
    for name in [name for name in held if name.startswith("models/")]:
        other = "models/000000000000/" + name.split("/", 2)[2]
        held[other], head["files"][other] = held[name], head["files"][name]
    held["product.json"] = json.dumps(head | {"active": "000000000000"}).encode()


def _recipe(text: str) -> Callable[[dict[str, bytes]], None]:
    """Another recipe in force, named with its hash."""

    def change(held: dict[str, bytes]) -> None:
        head, data = json.loads(held["product.json"]), text.encode()
        held[head["recipe"]] = data
        head["files"][head["recipe"]] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        held["product.json"] = json.dumps(head).encode()

    return change


def _nonsense(held: dict[str, bytes]) -> None:
    held["product.json"] = b'{"schema": "x"'


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_damaged, "is damaged"),
        (_more, "other files than it names"),
        (_less, "other files than it names"),
        (_outside, "outside itself"),
        (_newer, "newer Lineside"),
        (_another_kind, "no product's file"),
        (_no_head, "no product's file"),
        (_nonsense, "cannot be read"),
        (_told(recipe="recipes/7/x.toml"), "lacks the recipe that is in force"),
        (_told(active="000000000000"), "lacks the model 000000000000 that judges"),
        (_as_another_model, "as 000000000000"),
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_refused_and_leaves_nothing(
    other: Database, file: Path, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    with pytest.raises(PackageError, match=said):
        import_product(other, other.folder, rewritten(file, change), "bob")
    assert untouched(other)
    assert list_models(other) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('schema = 1\nname = "line 1"\nmodel = "000000000000"\n', "lacks the model 000000000000 that judges"),
        ('schema = 99\nname = "line 1"\n', "newer Lineside"),
    ],
)
def test_a_recipe_in_force_that_could_not_judge_here_is_refused(
    other: Database, file: Path, text: str, said: str
) -> None:
    with pytest.raises(LinesideError, match=said):
        import_product(other, other.folder, rewritten(file, _recipe(text)), "bob")
    assert untouched(other)


def test_what_is_wrong_in_the_file_is_told_as_of_the_file_that_was_chosen(other: Database, file: Path) -> None:
    broken = rewritten(file, _recipe("schema = 1\nname = no text\n"))
    with pytest.raises(InputError) as told:
        import_product(other, other.folder, broken, "bob")
    assert str(broken) in told.value.message
    assert "lineside-product" not in str(told.value)
    assert untouched(other)


def test_a_file_that_is_no_zip_is_refused(other: Database, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK no")
    with pytest.raises(LinesideError, match="not a readable zip"):
        import_product(other, other.folder, tmp_path / "x.zip", "bob")
    assert untouched(other)


def test_known_parts_that_are_too_many_stay_behind_and_that_is_told(
    db: Database, castings: Product, other: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "MOST_PICTURES", 2)
    done = export_product(db, db.folder, castings, tmp_path / "few.zip", "ann")
    assert done.left_out == ("challenge: 3 pictures, 0 MiB",)
    brought = import_product(other, other.folder, done.path, "bob")
    assert (brought.left_out, brought.pictures, brought.product.challenge) == (done.left_out, 1, None)


def test_a_product_with_nothing_is_not_exported(db: Database, castings: Product, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model and no recipe"):
        export_product(db, db.folder, find(db, "plates"), tmp_path / "x.zip", "ann")
    assert not (tmp_path / "x.zip").exists()


def test_a_failure_half_way_takes_back_what_was_written(
    other: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise InputError("The disk is full.")

    monkeypatch.setattr("db.carrying.unpack.make_in", full)
    with pytest.raises(InputError, match="disk is full"):
        import_product(other, other.folder, file, "bob")
    assert [p.name for p in list_products(other)] == ["strip"]
    assert list((other.folder / "recipes").glob("*.toml")) == []
    assert not (other.folder / "challenge" / "castings").exists()

"""What people said of one product teaches, proves and is exported for that product alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from db.datasets.elsewhere import export_for_elsewhere
from db.datasets.export import export, plan, waiting
from db.datasets.gates import overrides_set
from db.datasets.taught_in import take_into_use
from db.inspections import overrides
from db.inspections.table import Filter
from db.models.registry import activate, active, register
from db.products.acts import make_product, rename
from db.products.shelf import Product, list_products
from db.recipes.known_parts import known_parts
from db.recipes.shelf import list_recipes, of_product, stored
from db.recording.recorder import Recorder
from db.runs.gate import GateOrder, compare
from db.store.session import Database
from engine.domain.inspection import Inspection, Outcome
from engine.errors import InputError
from engine.recipes.file import default_recipe, load_recipe
from tests.db import make
from tests.packages import write_tiny_package


def said(db: Database, number: int, product: str, outcome: Outcome, label: str) -> Inspection:
    """One corrected part of a product."""
    made = make.inspection(number, Outcome.NG)
    made = replace(made, traveller=replace(made.traveller, product=product))
    with Recorder(db) as recorder:
        recorder(made, make.recipe(1), make.frame_of(made, number), make.prediction_of(made))
    overrides.add_override(db, make.override(made, outcome, label))
    return made


@pytest.fixture
def two(db: Database) -> tuple[Product, Product]:
    """Plates, with parts of before there were products and of a former name, and castings."""
    make_product(db, "plates", "ann")
    make_product(db, "castings", "ann")
    for number, product, outcome, label in (
        (0, "", Outcome.NG, "scratch"),
        (1, "plates", Outcome.OK, "good"),
        (2, "castings", Outcome.NG, "blowhole"),
        (3, "castings", Outcome.OK, "good"),
        (4, "castings", Outcome.NG, "blowhole"),
    ):
        said(db, number, product, outcome, label)
    rename(db, "plates", "demo plates", "ann")
    first, second = list_products(db)
    return first, second


def test_each_product_s_corrections_are_exported_with_its_own_classes(
    db: Database, two: tuple[Product, Product], tmp_path: Path
) -> None:
    plates, castings = two
    assert (waiting(db), waiting(db, plates.on_record), waiting(db, castings.on_record)) == (5, 2, 3)
    assert plan(db, castings.on_record).by_label == {"blowhole": 2, "good": 1}
    assert plan(db, plates.on_record).parts == 2
    report = export(db, tmp_path / "castings", filter=Filter(products=castings.on_record), to_teach=True)
    assert report.by_label == {"blowhole": 2, "good": 1}
    assert (waiting(db, castings.on_record), waiting(db, plates.on_record)) == (0, 2)


def test_a_product_without_corrections_has_nothing_to_export(
    db: Database, two: tuple[Product, Product], tmp_path: Path
) -> None:
    strip = make_product(db, "strip", "ann")
    with pytest.raises(InputError, match="no confirmed parts"):
        export(db, tmp_path / "strip", filter=Filter(products=strip.on_record))


def test_the_gate_of_a_product_tries_its_own_parts(db: Database, two: tuple[Product, Product], tmp_path: Path) -> None:
    plates, castings = two
    assert len(overrides_set(db).parts) == 5
    assert {p.label for p in overrides_set(db, products=castings.on_record).parts} == {"blowhole", "good"}
    old, new = (write_tiny_package(tmp_path / n, name=n, defect="blowhole") for n in ("old", "new"))
    activate(db, register(db, old.folder, "ann").version, "ann", product=castings.id)
    done = compare(GateOrder(db, str(new.folder), product=castings.id), lambda _at, _total: None, lambda: False)
    assert done is not None
    assert [(s.name, s.count) for s in done.result.sets] == [("overrides", 3)]
    with pytest.raises(InputError, match="no active model"):
        compare(GateOrder(db, str(new.folder), product=plates.id), lambda _at, _total: None, lambda: False)


def test_what_is_carried_elsewhere_is_one_product_s(db: Database, two: tuple[Product, Product], tmp_path: Path) -> None:
    _, castings = two
    kept = register(db, write_tiny_package(tmp_path / "p", defect="blowhole").folder, "ann")
    activate(db, kept.version, "ann", product=castings.id)
    _, report = export_for_elsewhere(db, tmp_path, "ann", ("There:", "Bring it back."), castings)
    assert report.by_label == {"blowhole": 2, "good": 1}


def test_thresholds_are_weighed_by_the_product_s_own_parts(db: Database, two: tuple[Product, Product]) -> None:
    plates, castings = two
    weighed = [known_parts(db, "abc123", ("good", "scratch"), ("good",), p.on_record) for p in (plates, castings)]
    assert [len(parts) for parts in weighed] == [2, 3]


def test_a_teach_in_makes_a_product_with_its_model_recipe_and_collection(db: Database, tmp_path: Path) -> None:
    plates = make_product(db, "plates", "ann")
    shown = write_tiny_package(tmp_path / "shown", name="shown")
    activate(db, register(db, shown.folder, "ann").version, "ann", product=plates.id)
    taught = register(db, write_tiny_package(tmp_path / "taught", name="taught", defect="dent").folder, "ann")
    seen_by = replace(default_recipe(shown), view=replace(default_recipe(shown).view, bits=12, roi=(0, 0, 20, 20)))
    product, recipe = take_into_use(db, db.folder / "recipes", "tin", taught.version, "bob", "first", seen_by)
    assert (product.name, product.models, product.collection) == ("tin", (taught.version,), "tin")
    judging = [active(db, p.id) for p in (plates, product)]
    assert [m.name for m in judging if m is not None] == ["shown", "taught"]
    assert recipe is not None and stored(recipe).product == "tin"
    made = load_recipe(recipe, shown)
    assert (made.view.bits, made.view.roi) == (12, None), "its pictures were taken of the whole frame"
    again, same = take_into_use(db, db.folder / "recipes", "tin", taught.version, "bob", "again")
    assert (again, same) == (product, None), "a product that has recipes keeps them"
    assert [r.path for r in of_product(list_recipes(db.folder / "recipes"), product)] == [recipe]

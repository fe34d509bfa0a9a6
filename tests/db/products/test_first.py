"""A station that knows no products becomes one, with all it has; nothing of what judges changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.inspections import table
from db.models.registry import activate, activations, active, register, rollback
from db.products.acts import make_product, rename, retire
from db.products.first import known_product, product_of
from db.products.shelf import list_products
from db.store.session import Database, open_database
from engine.errors import InputError
from engine.settings import StationSettings
from tests.db import make
from tests.db.older import older
from tests.packages import write_tiny_package


def settings(**given: object) -> StationSettings:
    return StationSettings.model_validate({"schema_version": 1} | given)


def model(db: Database, tmp_path: Path, name: str, by: str = "ann") -> str:
    return register(db, write_tiny_package(tmp_path / name, name=name).folder, by).version


def test_it_is_called_like_the_recipe_in_force_which_stays_in_force(db: Database, tmp_path: Path) -> None:
    file = tmp_path / "bracket.toml"
    file.write_text('schema = 1\nname = "bracket 12"\n', encoding="utf-8")
    activate(db, model(db, tmp_path, "steel"), "ann")
    made = product_of(db, settings=settings(recipe=str(file)))
    assert (made.name, made.recipe, made.first) == ("bracket 12", file, True)
    assert product_of(db, settings=settings(recipe="")) == made


def test_without_a_recipe_it_is_called_like_the_active_model_and_has_all_activations(
    db: Database, tmp_path: Path
) -> None:
    a, b = (model(db, tmp_path, name) for name in ("steel", "brass"))
    activate(db, a, "ann")
    activate(db, b, "ann")
    rollback(db, "ann")
    made = product_of(db)
    assert made.name == "steel"
    assert [x.version for x in activations(db, made.id)] == [a, b, a]
    activate(db, b, "ann", product=made.id)
    assert rollback(db, "ann", product=made.id).version == a


def test_the_shipped_models_judge_demo_plates(db: Database, tmp_path: Path) -> None:
    activate(db, model(db, tmp_path, "demo", "lineside"), "lineside")
    assert product_of(db).name == "Demo plates"


def test_who_only_looks_makes_no_product_of_an_empty_station(db: Database, tmp_path: Path) -> None:
    assert known_product(db) is None
    assert list_products(db) == ()
    activate(db, model(db, tmp_path, "steel"), "ann")
    now = known_product(db)
    assert now is not None
    assert now.name == "steel"


def test_parts_of_before_make_a_product_where_no_model_was_ever_activated(db: Database) -> None:
    table.add(db, [table.NewInspection(make.inspection(0))])
    now = known_product(db)
    assert now is not None and now.first
    assert not make_product(db, "strip", "ann").first


def test_the_product_worked_on_last_is_found_by_a_former_name_too(db: Database) -> None:
    make_product(db, "casting", "ann")
    strip = make_product(db, "strip", "ann")
    assert product_of(db, settings=settings(product="strip")) == strip
    now = rename(db, "strip", "tape", "ann")
    assert product_of(db, settings=settings(product="strip")) == now
    assert product_of(db, "TAPE", settings(product="casting")) == now
    assert product_of(db, settings=settings(product="of another station")).name == "casting"


def test_nothing_works_on_a_retired_product(db: Database) -> None:
    make_product(db, "casting", "ann")
    make_product(db, "strip", "ann")
    retire(db, "casting", "ann")
    with pytest.raises(InputError, match="is retired"):
        product_of(db, "casting")
    with pytest.raises(InputError, match="which was worked on last, is retired"):
        product_of(db, settings=settings(product="casting"))
    assert product_of(db, settings=settings(product="casting"), instead=True).name == "strip"
    assert product_of(db).name == "strip"


def test_each_product_has_its_own_active_model(db: Database, tmp_path: Path) -> None:
    a, b = (model(db, tmp_path, name) for name in ("steel", "brass"))
    first, second = make_product(db, "casting", "ann"), make_product(db, "strip", "ann")
    activate(db, a, "ann", product=first.id)
    assert active(db, second.id) is None
    activate(db, b, "ann", product=second.id)
    judging = [active(db, p.id) for p in (first, second)]
    assert [m.version for m in judging if m is not None] == [a, b]
    with pytest.raises(InputError, match="no model to go back to"):
        rollback(db, "ann", product=second.id)


def test_a_database_of_before_becomes_one_product_with_its_rows_and_its_way_back(db: Database, tmp_path: Path) -> None:
    a, b = (model(db, tmp_path, name) for name in ("steel", "brass"))
    activate(db, a, "ann")
    activate(db, b, "ann")
    table.add(db, [table.NewInspection(make.inspection(n)) for n in range(3)])
    place = db.folder / "lineside.db"
    db.close()
    older(place, "0004_operators")
    now = open_database(place)
    made = product_of(now, settings=settings())
    assert (made.name, made.first) == ("brass", True)
    rows = table.page(now, table.Filter(products=made.on_record)).rows
    assert [row.inspection.traveller.product for row in rows] == ["", "", ""]
    judging = active(now, made.id)
    assert judging is not None and judging.version == b
    assert rollback(now, "ann", product=made.id).version == a
    now.close()

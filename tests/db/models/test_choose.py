"""One answer to what judges now: the model that judges is the product's active one."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.datasets.gates import activate_through, reject
from db.models.choose import Judge, asked_for, judge_of, put_in_force
from db.models.registry import ModelVersion, activate, activations, active, register, rollback
from db.products.acts import make_product, rename, retire
from db.products.shelf import Product, find
from db.store.session import Database
from engine.errors import InputError
from engine.settings import StationSettings
from tests.packages import write_tiny_package


@pytest.fixture
def models(db: Database, tmp_path: Path) -> tuple[ModelVersion, ModelVersion]:
    """Two; the second is active, the first was before."""
    made = [register(db, write_tiny_package(tmp_path / n, name=n).folder, "ann") for n in ("first", "second")]
    for model in made:
        activate(db, model.version, "ann")
    return made[0], made[1]


@pytest.fixture
def casting(db: Database, models: tuple[ModelVersion, ModelVersion]) -> Product:
    return make_product(db, "casting", "ann")


def recipe(folder: Path, name: str, **given: str) -> str:
    """A recipe file that says this."""
    lines = ["schema = 1", f'name = "{name}"', *(f'{key} = "{value}"' for key, value in given.items())]
    (folder / f"{name}.toml").write_text("\n".join(lines), encoding="utf-8")
    return str(folder / f"{name}.toml")


def judging(db: Database, product: Product) -> str:
    now = active(db, product.id)
    return now.name if now is not None else ""


def test_a_recipe_that_is_bound_to_a_model_makes_it_the_active_one(
    db: Database, models: tuple[ModelVersion, ModelVersion], casting: Product, tmp_path: Path
) -> None:
    bound = recipe(tmp_path, "bound", model=models[0].version)
    judge = judge_of(db, casting, bound)
    assert judge == Judge(casting, models[0].folder, Path(bound), models[0].version)
    assert judging(db, casting) == "second"
    now = put_in_force(db, judge, "ann")
    assert (judging(db, now), now.recipe) == ("first", Path(bound))
    assert activations(db, now.id)[-1].why == "by recipe bound"
    assert asked_for(db, StationSettings(schema_version=1)) == (now, bound)
    again = put_in_force(db, judge_of(db, now, bound), "ann")
    assert again == now
    assert len(activations(db, now.id)) == 3


def test_no_other_model_is_called_active_while_the_recipe_in_force_is_bound_to_one(
    db: Database, models: tuple[ModelVersion, ModelVersion], casting: Product, tmp_path: Path
) -> None:
    first, second = models
    now = put_in_force(db, judge_of(db, casting, recipe(tmp_path, "bound", model=second.version)), "ann")
    for act in (
        lambda: activate(db, first.version, "ann", product=now.id),
        lambda: rollback(db, "ann", product=now.id),
        lambda: activate_through(db, first.version, second.version, "ann", "better", {}, now.id),
    ):
        with pytest.raises(InputError, match=f"bound 1, was made for model {second.version}") as refused:
            act()
        assert "change over to another recipe first" in refused.value.remedy
    assert judging(db, now) == "second"
    put_in_force(db, judge_of(db, now, recipe(tmp_path, "loose")), "ann")
    assert rollback(db, "ann", product=now.id).version == first.version


def test_a_recipe_bound_to_a_model_that_is_not_here_or_was_rejected_changes_nothing(
    db: Database, models: tuple[ModelVersion, ModelVersion], casting: Product, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="not registered here"):
        judge_of(db, casting, recipe(tmp_path, "gone", model="0123456789ab"))
    third = register(db, write_tiny_package(tmp_path / "third", name="third").folder, "ann")
    reject(db, third.version, models[1].version, "ann", "worse", {}, casting.id)
    with pytest.raises(InputError, match="was rejected"):
        judge_of(db, casting, recipe(tmp_path, "bad", model=third.version))
    assert judging(db, casting) == "second"


def test_a_recipe_judges_its_own_product_alone_also_after_that_was_renamed(
    db: Database, casting: Product, tmp_path: Path
) -> None:
    strip = make_product(db, "strip", "ann")
    of_strip, of_none = recipe(tmp_path, "tape", product="strip"), recipe(tmp_path, "old")
    with pytest.raises(InputError, match="of the product 'strip', not of 'casting'"):
        judge_of(db, casting, of_strip)
    with pytest.raises(InputError, match="of the product 'casting', not of 'strip'"):
        judge_of(db, strip, of_none)
    with pytest.raises(InputError, match="of the product 'biscuit', which is not here"):
        judge_of(db, casting, recipe(tmp_path, "foreign", product="biscuit"))
    rename(db, "casting", "impeller", "ann")
    assert judge_of(db, find(db, "impeller"), recipe(tmp_path, "mine", product="casting")).version


def test_a_product_without_a_model_judges_nothing_but_the_first_one_begins_with_the_shipped(
    db: Database, tmp_path: Path
) -> None:
    first, second = make_product(db, "plates", "ann"), make_product(db, "strip", "ann")
    with pytest.raises(InputError, match="'strip' has no model yet"):
        judge_of(db, second)
    assert judge_of(db, first).version == active(db, first.id).version  # type: ignore[union-attr]


def test_a_model_asked_for_by_name_is_not_activated(
    db: Database, models: tuple[ModelVersion, ModelVersion], casting: Product, tmp_path: Path
) -> None:
    loose = recipe(tmp_path, "loose")
    judge = judge_of(db, casting, loose, models[0].version)
    assert (judge.package, judge.version) == (models[0].folder, "")
    assert put_in_force(db, judge, "ann").recipe == Path(loose)
    assert judging(db, casting) == "second"


def test_what_is_asked_for_goes_before_what_was_worked_on_last(
    db: Database, models: tuple[ModelVersion, ModelVersion], casting: Product, tmp_path: Path
) -> None:
    strip = make_product(db, "strip", "ann")
    last = StationSettings(schema_version=1, product="casting")
    of_strip = recipe(tmp_path, "tape", product="strip")
    assert asked_for(db, last, recipe=of_strip) == (strip, of_strip)
    assert asked_for(db, last, product="strip") == (strip, "")
    assert asked_for(db, last, recipe=str(tmp_path / "missing.toml")) == (casting, str(tmp_path / "missing.toml"))
    now = put_in_force(db, judge_of(db, casting, recipe(tmp_path, "loose")), "ann")
    assert asked_for(db, last, model="first") == (now, "")
    retire(db, "strip", "ann")
    with pytest.raises(InputError, match="is retired"):
        asked_for(db, last, product="strip")

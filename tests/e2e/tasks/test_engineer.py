"""The quality engineer's tasks: a new product, teaching, a roll-back, a recipe of one model."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from db.datasets.gates import gates
from db.inspections.table import Filter, page
from db.models.registry import activate, activations, active, list_models
from db.products.shelf import find
from db.store.session import open_database
from engine.system.places import database_url
from tests.e2e.tasks import stations
from tests.e2e.tasks.conftest import Do, said_of
from tests.e2e.tasks.engineer_tasks import TAUGHT

pytestmark = [pytest.mark.prove(shard="soaks"), pytest.mark.timeout(2700)]


@pytest.mark.smoke
def test_a_new_product_is_taught_in_from_the_line(do: Do) -> None:
    done = do("teach in")
    with done.database() as db:
        made, plates = find(db, TAUGHT), find(db, stations.PLATES)
        accepted = activations(db, made.id)[-1]
        assert (accepted.by, accepted.why) == ("Ana", "first model of the impellers")
        before = active(db, plates.id)
        assert before is not None and before.version != accepted.version, "the plates keep their model"
        last = page(db, limit=1).rows[0].inspection
        assert (last.traveller.product, last.model.version) == (TAUGHT, accepted.version)
        assert done.seen["judges"] == said_of(last)


def test_a_model_learns_from_this_products_corrections_alone(do: Do) -> None:
    done = do("teach")
    with done.database() as db:
        plates, brackets = find(db, stations.PLATES), find(db, stations.BRACKETS)
        said = {p.name: len(page(db, Filter(overridden=True, products=p.on_record)).rows) for p in (plates, brackets)}
        assert said == {stations.PLATES: 4, stations.BRACKETS: 3}
        assert done.seen["plan"] == "4 corrections will teach the model"
        now = active(db, plates.id)
        assert now is not None and now.name == "taught" and f"{now.name} {now.version}" in done.seen["judges"]
        assert [gate.decision for gate in gates(db)] == ["activated"]
        kept = [a.version for a in activations(db, brackets.id)]
        assert len(kept) == 1 and kept[0] not in done.seen["parent"], "the brackets keep their model"
        assert page(db, limit=1).rows[0].inspection.model.version == now.version


def _with_a_newer_model(home: Path, _beside: Path) -> None:
    """Another model judges the plates since yesterday."""
    stations.make_station(home)
    with closing(open_database(database_url(home))) as db:
        product = find(db, stations.PLATES).id
        now = active(db, product)
        other = next(m.version for m in list_models(db) if now is None or m.version != now.version)
        activate(db, other, "Eva", "tried", product)


def test_a_roll_back_is_told_alike_on_models_live_and_the_status_bar(do: Do) -> None:
    done = do("roll back", _with_a_newer_model)
    with done.database() as db:
        last = activations(db, find(db, stations.PLATES).id)[-1]
        assert last.rollback and last.why == "too many false rejects since yesterday"
        part = page(db, limit=1).rows[0].inspection
    assert part.model.version == last.version
    assert done.seen["status"] == said_of(part) and said_of(part) in done.seen["models"]
    assert done.seen["live"] == stations.PLATES


def test_a_recipe_of_one_model_is_bound_to_it_over_a_restart(do: Do) -> None:
    done = do("bind", _with_a_newer_model)
    with done.database() as db:
        now = active(db, find(db, stations.PLATES).id)
        assert now is not None and now.version == done.seen["bound"]
        assert page(db, limit=1).rows[0].inspection.model.version == now.version
        assert said_of(page(db, limit=1).rows[0].inspection) == done.seen["judges again"] == done.seen["judges"]
        assert not any(a.rollback for a in activations(db, find(db, stations.PLATES).id))
    assert "Change over" in done.seen["refused"] or "change over" in done.seen["refused"]

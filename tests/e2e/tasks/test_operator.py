"""The operator's tasks: the right product, a change-over, a foreign part, a wrong NG."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from db.inspections.table import page
from db.users.alarms import list_alarms
from engine.domain.inspection import Inspection, Origin, Outcome
from engine.station.alarms import AlarmKind
from tests.e2e.tasks import stations
from tests.e2e.tasks.conftest import Do, Done, said_of

pytestmark = [pytest.mark.prove(shard="soaks"), pytest.mark.timeout(2700)]


def parts(done: Done) -> list[Inspection]:
    """Every part on record, oldest first."""
    with done.database() as db:
        return [row.inspection for row in reversed(page(db, limit=5000).rows)]


@pytest.mark.smoke
def test_start_the_shift_on_the_right_product_and_read_what_judges(do: Do) -> None:
    done = do("start", lambda home, _beside: stations.make_station(home, product=stations.BRACKETS))
    made = parts(done)
    assert done.seen["found"] == stations.BRACKETS and stations.BRACKETS in done.seen["told"]
    assert made[0].traveller.product == stations.BRACKETS and made[-1].traveller.product == stations.PLATES
    assert done.seen["judges"] == said_of(made[-1])
    assert {p.traveller.origin for p in made} == {Origin.SIMULATED}


def test_change_over_to_another_product_by_its_card_while_the_line_runs(do: Do) -> None:
    done = do("change over")
    made = parts(done)
    products = [name for name, _parts in groupby(p.traveller.product for p in made)]
    assert products == [stations.PLATES, stations.BRACKETS]
    assert done.seen["state"] == "Running" and done.seen["judges"] == said_of(made[-1])
    by_product = {p.traveller.product: set[str]() for p in made}
    for part in made:
        by_product[part.traveller.product].add(said_of(part))
    assert all(len(said) == 1 for said in by_product.values()), "each product was judged by one model and one recipe"


@pytest.mark.smoke
def test_a_foreign_part_is_recognised_and_the_bar_has_the_way_out(do: Do) -> None:
    def prepare(home: Path, beside: Path) -> None:
        stations.make_station(home, source=stations.watched(stations.plates(beside / "line", 3)))

    done = do("foreign part", prepare)
    made = parts(done)
    foreign = [p for p in made if "biscuit" in p.frame.name]
    assert len(made) == 12 and {p.traveller.origin for p in made} == {Origin.PRODUCTION}
    assert [p.verdict.unknown for p in made[:3]] == [False] * 3
    assert len(foreign) >= 5 and all(p.verdict.unknown and p.verdict.outcome is Outcome.REVIEW for p in foreign[:5])
    assert {p.verdict.label for p in foreign} == {""} and done.seen["reason"].startswith("unknown")
    assert "unknown" in done.seen["face"].lower() and "of the last" in done.seen["alarm"]
    with done.database() as db:
        alarms = [alarm for alarm in list_alarms(db) if alarm.kind == AlarmKind.UNKNOWN]
    assert [alarm.acknowledged_by for alarm in alarms] == ["Ana"]


def test_a_wrong_ng_is_corrected_and_the_correction_taken_back(do: Do) -> None:
    done = do("correct")
    assert (done.seen["said"], done.seen["kept"]) == ("OK", 2)
    part = next(p for p in parts(done) if p.id == done.seen["part"])
    assert part.verdict.outcome is Outcome.NG, "what the operator saw is stored as it was"

"""The supervisor's tasks: the shift's report, a set-up run, a box of foreign parts."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from db.inspections.table import Filter, count, page
from db.models.registry import active
from db.products.shelf import find
from engine.domain.inspection import Origin, Outcome
from tests.e2e.tasks import stations
from tests.e2e.tasks.conftest import Do, said_of
from tests.e2e.tasks.papers import pdf_letters, sheet_numbers
from tests.e2e.tasks.supervisor_tasks import MADE, RENAMED, SET_UP

pytestmark = [pytest.mark.prove(shard="soaks"), pytest.mark.timeout(2700)]
FOUR = (Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT)
BOX = 12


def on_a_watched_folder(home: Path, beside: Path) -> None:
    """The line is fed by files; nothing lies there yet."""
    (beside / "line").mkdir()
    stations.make_station(home, source=stations.watched(beside / "line"))


def test_the_shifts_report_is_the_same_on_live_reports_paper_and_in_excel(do: Do) -> None:
    def prepare(home: Path, beside: Path) -> None:
        stations.make_station(home, source=stations.watched(stations.plates(beside / "line", MADE)))

    done = do("report", prepare)
    with done.database() as db:
        stored = Counter(row.inspection.verdict.outcome for row in page(db, limit=1000).rows)
    four = [stored[outcome] for outcome in FOUR]
    assert sum(four) == MADE and four[0] and four[1]
    assert done.seen["live"] == done.seen["reports"] == four
    assert sheet_numbers(done.beside / "report.xlsx", 2, 2, "CDEF") == four
    letters = pdf_letters(done.beside / "report.pdf")
    assert ":00" + "".join(map(str, [MADE, *four])) in letters, "the hour's row"
    assert "StationLine3" in letters and "MadebyAna" in letters
    assert done.seen["counted"].startswith("Counted: Plates · Production.")


def test_a_set_up_run_does_not_count(do: Do) -> None:
    done = do("set-up", on_a_watched_folder)
    assert "SET-UP" in done.seen["bar"] and "do not count" in done.seen["bar"]
    with done.database() as db:
        rows = [row.inspection for row in page(db, limit=1000).rows]
    of = Counter(part.traveller.origin for part in rows)
    assert of == {Origin.SETUP: SET_UP, Origin.PRODUCTION: MADE}
    counted = Counter(p.verdict.outcome for p in rows if p.traveller.origin is Origin.PRODUCTION)
    assert done.seen["reports"] == [counted[outcome] for outcome in FOUR]
    assert f"Set-up {SET_UP}" in done.seen["counted"]


@pytest.mark.smoke
def test_a_box_of_another_products_parts_is_unknown_in_the_first_line(do: Do) -> None:
    def prepare(home: Path, beside: Path) -> None:
        stations.make_station(home)
        stations.biscuits(beside / "box", BOX)

    done = do("scan", prepare)
    assert done.seen["scanned"] == BOX
    assert done.seen["first line"].startswith(f"{BOX} of {BOX} "), done.seen["first line"]
    assert "unknown" in done.seen["first line"].partition(" · ")[0]
    with done.database() as db:
        scanned = [r.inspection for r in page(db, Filter(origin=Origin.SCAN), limit=100).rows]
        assert count(db, Filter(origin=Origin.PRODUCTION)) == 0
    assert {(p.verdict.unknown, p.verdict.label, p.traveller.product) for p in scanned} == {(True, "", stations.PLATES)}


def test_a_product_is_renamed_carried_to_another_station_as_one_file_and_retired(do: Do) -> None:
    here = do("carry")
    assert here.seen["title"] == f"{RENAMED}  (once {stations.BRACKETS})"
    assert not [words for words in here.seen["offered"] if "Brackets" in words]
    with here.database() as db:
        kept = find(db, RENAMED)
        model = active(db, kept.id)
        assert kept.retired and kept.former_names == (stations.BRACKETS,) and model is not None

    def prepare(home: Path, beside: Path) -> None:
        stations.make_station(home, brackets=False)
        shutil.copy(here.beside / "brackets.zip", beside)

    there = do("bring in", prepare)
    assert f"{RENAMED} is imported" in there.seen["told"]
    with there.database() as db:
        part = page(db, limit=1).rows[0].inspection
        now = active(db, find(db, RENAMED).id)
        assert now is not None and now.version == model.version == part.model.version
    assert there.seen["judges"] == said_of(part) and part.recipe.name == stations.BRACKET_RECIPE

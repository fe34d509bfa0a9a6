"""The table of 100,000 parts: pages by key, thumbnails on demand, nothing on the GUI thread."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import QModelIndex, Qt

from db.inspections.paging import Sort
from db.inspections.table import COUNTED, Filter
from engine.domain.inspection import Outcome
from gui.pages.review.parts.table import FIRST_ROWS, PAGE_ROWS, InspectionsTable
from gui.viewer.cells import CORRECTED, PART, VERDICT
from gui.widgets.calm_table import OUTCOME_ROLE
from gui.widgets.pictures.thumbnails import KEPT, THUMBNAIL, Thumbnails
from tests.gui.stored import Bench

ROOT = QModelIndex()


def table(bench: Bench) -> InspectionsTable:
    return InspectionsTable(bench.db, bench.context.jobs, Thumbnails(bench.archive, bench.context.jobs))


def test_pages_come_as_the_view_asks_for_them(bench: Bench) -> None:
    bench.many(PAGE_ROWS * 2 + 10)
    rows = table(bench)
    rows.show_rows(Filter(), Sort.NEWEST)
    bench.idle()
    assert rows.rowCount() == FIRST_ROWS
    while rows.canFetchMore(ROOT):
        rows.fetchMore(ROOT)
        bench.idle()
    assert rows.rowCount() == PAGE_ROWS * 2 + 10
    ids = [rows.stored(i).inspection.id for i in range(rows.rowCount())]  # type: ignore[union-attr]
    assert len(set(ids)) == len(ids)


@pytest.mark.prove(shard="soaks")
@pytest.mark.smoke
def test_a_hundred_thousand_rows_never_hold_the_window(bench: Bench) -> None:
    bench.many(100_000)
    rows = table(bench)
    counted: list[int] = []
    rows.counted.connect(counted.append)
    longest = 0.0
    rows.show_rows(Filter(), Sort.NEWEST)
    for _ in range(20):
        bench.idle()
        held, begun = rows.rowCount(), time.thread_time()
        rows.fetchMore(ROOT)
        longest = max(longest, time.thread_time() - begun)
        assert rows.rowCount() == held, "a job fetches them, not the window"
    bench.idle()
    assert counted == [COUNTED + 1]
    assert rows.rowCount() == FIRST_ROWS + PAGE_ROWS * 20
    assert longest < 0.05


def test_a_newer_filter_wins_over_a_page_still_on_its_way(bench: Bench) -> None:
    bench.parts(Outcome.OK, Outcome.NG)
    rows = table(bench)
    rows.show_rows(Filter(), Sort.NEWEST)
    rows.show_rows(Filter(outcomes=frozenset((Outcome.NG,))), Sort.NEWEST)
    bench.idle()
    assert rows.rowCount() == 1


def test_cells_tell_verdict_by_word_and_mark(bench: Bench) -> None:
    bench.parts(Outcome.NO_VERDICT)
    rows = table(bench)
    rows.show_rows(Filter(), Sort.NEWEST)
    bench.idle()
    assert rows.index(0, VERDICT).data() == "NO VERDICT"
    assert Outcome(rows.index(0, VERDICT).data(OUTCOME_ROLE)) is Outcome.NO_VERDICT
    assert rows.index(0, CORRECTED).data(OUTCOME_ROLE) is None


def test_thumbnail_comes_after_it_was_asked_for(bench: Bench) -> None:
    bench.parts(Outcome.NG)
    rows = table(bench)
    rows.show_rows(Filter(), Sort.NEWEST)
    bench.idle()
    assert rows.index(0, PART).data(Qt.ItemDataRole.DecorationRole) is None
    bench.idle()
    icon = rows.index(0, PART).data(Qt.ItemDataRole.DecorationRole)
    assert icon.availableSizes()[0].width() <= THUMBNAIL[0]


def test_unreadable_thumbnail_is_asked_for_once(bench: Bench) -> None:
    thumbnails = Thumbnails(bench.archive, bench.context.jobs)
    assert thumbnails.get("a", "2026-01-01/gone.png", "") is None
    bench.idle()
    assert thumbnails.get("a", "2026-01-01/gone.png", "") is None
    assert bench.context.jobs.busy == 0
    assert not bench.notices
    assert KEPT >= 100

"""A part unlike everything the model was taught has its own face in Review: no class, no map and no regions of one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from PySide6.QtCore import QModelIndex
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QStyleOptionViewItem

from db.inspections.overrides import in_force
from db.inspections.table import NewInspection, add
from engine.domain.inspection import Inspection, Outcome, Verdict, new_id, utc_now
from gui.pages.review.page import ReviewPage
from gui.viewer.cells import LABEL, SCORE, VERDICT
from gui.widgets.verdict_chip import VerdictDelegate
from tests.gui.pages.review.test_page import on_screen
from tests.gui.stored import REGIONS, Bench, press

NG, REVIEW = Outcome.NG, Outcome.REVIEW


def strange_and_known(bench: Bench) -> tuple[ReviewPage, Inspection, Inspection]:
    """The page with a part that is REVIEW, and a newer one like it that the model does not know, on screen."""
    now = utc_now()
    (known,) = bench.parts(REVIEW)
    known = replace(known, id=new_id(now), regions=REGIONS)
    said = Verdict(REVIEW, "", 0.99, ("unknown part: unlike everything the model was taught",), unknown=True)
    strange = replace(known, id=new_id(now + timedelta(seconds=1)), verdict=said)
    for part in (known, strange):
        paths = bench.archive.save(part.id, part.frame.captured_at, *bench.picture())
        add(bench.db, [NewInspection(part, *paths)])
    page = ReviewPage(bench.context)
    bench.show(page)
    on_screen(bench, page, strange)
    return page, strange, known


def mark(bench: Bench, index: QModelIndex) -> QImage:
    """What is drawn before the word in this cell of the list."""
    option = QStyleOptionViewItem()
    VerdictDelegate(bench.context.theme).initStyleOption(option, index)
    return option.icon.pixmap(16, 16).toImage()  # type: ignore[attr-defined]


def test_neither_map_nor_regions_of_a_class_are_shown(bench: Bench) -> None:
    page, strange, known = strange_and_known(bench)
    assert page.part.opened is not None and page.part.opened.heat is not None, "it stays on record"
    for _ in range(4):
        assert not page.part.view.overlaid
        press(page, "H")
    press(page, "G")
    assert "no regions" in bench.said()
    press(page, "Right")
    on_screen(bench, page, known)
    assert page.part.view.overlaid
    assert strange.marks == () and known.marks == REGIONS


def test_its_mark_is_its_own_in_the_list_and_beside_what_the_model_says(bench: Bench) -> None:
    page, strange, known = strange_and_known(bench)
    rows = page.list.rows
    places = {rows.stored(n).inspection.id: n for n in range(rows.rowCount())}  # type: ignore[union-attr]
    its, other = (rows.index(places[part.id], VERDICT) for part in (strange, known))
    assert mark(bench, its) != mark(bench, other)
    assert [rows.index(places[strange.id], column).data() for column in (LABEL, SCORE)] == ["unknown", "–"]
    beside = page.panel._mark.pixmap().toImage()
    press(page, "Right")
    on_screen(bench, page, known)
    assert page.panel._mark.pixmap().toImage() != beside


def test_judging_blind_hides_that_it_is_unknown(bench: Bench) -> None:
    page, _, _ = strange_and_known(bench)
    press(page, "J")
    bench.idle()
    rows = page.list.rows
    marks = [mark(bench, rows.index(n, VERDICT)) for n in range(rows.rowCount())]
    assert all(found == marks[0] for found in marks)


def test_no_region_of_it_is_taught_for_a_defect(bench: Bench) -> None:
    page, strange, known = strange_and_known(bench)
    press(page, "1", "X", "Return")
    on_screen(bench, page, known)
    saved = in_force(bench.db, strange.id)
    assert saved is not None and (saved.outcome, saved.label) == (NG, "scratch")
    assert not saved.accepted_regions

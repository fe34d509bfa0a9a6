"""Review's further side: what is remembered, blind judging, comments and history, two models, prefetching."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from sqlalchemy import insert

from db.inspections.comments import add_comment, comments_of
from db.inspections.overrides import in_force
from db.inspections.paging import Sort
from db.inspections.table import NewInspection, add
from db.models.registry import activate
from db.products.acts import make_product, rename
from db.store.schema import RandomAuditRow
from engine.domain.inspection import Inspection, Origin, Outcome, utc_now
from gui.pages.review.page import ReviewPage
from gui.pages.review.parts.table import HIDDEN
from gui.viewer.cells import ORIGIN, SCORE, VERDICT
from gui.widgets.calm_table import OUTCOME_ROLE
from gui.widgets.elided import CutLabel
from tests.db import make
from tests.db.make import START, inspection
from tests.gui.pages.review.test_page import on_screen, shown
from tests.gui.stored import Bench, press

OK, NG, REVIEW = Outcome.OK, Outcome.NG, Outcome.REVIEW


def audited(bench: Bench, part: Inspection) -> None:
    with bench.db.writing() as session:
        session.execute(insert(RandomAuditRow), [{"inspection_id": part.id, "at": utc_now(), "one_in": 10}])


def test_filters_come_back_with_the_next_page(bench: Bench) -> None:
    page, _ = shown(bench, NG, OK, REVIEW)
    press(page, "Alt+2", "Shift+F")
    page.filters.more.lot.setCurrentIndex(page.filters.more.lot.findData("L1"))
    page.filters.order.setCurrentIndex(page.filters.order.findData(str(Sort.CLOSEST)))
    bench.idle()
    again = ReviewPage(bench.context)
    bench.show(again)
    bench.idle()
    assert again.filters.filter(utc_now()).outcomes == frozenset((NG,))
    assert again.filters.filter(utc_now()).lot == "L1"
    assert again.filters.sort is Sort.CLOSEST
    assert "(1)" in again.filters.more_button.text()
    assert again.list.rows.rowCount() == 1


def last_line(page: ReviewPage) -> str:
    """What stands below the words for a part."""
    return page.panel.findChildren(CutLabel)[-1].text()


def test_the_parts_of_a_product_are_listed_under_whatever_name_they_bear(bench: Bench) -> None:
    first = bench.context.product
    for number, name in enumerate((first.name, "bracket 12")):
        made = make.inspection(number)
        add(bench.db, [NewInspection(replace(made, traveller=replace(made.traveller, product=name)))])
    make_product(bench.db, "bracket 12", "ana")
    rename(bench.db, first.id, "plate 7", "ana")
    # Three more are of before there were products.
    page, _ = shown(bench, NG, OK, REVIEW)
    press(page, "Shift+F")
    box = page.filters.more.product
    assert [box.itemText(row) for row in range(box.count())] == ["Any", "plate 7", "bracket 12"]
    for rows in (4, 1):
        QTest.keyClick(box, Qt.Key.Key_Down)
        bench.qtbot.waitUntil(lambda rows=rows: page.list.rows.rowCount() == rows, timeout=20_000)
    again = ReviewPage(bench.context)
    bench.show(again)
    bench.idle()
    assert again.list.rows.rowCount() == 1


def test_a_part_on_screen_says_its_product_where_there_are_several(bench: Bench) -> None:
    first = bench.context.product
    old, made = make.inspection(0), make.inspection(1)
    for part, name in ((old, ""), (made, "bracket 12")):
        add(bench.db, [NewInspection(replace(part, traveller=replace(part.traveller, product=name)))])
    page = ReviewPage(bench.context)
    bench.show(page)
    bench.idle()
    assert last_line(page) == "No correction so far"
    make_product(bench.db, "bracket 12", "ana")
    rename(bench.db, "bracket 12", "bracket 12b", "ana")
    again = ReviewPage(bench.context)
    bench.show(again)
    bench.idle()
    told = {last_line(again)}
    press(again, "Right")
    bench.idle()
    told.add(last_line(again))
    said = (f"Product {first.name}", "Product bracket 12 (now bracket 12b)")
    assert told == {f"{words}   ·   No correction so far" for words in said}


def test_damaged_memory_gives_no_filter(bench: Bench) -> None:
    bench.context.remember("review", filters={"verdicts": 3, "score": ["x", None], "time": [], "own": [1]}, list="wide")
    page, _ = shown(bench, NG, OK)
    assert page.list.rows.rowCount() == 2
    assert not page.filters.filtered


def test_what_a_part_was_judged_for_is_shown_and_chosen(bench: Bench) -> None:
    page, parts = shown(bench, NG, OK)
    now = (utc_now() - START).total_seconds()
    others = [inspection(n, origin=origin, seconds=now) for n, origin in enumerate((Origin.SCAN, Origin.UNKNOWN))]
    add(bench.db, [NewInspection(other) for other in others])
    for origin, word, count in (
        (Origin.PRODUCTION, "Production", 2),
        (Origin.UNKNOWN, "Not recorded (before 0.2)", 1),
        (Origin.SCAN, "Scan", 1),
    ):
        page.filters.more.origin.setCurrentIndex(page.filters.more.origin.findData(str(origin)))
        bench.qtbot.waitUntil(lambda wanted=count: page.list.rows.rowCount() == wanted, timeout=20_000)  # type: ignore[misc]
        bench.idle()
        assert page.list.rows.index(0, ORIGIN).data() == word
    assert page.filters.filtered and len(parts) == 2
    again = ReviewPage(bench.context)
    bench.show(again)
    bench.idle()
    assert again.filters.filter(utc_now()).origin is Origin.SCAN
    press(again, "Shift+A")
    bench.qtbot.waitUntil(lambda: again.list.rows.rowCount() == 4, timeout=20_000)


def test_own_scores_and_times_narrow_the_list(bench: Bench) -> None:
    page, _ = shown(bench, NG, OK, REVIEW)
    page.filters.more.least.setValue(0.4)
    bench.qtbot.waitUntil(lambda: page.list.rows.rowCount() == 2, timeout=5000)
    page.filters.time.setCurrentIndex(page.filters.time.findData("own"))
    assert not page.filters.more.isHidden()
    page.filters.more.since.setDateTime(page.filters.more.since.dateTime().addDays(-1))
    page.filters.more.until.setDateTime(page.filters.more.since.dateTime().addSecs(60))
    bench.qtbot.waitUntil(lambda: page.list.rows.rowCount() == 0, timeout=5000)


def test_blind_hides_the_verdict_until_the_word_is_said(bench: Bench) -> None:
    page, parts = shown(bench, NG, OK)
    press(page, "J")
    bench.idle()
    row = page.list.rows.row_of(parts[0].id)
    assert row is not None
    assert page.list.rows.index(row, VERDICT).data() == HIDDEN
    assert page.list.rows.index(row, SCORE).data() == HIDDEN
    assert page.list.rows.index(row, VERDICT).data(OUTCOME_ROLE) is None
    assert not page.list.rows.index(row, VERDICT).data(Qt.ItemDataRole.ToolTipRole)
    assert page.part.view._regions == ()
    assert not page.part.view.overlaid
    press(page, "Return")
    bench.idle()
    assert in_force(bench.db, parts[0].id) is None
    assert "blind" in bench.said()
    press(page, "1", "Return")
    on_screen(bench, page, parts[1])
    assert page.list.rows.index(row, VERDICT).data() == "NG"
    assert page.list.rows.index(row + 1, VERDICT).data() == HIDDEN


def test_blind_lists_parts_of_every_verdict_and_afterwards_those_asked_for_again(bench: Bench) -> None:
    page, _ = shown(bench, NG, OK, REVIEW)
    press(page, "Alt+2")
    bench.qtbot.waitUntil(lambda: page.list.rows.rowCount() == 1, timeout=5000)
    press(page, "J")
    bench.qtbot.waitUntil(lambda: page.list.rows.rowCount() == 3, timeout=5000)
    press(page, "J")
    bench.qtbot.waitUntil(lambda: page.list.rows.rowCount() == 1, timeout=5000)


def test_audit_asked_for_elsewhere_is_judged_blind_and_leaves_the_list(bench: Bench) -> None:
    page, parts = shown(bench, OK, OK, NG)
    audited(bench, parts[1])
    bench.context.remember("review", audit=True)
    page.activated()
    on_screen(bench, page, parts[1])
    assert page.list.rows.rowCount() == 1
    assert page.session.hidden
    press(page, "J")
    assert page.session.hidden
    press(page, "O", "Return")
    bench.idle()
    press(page, "F5")
    bench.qtbot.waitUntil(lambda: page.list.rows.rowCount() == 0, timeout=5000)


def test_parts_asked_for_elsewhere_are_listed_alone(bench: Bench) -> None:
    page, parts = shown(bench, OK, NG, REVIEW)
    bench.context.remember("review", wanted=[parts[0].id, parts[2].id])
    page.activated()
    bench.idle()
    assert page.list.rows.rowCount() == 2
    press(page, "Shift+A")
    bench.idle()
    assert page.list.rows.rowCount() == 3


def test_a_comment_is_typed_beside_the_picture_and_joins_the_history(bench: Bench) -> None:
    page, parts = shown(bench, NG, OK)
    press(page, "C")
    bench.qtbot.keyClicks(page.past.comment, "glare <b> from above")
    QTest.keyClick(page.past.comment, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: "glare &lt;b&gt;" in page.past.words, timeout=5000)
    assert [c.text for c in comments_of(bench.db, parts[0].id)] == ["glare <b> from above"]
    page.filters.reviewed.setCurrentIndex(page.filters.reviewed.findData("commented"))
    bench.idle()
    assert page.list.rows.rowCount() == 1


def test_history_shows_verdict_words_and_undo_in_order(bench: Bench) -> None:
    page, parts = shown(bench, NG)
    press(page, "O", "Return")
    bench.idle()
    press(page, "Ctrl+Z")
    bench.idle()
    add_comment(bench.db, [parts[0].id], "ben", "look again", utc_now() + timedelta(seconds=1))
    page._ahead.forget(parts[0].id)
    page._settle.start()
    press(page, "Y")
    bench.qtbot.waitUntil(lambda: "look again" in page.past.words, timeout=5000)
    words = page.past.words
    order = [words.index(part) for part in ("scratch", "<b>OK</b>", "took the last word back", "look again")]
    assert order == sorted(order)


def test_one_comment_for_several_parts_asks_first(bench: Bench) -> None:
    page, parts = shown(bench, NG, NG)
    page.list.table.selectAll()
    page.presenter.comment("same lot")
    ask = page.findChild(QMessageBox)
    assert ask is not None
    assert "2" in ask.text()
    ask.defaultButton().click()
    bench.idle()
    assert [len(comments_of(bench.db, p.id)) for p in parts] == [1, 1]


def test_at_the_left_stands_the_model_that_judges_the_product_inspected_now(bench: Bench) -> None:
    other = bench.register(bench.db.folder / "other", "dent")
    bench.context.product  # noqa: B018 - the first one, which has the model of before
    strip = make_product(bench.db, "strip", "anna")
    activate(bench.db, other.version, "anna", product=strip.id)
    bench.context.take_product(strip)
    page, _ = shown(bench, NG)
    press(page, "V")
    bench.idle()
    assert [side.version for side in (page.compare.left, page.compare.right)] == [other.version, bench.model.version]


def test_two_models_judge_the_same_picture_and_zoom_in_step(bench: Bench) -> None:
    other = bench.register(bench.db.folder / "other", "dent")
    page, _ = shown(bench, NG)
    press(page, "V")
    sides = page.compare.left, page.compare.right
    bench.qtbot.waitUntil(lambda: all(side.words.strip() for side in sides), timeout=20_000)
    bench.idle()
    assert [side.version for side in sides] == [bench.model.version, other.version]
    assert all("defect" in side.words for side in sides)
    view = page.compare.left.view
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(view.width() // 2, view.height() // 2))
    assert view.zoom == page.compare.right.view.zoom
    press(page, "V")
    assert page.part.isVisible()


def test_the_next_picture_is_there_at_once(bench: Bench) -> None:
    page, parts = shown(bench, NG, OK, REVIEW)
    press(page, "Right")
    opened = page.part.opened
    assert opened is not None
    assert opened.stored.inspection.id == parts[1].id
    assert not page._settle.isActive()

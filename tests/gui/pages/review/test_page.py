"""Review on a real database: moving, saying, saving, undoing, asking."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from db.inspections.overrides import history, in_force
from db.inspections.table import NewInspection, add, get
from engine.domain.inspection import Inspection, Outcome, Verdict, new_id, utc_now
from gui.pages.review.layout import no_match, nothing
from gui.pages.review.page import ReviewPage
from tests.gui.stored import Bench, press

OK, NG, REVIEW, NONE = Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT


def shown(bench: Bench, *outcomes: Outcome) -> tuple[ReviewPage, list[Inspection]]:
    """The page with these parts, newest first in the list, the newest open."""
    parts = bench.parts(*reversed(outcomes))[::-1]
    page = ReviewPage(bench.context)
    bench.show(page)
    if parts:
        on_screen(bench, page, parts[0])
    else:
        bench.idle()
    return page, parts


def on_screen(bench: Bench, page: ReviewPage, part: Inspection) -> None:
    """Wait until this part's picture is there and nothing is under way."""

    def there() -> bool:
        opened = page.part.opened
        return opened is not None and opened.stored.inspection.id == part.id

    bench.qtbot.waitUntil(there, timeout=5000)
    bench.idle()


def test_list_shows_newest_first_and_opens_it(bench: Bench) -> None:
    page, parts = shown(bench, NG, OK, REVIEW)
    assert [page.list.rows.stored(i).inspection.id for i in range(3)] == [p.id for p in parts]  # type: ignore[union-attr]
    assert page.part.view.pixels is not None


def test_o_and_enter_save_ok_and_go_to_the_next_part(bench: Bench) -> None:
    page, parts = shown(bench, NG, NG)
    press(page, "O", "Return")
    on_screen(bench, page, parts[1])
    saved = in_force(bench.db, parts[0].id)
    assert saved is not None
    assert (saved.outcome, saved.label, saved.operator) == (OK, "ok", "anna")


def test_digit_says_the_class_directly(bench: Bench) -> None:
    page, parts = shown(bench, OK)
    press(page, "1", "Return")
    bench.idle()
    saved = in_force(bench.db, parts[0].id)
    assert saved is not None
    assert (saved.outcome, saved.label) == (NG, "scratch")


def test_enter_alone_confirms_the_verdict(bench: Bench) -> None:
    page, parts = shown(bench, NG)
    press(page, "Return")
    bench.idle()
    saved = in_force(bench.db, parts[0].id)
    assert saved is not None
    assert (saved.outcome, saved.label) == (NG, "scratch")


def test_enter_alone_on_a_review_part_asks_for_a_word(bench: Bench) -> None:
    page, parts = shown(bench, REVIEW)
    press(page, "Return")
    bench.idle()
    assert in_force(bench.db, parts[0].id) is None
    assert "left this part to you" in bench.said()


def test_saving_fast_loses_no_part(bench: Bench) -> None:
    page, parts = shown(bench, NG, NG, NG)
    for _ in parts:
        press(page, "O", "Return")
    bench.idle()
    assert [in_force(bench.db, p.id) is not None for p in parts] == [True, True, True]


def test_a_key_right_after_moving_speaks_on_the_new_part(bench: Bench) -> None:
    page, parts = shown(bench, NG, NG)
    press(page, "Right", "R", "Return")
    bench.idle()
    assert in_force(bench.db, parts[0].id) is None
    saved = in_force(bench.db, parts[1].id)
    assert saved is not None
    assert saved.outcome is REVIEW


def test_what_was_not_saved_is_still_there_when_you_come_back(bench: Bench) -> None:
    page, parts = shown(bench, NG, NG)
    press(page, "O", "Right")
    on_screen(bench, page, parts[1])
    press(page, "Left")
    on_screen(bench, page, parts[0])
    assert page.session.draft.outcome is OK


def test_u_finds_the_next_part_nobody_spoke_on(bench: Bench) -> None:
    page, parts = shown(bench, NG, NG, NONE, OK)
    press(page, "Return")
    on_screen(bench, page, parts[1])
    press(page, "Return")
    on_screen(bench, page, parts[2])
    press(page, "U")
    on_screen(bench, page, parts[3])
    press(page, "Return")
    bench.idle()
    press(page, "U")
    assert "has been reviewed" in bench.said()


def test_undo_takes_back_the_draft_first_then_the_saved_word(bench: Bench) -> None:
    page, parts = shown(bench, NG)
    press(page, "O", "Return")
    bench.idle()
    bench.qtbot.waitUntil(lambda: page.session.opened is not None and len(page.session.opened.history) == 1)
    press(page, "R", "Ctrl+Z")
    assert page.session.draft.empty
    assert in_force(bench.db, parts[0].id) is not None
    press(page, "Ctrl+Z")
    bench.idle()
    assert in_force(bench.db, parts[0].id) is None
    assert [o.undoes is not None for o in history(bench.db, parts[0].id)] == [False, True]


def test_the_reason_is_kept(bench: Bench) -> None:
    page, parts = shown(bench, NG)
    press(page, "O")
    bench.qtbot.keyClicks(page.panel.why, "only glare")
    bench.qtbot.keyClick(page.panel.why, Qt.Key.Key_Return)
    bench.idle()
    saved = in_force(bench.db, parts[0].id)
    assert saved is not None
    assert saved.why == "only glare"


def test_a_new_kind_joins_the_digits(bench: Bench) -> None:
    page, parts = shown(bench, OK, OK)
    page.presenter.say(NG, "")
    assert page.picker.isVisible()
    bench.qtbot.keyClicks(page.picker.entry, "dent")
    bench.qtbot.keyClick(page.picker.entry, Qt.Key.Key_Return)
    assert not page.picker.isVisible()
    press(page, "Return")
    on_screen(bench, page, parts[1])
    assert page.session.classes == ("scratch", "dent")
    press(page, "2", "Return")
    bench.idle()
    saved = in_force(bench.db, parts[1].id)
    assert saved is not None
    assert saved.label == "dent"


def test_one_word_for_several_parts_asks_first(bench: Bench) -> None:
    page, parts = shown(bench, NG, NG, NG)
    page.list.table.selectAll()
    press(page, "O", "Return")
    assert not any(in_force(bench.db, p.id) for p in parts)
    ask = page.findChild(QMessageBox)
    assert ask is not None
    assert "3 part" in ask.text()
    ask.defaultButton().click()
    bench.idle()
    assert all(in_force(bench.db, p.id) for p in parts)


def test_filters_narrow_the_list_and_say_when_nothing_is_left(bench: Bench) -> None:
    page, _parts = shown(bench, NG, OK, REVIEW)
    press(page, "Alt+2")
    bench.idle()
    assert page.list.rows.rowCount() == 1
    page.filters.reviewed.setCurrentIndex(page.filters.reviewed.findData("overridden"))
    bench.idle()
    assert page.list.rows.rowCount() == 0
    assert page.part.view.empty_text == no_match()
    press(page, "Shift+A")
    bench.idle()
    assert page.list.rows.rowCount() == 3


def test_parts_unknown_to_the_model_are_listed_on_their_own(bench: Bench) -> None:
    page, _parts = shown(bench, NG, OK)
    (known,) = bench.parts(REVIEW)
    strange = replace(
        known, id=new_id(utc_now()), verdict=Verdict(REVIEW, "", 0.99, ("unknown part: …",), unknown=True)
    )
    add(bench.db, [NewInspection(strange)])
    page.filters.reviewed.setCurrentIndex(page.filters.reviewed.findData("unknown"))
    bench.idle()
    (row,) = (page.list.rows.stored(n) for n in range(page.list.rows.rowCount()))
    assert row is not None and row.inspection.id == strange.id


def test_empty_station_says_what_to_do(bench: Bench) -> None:
    page, _ = shown(bench)
    assert page.part.view.empty_text == nothing()


def test_a_failed_save_keeps_the_draft_and_tells(bench: Bench) -> None:
    page, parts = shown(bench, NG)
    press(page, "O")
    with bench.db.writing():  # another program holds the database
        bench.db._timeout_s = 0.05
        press(page, "Return")
        bench.idle()
    assert "busy" in bench.said()
    assert page.session.draft.outcome is OK
    press(page, "Return")
    bench.idle()
    assert in_force(bench.db, parts[0].id) is not None


def test_an_override_made_elsewhere_shows_in_the_list(bench: Bench) -> None:
    page, parts = shown(bench, NG)
    press(page, "O", "Return")
    bench.idle()
    stored = get(bench.db, parts[0].id)
    assert stored is not None
    assert page.list.rows.stored(0) == stored

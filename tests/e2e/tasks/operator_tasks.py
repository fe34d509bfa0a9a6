"""What whoever stands at the line must be able to do."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from db.inspections.overrides import history, in_force
from db.inspections.table import count
from engine.domain.inspection import Outcome
from engine.station.alarms import AlarmKind
from gui.pages.live.page import LivePage
from gui.window import keys
from tests.e2e.operator import Operator, Script
from tests.e2e.tasks import stations
from tests.e2e.tasks.hands import Seen, change_over, database, judges, newest, running


def start_on_the_right_product(operator: Operator, _beside: Path, seen: Seen) -> Script:
    """Brackets were made last, plates are on the line today."""
    yield from running(operator)
    live = operator.see(LivePage)
    operator.step = "read what is inspected"
    seen["found"] = live.strip.product.full
    seen["told"] = " ".join(notice.message for notice in operator.window.notices.notices)
    operator.key("Ctrl+R")
    yield from change_over(operator, stations.PLATES, "The model's own limits")
    yield lambda: newest(operator).traveller.product == stations.PLATES
    yield lambda: live.strip.product.full == stations.PLATES
    operator.step = "read what judges"
    seen["judges"] = judges(operator)


def change_over_by_a_scanned_code(operator: Operator, _beside: Path, seen: Seen) -> Script:
    """The card of the other product is held under the hand scanner while the line runs."""
    yield from running(operator)
    live = operator.see(LivePage)
    operator.step = "scan the card"
    _scan(operator, stations.BRACKET_CODE)
    yield lambda: newest(operator).traveller.product == stations.BRACKETS
    yield lambda: live.strip.product.full == stations.BRACKETS
    seen["state"], seen["judges"] = live._line.state, judges(operator)
    before = count(database(operator))
    operator.step = "some parts of it"
    yield lambda: count(database(operator)) >= before + 5


def a_foreign_part_comes(operator: Operator, beside: Path, seen: Seen) -> Script:
    """Parts of a product that nobody taught come down the line: what the operator sees, and where it leads."""
    yield from running(operator)
    live, db = operator.see(LivePage), database(operator)
    before = count(db)
    stations.biscuits(beside / "line", 9)
    operator.step = "something else is on the line"
    yield lambda: count(db) > before and "unknown" in live.banner.accessibleName().lower()
    seen["face"], seen["reason"] = live.banner.accessibleName(), newest(operator).verdict.reasons[0]
    yield lambda: live.alarm_bar.isVisible() and live.alarm_bar.ways[AlarmKind.UNKNOWN].isVisible()
    seen["alarm"] = live.alarm_bar.text
    operator.step = "take the way out that the bar offers"
    change = live.alarm_bar.ways[AlarmKind.UNKNOWN].findChildren(type(live.scope))[0]
    operator.click(change)
    yield from change_over(operator, stations.BRACKETS, f"{stations.BRACKET_RECIPE}, version 1", by_mouse=True)
    operator.step = "acknowledge the alarm"
    operator.key("Q")
    yield lambda: not live.alarm_bar.isVisible()
    yield lambda: live.strip.product.full == stations.BRACKETS


def correct_a_wrong_ng_and_take_it_back(operator: Operator, _beside: Path, seen: Seen) -> Script:
    """The part that the station called NG is looked at in the film strip, called OK, and that is taken back."""
    yield from running(operator)
    live, db = operator.see(LivePage), database(operator)
    operator.step = "an NG part in the film strip"
    yield lambda: any(part.inspection.verdict.outcome is Outcome.NG for part in live.film.parts)
    operator.key("L")
    operator.step = "look at it"
    yield lambda: bool(live.film.parts) and all(p.inspection.verdict.outcome is not Outcome.OK for p in live.film.parts)
    for _ in range(20):
        operator.key("Right")
        yield operator.after(0.3)
        if live.presenter.looking and live.target and live.target.verdict.outcome is Outcome.NG:
            break
    part = live.target
    assert part is not None
    seen["part"] = part.id
    operator.step = "it is OK"
    operator.key("O")
    yield lambda: in_force(db, part.id) is not None
    said = in_force(db, part.id)
    seen["said"] = said.outcome if said is not None else ""
    operator.step = "take it back"
    operator.key("Ctrl+Z")
    yield lambda: in_force(db, part.id) is None
    seen["kept"] = len(history(db, part.id))
    operator.step = "back to the line"
    operator.key("Esc")
    yield lambda: not live.presenter.looking


def _scan(operator: Operator, code: str) -> None:
    """A burst of keys, then Enter; a machine that stalls between two of them changes nothing."""
    handle = operator.window.windowHandle()
    assert handle is not None
    gap, keys.BURST_GAP_MS = keys.BURST_GAP_MS, 3_600_000
    try:
        for letter in code:
            QTest.keyClick(handle, letter)
        QTest.keyClick(handle, Qt.Key.Key_Return)
    finally:
        keys.BURST_GAP_MS = gap

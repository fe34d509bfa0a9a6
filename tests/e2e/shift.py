"""A shift at the station, through main(), by key and mouse: `python -m tests.e2e.shift SITTING FOLDER OUT`.

SITTING: `shift` is the whole of it, `again` what follows when the window was closed in its middle, `foreign` a line
that is fed from OUT/line, where another product's parts come. FOLDER: the pictures of the batch scan; OUT: where files
are written. The line, the models and the database are real; the trainer is the one that the settings name, else the
real one. Prints one JSON line of what the operator saw.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLineEdit
from shiboken6 import isValid

from db.datasets.gates import gates
from db.inspections.overrides import in_force
from db.inspections.table import count, counts
from db.models.registry import active
from db.products.shelf import list_products
from db.recipes.shelf import list_recipes
from db.store.session import Database
from db.users.alarms import unacknowledged
from engine.domain.inspection import Outcome
from engine.station.alarms import AlarmKind
from gui.pages.live.page import LivePage
from gui.pages.live.panels import ActButton
from gui.pages.models.page import ModelsPage
from gui.pages.reports.page import ReportsPage
from gui.pages.review.page import ReviewPage
from gui.pages.scan.page import ScanPage
from gui.users.why_dialog import WhyDialog
from main import main
from tests.e2e.operator import Operator, Script
from tests.e2e.tasks.engineer_tasks import TAUGHT, teach_in_a_new_product
from tests.e2e.tasks.hands import change_over, go_to, judges, newest, running
from tests.e2e.tasks.stations import biscuits, watched

PARTS = 200
FOREIGN = 9
DEMO = "demo:?seed=7&fps=15&defect_rate=0.3"
OWN_LIMITS = "The model's own limits"
REVIEWED = 20
PAINTED = 3
SEEN: dict[str, object] = {}


def shift(folder: Path, out: Path) -> Callable[[Operator], Script]:
    """The whole shift as one script."""

    def script(operator: Operator) -> Script:
        yield lambda: True
        yield from _watch(operator)
        yield from _review(operator)
        yield from _teach(operator)
        yield from _scan(operator, folder, out)
        yield from _report(operator, out)
        yield from _second_product(operator, out)

    return script


def again(operator: Operator) -> Script:
    """After the restart: what was inspected before is inspected now, and the line runs."""
    yield from go_to(operator, "Ctrl+1", LivePage)
    yield from running(operator)
    SEEN["judges again"] = judges(operator)


def foreign(operator: Operator, out: Path) -> Script:
    """Parts of a product that nobody taught, and the way out that the bar offers."""
    yield from go_to(operator, "Ctrl+1", LivePage)
    live, db = operator.see(LivePage), _context_db(operator)
    yield lambda: live._line.state == "Running"
    before = count(db)
    biscuits(out / "line", FOREIGN)
    operator.step = "parts that nobody taught"
    yield lambda: "unknown" in live.banner.accessibleName().lower()
    ways = live.alarm_bar.ways[AlarmKind.UNKNOWN]
    for _ in range(20):
        # An alarm of earlier in the shift may still stand before it.
        yield lambda: live.alarm_bar.isVisible()
        if ways.isVisible():
            break
        operator.key("Q")
        yield operator.after(0.5)
    SEEN["unknown"] = live.alarm_bar.text
    yield lambda: count(db) == before + FOREIGN
    operator.step = "change over by the bar"
    operator.click(ways.findChildren(ActButton)[0])
    first = list_products(db)[0].name
    yield from change_over(operator, first, OWN_LIMITS, by_mouse=True)
    yield lambda: live.strip.product.full == first
    SEEN["judges at the end"] = judges(operator)


def _db(operator: Operator) -> Database:
    return operator.see(LivePage)._context.db if operator.all(LivePage) else _context_db(operator)


def _context_db(operator: Operator) -> Database:
    return operator.window._context.db


def _watch(operator: Operator) -> Script:
    """200 parts, two lots, five corrections of which one is taken back, an alarm acknowledged."""
    operator.step = "start"
    live, db = operator.see(LivePage), _context_db(operator)
    yield lambda: count(db) >= 10
    operator.step = "name the lot"
    operator.type(live.strip.lot, "L-1")
    operator.key("Return")
    yield lambda: live._line.traveller.lot == "L-1"
    operator.step = "pause and go on"
    operator.key("Space")
    yield lambda: live._line.state == "Paused"
    operator.key("Space")
    yield lambda: live._line.state == "Running"
    for number, keys in enumerate((("O",), ("N", "1"), ("N", "2"), ("R",), ("O",))):
        operator.step = f"correction {number + 1}"
        said = counts(db).overridden
        yield lambda: live.target is not None and in_force(db, live.target.id) is None
        operator.key(keys[0])
        if len(keys) > 1:
            yield lambda: live.picker.isVisible()
            operator.key(keys[1])
        yield lambda said=said: counts(db).overridden > said  # type: ignore[misc]
    operator.step = "undo"
    operator.key("Ctrl+Z")
    yield lambda: counts(db).overridden == 4
    operator.step = "alarm"
    yield lambda: bool(unacknowledged(db))
    SEEN["alarm"] = unacknowledged(db)[0].message
    yield lambda: live.alarm_bar.isVisible()
    for _ in range(20):
        # The line runs on: while one is acknowledged another may come, so that there are never fewer.
        if not (waiting := _waiting(db)):
            break
        operator.key("Q")
        yield lambda waiting=waiting: not waiting <= _waiting(db)  # type: ignore[misc]
    operator.step = "change the lot"
    operator.type(live.strip.lot, "L-2")
    operator.key("Return")
    yield lambda: live._line.traveller.lot == "L-2"
    operator.step = "watch the rest"
    yield lambda: count(db) >= PARTS
    operator.key("Ctrl+Space")
    yield lambda: live._line.state == "Stopped"
    SEEN["inspected"] = count(db)


def _review(operator: Operator) -> Script:
    """20 parts looked at again, NG first; of three the defect is painted."""
    operator.step = "open Review"
    operator.key("Ctrl+2")
    yield lambda: bool(operator.all(ReviewPage))
    page, db = operator.see(ReviewPage), _context_db(operator)
    yield lambda: page.session.opened is not None
    operator.step = "only the defective parts"
    operator.key("Alt+2")
    yield (
        lambda: page.session.opened is not None and page.session.opened.stored.inspection.verdict.outcome is Outcome.NG
    )
    for number in range(REVIEWED):
        operator.step = f"review part {number + 1}"
        yield lambda: _ready(page)
        yield operator.after(0.2)
        opened = page.session.opened
        assert opened is not None
        wanted = opened.stored.inspection.id
        if number < PAINTED:
            operator.step = f"paint the defect of part {number + 1}"
            if number == 0:
                operator.key("B")
                # A printable key waits a moment, lest it is a scanner that types.
                yield operator.after(0.3)
            middle = page.part.view.rect().center()
            operator.drag(page.part.view, [middle + QPoint(4 * i, i % 3) for i in range(8)])
            yield lambda: page.session.draft.painted
            operator.key("1")
        else:
            operator.key("O" if number % 2 else "1")
        operator.step = f"say what part {number + 1} is"
        yield lambda: page.session.draft.outcome is not None
        operator.step = f"save part {number + 1}, on to the next"
        operator.key("Return")
        yield lambda wanted=wanted: in_force(db, wanted) is not None and _other(page, wanted)  # type: ignore[misc]
    operator.step = "the next one to review"
    at = page.session.opened.stored.inspection.id if page.session.opened else ""
    operator.key("U")
    yield lambda: _ready(page) and _other(page, at)


def _ready(page: ReviewPage) -> bool:
    """A part is on screen with its picture, nothing was said of it, and nothing is being fetched."""
    opened = page.session.opened
    return (
        opened is not None
        and opened.stored.override is None
        and opened.pixels is not None
        and page._context.jobs.busy == 0
    )


def _other(page: ReviewPage, inspection_id: str) -> bool:
    opened = page.session.opened
    return opened is not None and opened.stored.inspection.id != inspection_id


def _teach(operator: Operator) -> Script:
    """Export, train, gate, activate; then back to the model before."""
    operator.step = "open Models"
    operator.key("Ctrl+4")
    yield lambda: bool(operator.all(ModelsPage))
    page, db = operator.see(ModelsPage), _context_db(operator)
    before = active(db)
    assert before is not None
    yield lambda: page._context.jobs.busy == 0
    operator.step = "look at the plan"
    operator.key("T")
    yield lambda: page.teaching.view.plan.start.isVisible() and page.teaching.view.plan.start.isEnabled()
    operator.step = "teach"
    operator.key("T")
    yield lambda: page.teaching.busy
    yield _long(lambda: page.teaching.gate.result is not None or not page.teaching.busy)
    yield lambda: page.teaching.gate.result is not None
    operator.step = "activate"
    operator.key("A")
    yield lambda: bool(operator.all(WhyDialog))
    yield from _why(operator, "catches what we corrected")
    yield lambda: _version(db) != before.version
    SEEN["activated"] = _version(db)
    SEEN["gate"] = [gate.decision for gate in gates(db)]
    operator.step = "roll back"
    yield lambda: page._context.jobs.busy == 0
    operator.key("Z")
    yield lambda: bool(operator.all(WhyDialog))
    yield from _why(operator, "too many false rejects")
    yield lambda: _version(db) == before.version


def _why(operator: Operator, words: str) -> Script:
    dialog = operator.see(WhyDialog)
    operator.type(dialog.why, words)
    operator.key("Return")
    yield lambda: not operator.all(WhyDialog)


def _version(db: Database) -> str:
    now = active(db)
    return now.version if now else ""


def _scan(operator: Operator, folder: Path, out: Path) -> Script:
    """A whole folder, its results as Excel."""
    operator.step = "scan"
    operator.key("Ctrl+3")
    yield lambda: bool(operator.all(ScanPage))
    page = operator.see(ScanPage)
    operator.type(page.setup.folder, str(folder))
    operator.key("Return")
    yield lambda: page.running
    yield _long(lambda: not page.running)
    yield lambda: page._context.jobs.busy == 0
    SEEN["scanned"] = page.results.rows.rowCount()
    operator.step = "export the scan"
    page.exports.ask("xlsx")
    yield from _save(operator, out / "scan.xlsx")


def _second_product(operator: Operator, out: Path) -> Script:
    """It is taught in on the running line; then over to the first product, and back to it."""
    yield from go_to(operator, "Ctrl+1", LivePage)
    live, db = operator.see(LivePage), _context_db(operator)
    first = live.strip.product.full
    operator.step = "start the line again"
    operator.key("Space")
    yield from teach_in_a_new_product(operator, out, SEEN)
    live = operator.see(LivePage)
    yield from _parts_of(operator, TAUGHT)
    operator.key("Ctrl+R")
    yield from change_over(operator, first, OWN_LIMITS)
    yield from _parts_of(operator, first)
    operator.key("Ctrl+R")
    recipe = next(of for of in list_recipes(db.folder / "recipes") if of.product == TAUGHT)
    yield from change_over(operator, TAUGHT, f"{recipe.name}, version {recipe.version}")
    yield from _parts_of(operator, TAUGHT)
    yield lambda: live.strip.product.full == TAUGHT
    SEEN["judges"] = judges(operator)


def _parts_of(operator: Operator, product: str) -> Script:
    """Some of them are recorded."""
    operator.step = f"parts of {product}"
    db = _context_db(operator)
    yield lambda: newest(operator).traveller.product == product
    before = count(db)
    yield lambda: count(db) >= before + 10


def _report(operator: Operator, out: Path) -> Script:
    """The quality report as PDF."""
    operator.step = "report"
    operator.key("Ctrl+6")
    yield lambda: bool(operator.all(ReportsPage))
    page = operator.see(ReportsPage)
    # Of the last seven days: a shift may go over midnight.
    page.bar.period.setFocus()
    for _ in range(3):
        QTest.keyClick(page.bar.period, Qt.Key.Key_Down)
    # The demo line's parts are simulated, which is not what is counted first.
    page.bar.counted.setFocus()
    while page.bar.counted.currentData() != "simulated":
        QTest.keyClick(page.bar.counted, Qt.Key.Key_Down)
    yield operator.after(0.5)
    yield lambda: page.figures is not None and page.figures.positions is not None and not page.counting
    operator.key("X")
    yield from _save(operator, out / "report.pdf")


def _save(operator: Operator, path: Path) -> Script:
    what = operator.step
    operator.step = f"{what}: the dialog opens"
    yield lambda: bool(operator.all(QFileDialog))
    dialog = operator.see(QFileDialog)
    operator.step = f"{what}: name the file"
    field = next(f for f in operator.all(QLineEdit) if f.objectName() == "fileNameEdit")
    save = operator.see(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save)
    for _ in range(5):
        operator.type(field, str(path))
        yield operator.after(0.5)
        popup = QApplication.activePopupWidget()
        if popup is not None:
            # What could be meant; it would take the key that is meant for the dialog.
            popup.close()
        # It says Open while a folder is marked in the list, which comes in when it is read.
        if field.text() == str(path) and "Save" in save.text():
            break
    assert field.text() == str(path)
    operator.step = f"{what}: save"
    operator.click(save)
    yield lambda: not isValid(dialog) or not dialog.isVisible()
    operator.step = f"{what}: the file is written"
    yield _long(lambda: path.exists())


def _waiting(db: Database) -> set[str]:
    """The alarms that nobody has acknowledged."""
    return {alarm.id for alarm in unacknowledged(db)}


def _long(until: Callable[[], object]) -> Callable[[], object]:
    """Something that may take minutes."""
    until.patience = 900.0  # type: ignore[attr-defined]
    return until


def run(sitting: str, folder: Path, out: Path) -> int:
    """The exit code is main's; 75 where the operator got stuck."""
    application = QApplication(["lineside"])
    scripts = {"shift": shift(folder, out), "again": again, "foreign": lambda operator: foreign(operator, out)}
    operator = Operator(scripts[sitting], out / "stuck.png")
    code = main(["--source", watched(out / "line") if sitting == "foreign" else DEMO])
    if operator.problem:
        print(operator.problem, file=sys.stderr)
    print(json.dumps(SEEN | {"done": operator.done, "code": code, "platform": application.platformName()}))
    return 75 if operator.problem or not operator.done else code


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))

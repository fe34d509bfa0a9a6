"""What a shift's supervisor must be able to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLineEdit, QScrollArea
from shiboken6 import isValid

from db.inspections.table import Filter, count
from db.inspections.table import counts as counts_of
from engine.domain.inspection import Origin
from gui.pages.live.page import LivePage
from gui.pages.reports.page import ReportsPage
from gui.pages.scan.page import ScanPage
from gui.pages.settings.page import SettingsPage
from gui.pages.settings.products.dialog import NameDialog
from gui.pages.settings.products.panel import ProductsPanel
from tests.e2e.operator import Operator, Script
from tests.e2e.tasks import stations
from tests.e2e.tasks.hands import Seen, change_over, database, give_reason, go_to, judges, newest, patient, running

MADE = 24
"""Parts of the shift."""
SET_UP = 6
RENAMED = "Brackets 7201-B"


def report_of_the_shift(operator: Operator, beside: Path, seen: Seen) -> Script:
    """When the shift is over: its counts on Live, on Reports, and as PDF and Excel files."""
    operator.step = "the shift's parts"
    live, db = operator.see(LivePage), database(operator)
    yield patient(lambda: count(db) == MADE and live.counters.counts.total == MADE)
    seen["live"] = _four(live.counters.counts)
    yield from _open_report(operator)
    page = operator.see(ReportsPage)
    assert page.figures is not None
    seen["reports"], seen["counted"] = _four(page.figures.total), page.counted.text()
    for kind in ("pdf", "xlsx"):
        operator.step = f"write the {kind}"
        yield lambda: page.export_button.isEnabled()
        operator.key("X")
        yield from save_as(operator, beside / f"report.{kind}")


def a_set_up_run(operator: Operator, beside: Path, seen: Seen) -> Script:
    """The line is set up before the shift; those parts are on record and do not count."""
    operator.step = "set up"
    live, db = operator.see(LivePage), database(operator)
    yield lambda: live._line.state == "Running"
    operator.key("Ctrl+U")
    yield lambda: live._line.origin is Origin.SETUP and live.origin_bar.isVisible()
    seen["bar"] = live.origin_bar.text
    stations.plates(beside / "set-up", SET_UP)
    for picture in sorted((beside / "set-up").iterdir()):
        picture.rename(beside / "line" / f"set-up-{picture.name}")
    yield lambda: count(db, Filter(origin=Origin.SETUP)) == SET_UP
    operator.step = "back to production"
    operator.press("Back to production")
    yield lambda: live._line.origin is Origin.PRODUCTION and not live.origin_bar.isVisible()
    stations.plates(beside / "shift", MADE)
    for picture in sorted((beside / "shift").iterdir()):
        picture.rename(beside / "line" / f"shift-{picture.name}")
    yield patient(lambda: count(db) == SET_UP + MADE and live.counters.counts.total == MADE)
    yield from _open_report(operator)
    page = operator.see(ReportsPage)
    assert page.figures is not None
    seen["reports"], seen["counted"] = _four(page.figures.total), page.counted.text()


def scan_a_folder_of_another_product(operator: Operator, beside: Path, seen: Seen) -> Script:
    """A box of parts of a product that nobody taught: the first line says so."""
    yield from running(operator)
    yield from go_to(operator, "Ctrl+3", ScanPage)
    page, db = operator.see(ScanPage), database(operator)
    operator.step = "scan the folder"
    operator.type(page.setup.folder, str(beside / "box"))
    operator.key("Return")
    yield lambda: page.running
    yield patient(lambda: not page.running and page._context.jobs.busy == 0)
    seen["first line"], seen["scanned"] = page.results.state.text(), page.results.rows.rowCount()
    seen["production"] = counts_of(db, Filter(origin=Origin.PRODUCTION)).unknown


def _open_report(operator: Operator) -> Script:
    """Of the last seven days: a shift may go over midnight."""
    yield from go_to(operator, "Ctrl+6", ReportsPage)
    page = operator.see(ReportsPage)
    page.bar.period.setFocus()
    for _ in range(3):
        QTest.keyClick(page.bar.period, Qt.Key.Key_Down)
    yield operator.after(0.5)
    yield lambda: page.figures is not None and page.figures.positions is not None and not page.counting


def _four(counts: object) -> list[int]:
    return [int(getattr(counts, name)) for name in ("ok", "ng", "review", "no_verdict")]


def save_as(operator: Operator, path: Path) -> Script:
    """In the dialog that asks where to write a file."""
    yield lambda: bool(operator.all(QFileDialog))
    dialog = operator.see(QFileDialog)
    field = next(f for f in operator.all(QLineEdit) if f.objectName() == "fileNameEdit")
    save = operator.see(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save)
    while isValid(dialog) and dialog.isVisible():
        operator.type(field, str(path))
        yield operator.after(0.5)
        popup = QApplication.activePopupWidget()
        if popup is not None:
            # What could be meant; it would take the key that is meant for the dialog.
            popup.close()
        # It says Open while a folder is marked in the list, which comes in when it is read.
        if field.text() == str(path) and "Save" in save.text():
            operator.click(save)
            yield operator.after(0.5)
    yield _written(path)


def _written(path: Path) -> Callable[[], object]:
    return patient(lambda: path.exists(), 300.0)


def rename_carry_away_and_retire(operator: Operator, beside: Path, seen: Seen) -> Script:
    """The brackets are called by their drawing from now on, go to line 4 as one file, and are done with here."""
    yield from running(operator)
    yield from _open_products(operator)
    panel = operator.see(ProductsPanel)
    operator.step = "rename"
    operator.click(panel.rows[stations.BRACKETS].rename)
    yield lambda: bool(operator.all(NameDialog))
    dialog = operator.see(NameDialog)
    operator.type(dialog.name, RENAMED)
    operator.type(dialog.why, "as on the drawing")
    operator.key("Return")
    yield lambda: RENAMED in panel.rows
    seen["title"] = panel.rows[RENAMED].name.text()
    operator.step = "write it into one file"
    operator.click(panel.rows[RENAMED].export)
    yield from save_as(operator, beside / "brackets.zip")
    yield lambda: "is exported" in _told(operator)
    operator.step = "retire"
    operator.click(panel.rows[RENAMED].end)
    yield from give_reason(operator, "made on line 4 from now on")
    yield lambda: "retired" in panel.rows[RENAMED].said.text()
    yield from go_to(operator, "Ctrl+1", LivePage)
    operator.step = "it is not offered any more"
    operator.key("Ctrl+R")
    yield lambda: operator.see(LivePage).change.menu is not None
    menu = operator.see(LivePage).change.menu
    seen["offered"] = [] if menu is None else [action.text() for action in menu.actions()]
    operator.key("Esc")
    yield lambda: operator.see(LivePage).change.menu is None


def bring_it_in_on_another_line(operator: Operator, beside: Path, seen: Seen) -> Script:
    """The file is brought in, and the line changes over to what it holds."""
    yield from running(operator)
    yield from _open_products(operator)
    panel = operator.see(ProductsPanel)
    operator.step = "bring it in"
    operator.click(panel.import_button)
    yield from open_file(operator, beside / "brackets.zip")
    yield lambda: RENAMED in panel.rows
    seen["told"] = _told(operator)
    yield from go_to(operator, "Ctrl+1", LivePage)
    operator.key("Ctrl+R")
    yield from change_over(operator, RENAMED, f"{stations.BRACKET_RECIPE}, version 1")
    yield lambda: newest(operator).traveller.product == RENAMED
    yield lambda: operator.see(LivePage).strip.product.full == RENAMED
    seen["judges"] = judges(operator)


def _open_products(operator: Operator) -> Script:
    """The list of products in Settings, scrolled to."""
    yield from go_to(operator, "Ctrl+7", SettingsPage)
    yield lambda: bool(operator.see(ProductsPanel).rows)
    panel = operator.see(ProductsPanel)
    for area in operator.all(QScrollArea):
        if area.isAncestorOf(panel):
            area.ensureWidgetVisible(panel)
    yield operator.after(0.3)


def _told(operator: Operator) -> str:
    return " ".join(f"{n.message} {n.remedy}" for n in operator.window.notices.notices)


def open_file(operator: Operator, path: Path) -> Script:
    """In the dialog that asks which file."""
    yield lambda: bool(operator.all(QFileDialog))
    dialog = operator.see(QFileDialog)
    field = next(f for f in operator.all(QLineEdit) if f.objectName() == "fileNameEdit")
    while isValid(dialog) and dialog.isVisible():
        operator.type(field, str(path))
        yield operator.after(0.5)
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
        if isValid(dialog) and dialog.isVisible():
            operator.click(operator.see(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Open))
            yield operator.after(0.5)

"""What a shift's supervisor must be able to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLineEdit
from shiboken6 import isValid

from db.inspections.table import Filter, count
from db.inspections.table import counts as counts_of
from engine.domain.inspection import Origin
from gui.pages.live.page import LivePage
from gui.pages.reports.page import ReportsPage
from gui.pages.scan.page import ScanPage
from tests.e2e.operator import Operator, Script
from tests.e2e.tasks import stations
from tests.e2e.tasks.hands import Seen, database, go_to, patient, running

MADE = 24
"""Parts of the shift."""
SET_UP = 6


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

"""Simulated parts in this database: how many there are, and their removal after a question."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMessageBox, QWidget

from db.maintenance.simulated import SimulatedParts, remove_simulated, simulated
from db.recording.recorder import Recorder
from db.store.session import Database
from gui.context import AppContext
from gui.i18n.language import size, translate
from gui.jobs.jobs import Job
from gui.theme.theme import SPACING
from gui.widgets.key_button import KeyButton


class SimulatedPanel(QWidget):
    """Not there where the database has no simulated part."""

    def __init__(self, context: AppContext, who: Callable[[], str]) -> None:
        super().__init__()
        self._context, self._who = context, who
        self._job: Job | None = None
        self._found = SimulatedParts()
        self.said = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.said.setProperty("role", "muted")
        words = translate("Settings", "Remove simulated parts…")
        self.button = KeyButton(context.theme, words, "", "erase", compact=True)
        self.button.clicked.connect(self._ask)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3 * SPACING)
        row.addWidget(self.said, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def refresh(self) -> None:
        """Count them, on a job."""
        self._context.jobs.run(partial(simulated, self._context.db), self._counted)

    def close_panel(self) -> None:
        """A removal under way ends after its transaction."""
        if self._job is not None:
            self._job.cancel()

    def _counted(self, found: SimulatedParts) -> None:
        self._found = found
        self.setVisible(found.parts > 0)
        said = translate("Settings", "%n simulated part(s) of the demo line are stored here.", "", found.parts)
        self.said.setText(f"{said} {translate('Settings', 'They never count as production.')}")
        self.button.setEnabled(self._job is None)

    def _ask(self) -> None:
        found = self._found
        box = QMessageBox(QMessageBox.Icon.Warning, translate("Settings", "Remove simulated parts"), "", parent=self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setText(translate("Settings", "%n simulated part(s) will be removed for good.", "", found.parts))
        pictures = translate("Settings", "With them %n picture(s).", "", found.pictures)
        words = translate("Settings", "%n correction(s) and comments on them.", "", found.words)
        waiting = translate("Settings", "%n part(s) of them without a decision on Review.", "", found.waiting)
        others = translate("Settings", "No other part is touched.")
        said = (pictures, words, waiting, others) if found.waiting else (pictures, words, others)
        box.setInformativeText("\n".join(said))
        remove = box.addButton(translate("Settings", "Remove"), QMessageBox.ButtonRole.AcceptRole)
        remove.setProperty("role", "danger")
        remove.style().unpolish(remove)
        remove.style().polish(remove)
        keep = box.addButton(translate("Settings", "Keep them"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        box.accepted.connect(self._remove)
        box.open()

    def _remove(self) -> None:
        self.button.setEnabled(False)
        work = partial(_remove, self._context.db, self._context.recorder, self._who())
        self._job = self._context.jobs.stream(work, self._quiet, self._removed, self._failed)

    def _quiet(self, _progress: object) -> None:
        """Only the end is told."""

    def _removed(self, gone: SimulatedParts) -> None:
        self._job = None
        words = translate("Settings", "%n simulated part(s) removed, {size}.", "", gone.parts)
        why = gone.failed[0][1] if gone.failed else ""
        self._context.notify("warning" if why else "info", words.format(size=size(gone.bytes)), why)
        if gone.parts:
            self._context.partsRemoved.emit()
        self.refresh()

    def _failed(self, error: Exception) -> None:
        self._job = None
        self._context.jobs.failed.emit(error)
        self.refresh()


def _remove(db: Database, recorder: Recorder | None, who: str, job: Job, _report: object) -> SimulatedParts:
    if recorder is not None:
        # The last parts of a run keep their place until it is known that their pictures are written.
        recorder.settle()
    return remove_simulated(db, who, lambda: job.cancelled)

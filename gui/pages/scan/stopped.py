"""The scan that stopped before its end, as the set-up offers it: go on, show, forget."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMessageBox, QSizePolicy, QVBoxLayout, QWidget

from engine.station.scan_journal import Journalled, forget
from gui.context import AppContext
from gui.i18n.language import day_time, number, translate
from gui.theme.theme import SPACING
from gui.widgets.key_button import KeyButton


class StoppedScan(QFrame):
    """Says that a scan stopped before its end, and forgets it where one wants that; `goOn` and `showAsked` ask more."""

    goOn = Signal()
    showAsked = Signal()

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, theme = context, context.theme
        self.setProperty("role", "panel")
        self.found: Journalled | None = None
        self.words, self._more = QLabel(wordWrap=True), QLabel(wordWrap=True)
        self._more.setProperty("role", "muted")
        for label in (self.words, self._more):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.go_button = KeyButton(theme, translate("Scan", "Go on"), "G", "play", compact=True)
        self.show_button = KeyButton(theme, translate("Scan", "Show results"), "V", "scan", compact=True)
        self.forget_button = KeyButton(theme, translate("Scan", "Forget"), "Delete", "close", compact=True)
        self.go_button.clicked.connect(self.goOn)
        self.show_button.clicked.connect(self.showAsked)
        self.forget_button.clicked.connect(self.ask_forget)
        said = QVBoxLayout()
        said.setSpacing(0)
        said.addWidget(self.words)
        said.addWidget(self._more)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACING, SPACING, SPACING, SPACING)
        row.setSpacing(SPACING)
        row.addLayout(said, 1)
        for button in (self.go_button, self.show_button, self.forget_button):
            row.addWidget(button)
        self.hide()

    def offer(self, found: Journalled | None) -> None:
        """Offer this one; None = there is nothing to go on with."""
        self.found = found
        self.setVisible(found is not None)
        if found is None:
            return
        folder = Path(found.plan.folder)
        words = translate("Scan", "The scan of {folder} stopped at {done} of {total} pictures.")
        self.words.setText(
            words.format(folder=folder.name or folder, done=number(len(found.entries)), total=number(found.total))
        )
        self._more.setText(f"{day_time(found.plan.begun_at)} · {found.plan.named}")
        self.setToolTip(str(folder))

    def ask_forget(self) -> None:
        """Forget it, if one says so again; nothing happens while it is not on screen."""
        if self.found is None or not self.isVisible():
            return
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(translate("Scan", "Forget the stopped scan?"))
        box.setInformativeText(translate("Scan", "What was judged stays stored; the scan cannot go on any more."))
        yes = box.addButton(translate("Scan", "Forget"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        yes.clicked.connect(self.forget)
        box.finished.connect(box.deleteLater)
        box.open()

    def forget(self) -> None:
        """It cannot go on any more; its inspections stay."""
        found = self.found
        if found is not None:
            self.offer(None)
            self._context.jobs.run(partial(forget, found.folder), lambda _none: None)

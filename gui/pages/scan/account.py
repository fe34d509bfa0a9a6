"""The quiet line under the folder: what lies there, before anything is scanned."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from engine.images.listing import LOUD, Listing, list_folder
from gui.context import AppContext
from gui.jobs.jobs import Job
from gui.pages.scan.left_out import folder_words
from gui.theme.theme import SMALL, font
from gui.widgets.elided import Remark, lines_of

TYPED_MS = 400
"""A folder is looked into when nobody typed for so long."""
LONGEST_S = 20.0
"""A drive that takes longer is not told before it is scanned."""
ROWS = 5
"""So many lines hold every reason there is with its remedy; a folder of pictures only has no more than two of them."""


class FolderAccount(Remark):
    """Says how many pictures a folder holds and what it leaves out; nothing for a folder that cannot be read."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context.theme, ROWS, parent)
        self._context = context
        self._folder, self._recursive = "", True
        self._job: Job | None = None
        self._timer = QTimer(self, singleShot=True, interval=TYPED_MS)
        self._timer.timeout.connect(self._look)
        self.hide()

    def tell(self, folder: str, *, recursive: bool) -> None:
        """Look into this folder, once nobody types any more."""
        if (folder, recursive) != (self._folder, self._recursive):
            self._folder, self._recursive = folder, recursive
            self.setText("")
            self.setVisible(bool(folder))
            self.refresh()

    def refresh(self) -> None:
        """Look again: what lies there may have changed."""
        if self._job is not None:
            self._job.cancel()
        self._timer.start()

    def sizeHint(self) -> QSize:
        """As many lines as it says, two at least: the form below does not jump for a word more."""
        said = lines_of(self.text(), font(SMALL), self.width(), ROWS)
        return QSize(super().sizeHint().width(), self.maximumHeight() * max(2, len(said)) // ROWS)

    def setText(self, text: str) -> None:
        """Say this, with room for all of it."""
        super().setText(text)
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width breaks into other lines."""
        super().resizeEvent(event)
        self.updateGeometry()

    def _look(self) -> None:
        if not self._folder:
            return
        folder, recursive = Path(self._folder), self._recursive

        def work(job: Job, _report: Callable[[None], None]) -> Listing:
            until = time.monotonic() + LONGEST_S
            stopped = lambda: job.cancelled or time.monotonic() > until  # noqa: E731 - one line, of both
            return list_folder(folder, recursive=recursive, stopped=stopped)

        self._job = self._context.jobs.stream(work, self._nothing, self._looked, self._failed)

    def _looked(self, listing: Listing) -> None:
        loud = any(left.why in LOUD for left in listing.left_out)
        self.set_token("text" if loud else "muted")
        self.setText(folder_words(len(listing.pictures), listing.left_out))

    def _failed(self, _error: Exception) -> None:
        self.setText("")

    def _nothing(self, _none: None) -> None:
        """There is no progress to tell."""

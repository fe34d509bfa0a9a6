"""The end of an unattended run: the window's picture, the report, the counts on the console, the exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QBuffer, QIODevice, QObject, QTimer
from PySide6.QtGui import QGuiApplication

from db.commands.console import summary
from engine import events
from engine.domain.inspection import Inspection, utc_now
from engine.errors import InputError, LinesideError, StorageError
from engine.names import name_of
from engine.reports.run import Tally, write_report
from engine.sources.address import masked
from engine.system.files import write_atomically
from gui.context import AppContext
from gui.i18n.language import table_spelling, translate
from gui.line.line import Line
from gui.window.window import MainWindow

SETTLE_MS = 900
"""From the last frame to the picture: the plot redraws every 500 ms, thumbnails and tables come on jobs."""
PATIENCE = 40


class Wanted(Protocol):
    """What the options say of the end (GuiOptions)."""

    @property
    def frames(self) -> int | None:
        """Inspect so many, then quit."""
        ...

    @property
    def screenshot(self) -> Path | None:
        """Where the window's picture goes."""
        ...

    @property
    def report(self) -> Path | None:
        """Folder of the report."""
        ...

    @property
    def page(self) -> str:
        """The page to show."""
        ...


class Finish(QObject):
    """Waits for the run's end when it has one; `conclude` after the window is gone."""

    def __init__(self, context: AppContext, line: Line, window: MainWindow, wanted: Wanted) -> None:
        super().__init__(window)
        self._context, self._line, self._window, self._wanted = context, line, window, wanted
        self._tally = Tally()
        self._failed: events.Failed | None = None
        self._problem: LinesideError | None = None
        self._waits = 0
        self._saved = False
        context.recorded.connect(self._count)
        if wanted.frames is not None or wanted.screenshot is not None:
            line.finished.connect(self._over)

    def conclude(self, code: int) -> int:
        """Write the report, print what an unattended run came to; raises what went wrong as a LinesideError."""
        if self._wanted.frames is None and self._wanted.screenshot is None:
            return code
        print(summary(self._tally))
        print(f"Database: {name_of(self._context.db.url)}")
        if self._wanted.report is not None:
            print(f"Report: {name_of(self._report(self._wanted.report))}")
        if self._saved:
            print(f"Screenshot: {name_of(str(self._wanted.screenshot))}")
        if self._failed is not None:
            error = InputError(self._failed.message, self._failed.remedy)
            error.exit_code = self._failed.exit_code
            raise error
        if self._problem is not None:
            raise self._problem
        return code

    def _count(self, inspections: list[Inspection]) -> None:
        for inspection in inspections:
            self._tally.add(inspection)

    def _over(self, event: events.Stopped | events.Failed) -> None:
        if isinstance(event, events.Failed):
            self._failed = event
        elif event.reason:
            self._problem = InputError(event.reason, event.remedy)
        # Pages other than Live read the database: show them again now that everything is in it.
        self._window.go(self._wanted.page)
        QTimer.singleShot(SETTLE_MS if self._wanted.screenshot is not None else 0, self._leave)

    def _leave(self) -> None:
        self._waits += 1
        if self._context.jobs.busy and self._waits < PATIENCE:
            QTimer.singleShot(SETTLE_MS // 3, self._leave)
            return
        if self._wanted.screenshot is not None:
            try:
                self._save(self._wanted.screenshot)
            except LinesideError as error:
                self._problem = error
        QGuiApplication.quit()

    def _save(self, path: Path) -> None:
        kind = path.suffix.lstrip(".").upper() or "PNG"
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        if not self._window.grab().save(buffer, kind):
            raise StorageError(f"{path} is no kind of picture.", "Name a .png or .jpg file.")
        write_atomically(path, bytes(buffer.data().data()))
        self._saved = True

    def _report(self, folder: Path) -> Path:
        package, gallery = self._context.package, self._line.gallery
        none = translate("Report", "none")
        facts = {
            translate("Report", "Source"): masked(self._line.options.source),
            translate("Report", "Model"): f"{package.manifest.name} {package.version}" if package else none,
            translate("Report", "Database"): self._context.db.url,
        }
        entries = gallery.entries if gallery else []
        title = translate("Report", "Run of the line")
        return write_report(folder, title, entries, self._tally, facts, utc_now(), spelling=table_spelling())

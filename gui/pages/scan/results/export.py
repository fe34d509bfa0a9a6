"""Export of a scan's results: the menu, the file dialog, the job that writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from gui.context import AppContext
from gui.i18n.language import translate
from gui.jobs.jobs import Job
from gui.notify import notice_of
from gui.pages.scan.results.files import Kind, ScanResult, write

KINDS: tuple[Kind, ...] = ("csv", "xlsx", "jsonl", "html", "pdf")


def kind_words() -> dict[Kind, str]:
    """What each kind of file is called in the menu."""
    return {
        "csv": translate("Scan", "CSV table"),
        "xlsx": translate("Scan", "Excel: results, skipped, summary, confusion"),
        "jsonl": translate("Scan", "JSON lines, as the command line writes them"),
        "html": translate("Scan", "HTML report with the worst pictures"),
        "pdf": translate("Scan", "PDF report with the worst pictures"),
    }


class ScanExports(QObject):
    """One export at a time. `progressed`: in words, done and of; `over`: nothing is being written any more."""

    progressed = Signal(str, int, int)
    over = Signal()

    def __init__(self, context: AppContext, owner: QWidget, result: Callable[[], ScanResult | None]) -> None:
        super().__init__(owner)
        self._context, self._owner, self._result = context, owner, result
        self._job: Job | None = None
        self._path = Path()
        self._asked: Kind = "csv"
        self.menu = QMenu(owner)
        for kind, words in kind_words().items():
            action = QAction(words + "…", self.menu)
            action.setData(kind)
            self.menu.addAction(action)
        self.menu.triggered.connect(self._chosen)

    @property
    def busy(self) -> bool:
        """True while a file is being written."""
        return self._job is not None

    def ask(self, kind: Kind) -> None:
        """Where to write it."""
        result = self._result()
        if result is None or not result.rows:
            self._context.notify("info", translate("Scan", "There are no results to export yet."))
            return
        self._asked = kind
        start = self._folder() / f"{result.root.name or 'scan'}.{kind}"
        dialog = QFileDialog(self._owner, translate("Scan", "Export the results"), str(start))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(f"{kind.upper()} (*.{kind})")
        dialog.setDefaultSuffix(kind)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._named)
        dialog.open()

    def save(self, kind: Kind, path: Path) -> None:
        """Write every result so far to `path`, on a job; a file there is replaced once the new one is complete."""
        result = self._result()
        if result is None or self._job is not None:
            return
        self._path = path
        self._context.remember("scan", export_folder=str(path.parent))

        def work(job: Job, report: Callable[[tuple[int, int]], None]) -> bool:
            def drawn(done: int, of: int) -> bool:
                report((done, of))
                return not job.cancelled

            return write(kind, path, result, drawn)

        self.progressed.emit(self._words(), 0, 0)
        self._job = self._context.jobs.stream(work, self._progress, self._done, self._failed)

    def cancel(self) -> None:
        """Stop writing; the file that was there before stays."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
            self._context.notify("info", translate("Scan", "The export was cancelled."))
            self.over.emit()

    def _chosen(self, action: QAction) -> None:
        kind = next((k for k in KINDS if k == action.data()), None)
        if kind is not None:
            self.ask(kind)

    def _named(self, chosen: str) -> None:
        self.save(self._asked, Path(chosen))

    def _folder(self) -> Path:
        kept = self._context.memory("scan").get("export_folder")
        return Path(kept) if isinstance(kept, str) and Path(kept).is_dir() else Path.home()

    def _words(self) -> str:
        return translate("Scan", "Writing {file}…").format(file=self._path.name)

    def _progress(self, at: tuple[int, int]) -> None:
        self.progressed.emit(self._words(), *at)

    def _done(self, _written: bool) -> None:
        self._job = None
        self.over.emit()
        self._context.notify("info", translate("Scan", "The results are saved in {file}.").format(file=self._path))

    def _failed(self, error: Exception) -> None:
        self._job = None
        self.over.emit()
        self._context.notice.emit(notice_of(error))

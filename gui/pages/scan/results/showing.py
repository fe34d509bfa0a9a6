"""Which scan is on screen, who judged it and how far it came: for its figures, its last words and its files."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject

from engine.domain.inspection import utc_now
from engine.images.listing import LeftOut
from gui.context import AppContext
from gui.pages.scan.results.files import ScanResult
from gui.pages.scan.results.results import ScanResults, Stage
from gui.pages.scan.results.stored import ShownScan
from gui.pages.scan.results.summary import Summary, summarise


class Showing(QObject):
    """Tells `results` what to show of a scan besides its rows."""

    def __init__(self, context: AppContext, results: ScanResults, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context, self._results = context, results
        self._shown: ShownScan | None = None
        self._summary = Summary({})

    def begin(self, shown: ShownScan) -> None:
        """This scan runs from now on."""
        self._shown = shown
        self._results.add(shown.rows)
        self._results.judged_by(shown.named)
        self._results.enter(Stage.RUNNING)

    def leave_out(self, left_out: tuple[LeftOut, ...]) -> None:
        """What the folder holds besides its pictures."""
        if self._shown is not None:
            self._shown = replace(self._shown, left_out=left_out)
            self._results.leave_out(left_out, self._shown.folder)

    def over(self, *, ended: bool, total: int | None) -> None:
        """It runs no more."""
        if self._shown is not None:
            self._shown = replace(self._shown, ended=ended, total=total)
            self._conclude(self._shown)

    def again(self, shown: ShownScan) -> None:
        """A scan of before, as it was left."""
        self._shown = shown
        self._results.begin(shown.folder, shown.rows)
        self._results.judged_by(shown.named)
        self._results.leave_out(shown.left_out, shown.folder)
        self._conclude(shown)
        self.say_end()

    def say_end(self) -> None:
        """How far it came; nothing while it goes on."""
        if self._shown is not None and self._over:
            self._results.say_end(ended=self._shown.ended, total=self._shown.total)

    def result(self) -> ScanResult | None:
        """For the export; None where nothing was scanned."""
        shown = self._shown
        if shown is None:
            return None
        rows, names, view = self._results.rows.rows, shown.names, shown.view
        # A scan that is only paused has no summary yet.
        summary = self._summary if self._over else summarise(rows, *names)
        return ScanResult(
            rows, shown.folder, shown.named, *names, summary, utc_now(), self._context.language.code,
            view is not None, view.heat_box if view else None, (self._context.db, self._context.archive),
            shown.left_out,
        )  # fmt: skip

    @property
    def _over(self) -> bool:
        return self._results.stage in (Stage.STOPPED, Stage.OVER)

    def _conclude(self, shown: ShownScan) -> None:
        self._results.enter(Stage.OVER if shown.ended else Stage.STOPPED)
        self._context.jobs.run(partial(summarise, self._results.rows.rows, *shown.names), self._concluded)

    def _concluded(self, summary: Summary) -> None:
        if self._shown is not None and self._over:
            self._summary = summary
            self._results.conclude(summary, ended=self._shown.ended, total=self._shown.total)

"""The result the mark is on: its picture is opened once the mark rests, and it can be sent to Review."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QTimer

from db.inspections.overrides import add_override
from db.inspections.table import get
from engine.domain.inspection import Inspection, Outcome, Override, new_id, utc_now
from gui.context import AppContext
from gui.i18n.language import translate
from gui.pages.scan.results.results import ScanResults
from gui.viewer.picture import OpenedPart, open_part

SETTLE_MS = 40


class MarkedResult(QObject):
    """Shows in `results` what it opened."""

    def __init__(self, context: AppContext, results: ScanResults, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context, self._results = context, results
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._open)
        results.marked.connect(self._settle.start)

    def close(self) -> None:
        """Open nothing any more."""
        self._settle.stop()

    def send_to_review(self) -> None:
        """Its verdict becomes REVIEW, under the operator's name."""
        inspection = self._results.current
        if inspection is None:
            self._context.notify("info", translate("Scan", "Choose a result first."))
            return
        why = translate("Scan", "sent from a scan")
        at, by = utc_now(), self._context.operator
        override = Override(new_id(at), inspection.id, at, by, Outcome.REVIEW, "", why)
        self._context.jobs.run(partial(add_override, self._context.db, override), self._sent)

    def _sent(self, override: Override) -> None:
        self._results.rows.mark_sent(override.inspection_id)
        self._context.overridden.emit(override.inspection_id)
        self._context.notify("info", translate("Scan", "The picture is sent to Review."))

    def _open(self) -> None:
        inspection = self._results.current
        if inspection is not None:
            self._context.jobs.run(partial(_opened, self._context, inspection), self._show)

    def _show(self, opened: OpenedPart | None) -> None:
        now = self._results.current
        if opened is not None and now is not None and now.id == opened.stored.inspection.id:
            self._results.show_part(opened)


def _opened(context: AppContext, inspection: Inspection) -> OpenedPart | None:
    stored = get(context.db, inspection.id)
    return open_part(context, stored) if stored else None

"""Has old pictures removed while the window is open: at the start, then every hour, on a job."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from db.maintenance.clock import ClockWatch
from db.maintenance.retention import Removed, by_size, carry_out
from engine.domain.inspection import utc_now
from gui.context import AppContext
from gui.i18n.language import number, size, translate
from gui.jobs.jobs import Job
from gui.notify import notice_of

EVERY_MS = 3_600_000


class Keeper(QObject):
    """`start` it with the window and `stop` it before the jobs are shut down. `kept` tells of each round."""

    kept = Signal(object)
    """Removed: what left in this round."""

    def __init__(self, context: AppContext, parent: QObject | None = None, watch: ClockWatch | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._job: Job | None = None
        self._told = ""
        self._watch = watch or ClockWatch()
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Look now, and every hour from here on."""
        self._timer.start()
        self.look()

    def stop(self) -> None:
        """No further round; the one under way ends after its transaction."""
        self._timer.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def look(self) -> None:
        """One round, where pictures are not kept for ever, the archive's disk answers and no round is under way."""
        context = self._context
        retention = context.settings.retention.model_copy()
        if self._job is not None or not (retention.days or retention.gigabytes):
            return
        db, who, watch = context.db, context.operator, self._watch

        def work(job: Job, _report: object) -> Removed:
            # Raises where the disk does not answer: then nothing is removed either.
            db.archive.free_bytes()
            why_not = watch.doubt(utc_now())
            kept = retention if why_not is None else by_size(retention)
            removed = carry_out(db, kept, utc_now(), who, lambda: job.cancelled)
            return removed if why_not is None else replace(removed, doubt=why_not)

        self._job = context.jobs.stream(work, self._nothing, self._done, self._failed)

    def _nothing(self, _progress: object) -> None:
        """It tells nothing under way."""

    def _done(self, removed: Removed) -> None:
        self._job = None
        if removed.doubt is not None and removed.doubt.message != self._told:
            # Every hour would be too often: the pictures do no harm where they are.
            self._told = removed.doubt.message
            self._context.notice.emit(notice_of(removed.doubt))
        if removed.failures:
            words = translate("Retention", "{count} old pictures could not be removed: {why}").format(
                count=number(removed.failures), why=removed.failed[0][1]
            )
            self._context.notify("warning", words, translate("Retention", "They are tried again within the hour."))
        elif removed.pictures:
            words = translate("Retention", "%n old picture(s) removed, {size}.", "", removed.pictures)
            self._context.notify("info", words.format(size=size(removed.bytes)))
        self.kept.emit(removed)

    def _failed(self, error: Exception) -> None:
        self._job = None
        self._context.jobs.failed.emit(error)

"""How long pictures stay: what leaves is told before it leaves, and what the archive will grow to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMessageBox, QWidget

from db.maintenance.retention import Forecast, RemovalPlan, Removed, carry_out, forecast, plan
from db.store.session import Database
from engine.domain.inspection import utc_now
from engine.settings import Retention
from gui.context import AppContext
from gui.i18n.language import day, number, size, translate
from gui.i18n.messages import translated
from gui.jobs.jobs import Job
from gui.theme.theme import SPACING
from gui.widgets.key_button import KeyButton

Apply = Callable[[str, Any], None]


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What is shown under the fields."""

    plan: RemovalPlan
    forecast: Forecast


class PicturesPanel(QWidget):
    """Forecast and *Remove now*. `ask` puts a change before a person where it would remove pictures."""

    def __init__(self, context: AppContext, apply: Apply, who: Callable[[], str]) -> None:
        super().__init__()
        self._context, self._apply, self._who = context, apply, who
        self._job: Job | None = None
        self.said = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.said.setProperty("role", "muted")
        self.button = KeyButton(context.theme, translate("Settings", "Remove now…"), "X", "erase", compact=True)
        self.button.clicked.connect(self.ask_now)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3 * SPACING)
        row.addWidget(self.said, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        self.button.setEnabled(False)

    def refresh(self) -> None:
        """Count and forecast, on a job."""
        retention = self._context.settings.retention.model_copy()
        self._context.jobs.run(partial(_look, self._context.db, retention), self._looked)

    def close_panel(self) -> None:
        """A removal under way ends after its transaction."""
        if self._job is not None:
            self._job.cancel()

    def ask(self, key: str, value: Any) -> None:
        """A change of the retention: at once where it removes nothing, else after a question."""
        wanted = self._context.settings.retention.model_copy(update={key.partition(".")[2]: value})
        work = partial(plan, self._context.db, wanted, utc_now(), sure=True)
        self._context.jobs.run(work, partial(self._planned, key, value), partial(self._refused, key))

    def ask_now(self) -> None:
        """Remove what is too old now, without waiting for the hour."""
        if self._job is None and self.button.isEnabled():
            wanted = self._context.settings.retention.model_copy()
            work = partial(plan, self._context.db, wanted, utc_now(), sure=True)
            self._context.jobs.run(work, self._planned_now)

    # ── questions ────────────────────────────────────────────────────────────────────────────────────────────────
    def _planned(self, key: str, value: Any, found: RemovalPlan) -> None:
        if not found.pictures:
            self._agreed(key, value)
            return
        box = self._question(found)
        box.accepted.connect(partial(self._agreed, key, value))
        box.rejected.connect(partial(self._back, key))
        box.open()

    def _planned_now(self, found: RemovalPlan) -> None:
        if not found.pictures:
            self._context.notify("info", translate("Settings", "No picture is too old, and there are not too many."))
            return
        box = self._question(found)
        box.accepted.connect(self._remove)
        box.open()

    def _question(self, found: RemovalPlan) -> QMessageBox:
        text = translate("Settings", "%n picture(s) leave for good, {size}.", "", found.pictures)
        box = QMessageBox(QMessageBox.Icon.Warning, translate("Settings", "Remove pictures"), "", parent=self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setText(text.format(size=size(found.bytes)))
        left = translate("Settings", "%n picture(s) stay.", "", found.kept_pictures)
        if found.oldest_kept is not None:
            oldest = translate("Settings", "The oldest is of {day}.").format(day=day(found.oldest_kept))
            left = f"{left} {oldest}"
        why_not = f"\n\n{translated(found.doubt.message)}" if found.doubt is not None else ""
        box.setInformativeText(f"{left} {translate('Settings', 'Verdicts and corrections stay in any case.')}{why_not}")
        remove = box.addButton(translate("Settings", "Remove"), QMessageBox.ButtonRole.AcceptRole)
        remove.setProperty("role", "danger")
        remove.style().unpolish(remove)
        remove.style().polish(remove)
        keep = box.addButton(translate("Settings", "Keep them"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        return box

    def _agreed(self, key: str, value: Any) -> None:
        self._apply(key, value)
        self.refresh()

    def _back(self, key: str) -> None:
        self._apply(key, getattr(self._context.settings.retention, key.partition(".")[2]))

    def _refused(self, key: str, error: Exception) -> None:
        self._back(key)
        self._context.jobs.failed.emit(error)

    # ── removing ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _remove(self) -> None:
        db, retention, who = self._context.db, self._context.settings.retention.model_copy(), self._who()
        self.button.setEnabled(False)
        self.said.setText(translate("Settings", "Pictures are being removed…"))
        self._job = self._context.jobs.stream(
            partial(_remove, db, retention, who), self._quiet, self._removed, self._failed
        )

    def _quiet(self, _progress: object) -> None:
        """Only the end is told."""

    def _removed(self, removed: Removed) -> None:
        self._job = None
        words = translate("Settings", "%n picture(s) removed, {size}.", "", removed.pictures)
        why = removed.failed[0][1] if removed.failed else ""
        self._context.notify("warning" if why else "info", words.format(size=size(removed.bytes)), why)
        self.refresh()

    def _failed(self, error: Exception) -> None:
        self._job = None
        self._context.jobs.failed.emit(error)
        self.refresh()

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────
    def _looked(self, found: _Outlook) -> None:
        if self._job is None:
            self.button.setEnabled(bool(found.plan.pictures))
            self.said.setText(outlook(found.plan, found.forecast))


def outlook(now: RemovalPlan, later: Forecast) -> str:
    """What is kept, what comes, and when what is full, in sentences."""
    count = now.pictures + now.kept_pictures
    why_not = [] if now.doubt is None else [translated(now.doubt.message)]
    said = [
        *why_not,
        translate("Settings", "%n picture(s) kept, {size}.", "", count).format(size=size(later.kept_bytes)),
    ]
    if not later.bytes_a_day:
        said.append(translate("Settings", "None came in the last 7 days."))
        return " ".join(said)
    said.append(translate("Settings", "{size} a day over the last 7 days.").format(size=size(later.bytes_a_day)))
    if later.limit_in_days is not None:
        days = translate("Settings", "The size allowed is reached in {days} days; the oldest leave from then on.")
        said.append(days.format(days=_days(later.limit_in_days)))
    free = size(later.free_bytes)
    if later.disk_in_days is None:
        said.append(translate("Settings", "The disk ({free} free) does not fill up.").format(free=free))
    else:
        full = translate("Settings", "The disk ({free} free) is full in {days} days.")
        said.append(full.format(free=free, days=_days(later.disk_in_days)))
    return " ".join(said)


def _days(days: float) -> str:
    return number(days, 0 if days >= 10 else 1)


def _look(db: Database, retention: Retention) -> _Outlook:
    now = utc_now()
    return _Outlook(plan(db, retention, now, sure=True), forecast(db, retention, now))


def _remove(db: Database, retention: Retention, who: str, job: Job, _report: object) -> Removed:
    db.archive.free_bytes()
    return carry_out(db, retention, utc_now(), who, lambda: job.cancelled, sure=True)

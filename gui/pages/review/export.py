"""The dialog that exports corrections: a folder, a format, which parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from db.datasets.export import ExportReport, export
from db.datasets.writers import Format
from db.inspections.table import Filter
from engine.domain.inspection import utc_now
from gui.context import AppContext
from gui.i18n.language import number, translate
from gui.i18n.messages import translated
from gui.jobs.jobs import Job
from gui.notify import notice_of
from gui.theme.theme import SPACING, scaled
from gui.widgets.key_button import KeyButton


def formats() -> tuple[tuple[str, Format], ...]:
    """The formats in words."""
    return (
        (translate("Review", "Lineside data set, for the trainer"), "lineside"),
        (translate("Review", "Folder for each class"), "imagefolder"),
        (translate("Review", "COCO (boxes and outlines)"), "coco"),
        (translate("Review", "YOLO (boxes)"), "yolo"),
        (translate("Review", "Pictures with mask files"), "masks"),
    )


class ExportDialog(QDialog):
    """Open it with `open()`. `exported` carries the ExportReport; a failure stays in the dialog, to try again."""

    exported = Signal(object)

    def __init__(self, context: AppContext, filter: Filter, filtered: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._filter = context, filter
        self.setWindowTitle(translate("Review", "Export corrections"))
        start = context.db.folder / "exports" / f"corrections-{utc_now().astimezone():%Y%m%d-%H%M%S}"
        self.folder = QLineEdit(str(start))
        self.format = QComboBox()
        for text, name in formats():
            self.format.addItem(text, name)
        self.listed_only = QCheckBox(translate("Review", "Only what the filters show"))
        self.listed_only.setVisible(filtered)
        self._busy = QProgressBar(maximum=0, textVisible=False)
        self._busy.hide()
        self._error = QLabel(wordWrap=True)
        self._error.setProperty("role", "error")
        self._error.hide()
        self.go = KeyButton(context.theme, translate("Review", "Export"), "Return", "export", primary=True)
        self.go.setDefault(True)
        self.go.clicked.connect(self._start)
        self._lay_out()

    def _lay_out(self) -> None:
        browse = KeyButton(self._context.theme, translate("Review", "Choose…"), "", "folder", compact=True)
        browse.setAutoDefault(False)
        browse.clicked.connect(self._choose)
        place = QHBoxLayout()
        place.addWidget(self.folder, 1)
        place.addWidget(browse)
        form = QGridLayout()
        form.setSpacing(2 * SPACING)
        form.addWidget(QLabel(translate("Review", "New folder")), 0, 0)
        form.addLayout(place, 0, 1)
        form.addWidget(QLabel(translate("Review", "Format")), 1, 0)
        form.addWidget(self.format, 1, 1)
        form.addWidget(self.listed_only, 2, 1)
        form.setColumnStretch(1, 1)
        cancel = KeyButton(self._context.theme, translate("Review", "Close"), "Esc")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.go)
        what = QLabel(wordWrap=True)
        what.setText(
            translate("Review", "Parts you confirmed or overruled, with their picture and what you said of them.")
        )
        what.setProperty("role", "normal")
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACING, 3 * SPACING, 3 * SPACING, 2 * SPACING)
        column.setSpacing(2 * SPACING)
        column.addWidget(what)
        column.addLayout(form)
        column.addWidget(self._busy)
        column.addWidget(self._error)
        column.addLayout(buttons)
        self.setMinimumWidth(scaled(560))

    def _choose(self) -> None:
        dialog = QFileDialog(self, translate("Review", "Folder to export into"), str(Path(self.folder.text()).parent))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        name = Path(self.folder.text()).name
        dialog.fileSelected.connect(lambda chosen: self.folder.setText(str(Path(chosen) / name)))
        dialog.open()

    def _start(self) -> None:
        out, fmt = Path(self.folder.text().strip()), cast(Format, self.format.currentData())
        which = self._filter if self.listed_only.isVisible() and self.listed_only.isChecked() else None
        db, by = self._context.db, self._context.operator
        self._set_busy(True)

        def work(_job: Job, _report: Callable[[None], None]) -> ExportReport:
            return export(db, out, fmt, which, by=by)

        self._context.jobs.stream(work, lambda _: None, self._done, self._failed)

    def _done(self, report: ExportReport) -> None:
        self._set_busy(False)
        self.exported.emit(report)
        self.accept()

    def _failed(self, error: Exception) -> None:
        self._set_busy(False)
        notice = notice_of(error)
        self._error.setText(f"{translated(notice.message)} {translated(notice.remedy)}".strip())
        self._error.show()

    def _set_busy(self, busy: bool) -> None:
        self._error.hide()
        self._busy.setVisible(busy)
        for widget in (self.go, self.folder, self.format, self.listed_only):
            widget.setEnabled(not busy)


def in_words(report: ExportReport) -> tuple[str, str]:
    """Sentence and remedy for the notice after an export."""
    kinds = ", ".join(f"{number(count)} {label}" for label, count in sorted(report.by_label.items()))
    parts = translate("Review", "%n part(s) exported to {folder} ({kinds}).", "", report.items)
    said = parts.format(folder=report.folder, kinds=kinds)
    if not report.skipped:
        return said, ""
    left_out = translate("Review", "%n part(s) left out: {why}.", "", len(report.skipped))
    return said, left_out.format(why=translated(report.skipped[0][1]))

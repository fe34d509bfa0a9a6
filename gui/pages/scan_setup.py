"""The start of a scan: drop or choose a folder, choose the model, start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from db.registry import ModelVersion
from gui.icons import icon
from gui.theme import SPACING, Theme
from gui.widgets.key_button import KeyButton

ACTIVE = "Active model"


class DropZone(QWidget):
    """Takes a folder that is dropped on it. `dropped` carries its Path."""

    dropped = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._over = False
        self.setAcceptDrops(True)
        self._icon = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        words = QLabel("Drop a folder of pictures here", alignment=Qt.AlignmentFlag.AlignCenter)
        words.setProperty("role", "large")
        hint = QLabel("Sub-folders named like a class are compared with the verdicts.")
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setSpacing(SPACING)
        column.addStretch(1)
        for widget in (self._icon, words, hint):
            column.addWidget(widget)
        column.addStretch(1)
        self._draw()
        theme.changed.connect(self._draw)

    def _draw(self) -> None:
        self._icon.setPixmap(icon("folder", self._theme.colours.muted).pixmap(48, 48))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Folders, and single pictures for their folder."""
        if _dropped(event) is not None:
            self._over = True
            event.acceptProposedAction()
            self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Calm again."""
        self._over = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the folder."""
        self._over = False
        self.update()
        folder = _dropped(event)
        if folder is not None:
            event.acceptProposedAction()
            self.dropped.emit(folder)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A dashed frame; the accent while something hovers."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(self._theme.colour("accent" if self._over else "line"), 2, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawRoundedRect(self.rect().adjusted(2, 2, -2, -2), SPACING, SPACING)


class ScanSetup(QWidget):
    """Folder, model, review band. `started` when Start was pressed with a folder."""

    started = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.zone = DropZone(theme)
        self.folder = QLineEdit(placeholderText="Folder of pictures")
        self.folder.setAccessibleName("Folder")
        self.choose_button = KeyButton(theme, "Choose…", "Ctrl+O", "folder", compact=True)
        self.model = QComboBox()
        self.model.setAccessibleName("Model")
        self.model.addItem(ACTIVE, "")
        self.no_review = QCheckBox("No review band: every picture is OK or NG")
        self.start_button = KeyButton(theme, "Start", "Space", "play", primary=True)
        self.start_button.setEnabled(False)
        self._lay_out()
        self.zone.dropped.connect(self.set_folder)
        self.folder.textChanged.connect(lambda text: self.start_button.setEnabled(bool(text.strip())))
        self.folder.returnPressed.connect(self.start)
        self.choose_button.clicked.connect(self.choose)
        self.start_button.clicked.connect(self.start)

    def _lay_out(self) -> None:
        form = QGridLayout()
        form.setSpacing(2 * SPACING)
        for row, (name, widget) in enumerate((("Folder", self.folder), ("Model", self.model), ("", self.no_review))):
            form.addWidget(QLabel(name), row, 0)
            form.addWidget(widget, row, 1)
        form.addWidget(self.choose_button, 0, 2)
        form.addWidget(self.start_button, 3, 1, Qt.AlignmentFlag.AlignLeft)
        form.setColumnStretch(1, 1)
        middle = QVBoxLayout(self)
        middle.setContentsMargins(6 * SPACING, 3 * SPACING, 6 * SPACING, 3 * SPACING)
        middle.setSpacing(3 * SPACING)
        middle.addWidget(self.zone, 1)
        middle.addLayout(form)

    def choose(self) -> None:
        """Ask for a folder."""
        dialog = QFileDialog(self, "Folder of pictures", self.folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.open()

    def set_folder(self, folder: Path) -> None:
        """Take this folder; Start is the next step."""
        self.folder.setText(str(folder))
        self.start_button.setFocus()

    def offer(self, models: Sequence[ModelVersion]) -> None:
        """The models to choose from, the active one first."""
        chosen = self.model.currentData()
        self.model.clear()
        active = next((m for m in models if m.state == "active"), None)
        self.model.addItem(f"{ACTIVE}: {active.name} {active.version}" if active else ACTIVE, "")
        for model in models:
            if model.state != "active":
                self.model.addItem(f"{model.name} {model.version} ({model.state})", model.version)
        self.model.setCurrentIndex(max(0, self.model.findData(chosen)))

    def start(self) -> None:
        """Go, when there is a folder."""
        if self.folder.text().strip():
            self.started.emit()


def _dropped(event: QDropEvent) -> Path | None:
    """The folder in a drop: itself, or that of the first file."""
    if event.type() is QEvent.Type.DragLeave or not event.mimeData().hasUrls():
        return None
    for url in event.mimeData().urls():
        if url.isLocalFile():
            path = Path(url.toLocalFile())
            return path if path.is_dir() else path.parent
    return None

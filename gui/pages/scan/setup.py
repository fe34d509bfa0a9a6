"""The start of a scan: drop or choose a folder, choose recipe and model, start; or go on with one that stopped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from db.models.registry import ModelVersion
from db.recipes.shelf import StoredRecipe
from engine.names import name_of
from gui.context import AppContext
from gui.i18n.language import translate
from gui.pages.scan.account import FolderAccount
from gui.pages.scan.sound_folders import SoundFolders
from gui.pages.scan.stopped import StoppedScan
from gui.theme.icons import icon
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.key_button import KeyButton

ICON = 48
ZONE_HEIGHT = 96


class DropZone(QWidget):
    """Takes a folder that is dropped on it. `dropped` carries its Path."""

    dropped = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._over = False
        self.setAcceptDrops(True)
        self.setMinimumHeight(scaled(ZONE_HEIGHT))
        self._icon = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        words = QLabel(translate("Scan", "Drop a folder of pictures here"), wordWrap=True)
        words.setProperty("role", "large")
        hint = QLabel(
            translate("Scan", "Sub-folders named like a class, OK or NG are compared with the verdicts."), wordWrap=True
        )
        hint.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACING, 2 * SPACING, 2 * SPACING, 2 * SPACING)
        column.setSpacing(SPACING)
        column.addStretch(1)
        for label in (self._icon, words, hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addStretch(1)
        self._draw()
        theme.changed.connect(self._draw)

    def _draw(self) -> None:
        self._icon.setPixmap(icon("folder", self._theme.colours.muted).pixmap(ICON, ICON))

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
    """Folder, sub-folders, recipe, model, review band. `started` when Start was pressed with a folder."""

    started = Signal()

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, theme = context, context.theme
        self._filling = True
        self.zone, self.stopped = DropZone(theme), StoppedScan(context)
        self.folder = QLineEdit(placeholderText=translate("Scan", "Folder of pictures"))
        self.folder.setAccessibleName(translate("Scan", "Folder"))
        self.choose_button = KeyButton(theme, translate("Scan", "Choose…"), "Ctrl+O", "folder", compact=True)
        self.recipe, self.model = QComboBox(), QComboBox()
        self.recipe.setAccessibleName(translate("Scan", "Recipe"))
        self.model.setAccessibleName(translate("Scan", "Model"))
        self.recursive = QCheckBox(translate("Scan", "Sub-folders too"))
        self.account = FolderAccount(context)
        self.no_review = QCheckBox(translate("Scan", "No review band: every picture is OK or NG"))
        self.sound = SoundFolders(context)
        self.start_button = KeyButton(theme, translate("Scan", "Start"), "Space", "play", primary=True)
        self._lay_out()
        self._restore()
        self._connect()

    @property
    def _live_recipe(self) -> str:
        return str(self._context.product.recipe or "")

    # ── what is chosen ───────────────────────────────────────────────────────────────────────────────────────────
    @property
    def chosen_folder(self) -> str:
        """The folder as typed."""
        return self.folder.text().strip()

    def set_folder(self, folder: Path) -> None:
        """Take this folder; Start is the next step."""
        self.folder.setText(name_of(folder))
        self.start_button.setFocus()

    def offer(self, models: Sequence[ModelVersion], recipes: Sequence[StoredRecipe]) -> None:
        """The models and the recipes to choose from, the active one first."""
        self._filling = True
        kept = self._context.memory("scan")
        self._offer_models(models, str(kept.get("model") or ""))
        live = self._live_recipe
        self._offer_recipes(recipes, live, str(kept.get("recipe", live)))
        self._filling = False

    def start(self) -> None:
        """Go, when there is a folder."""
        if self.chosen_folder:
            self.started.emit()

    def choose(self) -> None:
        """Ask for a folder."""
        dialog = QFileDialog(self, translate("Scan", "Folder of pictures"), self.folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.open()

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _lay_out(self) -> None:
        form = QGridLayout()
        form.setHorizontalSpacing(2 * SPACING)
        form.setVerticalSpacing(SPACING)
        names = (translate("Scan", "Folder"), translate("Scan", "Recipe"), translate("Scan", "Model"))
        for row, name, widget in zip((0, 2, 3), names, (self.folder, self.recipe, self.model), strict=True):
            label = QLabel(name)
            label.setBuddy(widget)
            form.addWidget(label, row, 0)
            form.addWidget(widget, row, 1, 1, 1 if row == 0 else 2)
        for combo in (self.recipe, self.model):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        form.addWidget(self.choose_button, 0, 2)
        form.addWidget(self.account, 1, 1, 1, 2)
        form.addWidget(self.recursive, 4, 1, 1, 2)
        form.addWidget(self.no_review, 5, 1, 1, 2)
        form.addWidget(QLabel(translate("Scan", "Sound sub-folders")), 6, 0)
        form.addWidget(self.sound, 6, 1, 1, 2, Qt.AlignmentFlag.AlignLeft)
        form.addWidget(self.start_button, 7, 1, 1, 2, Qt.AlignmentFlag.AlignLeft)
        form.setRowMinimumHeight(7, scaled(48))
        form.setColumnStretch(1, 1)
        inside = QWidget()
        inside.setObjectName("page")
        column = QVBoxLayout(inside)
        column.setContentsMargins(6 * SPACING, 3 * SPACING, 6 * SPACING, 3 * SPACING)
        column.setSpacing(3 * SPACING)
        column.addWidget(self.stopped)
        column.addWidget(self.zone, 1)
        column.addLayout(form)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(area)

    def _restore(self) -> None:
        kept = self._context.memory("scan")
        folder = kept.get("folder")
        self.folder.setText(folder if isinstance(folder, str) else "")
        self.recursive.setChecked(kept.get("recursive") is not False)
        self.no_review.setChecked(kept.get("no_review") is True)
        self._offer_models((), "")
        self._offer_recipes((), self._live_recipe, "")
        self._changed()
        self._filling = False

    def _connect(self) -> None:
        self.zone.dropped.connect(self.set_folder)
        self.folder.textChanged.connect(self._changed)
        self.recipe.currentIndexChanged.connect(self._changed)
        self.model.currentIndexChanged.connect(self._changed)
        self.recursive.toggled.connect(self._changed)
        self.no_review.toggled.connect(self._changed)
        self.folder.returnPressed.connect(self.start)
        self.choose_button.clicked.connect(self.choose)
        self.start_button.clicked.connect(self.start)

    def _changed(self) -> None:
        self.start_button.setEnabled(bool(self.chosen_folder))
        self.account.tell(self.chosen_folder, recursive=self.recursive.isChecked())
        self.sound.of(self.chosen_folder)
        if not self._filling:
            self._context.remember(
                "scan",
                folder=self.chosen_folder,
                recursive=self.recursive.isChecked(),
                no_review=self.no_review.isChecked(),
                model=str(self.model.currentData() or ""),
                recipe=str(self.recipe.currentData() or ""),
            )

    def _offer_models(self, models: Sequence[ModelVersion], chosen: str) -> None:
        self.model.clear()
        active = next((m for m in models if m.state == "active"), None)
        word = translate("Scan", "Active model")
        self.model.addItem(f"{word}: {active.name} {active.version}" if active else word, "")
        states = {"candidate": translate("Scan", "candidate"), "retired": translate("Scan", "retired")}
        for model in models:
            if model.state != "active":
                state = states.get(model.state, model.state)
                self.model.addItem(f"{model.name} {model.version} ({state})", model.version)
        self.model.setCurrentIndex(max(0, self.model.findData(chosen)))

    def _offer_recipes(self, recipes: Sequence[StoredRecipe], live: str, chosen: str) -> None:
        self.recipe.clear()
        self.recipe.addItem(translate("Scan", "The model's own limits"), "")
        stored = {str(recipe.path): f"{recipe.name} {recipe.version}" for recipe in recipes}
        if live and live not in stored:
            stored[live] = Path(live).stem
        for path, name in stored.items():
            words = translate("Scan", "{recipe} (in force on Live)").format(recipe=name) if path == live else name
            self.recipe.addItem(words, path)
        # What was chosen may be another product's: then this one's in force.
        known = chosen if self.recipe.findData(chosen) >= 0 else live
        self.recipe.setCurrentIndex(max(0, self.recipe.findData(known)))


def _dropped(event: QDropEvent) -> Path | None:
    """The folder in a drop: itself, or that of the first file."""
    if event.type() is QEvent.Type.DragLeave or not event.mimeData().hasUrls():
        return None
    for url in event.mimeData().urls():
        if url.isLocalFile():
            path = Path(url.toLocalFile())
            return path if path.is_dir() else path.parent
    return None

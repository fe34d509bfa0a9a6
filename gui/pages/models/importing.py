"""Bringing a model in: a Lineside package at once, a model made elsewhere after a short dialog about its use."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from db.models.foreign import look_at, register_foreign, register_tried
from db.models.registry import ModelVersion
from db.products.acts import add_model
from engine.errors import LinesideError
from engine.importing.files import is_package
from engine.importing.inspect import Foreign, Kind
from engine.importing.plan import Colour, ImportOptions, Scale
from gui.context import AppContext
from gui.i18n.language import translate
from gui.jobs.jobs import Job
from gui.pages.models.whose import Whose
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.key_button import KeyButton

Choices = dict[Kind, str] | dict[Scale, str] | dict[Colour, str]
KINDS = "*.zip *.onnx *.xml *.ZIP *.ONNX *.XML"
_ADD = re.compile(r": add (--[a-z-]+).*$")


def _kinds() -> dict[Kind, str]:
    return {
        "classifier": translate("Models", "Classifier: a score per class"),
        "segdec": translate("Models", "Segmentation: a map of defects"),
        "anomaly": translate("Models", "Anomaly: one score, taught on sound parts"),
    }


def _scales() -> dict[Scale, str]:
    return {
        "imagenet": translate("Models", "ImageNet mean and deviation"),
        "0-1": translate("Models", "0 to 1"),
        "-1-1": translate("Models", "−1 to 1"),
        "0-255": translate("Models", "0 to 255, as the camera gives it"),
    }


def _colours() -> dict[Colour, str]:
    return {
        "rgb": translate("Models", "Red first (RGB)"),
        "bgr": translate("Models", "Blue first (BGR)"),
        "grey": translate("Models", "Grey"),
    }


def _fields() -> dict[str, str]:
    """The command line's flags, and what the dialog calls them."""
    return {
        "--name": translate("Models", "Name"),
        "--classes": translate("Models", "Classes"),
        "--ok": translate("Models", "Sound classes"),
        "--scale": translate("Models", "Scaling"),
        "--colour": translate("Models", "Colour"),
        "--size": translate("Models", "Size"),
        "--kind": translate("Models", "Kind"),
        "--limit": translate("Models", "Limit"),
        "--reference": translate("Models", "Sound pictures"),
    }


class ImportDialog(QDialog):
    """Open it with `open()`. `agreed` carries ImportOptions; `refuse` says what is missing and lets try again."""

    agreed = Signal(object)

    def __init__(self, theme: Theme, path: Path, foreign: Foreign, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Models", "Import a model"))
        self.setMinimumWidth(min(scaled(680), 1200))
        self._foreign = foreign
        fields = _fields()
        self.name = _line(fields["--name"], path.stem)
        self.kind = _choice(fields["--kind"], _kinds(), foreign.kind)
        hint = translate("Models", "{count} names in the order of the scores: ok, dent, …")
        hint = hint.format(count=foreign.count or "").strip()
        self.classes = _line(fields["--classes"], ", ".join(foreign.default_classes), hint)
        which = translate("Models", "Which of them are sound; or: none")
        self.sound = _line(fields["--ok"], ", ".join(foreign.default_classes[:1]), which)
        self.scale = _choice(fields["--scale"], _scales(), "0-1" if foreign.anomalib else None)
        self.colour = _choice(fields["--colour"], _colours(), "grey" if foreign.channels == 1 else "rgb")
        self.colour.setEnabled(foreign.channels == 3)
        size = f"{foreign.height} × {foreign.width}" if foreign.height and foreign.width else ""
        such = translate("Models", "Height × width in pixels, such as 224 × 224")
        self.size_text = _line(fields["--size"], size, such)
        self.size_text.setEnabled(not size)
        self.limit = _line(fields["--limit"], "", translate("Models", "Raw score from which a part is a defect"))
        optional = translate("Models", "Optional folder: limits of light and sharpness")
        self.reference = _line(fields["--reference"], "", optional)
        self.browse = KeyButton(theme, translate("Models", "Choose…"), "", "folder", compact=True)
        self.error = QLabel(wordWrap=True)
        self.error.setProperty("role", "error")
        self.error.hide()
        self.go = KeyButton(theme, translate("Models", "Import"), "Return", primary=True)
        self.go.setDefault(True)
        self.cancel = KeyButton(theme, translate("Models", "Cancel"), "Esc")
        self.cancel.setAutoDefault(False)
        self._lay_out(found_in(path, foreign))
        self.go.clicked.connect(self._agree)
        self.cancel.clicked.connect(self.reject)
        self.browse.clicked.connect(self._browse)
        self.kind.currentIndexChanged.connect(self._show_limit)
        self._show_limit()

    def options(self) -> ImportOptions:
        """What the fields say. Raises ValueError for a size or limit that is no number."""
        height, width = _size(self.size_text.text()) if self.size_text.isEnabled() else (None, None)
        sound = _names(self.sound.text())
        return ImportOptions(
            name=self.name.text().strip(),
            kind=self.kind.currentData(),
            classes=_names(self.classes.text()),
            ok=() if sound == ("none",) else sound or None,
            height=height,
            width=width,
            scale=self.scale.currentData(),
            colour=self.colour.currentData(),
            limit=_number(self.limit.text()) if self._wants_limit else None,
            reference=Path(self.reference.text()) if self.reference.text().strip() else None,
        )

    def refuse(self, error: Exception) -> None:
        """Say in one sentence what is wrong, by the names of the fields; the dialog stays."""
        self.error.setText(in_fields(error))
        self.error.show()
        self._busy(False)

    @property
    def _wants_limit(self) -> bool:
        return self.kind.currentData() == "anomaly" and not self._foreign.normalised

    def _show_limit(self) -> None:
        for widget in (self._limit_label, self.limit):
            widget.setVisible(self._wants_limit)

    def _agree(self) -> None:
        try:
            options = self.options()
        except ValueError as error:
            self.refuse(error)
            return
        self.error.hide()
        self._busy(True)
        self.agreed.emit(options)

    def _busy(self, busy: bool) -> None:
        self.go.setEnabled(not busy)
        self.go.setText(translate("Models", "Importing…") if busy else translate("Models", "Import"))

    def _browse(self) -> None:
        dialog = QFileDialog(self, translate("Models", "Folder of sound pictures"), self.reference.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.reference.setText)
        dialog.open()

    def _lay_out(self, found: str) -> None:
        said = QLabel(found, wordWrap=True)
        said.setProperty("role", "muted")
        said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        form = QGridLayout()
        form.setHorizontalSpacing(2 * SPACING)
        form.setVerticalSpacing(SPACING)
        fields: tuple[QLineEdit | QComboBox, ...] = (
            self.name, self.kind, self.limit, self.classes, self.sound, self.scale, self.colour, self.size_text,
            self.reference,
        )  # fmt: skip
        for row, widget in enumerate(fields):
            label = QLabel(widget.accessibleName())
            if widget is self.limit:
                self._limit_label = label
            form.addWidget(label, row, 0)
            form.addWidget(widget, row, 1, 1, 1 if widget is self.reference else 2)
        form.addWidget(self.browse, len(fields) - 1, 2)
        form.setColumnStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACING, 3 * SPACING, 3 * SPACING, 2 * SPACING)
        column.setSpacing(2 * SPACING)
        column.addWidget(said)
        column.addLayout(form)
        column.addWidget(self.error)
        column.addLayout(buttons)


class Importing(QObject):
    """From a path to a registered candidate, on jobs in processes of their own; `imported` carries the ModelVersion.

    Closing the dialog ends an import under way.
    """

    imported = Signal(object)

    def __init__(self, context: AppContext, whose: Whose, page: QWidget) -> None:
        super().__init__(page)
        self._context, self._whose, self._page = context, whose, page
        self.dialog: ImportDialog | None = None
        self._job: Job | None = None

    def ask(self, folder: bool) -> None:
        """Which file or folder?"""
        title = translate("Models", "Folder of the model") if folder else translate("Models", "Model to import")
        dialog = QFileDialog(self._page, title)
        dialog.setFileMode(QFileDialog.FileMode.Directory if folder else QFileDialog.FileMode.ExistingFile)
        if not folder:
            dialog.setNameFilter(translate("Models", "Models ({kinds})").format(kinds=KINDS))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.take_chosen)
        dialog.open()

    def take_chosen(self, chosen: str) -> None:
        """What the file dialog gave."""
        self.take(Path(chosen))

    def take(self, path: Path) -> None:
        """Register a package; look at anything else and ask about it."""
        db, by, product = self._context.db, self._context.operator, self._whose.product.id

        def work(job: Job, _report: object) -> ModelVersion | Foreign:
            cancelled = partial(_asked, job)
            if path.exists() and is_package(path):
                made = register_tried(db, path, by, cancelled)
                add_model(db, product, made.version, by)
                return made
            return look_at(path, cancelled)

        self._context.jobs.stream(work, _nothing, partial(self._taken, path))

    def _taken(self, path: Path, found: ModelVersion | Foreign) -> None:
        if isinstance(found, ModelVersion):
            self._done(found)
            return
        dialog = ImportDialog(self._context.theme, path, found, self._page)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.agreed.connect(partial(self._make, path))
        dialog.finished.connect(self._closed)
        self.dialog = dialog
        dialog.open()

    def _make(self, path: Path, options: ImportOptions) -> None:
        db, by, product = self._context.db, self._context.operator, self._whose.product.id

        def work(job: Job, _report: object) -> ModelVersion:
            made = register_foreign(db, path, options, by, partial(_asked, job))[0]
            add_model(db, product, made.version, by)
            return made

        self._job = self._context.jobs.stream(work, _nothing, self._done, self._failed)

    def _done(self, model: ModelVersion) -> None:
        if self.dialog is not None:
            self.dialog.accept()
        said = translate("Models", "Model {name} {version} is imported.")
        remedy = translate("Models", "Press G to put it before the gate, A to activate it.")
        self._context.notify("info", said.format(name=model.name, version=model.version), remedy)
        self.imported.emit(model)

    def _failed(self, error: Exception) -> None:
        if self.dialog is not None and isinstance(error, LinesideError):
            self.dialog.refuse(error)
            return
        self._context.jobs.failed.emit(error)

    def _closed(self, result: int) -> None:
        self.dialog = None
        if self._job is not None and result == QDialog.DialogCode.Rejected:
            self._job.cancel()
        self._job = None


def _asked(job: Job) -> bool:
    return job.cancelled


def _nothing(_progress: object) -> None:
    """The work has no steps to tell of."""


def in_fields(error: Exception) -> str:
    """An error written for the command line's flags, in the names of the dialog's fields."""
    message = f"{error.message} {error.remedy}".strip() if isinstance(error, LinesideError) else str(error)
    fill = translate("Models", "fill in {field}")
    message = _ADD.sub(lambda found: f": {fill.format(field=found[1])}.", message)
    for flag, field in _fields().items():
        message = message.replace(flag, f"“{field}”")
    return message


def found_in(path: Path, foreign: Foreign) -> str:
    """What the operator is shown of a model: its ends, and what follows from them."""
    outputs = ", ".join(map(str, foreign.outputs))
    ends = [
        translate("Models", "Input: {ends}").format(ends=foreign.inputs[0]),
        translate("Models", "Outputs: {ends}").format(ends=outputs),
    ]
    found = translate("Models", "Found in {name}").format(name=path.name)
    return "\n".join([found, *ends, *(note[:1].upper() + note[1:] for note in foreign.notes)])


def _line(name: str, text: str, hint: str = "") -> QLineEdit:
    made = QLineEdit(text, placeholderText=hint)
    made.setAccessibleName(name)
    return made


def _choice(name: str, choices: Choices, chosen: str | None) -> QComboBox:
    made = QComboBox()
    made.setAccessibleName(name)
    if chosen is None:
        made.addItem(translate("Models", "Choose…"), None)
    for value, text in choices.items():
        made.addItem(text, value)
    made.setCurrentIndex(max(0, made.findData(chosen)) if chosen is not None else 0)
    return made


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", ".")) if text.strip() else None
    except ValueError:
        raise ValueError(translate("Models", "Write the limit as a number, such as 12.5.")) from None


def _size(text: str) -> tuple[int, int] | tuple[None, None]:
    sides = [side.strip() for side in text.lower().replace("×", "x").split("x")]
    if not text.strip():
        return None, None
    if len(sides) != 2 or not all(side.isdecimal() and len(side) < 6 for side in sides):
        raise ValueError(translate("Models", "Write the size as height × width in pixels, such as 224 × 224."))
    return int(sides[0]), int(sides[1])

"""The versions of a recipe: who saved them why, what differs, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from db.recipes.shelf import Saving, StoredRecipe, reasons, versions
from db.store.session import Database
from engine.recipes.changes import Change, changes
from engine.recipes.file import recipe_document
from gui.i18n.language import day_time, number, translate
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.calm_table import calm_table
from gui.widgets.key_button import KeyButton


@dataclass(frozen=True, slots=True)
class History:
    """The versions, newest first, their contents, and why each was saved."""

    versions: tuple[StoredRecipe, ...]
    documents: tuple[Mapping[str, object], ...]
    savings: Mapping[int, Saving]


def read_history(db: Database, path: Path) -> History:
    """All versions of a recipe. Blocking: on a job. Raises InputError."""
    found = versions(path)
    return History(found, tuple(recipe_document(v.path) for v in found), reasons(db, path))


class VersionsDialog(QDialog):
    """Open it with `open()`. `backAsked`: this StoredRecipe shall be the newest version again."""

    backAsked = Signal(object)

    def __init__(self, theme: Theme, history: History, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._history = history
        newest = history.versions[0]
        self.setWindowTitle(translate("Recipes", "Versions of {name}").format(name=newest.name))
        self.list = _table(
            theme,
            [
                translate("Recipes", "Version"),
                translate("Recipes", "Saved"),
                translate("Recipes", "By"),
                translate("Recipes", "Why"),
            ],
            translate("Recipes", "Versions"),
        )
        self.differences = _table(
            theme,
            [translate("Recipes", "What"), translate("Recipes", "Then"), translate("Recipes", "Now")],
            translate("Recipes", "Differences"),
        )
        self.words = QLabel(wordWrap=True)
        self.back = KeyButton(theme, translate("Recipes", "Go back to this version…"), "Return", "undo", primary=True)
        self.done_button = KeyButton(theme, translate("Recipes", "Close"), "Esc")
        self.done_button.setAutoDefault(False)
        self.back.clicked.connect(self._go_back)
        self.done_button.clicked.connect(self.reject)
        self._fill()
        self._lay_out()
        self.list.currentCellChanged.connect(self._compare)
        self.list.setCurrentCell(1 if len(history.versions) > 1 else 0, 0)

    def _fill(self) -> None:
        self.list.setRowCount(len(self._history.versions))
        for row, version in enumerate(self._history.versions):
            saving = self._history.savings.get(version.version)
            words = (number(version.version), day_time(version.saved_at), *_said(saving))
            for column, word in enumerate(words):
                item = QTableWidgetItem(word)
                item.setToolTip(word)
                self.list.setItem(row, column, item)
        self.list.resizeColumnsToContents()

    def _compare(self) -> None:
        row = max(0, self.list.currentRow())
        found = changes(self._history.documents[row], self._history.documents[0])
        self.back.setEnabled(row > 0)
        then, now = self._history.versions[row].version, self._history.versions[0].version
        if row == 0:
            text = translate("Recipes", "This is the newest version. Choose another one to compare.")
        elif found:
            text = translate("Recipes", "Version {then} and version {now} differ in %n point(s).", "", len(found))
        else:
            text = translate("Recipes", "Version {then} and version {now} are the same.")
        self.words.setText(text.format(then=then, now=now))
        self.differences.setVisible(bool(found))
        self.differences.setRowCount(len(found))
        for at, change in enumerate(found):
            for column, word in enumerate((key_words(change.key), value_words(change.before), _after(change))):
                item = QTableWidgetItem(word)
                item.setToolTip(word)
                self.differences.setItem(at, column, item)

    def _go_back(self) -> None:
        row = self.list.currentRow()
        if row > 0:
            self.accept()
            self.backAsked.emit(self._history.versions[row])

    def _lay_out(self) -> None:
        self.differences.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACING)
        buttons.addStretch(1)
        buttons.addWidget(self.done_button)
        buttons.addWidget(self.back)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACING, 3 * SPACING, 3 * SPACING, 2 * SPACING)
        column.setSpacing(2 * SPACING)
        column.addWidget(self.list, 1)
        column.addWidget(self.words)
        column.addWidget(self.differences, 1)
        column.addLayout(buttons)
        self.resize(min(scaled(720), 1200), min(scaled(520), 680))


def key_words(key: str) -> str:
    """A recipe file's key as people call it."""
    if key.startswith("classes."):
        label, _, name = key[len("classes.") :].rpartition(".")
        return f"{label}: {_limit_words().get(name, name)}"
    return (_limit_words() if key.startswith("limits.") else _words()).get(key.removeprefix("limits."), key)


def value_words(value: object) -> str:
    """A recipe file's value as people read it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return translate("Recipes", "yes") if value else translate("Recipes", "no")
    if isinstance(value, int | float):
        text = number(value, 5) if isinstance(value, float) else number(value)
        point = number(0.5, 1)[1]
        return text.rstrip("0").rstrip(point) if isinstance(value, float) else text
    if isinstance(value, Sequence) and not isinstance(value, str):
        return (
            " … ".join(value_words(part) for part in value) if len(value) == 2 else ", ".join(map(value_words, value))
        )
    return str(value)


def _after(change: Change) -> str:
    return value_words(change.after)


def _limit_words() -> dict[str, str]:
    return {
        "ng_at": translate("Recipes", "NG from"),
        "review": translate("Recipes", "REVIEW band"),
        "min_area_px": translate("Recipes", "Smallest area (px²)"),
        "min_area_mm2": translate("Recipes", "Smallest area (mm²)"),
        "mm_per_px": translate("Recipes", "Scale (mm/px)"),
        "max_regions": translate("Recipes", "Most regions"),
        "severity": translate("Recipes", "Severity"),
    }


def _words() -> dict[str, str]:
    return {
        "name": translate("Recipes", "Name"),
        "model": translate("Recipes", "Model"),
        "code": translate("Recipes", "Scanned code"),
        "roi": translate("Recipes", "Rectangle"),
        "polygon": translate("Recipes", "Polygon"),
        "max_frame_age_s": translate("Recipes", "Oldest frame (s)"),
        "pages": translate("Recipes", "Files with several pictures"),
        "guard.brightness": translate("Recipes", "Brightness"),
        "guard.contrast_min": translate("Recipes", "Least contrast"),
        "guard.sharpness_min": translate("Recipes", "Least sharpness"),
        "guard.clipped_max": translate("Recipes", "Most white"),
        "guard.novelty": translate("Recipes", "A part unlike the others"),
        "guard.novelty_max": translate("Recipes", "unlike from"),
        "saving.defects": translate("Recipes", "Keep defect pictures"),
        "saving.every_ok": translate("Recipes", "Keep one OK picture in"),
        "camera.trigger": translate("Recipes", "Trigger"),
        "camera.takt_s": translate("Recipes", "Takt"),
        "reference.picture": translate("Recipes", "Golden picture"),
        "imaging.picture": translate("Recipes", "Golden picture of the camera check"),
    }


def _said(saving: Saving | None) -> tuple[str, str]:
    return ("–", "–") if saving is None else (saving.who, saving.why)


def _table(theme: Theme, heads: Sequence[str], name: str) -> QTableWidget:
    made = QTableWidget(0, len(heads))
    made.setHorizontalHeaderLabels(list(heads))
    made.setAccessibleName(name)
    calm_table(made, theme, scaled(32))
    made.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    return made

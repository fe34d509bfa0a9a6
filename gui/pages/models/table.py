"""The table of model versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from db.models.files import OnDisk
from db.models.registry import ModelVersion, State
from gui.i18n.language import day, day_time, number, percent, size, translate
from gui.theme.theme import NORMAL, font

STATE, VERSION, NAME, ACCURACY, ESCAPES, SPEED, SIZE, REGISTERED, DATA = range(9)
NONE = "–"
Index = QModelIndex | QPersistentModelIndex
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_FIGURES = (ACCURACY, ESCAPES, SPEED, SIZE)


def state_word(state: State) -> str:
    """A model's state as it stands on screen."""
    words = {
        "active": translate("Models", "active"),
        "candidate": translate("Models", "candidate"),
        "retired": translate("Models", "retired"),
        "rejected": translate("Models", "rejected"),
    }
    return words[state]


def _headers() -> tuple[str, ...]:
    return (
        translate("Models", "State"),
        translate("Models", "Version"),
        translate("Models", "Model"),
        translate("Models", "Accuracy"),
        translate("Models", "Escapes"),
        translate("Models", "Speed"),
        translate("Models", "Size"),
        translate("Models", "Registered"),
        translate("Models", "Data"),
    )


class ModelsTable(QAbstractTableModel):
    """Registered versions, newest first; the active one in bold."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[ModelVersion, ...] = ()
        self._disk: Mapping[str, OnDisk] = {}
        self._titles = _headers()

    def set_models(self, models: Sequence[ModelVersion], disk: Mapping[str, OnDisk] | None = None) -> None:
        """Show these; `disk` by version."""
        self.beginResetModel()
        self._rows, self._disk = tuple(models), dict(disk or {})
        self.endResetModel()

    def model(self, row: int) -> ModelVersion | None:
        """The version in `row`; None outside."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row_of(self, version: str) -> int:
        """Where a version stands; -1 when it is not listed."""
        return next((i for i, m in enumerate(self._rows) if m.version == version), -1)

    @property
    def models(self) -> tuple[ModelVersion, ...]:
        """All versions, newest first."""
        return self._rows

    def disk(self, version: str) -> OnDisk:
        """What lies on disk of a version."""
        return self._disk.get(version, OnDisk())

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Number of versions."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One column for each title."""
        return 0 if parent.isValid() else len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Column titles."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section in _FIGURES else _LEFT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text and weight."""
        if not index.isValid():
            return None
        model, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(model, self.disk(model.version), column)
        if role == Qt.ItemDataRole.FontRole:
            weighted: QFont = font(NORMAL, bold=model.state == "active")
            return weighted
        if role == Qt.ItemDataRole.TextAlignmentRole and column in _FIGURES:
            return _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{model.lineage_note}\n{day_time(model.registered_at)}"
        return None


def _text(model: ModelVersion, disk: OnDisk, column: int) -> str:
    accuracy, escapes = model.metrics.get("accuracy"), model.metrics.get("escapes")
    match column:
        case 0:
            return state_word(model.state)
        case 1:
            return model.version
        case 2:
            return model.name
        case 3:
            return percent(accuracy) if isinstance(accuracy, int | float) else NONE
        case 4:
            counted = escapes.get("count") if isinstance(escapes, dict) else None
            return number(counted) if isinstance(counted, int) else NONE
        case 5:
            return f"{number(disk.milliseconds, 1)} ms" if disk.milliseconds is not None else NONE
        case 6:
            return size(disk.bytes_) if disk.bytes_ else NONE
        case 7:
            return day(model.registered_at)
    return data_words(disk)


def data_words(disk: OnDisk) -> str:
    """The data set and how many pictures it has."""
    if not disk.dataset:
        return NONE
    if disk.pictures is None:
        return disk.dataset
    count = translate("Models", "%n picture(s)", "", disk.pictures)
    return f"{disk.dataset}, {count}"

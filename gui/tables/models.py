"""The table of model versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from db.registry import ModelVersion
from gui.theme import NORMAL, font

HEADERS = ("State", "Version", "Model", "Accuracy", "Escapes", "Registered")
STATE, VERSION, NAME, ACCURACY, ESCAPES, REGISTERED = range(6)
Index = QModelIndex | QPersistentModelIndex
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ModelsTable(QAbstractTableModel):
    """Registered versions, newest first; the active one in bold."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[ModelVersion, ...] = ()

    def set_models(self, models: Sequence[ModelVersion]) -> None:
        """Show these."""
        self.beginResetModel()
        self._rows = tuple(models)
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

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Number of versions."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One column for each of HEADERS."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Column titles."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section in (ACCURACY, ESCAPES) else _LEFT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text and weight."""
        if not index.isValid():
            return None
        model, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(model, column)
        if role == Qt.ItemDataRole.FontRole:
            weighted: QFont = font(NORMAL, bold=model.state == "active")
            return weighted
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (ACCURACY, ESCAPES):
            return _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            return model.lineage_note
        return None


def _text(model: ModelVersion, column: int) -> str:
    accuracy, escapes = model.metrics.get("accuracy"), model.metrics.get("escapes")
    texts = {
        STATE: model.state,
        VERSION: model.version,
        NAME: model.name,
        ACCURACY: f"{accuracy:.1%}".replace("%", " %") if isinstance(accuracy, int | float) else "–",
        ESCAPES: f"{escapes['count']:,}" if isinstance(escapes, dict) and "count" in escapes else "–",
        REGISTERED: f"{model.registered_at.astimezone():%d %b %Y %H:%M}",
    }
    return texts[column]

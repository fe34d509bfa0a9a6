"""The overview of the Models page: the list, the chosen model in full, and a button for each act."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QHBoxLayout, QLabel, QTableView, QVBoxLayout, QWidget

from db.models.registry import ModelVersion
from gui.i18n.language import translate
from gui.pages.models.details import ModelDetails
from gui.pages.models.presenter import Buttons, Found
from gui.pages.models.table import ACCURACY, DATA, ESCAPES, NAME, REGISTERED, SIZE, SPEED, STATE, VERSION, ModelsTable
from gui.theme.large_type import large_type
from gui.theme.theme import SMALL, SPACING, Theme, font, scaled
from gui.widgets.calm_table import calm_table
from gui.widgets.columns import Columns
from gui.widgets.elided import CutLabel
from gui.widgets.flow import FlowLayout
from gui.widgets.key_button import KeyButton

WIDTHS = {
    STATE: 88,
    VERSION: 132,
    NAME: 128,
    ACCURACY: 80,
    ESCAPES: 72,
    SPEED: 72,
    SIZE: 72,
    REGISTERED: 120,
    DATA: 240,
}
LIST_WIDTH = 768
DETAILS_WIDTH = 320


class ModelsView(QWidget):
    """`chosen`: the mark is on another model."""

    chosen = Signal()

    def __init__(self, theme: Theme, widths: Sequence[int]) -> None:
        super().__init__()
        self.rows = ModelsTable()
        self.table = QTableView()
        self.details = ModelDetails(theme)
        self.teach_button = KeyButton(theme, translate("Models", "Teach the model"), "T", "teach")
        self.new_button = KeyButton(theme, translate("Models", "New product…"), "Shift+T", "snapshot")
        self.activate_button = KeyButton(theme, translate("Models", "Activate…"), "A", "ok", compact=True)
        self.gate_button = KeyButton(theme, translate("Models", "Change gate"), "G", "gate", compact=True)
        self.rollback_button = KeyButton(theme, translate("Models", "Roll back…"), "Z", "undo", compact=True)
        self.import_button = KeyButton(theme, translate("Models", "Import…"), "I", "import", compact=True)
        self.folder_button = KeyButton(theme, translate("Models", "Import folder…"), "Shift+I", "folder", compact=True)
        self.export_button = KeyButton(theme, translate("Models", "Export…"), "E", "export", compact=True)
        self.verify_button = KeyButton(theme, translate("Models", "Verify"), "V", "search", compact=True)
        self.speed_button = KeyButton(theme, translate("Models", "Measure speed"), "S", "play", compact=True)
        self.judges = CutLabel()
        self.product = QComboBox()
        self.product.setAccessibleName(translate("Models", "Product"))
        self.product.setToolTip(translate("Models", "Whose models are listed"))
        self.product.hide()
        self.empty = QLabel(_empty_words(), wordWrap=True)
        self._own = (self.export_button, self.verify_button, self.speed_button)
        self._set_up_table(theme)
        self._lay_out(widths)
        self.table.selectionModel().currentRowChanged.connect(self._chosen)

    @property
    def current(self) -> ModelVersion | None:
        """The model the mark is on."""
        return self.rows.model(self.table.currentIndex().row())

    def show_models(self, found: Found) -> None:
        """These models, and the mark on none."""
        self.rows.set_models(found.models, found.disk)
        self.empty.setVisible(not found.models)
        self.table.setVisible(bool(found.models))

    def show_buttons(self, buttons: Buttons) -> None:
        """What can be done now."""
        self.activate_button.setEnabled(buttons.activate)
        self.gate_button.setEnabled(buttons.gate)
        self.rollback_button.setEnabled(buttons.roll_back)
        for button in self._own:
            button.setEnabled(buttons.own)
        self.teach_button.setProperty("role", "primary" if buttons.urgent else "")
        self.teach_button.style().unpolish(self.teach_button)
        self.teach_button.style().polish(self.teach_button)
        self.teach_button.setText(buttons.teach)
        self.teach_button.updateGeometry()

    def mark(self, row: int) -> None:
        """Put the mark on this row."""
        flags = QItemSelectionModel.SelectionFlag
        index = self.rows.index(row, STATE)
        self.table.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)

    def step(self, rows: int) -> None:
        """The mark so many rows down, or up; it stays within the list."""
        row = self.table.currentIndex().row() + rows
        if 0 <= row < self.rows.rowCount():
            self.mark(row)

    def _chosen(self) -> None:
        self.chosen.emit()

    def _set_up_table(self, theme: Theme) -> None:
        table = self.table
        table.setModel(self.rows)
        calm_table(table, theme, scaled(40))
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setAccessibleName(translate("Models", "Model versions"))
        small = QFontMetrics(font(SMALL))
        for column, width in WIDTHS.items():
            title = str(self.rows.headerData(column, Qt.Orientation.Horizontal))
            table.setColumnWidth(column, max(scaled(width), small.horizontalAdvance(title) + 3 * SPACING))

    def _lay_out(self, widths: Sequence[int]) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACING)
        top.addWidget(self.teach_button)
        top.addWidget(self.new_button)
        if not large_type():
            top.addWidget(self.judges, 1)
        acts = (self.activate_button, self.gate_button, self.rollback_button, self.import_button, self.folder_button)
        left, right = _column((self.product, self.empty, self.table), acts), _column((self.details,), self._own)
        right.setMinimumWidth(min(scaled(DETAILS_WIDTH), 440))
        self.columns = Columns((left, right), right, SPACING)
        self.columns.setSizes(list(widths) or [scaled(LIST_WIDTH), 10_000])
        page = QVBoxLayout(self)
        page.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        page.setSpacing(SPACING)
        page.addLayout(top)
        if large_type():
            page.addWidget(self.judges)
        page.addWidget(self.columns, 1)


def _column(above: Sequence[QWidget], buttons: Sequence[QWidget]) -> QWidget:
    """Widgets, the last with all the room, over a row of buttons that wraps."""
    made, acts = QWidget(), FlowLayout()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(SPACING)
    for widget in above:
        column.addWidget(widget, int(widget is above[-1]))
    for button in buttons:
        acts.addWidget(button)
    column.addLayout(acts)
    return made


def _empty_words() -> str:
    """What to do where no model is registered yet."""
    return translate(
        "Models",
        "No model is registered yet. Import a model (I), or start the line once: it registers the shipped one.",
    )

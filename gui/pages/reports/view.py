"""One view of the Reports page: its first figures, a chart, the table of the same values, and how they are computed."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QScrollArea, QSizePolicy, QSplitter, QTableView, QVBoxLayout, QWidget

from engine.reports.quality import Table
from gui.i18n.language import translate
from gui.pages.reports.charts.chart import Chart
from gui.pages.reports.charts.charts import ControlCharts, OverrideChart, ParetoChart, YieldChart
from gui.pages.reports.charts.places import EstimateChart, PositionMap
from gui.pages.reports.figures import Figures
from gui.pages.reports.tables import said_of, table_of
from gui.pages.reports.words import View, how, shown
from gui.theme.theme import LARGE, SMALL, SPACING, Theme, font, scaled
from gui.widgets.calm_table import calm_table
from gui.widgets.flow import FlowLayout

Figured = YieldChart | ParetoChart | ControlCharts | OverrideChart | EstimateChart | PositionMap
SIDE = 1000
AROUND = 180
"""Height of a legend, of the values under the pointer, and of the table at its least, in pixels as designed."""
Index = QModelIndex | QPersistentModelIndex


def chart_of(view: View, theme: Theme) -> Figured:
    """A new chart for a view; for the screen, or for paper in the light theme."""
    makers: dict[View, type[Figured]] = {
        "yield": YieldChart,
        "defects": ParetoChart,
        "control": ControlCharts,
        "agreement": OverrideChart,
        "audits": EstimateChart,
        "positions": PositionMap,
    }
    return makers[view](theme)


class TableRows(QAbstractTableModel):
    """A report's table, each value as it is read."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = Table("", "", (), ())

    def set_table(self, table: Table) -> None:
        """Show another one."""
        self.beginResetModel()
        self._table = table
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Rows."""
        return 0 if parent.isValid() else len(self._table.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Columns."""
        return 0 if parent.isValid() else len(self._table.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """A value in the language's way of writing it; numbers at the right."""
        column = self._table.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return shown(self._table.rows[index.row()][index.column()], column.kind)
        return _side(column.kind) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The headings, above their values."""
        if orientation is not Qt.Orientation.Horizontal or section >= len(self._table.columns):
            return None
        column = self._table.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.name
        return _side(column.kind) if role == Qt.ItemDataRole.TextAlignmentRole else None


class ReportView(QWidget):
    """`moved`: the splitter between chart and table, as the share of the chart."""

    moved = Signal(float)

    def __init__(self, theme: Theme, view: View, share: float = 0.6) -> None:
        super().__init__()
        self.view = view
        self.chart: Figured = chart_of(view, theme)
        self.rows = TableRows(self)
        self.table = QTableView()
        self._said = QWidget()
        self._flow = FlowLayout(self._said, gap=3 * SPACING)
        self._blocks: list[tuple[QLabel, QLabel]] = []
        self.table.setModel(self.rows)
        calm_table(self.table, theme, scaled(28))
        self.table.horizontalHeader().setStretchLastSection(False)
        self.table.horizontalHeader().setMinimumSectionSize(scaled(56))
        self.table.setAccessibleName(translate("Reports", "Table of the figures"))
        self.table.setMinimumHeight(scaled(84))
        self.table.selectionModel().currentRowChanged.connect(self._point)
        # A frame is about as high as wide: its table stands beside it.
        beside = view == "positions"
        self.split = QSplitter(Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(SPACING)
        self.split.setStyleSheet("QSplitter::handle { background: transparent; }")
        for part in (self.chart, self.table):
            self.split.addWidget(part)
        if beside:
            self.split.setSizes([SIDE, SIDE])
        self.set_share(share)
        self._spreading = QTimer(self, singleShot=True, interval=0)
        self._spreading.timeout.connect(self._spread)
        # Its wish for height is the plots' 480 px: the page would scroll.
        self.split.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.split.setMinimumHeight(scaled(self.chart.LEAST_HEIGHT + AROUND))
        self.split.splitterMoved.connect(self._tell)
        self.how = QLabel(how(view), wordWrap=True)
        self.how.setProperty("role", "muted")
        self._lay_out()

    def set_share(self, share: float) -> None:
        """How much of the height is the chart's, 0…1; beside a table it is half of the width, and stays so."""
        if self.split.orientation() is Qt.Orientation.Vertical:
            self.split.setSizes([round(1000 * share), round(1000 * (1 - share))])

    def show_figures(self, figures: Figures) -> None:
        """Figures, chart and table of these."""
        said = said_of(self.view, figures)
        while len(self._blocks) < len(said):
            self._add_block()
        for number, (value, name) in enumerate(self._blocks):
            block = value.parentWidget()
            assert block is not None
            block.setVisible(number < len(said))
            if number < len(said):
                name.setText(said[number][0])
                value.setText(said[number][1])
        self._flow.invalidate()
        self.chart.show_figures(figures)
        table = table_of(self.view, figures)
        self.rows.set_table(table)
        self.how.setText(table.how)
        self._spreading.start()
        self.table.scrollToBottom() if self.view in ("yield", "control") else self.table.scrollToTop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The columns share the width."""
        super().resizeEvent(event)
        self._spreading.start()

    def _spread(self) -> None:
        """Every column as wide as its contents, and what is left shared among all."""
        count = self.rows.columnCount()
        widths = [
            max(self.table.sizeHintForColumn(c), self.table.horizontalHeader().sectionSizeHint(c)) + SPACING
            for c in range(count)
        ]
        left = max(0, self.table.width() - scaled(24) - sum(widths)) // max(1, count)
        for column, width in enumerate(widths):
            self.table.setColumnWidth(column, width + left)

    def _add_block(self) -> None:
        block, value, name = QWidget(), QLabel(), QLabel()
        value.setFont(font(LARGE, bold=True))
        value.setProperty("role", "large")
        name.setFont(font(SMALL))
        name.setProperty("role", "muted")
        column = QVBoxLayout(block)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(value)
        column.addWidget(name)
        self._flow.addWidget(block)
        self._blocks.append((value, name))

    def _lay_out(self) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, SPACING // 2, 0)
        column.setSpacing(SPACING)
        column.addWidget(self._said)
        column.addWidget(self.split, 1)
        column.addWidget(self.how)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(body)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def _point(self, row: QModelIndex) -> None:
        if isinstance(self.chart, Chart) and row.isValid():
            self.chart.mark(row.row())

    def _tell(self) -> None:
        above, below = self.split.sizes()
        if above + below and self.view != "positions":
            self.moved.emit(above / (above + below))


def _side(kind: str) -> Qt.AlignmentFlag:
    left = kind in ("text", "time")
    return Qt.AlignmentFlag.AlignVCenter | (Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight)

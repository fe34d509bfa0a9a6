"""The report as a file: PDF with the charts in the light palette, Excel, or CSV tables in a zip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.domain.inspection import utc_now
from engine.reports.quality import ReportWords, Section, html_of, write_csv_zip, write_excel
from engine.system.zone import zone_words
from gui.context import AppContext
from gui.i18n.language import day_time, number, table_spelling, translate
from gui.notify import notice_of
from gui.pages.reports.figures import Figures
from gui.pages.reports.tables import said_of, table_of
from gui.pages.reports.view import chart_of
from gui.pages.reports.words import VIEWS, View, counted_words, grouping_word, left_out_words, shown
from gui.printing.paper import Paper, paper_theme, png_of
from gui.printing.pdf import write_pdf

CHART = (640, 300)
"""Of a chart on paper, in CSS pixels; drawn at twice that."""
TURN_MS = 30
"""Between drawing a chart and taking its picture: layouts settle, and the window lives."""
SUFFIXES = (".pdf", ".xlsx", ".zip")


class ReportExport(QObject):
    """One export at a time. `over`: it is written, or was not."""

    over = Signal()

    def __init__(self, context: AppContext, page: QWidget) -> None:
        super().__init__(page)
        self._context, self._page = context, page
        self._figures: Figures | None = None
        self._filters = ""
        self._path = Path()
        self._pending: list[View] = []
        self._charts: dict[View, QImage] = {}
        self._paper: Paper | None = None
        self._turn = QTimer(self, singleShot=True, interval=TURN_MS)
        self._turn.timeout.connect(self._take)
        self.busy = False

    def ask(self, figures: Figures, filters: str) -> None:
        """Where to? The kind follows from the ending."""
        self._figures, self._filters = figures, filters
        kept = self._context.memory("reports").get("folder")
        folder = kept if isinstance(kept, str) and Path(kept).is_dir() else str(Path.home())
        name = f"lineside-{figures.ask.scope.since.astimezone():%Y-%m-%d}.pdf"
        # Folder and name at once: a name chosen afterwards may lose against the first folder in the list.
        dialog = QFileDialog(self._page, translate("Reports", "Export the report"), str(Path(folder) / name))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(
            [
                translate("Reports", "PDF report") + " (*.pdf)",
                translate("Reports", "Excel workbook") + " (*.xlsx)",
                translate("Reports", "CSV tables, zipped") + " (*.zip)",
            ]
        )
        dialog.filterSelected.connect(lambda name: dialog.setDefaultSuffix(name.rpartition("*.")[2].rstrip(")")))
        dialog.setDefaultSuffix("pdf")
        dialog.fileSelected.connect(self.write)
        dialog.fileSelected.connect(dialog.deleteLater)
        dialog.rejected.connect(dialog.deleteLater)
        dialog.open()

    def write(self, name: str, figures: Figures | None = None) -> None:
        """Write the report to a file; what kind its ending says."""
        self._figures = figures or self._figures
        if self._figures is None or self.busy:
            return
        self._path = Path(name)
        if self._path.suffix.lower() not in SUFFIXES:
            self._path = self._path.with_name(self._path.name + ".pdf")
        self._context.remember("reports", folder=str(self._path.parent))
        self.busy = True
        self._charts = {}
        self._pending = list(VIEWS) if self._path.suffix.lower() == ".pdf" else []
        self._next()

    def _next(self) -> None:
        """Draw one chart, then let the window live: all at once would be felt."""
        figures = self._figures
        if figures is None:
            return
        if self._pending:
            self._paper = _on_paper(self._pending[0], figures)
            self._turn.start()
            return
        facts, words, path, charts = self._facts(figures), _words(), self._path, self._charts
        title = translate("Reports", "Quality report")
        self._context.jobs.run(_writer(figures, facts, words, path, charts, title), self._done, self._failed)

    def _take(self) -> None:
        if self._paper is not None and self._pending:
            self._charts[self._pending.pop(0)] = self._paper.picture()
            self._paper.close()
            self._paper = None
            self._next()

    def close(self) -> None:
        """Draw no more."""
        self._turn.stop()
        if self._paper is not None:
            self._paper.close()
            self._paper = None

    def _facts(self, figures: Figures) -> dict[str, str]:
        scope, total = figures.ask.scope, figures.total
        return {
            translate("Reports", "Station"): self._context.settings.station,
            translate("Reports", "Period"): f"{day_time(scope.since)} – {day_time(scope.until)}",
            translate("Reports", "Time zone"): zone_words(scope.since, scope.until),
            translate("Reports", "Grouping"): grouping_word(figures.ask.grouping),
            translate("Reports", "Filters"): self._filters or translate("Reports", "none"),
            translate("Reports", "Counted"): counted_words(figures.ask),
            translate("Reports", "Not counted"): left_out_words(figures) or translate("Reports", "none"),
            translate("Reports", "Parts judged"): shown(total.judged, "count"),
            translate("Reports", "Unknown to the model"): number(figures.unknown or 0),
            translate("Reports", "Made on"): day_time(utc_now()),
            translate("Reports", "Made by"): self._context.operator,
        }

    def _done(self, path: Path) -> None:
        self.busy = False
        self._context.notify("info", translate("Reports", "The report is written: {path}").format(path=path))
        self.over.emit()

    def _failed(self, error: Exception) -> None:
        self.busy = False
        self._context.notice.emit(notice_of(error))
        self.over.emit()


def _on_paper(view: View, figures: Figures) -> Paper:
    """A view's chart, being drawn for paper. GUI thread."""
    theme = paper_theme()
    chart = chart_of(view, theme)
    chart.ground = "raised"
    chart.readout.hide()
    paper = Paper(chart, theme, CHART)
    chart.show_figures(figures)
    return paper


def _writer(
    figures: Figures, facts: dict[str, str], words: ReportWords, path: Path, charts: dict[View, QImage], title: str
) -> Callable[[], Path]:
    tables = [table_of(view, figures) for view in VIEWS]
    said = [said_of(view, figures) for view in VIEWS]
    spelling = table_spelling()

    def work() -> Path:
        kind = path.suffix.lower()
        if kind == ".zip":
            write_csv_zip(path, tables, facts, words, spelling)
        elif kind == ".xlsx":
            write_excel(path, tables, facts, words)
        else:
            sections = [
                Section(table, png_of(charts[view]), CHART[0], figures_said)
                for view, table, figures_said in zip(VIEWS, tables, said, strict=True)
            ]
            write_pdf(html_of(title, facts, sections, words, shown), path, title)
        return path

    return work


def _words() -> ReportWords:
    return ReportWords(
        about=translate("Reports", "About this report"),
        what=translate("Reports", "What"),
        value=translate("Reports", "Value"),
        table=translate("Reports", "Table"),
        how=translate("Reports", "How it is computed"),
        more=translate("Reports", "{count} more rows are in the Excel and CSV files."),
    )

"""Reports: yield, defects, control charts, agreement, audits and positions of a period, and the same as files."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from db.products.shelf import list_products
from engine.domain.inspection import Origin
from gui.context import AppContext
from gui.i18n.language import translate
from gui.jobs.jobs import Job
from gui.notify import notice_of
from gui.page import Binding
from gui.pages.reports.bar import ReportsBar
from gui.pages.reports.export import ReportExport
from gui.pages.reports.figures import FigurePart, Figures, collect
from gui.pages.reports.presenter import ReportsPresenter
from gui.pages.reports.view import ReportView
from gui.pages.reports.words import VIEWS, View, view_word
from gui.theme.theme import SPACING, scaled
from gui.widgets.key_button import KeyButton

CHART_SHARE = 0.62


class ReportsPage(QWidget):
    """Everything is counted on a job, and drawn view by view as it comes; a new choice cancels the count before."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.setObjectName("page")
        self._context = context
        theme, kept = context.theme, context.memory("reports")
        # The demo station has simulated parts only.
        self.bar = ReportsBar(theme, Origin.SIMULATED if context.demo else Origin.PRODUCTION)
        self.bar.restore(kept)
        self._offer_products()
        self.export = ReportExport(context, self)
        self._rules = ReportsPresenter()
        self._job: Job | None = None
        share = kept.get("chart")
        self._share = share if isinstance(share, float) and 0.1 < share < 0.9 else CHART_SHARE
        self.views: dict[View, ReportView] = {}
        """Made when they are first shown: six charts at once would hold up the window's start."""
        self.tabs = {
            view: KeyButton(theme, view_word(view), str(n), compact=True) for n, view in enumerate(VIEWS, start=1)
        }
        self.refresh_button = KeyButton(theme, "", "R", "refresh", compact=True)
        self.refresh_button.setAccessibleName(translate("Reports", "Count again"))
        self.refresh_button.setToolTip(translate("Reports", "Count again"))
        self.export_button = KeyButton(theme, translate("Reports", "Export…"), "X", "export", compact=True)
        self.blind_button = KeyButton(theme, translate("Reports", "Judge them blind"), "B", "review", primary=True)
        self.waiting, self.counted = QLabel(wordWrap=True), QLabel(wordWrap=True)
        self.status = QLabel()
        self._spinner = QProgressBar(maximum=0, textVisible=False)
        self._empty = QLabel(wordWrap=True)
        self._stack, self._group = QStackedWidget(), QButtonGroup(self)
        self._lay_out()
        self._connect()
        wanted = kept.get("view")
        self.show_view(next((view for view in VIEWS if view == wanted), VIEWS[0]))
        self._show_state()

    # ── the page protocol ────────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """Count anew: the line may have gone on, and with another product."""
        self._offer_products()
        self.count()
        self.views[self.view].table.setFocus()

    def keys(self) -> list[Binding]:
        """Everything Reports does, by key."""
        views = [Binding(str(n), view_word(v), partial(self.show_view, v)) for n, v in enumerate(VIEWS, start=1)]
        return [
            *views,
            Binding("R", translate("Reports", "Count again"), self.count),
            Binding("X", translate("Reports", "Export as PDF, Excel or CSV"), self.ask_export),
            Binding("B", translate("Reports", "Judge the audited parts blind"), self.judge_blind),
        ]

    def held(self) -> str:
        """Why the page cannot be built anew now; empty = it can."""
        return translate("Reports", "A report is being written.") if self.export.busy else ""

    def close_page(self) -> None:
        """Let the count go."""
        self._cancel()
        self.export.close()

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def view(self) -> View:
        """The view on screen."""
        return next(view for view, tab in self.tabs.items() if tab.isChecked())

    @property
    def counting(self) -> bool:
        """True while figures are on their way."""
        return self._rules.counting

    @property
    def figures(self) -> Figures | None:
        """As far as they are counted."""
        return self._rules.figures

    def show_view(self, view: View) -> None:
        """Put one view on screen."""
        self.tabs[view].setChecked(True)
        self._context.remember("reports", view=view)
        self._view_of(view).set_share(self._share)
        self._show_view()

    def count(self) -> None:
        """Count what is chosen, instead of what is being counted."""
        self._cancel()
        settings = self._context.settings
        db, ask = self._context.db, self._rules.begin(self.bar.ask(settings.shifts))
        self._job = self._context.jobs.stream(
            lambda job, report: collect(db, ask, job, report), self._take, self._counted, self._failed
        )
        self._show_state()

    def ask_export(self) -> None:
        """Where to write the report?"""
        figures = self._rules.exportable
        if figures is None:
            self._context.notify("info", translate("Reports", "There is nothing to export yet."))
            return
        self.export.ask(figures, self.bar.in_words())

    def judge_blind(self) -> None:
        """To Review, with the audited parts that wait and no verdict shown."""
        if not self._rules.waiting:
            self._context.notify("info", translate("Reports", "No audited part waits for an answer."))
            return
        self._context.remember("review", audit=True)
        self._context.pageAsked.emit("review")

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACING)
        top.addWidget(self.bar, 1)
        for button in (self.refresh_button, self.export_button):
            top.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        side = QVBoxLayout()
        side.setSpacing(SPACING // 2)
        for place, tab in enumerate(self.tabs.values()):
            tab.setCheckable(True)
            self._group.addButton(tab, place)
            side.addWidget(tab)
        self.status.setProperty("role", "muted")
        self._spinner.setFixedSize(scaled(96), scaled(6))
        self._spinner.setStyleSheet("QProgressBar { min-height: 0; }")
        side.addSpacing(SPACING)
        side.addWidget(self.status)
        side.addWidget(self._spinner)
        side.addStretch(1)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(self._empty)
        main = QVBoxLayout()
        main.setSpacing(SPACING)
        self._audit_row = self._audits()
        main.addWidget(self.counted)
        main.addWidget(self._audit_row)
        main.addWidget(self._stack, 1)
        body = QHBoxLayout()
        body.setSpacing(2 * SPACING)
        body.addLayout(side)
        body.addLayout(main, 1)
        page = QVBoxLayout(self)
        page.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        page.setSpacing(2 * SPACING)
        page.addLayout(top)
        page.addLayout(body, 1)

    def _audits(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * SPACING)
        row.addWidget(self.blind_button)
        row.addWidget(self.waiting, 1)
        return made

    def _connect(self) -> None:
        self.bar.changed.connect(self._chosen)
        self._context.productChanged.connect(self._changed_over)
        self.refresh_button.clicked.connect(self.count)
        self.export_button.clicked.connect(self.ask_export)
        self.blind_button.clicked.connect(self.judge_blind)
        self._group.idClicked.connect(self._tab)

    def _tab(self, number: int) -> None:
        self.show_view(VIEWS[number])

    def _view_of(self, view: View) -> ReportView:
        if view not in self.views:
            made = ReportView(self._context.theme, view, self._share)
            made.moved.connect(self._moved)
            self._stack.addWidget(made)
            self.views[view] = made
        return self.views[view]

    def _offer_products(self) -> None:
        self.bar.offer_products(list_products(self._context.db), self._context.product)

    # ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────
    def _changed_over(self) -> None:
        self._offer_products()
        if self.isVisible():
            self.count()

    def _chosen(self) -> None:
        self._context.remember("reports", **self.bar.values())
        self.count()

    def _take(self, part: FigurePart) -> None:
        choices = self._rules.take(part)
        if choices is not None:
            blocker = QSignalBlocker(self.bar)
            self.bar.offer(choices)
            blocker.unblock()
        self._show_state()

    def _counted(self, _done: None) -> None:
        self._ended()
        self._show_state()

    def _failed(self, error: Exception) -> None:
        self._ended()
        self._context.notice.emit(notice_of(error))
        self._show_state()

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._ended()

    def _ended(self) -> None:
        self._job = None
        self._rules.end()

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────
    def _show_state(self) -> None:
        self._spinner.setVisible(self.counting)
        self.status.setText(translate("Reports", "counting…") if self.counting else "")
        self.counted.setText(self._rules.counted_words())
        self.export_button.setEnabled(self._rules.exportable is not None)
        self.waiting.setText(self._rules.waiting_words(self._context.settings.audit_every))
        self.blind_button.setEnabled(self._rules.waiting > 0)
        self._show_view()

    def _show_view(self) -> None:
        view = self.view
        self._audit_row.setVisible(view == "audits")
        empty = self._rules.why_empty(view)
        self._empty.setText(empty)
        self._stack.setCurrentWidget(self._empty if empty else self._view_of(view))
        figures = self._rules.to_draw(view)
        if figures is not None:
            self._view_of(view).show_figures(figures)

    def _moved(self, share: float) -> None:
        self._share = share
        self._context.remember("reports", chart=round(share, 3))

"""Review: the stored parts, one large picture, and the inspector's word on it, all from the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from db.datasets.export import ExportReport
from db.inspections.table import distinct
from db.products.shelf import list_products
from engine.domain.inspection import HeatMap, Outcome, utc_now
from engine.packages.manifest import Manifest
from gui.context import AppContext
from gui.i18n.language import translate
from gui.page import Binding
from gui.pages.review.compare import ComparePanel
from gui.pages.review.export import ExportDialog, in_words
from gui.pages.review.keys import bindings
from gui.pages.review.layout import arranged, no_match, nothing
from gui.pages.review.parts.filters import FilterBar
from gui.pages.review.parts.list import PartList
from gui.pages.review.parts.table import PAGE_ROWS
from gui.pages.review.presenter import ReviewPresenter
from gui.pages.review.word.past import PastPanel, summary
from gui.pages.review.word.save import Keeping
from gui.pages.review.word.session import ReviewSession
from gui.pages.review.word.verdict import VerdictPanel, large_type
from gui.theme.theme import SPACING, scaled
from gui.viewer.ahead import Ahead
from gui.viewer.explain import METHODS, Explaining
from gui.viewer.picture import PartView
from gui.viewer.tools import ToolStrip
from gui.widgets.label_picker import LabelPicker

LIST_WIDTH, LIST_SHARE = 616, 0.42
"""Width of the list as designed, and the most it takes of the page."""
WIDE = 1500
"""From this width on the history is open unless it was closed."""
SETTLE_MS = 40
"""A picture that was not opened ahead is read once the mark has rested so long: holding an arrow key reads none."""


class ReviewPage(QWidget):
    """The page. Reading and saving happen on jobs; the table holds only the pages that were looked at."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.setObjectName("page")
        self._context = context
        theme = context.theme
        self.filters = FilterBar(theme)
        self.list = PartList(context)
        self.session = ReviewSession(self._manifest, context.notify, self.refresh)
        self._keeping, self._ahead = Keeping(context, self.session, self), Ahead(context, self)
        kept = context.memory("review")
        self.presenter = ReviewPresenter(
            self, context, self.session, self._keeping, self._ahead, blind=kept.get("blind") is True
        )
        self.part = PartView(context)
        self.compare = ComparePanel(context)
        self.past = PastPanel(theme)
        self.explaining = Explaining(context, self.part)
        self.strip = ToolStrip(
            theme, self.part, self.session.tell_region, self.presenter.explain, self.presenter.toggle_compare
        )
        self.panel = VerdictPanel(theme)
        self.picker = LabelPicker(self)
        self._choices_wanted = False
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._lay_out()
        self._restore(kept)
        self._connect()
        self._connect_panel()
        self.presenter.judge_blind()

    # ── the page protocol ────────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """Fresh rows and choices; the part that was on screen stays."""
        self.filters.more.offer_products(list_products(self._context.db))
        self.presenter.show_asked()
        self.presenter.judge_blind()
        self.refresh_all()
        self.focus_list()

    def keys(self) -> list[Binding]:
        """Everything Review does, by key."""
        return bindings(self, self.presenter)

    def held(self) -> str:
        """Why the page cannot be built anew now; empty = it can."""
        return ""

    def close_page(self) -> None:
        """Nothing outlives the page: its jobs belong to the context."""
        self._settle.stop()
        self.picker.hide()
        self.compare.close_models()

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def refresh_all(self) -> None:
        """Read the first page again; then what there is to filter by, and how much waits for an export."""
        self._choices_wanted = True
        self.reload()

    def reload(self) -> None:
        """Read the first page again."""
        opened = self.session.opened
        keep = opened.stored.inspection.id if opened else None
        self._context.remember("review", filters=self.filters.state())
        self.list.load(self.filters.filter(utc_now()), self.filters.sort, keep)

    def toggle_past(self) -> None:
        """The history beside the picture."""
        self._show_past(self.past.isHidden())
        self._context.remember("review", past=not self.past.isHidden())

    def ask_comment(self) -> None:
        """Go to the field of the comment."""
        self._show_past(True)
        self.past.comment.setFocus()

    def ask_export(self) -> None:
        """Open the export dialog."""
        dialog = ExportDialog(self._context, self.list.rows.filter, self.filters.filtered, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.exported.connect(self._exported)
        dialog.open()

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _lay_out(self) -> None:
        self.stack = QStackedWidget()
        self.stack.addWidget(self.part)
        self.stack.addWidget(self.compare)
        self.split, self.tools = arranged(self.list, self.stack, self.past, self.strip, self.panel)
        page = QVBoxLayout(self)
        page.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        page.setSpacing(SPACING)
        page.addWidget(self.filters)
        page.addWidget(self.split, 1)

    def _restore(self, kept: Mapping[str, Any]) -> None:
        """Filters, splitter and history as they were."""
        filters, width, past = kept.get("filters"), kept.get("list"), kept.get("past")
        if isinstance(filters, dict):
            self.filters.restore(filters)
        self._list_width = width if isinstance(width, int) and 100 <= width <= 4000 else 0
        self._past_chosen = isinstance(past, bool)
        self._show_past(past is True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The list keeps its width, up to its share; a wide page opens the history."""
        super().resizeEvent(event)
        most = round(self.width() * LIST_SHARE)
        self.split.setSizes([self._list_width or min(scaled(LIST_WIDTH), most), 10_000])
        if not self._past_chosen:
            self._show_past(self.width() >= scaled(WIDE))

    def _connect(self) -> None:
        presenter = self.presenter
        self.filters.changed.connect(presenter.judge_blind)
        self.filters.changed.connect(self.reload)
        self.list.moved.connect(presenter.moved)
        self.list.selected.connect(self.refresh)
        self.list.arrived.connect(self._arrived)
        self.list.refreshed.connect(presenter.read_again)
        self._settle.timeout.connect(presenter.open_current)
        self._keeping.saved.connect(lambda _ids: self.list.count_waiting())
        self._keeping.undone.connect(self.list.mark)
        self._keeping.commented.connect(presenter.commented)
        self.part.painted.connect(lambda: presenter.painted(self.part.canvas.mask))
        self.part.view.viewChanged.connect(partial(self.compare.look_like, self.part.view))
        self.explaining.explained.connect(self._explained)
        self.part.regionPicked.connect(self.session.select_region)
        self.picker.chosen.connect(lambda name: presenter.say(Outcome.NG, name))
        self.past.commented.connect(presenter.comment)
        self.split.splitterMoved.connect(self._split_moved)
        self._context.packageChanged.connect(self.refresh)

    def _connect_panel(self) -> None:
        panel, presenter = self.panel, self.presenter
        panel.said.connect(presenter.say)
        panel.why_typed.connect(self.session.type_why)
        panel.saved.connect(presenter.save)
        panel.previous.clicked.connect(lambda: presenter.step(-1))
        panel.next.clicked.connect(lambda: presenter.step(1))
        panel.unreviewed.clicked.connect(self.list.next_unreviewed)
        panel.undo.clicked.connect(presenter.undo)
        panel.blind.clicked.connect(presenter.toggle_blind)
        panel.past.clicked.connect(self.toggle_past)
        self.list.export.clicked.connect(self.ask_export)
        self.list.fresh.clicked.connect(self.refresh_all)

    # ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────
    def _split_moved(self) -> None:
        self._list_width = self.split.sizes()[0]
        self._context.remember("review", list=self._list_width)

    def _explained(self, method: str, label: str, heat: HeatMap | None) -> None:
        self.part.explain(f"{METHODS[method]}  {label}" if method else "", heat)

    def _manifest(self) -> Manifest | None:
        package = self._context.package
        return package.manifest if package else None

    def _arrived(self) -> None:
        if self._choices_wanted:
            self._choices_wanted = False
            self._context.jobs.run(partial(distinct, self._context.db), self.filters.offer)
            self.list.count_waiting()
        rows = self.list.rows
        came = map(rows.stored, range(max(0, rows.rowCount() - PAGE_ROWS), rows.rowCount()))
        self.session.learn([s for s in came if s])
        if rows.rowCount() == 0:
            self.session.open(None)
            self.part.show_part(None, empty=no_match() if self.filters.filtered else nothing())

    def _exported(self, report: ExportReport) -> None:
        self._context.notify("warning" if report.skipped else "info", *in_words(report))
        self.list.count_waiting()

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────
    def refresh(self) -> None:
        """All that is said of the part on screen."""
        session = self.session
        opened, hidden = session.opened, session.hidden
        self.part.set_blind(hidden)
        if self.presenter.in_step:
            self.part.show_regions(session.standing, session.region)
        regions = opened.stored.inspection.marks if opened and not hidden else ()
        self.strip.show_region(session.region, len(regions))
        self.panel.offer(session.classes)
        name = opened.stored.inspection.traveller.product if opened else ""
        whose = self.filters.more.product_word(name)
        last = summary(opened.history, len(opened.comments), whose) if opened else ""
        selected = len(self.list.chosen)
        self.panel.show_part(opened.stored if opened else None, session.draft, last, selected, hidden=hidden)
        if self.past.isVisible():
            self.past.show_part(opened, blind=hidden, selected=selected)

    def _show_past(self, on: bool) -> None:
        self.past.setVisible(on)
        self.tools.setVisible(not (on and large_type()))
        self.panel.past.setChecked(on)
        self.refresh()

    # ── what the presenter asks of it ────────────────────────────────────────────────────────────────────────────
    @property
    def comparing(self) -> bool:
        """Whether two models are on screen side by side."""
        return self.stack.currentWidget() is self.compare

    def show_comparing(self, on: bool) -> None:
        """Two models side by side, or the one picture."""
        self.stack.setCurrentWidget(self.compare if on else self.part)
        self.strip.show_comparing(on)

    def show_blind(self, chosen: bool, blind: bool) -> None:
        """Filters, list and button go by it."""
        self.filters.set_blind(chosen)
        self.list.rows.set_blind(blind)
        self.panel.blind.setChecked(blind)

    def focus_list(self) -> None:
        """The next key is an act."""
        self.list.table.setFocus()

    def ask_class(self, classes: Sequence[str]) -> None:
        """Which class is it?"""
        self.picker.ask(classes, self.panel.ng.mapToGlobal(QPoint(0, 0)))

    def close_picker(self) -> None:
        """It is said."""
        self.picker.hide()

    def settle(self, on: bool) -> None:
        """Read the picture once the mark has rested, or not any more."""
        if on:
            self._settle.start()
        else:
            self._settle.stop()

    def ask(self, text: str, yes: str, act: Callable[[], object]) -> None:
        """Ask before something goes to several parts."""
        ask = QMessageBox(QMessageBox.Icon.Question, translate("Review", "Several parts"), text, parent=self)
        ask.setTextFormat(Qt.TextFormat.PlainText)
        button = ask.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
        ask.addButton(QMessageBox.StandardButton.Cancel)
        ask.setDefaultButton(button)
        ask.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        ask.accepted.connect(act)
        ask.open()

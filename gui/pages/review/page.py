"""Review: the stored parts, one large picture, and the inspector's word on it, all from the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from db.datasets.export import ExportReport
from db.inspections.table import distinct
from engine.domain.inspection import HeatMap, Outcome, utc_now
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
from gui.pages.review.word.past import PastPanel, summary
from gui.pages.review.word.session import ReviewSession
from gui.pages.review.word.verdict import VerdictPanel, large_type
from gui.theme.theme import SPACING, scaled
from gui.viewer.ahead import Ahead
from gui.viewer.explain import METHODS, Explaining
from gui.viewer.picture import OpenedPart, PartView
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
        self.session = ReviewSession(context, self)
        self.part = PartView(context)
        self.compare = ComparePanel(context)
        self.past = PastPanel(theme)
        self.explaining = Explaining(context, self.part)
        self.strip = ToolStrip(theme, self.part, self.session.tell_region, self._explain, self.toggle_compare)
        self.panel = VerdictPanel(theme)
        self.picker = LabelPicker(self)
        self._ahead = Ahead(context, self)
        self._blind = False
        self._way = 1
        self._choices_wanted = False
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._lay_out()
        self._restore()
        self._connect()
        self._connect_panel()
        self._set_blind()

    # ── the page protocol ────────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """Fresh rows and choices; the part that was on screen stays."""
        asked = self._context.memory("review")
        if asked.get("audit") is True:
            self.filters.show_audit()
        wanted = asked.get("wanted")
        if isinstance(wanted, list) and wanted:
            self.filters.show_only([id for id in wanted if isinstance(id, str)])
        if asked.get("audit") or wanted:
            self._context.remember("review", audit=False, wanted=[])
        self._set_blind()
        self.refresh_all()
        self.list.table.setFocus()

    def keys(self) -> list[Binding]:
        """Everything Review does, by key."""
        return bindings(self)

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

    def say(self, outcome: Outcome, label: str) -> None:
        """Choose a verdict for the part on screen; NG without a class asks for it."""
        if self.session.opened is None:
            return
        if outcome is Outcome.NG and not label:
            self.picker.ask(self.session.classes, self.panel.ng.mapToGlobal(QPoint(0, 0)))
            return
        self.picker.hide()
        self.session.choose(outcome, label)

    def save(self) -> None:
        """Keep what is said and go on; several selected parts are asked for first."""
        # Out of the reason's field first: the next key is an act again, not text.
        self.list.table.setFocus()
        if self.part.close_polygon():
            return
        if len(self.list.chosen) > 1:
            self._ask_many()
        elif self.session.save():
            self.step(1)

    def undo(self) -> None:
        """The last stroke; else what is not saved; else the operator's last saved correction."""
        if self.part.undo_paint():
            return
        if self.session.discard():
            self.part.show_part(self.session.opened, self.session.mask)
            self._refresh()
            return
        self.session.undo()

    def toggle_blind(self) -> None:
        """Judge without what the model says, or with it."""
        if self.filters.audit:
            self._context.notify(
                "info",
                translate("Review", "Random audits are judged blind."),
                translate("Review", "Shift+A shows all parts again."),
            )
        else:
            self._blind = not self._blind
            self._context.remember("review", blind=self._blind)
            self.reload()
        self._set_blind()

    def toggle_compare(self) -> None:
        """Two models side by side, or the one picture again."""
        on = self.stack.currentWidget() is not self.compare
        if on and self.session.hidden:
            self._tell_blind()
            on = False
        self.stack.setCurrentWidget(self.compare if on else self.part)
        self.strip.show_comparing(on)
        if on:
            self.compare.start(self.part.opened)

    def toggle_past(self) -> None:
        """The history beside the picture."""
        self._show_past(self.past.isHidden())
        self._context.remember("review", past=not self.past.isHidden())

    def ask_comment(self) -> None:
        """Go to the field of the comment."""
        self._show_past(True)
        self.past.comment.setFocus()

    def comment(self, text: str) -> None:
        """Note this on the parts selected; several are asked for first."""
        parts = self.list.chosen
        self.list.table.setFocus()
        if len(parts) <= 1:
            self.session.comment(parts, text)
            return
        asked = translate("Review", "Add this comment to %n part(s)?", "", len(parts))
        yes = translate("Review", "Comment on %n part(s)", "", len(parts))
        self._ask(f"{asked}\n\n{text}", yes, lambda: self.session.comment(parts, text))

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

    def _restore(self) -> None:
        """Filters, splitter, blind mode and history as they were."""
        kept = self._context.memory("review")
        filters, width, past = kept.get("filters"), kept.get("list"), kept.get("past")
        if isinstance(filters, dict):
            self.filters.restore(filters)
        self._blind = kept.get("blind") is True
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
        self.filters.changed.connect(self._set_blind)
        self.filters.changed.connect(self.reload)
        self.list.moved.connect(self._moved)
        self.list.selected.connect(self._refresh)
        self.list.arrived.connect(self._arrived)
        self.list.refreshed.connect(self._refreshed)
        self._settle.timeout.connect(self._open_current)
        self.session.changed.connect(self._refresh)
        self.session.saved.connect(lambda _ids: self.list.count_waiting())
        self.session.undone.connect(self.list.mark)
        self.session.commented.connect(self._commented)
        self.part.painted.connect(self._painted)
        self.part.view.viewChanged.connect(partial(self.compare.look_like, self.part.view))
        self.explaining.explained.connect(self._explained)
        self.part.regionPicked.connect(self.session.select_region)
        self.picker.chosen.connect(lambda name: self.say(Outcome.NG, name))
        self.past.commented.connect(self.comment)
        self.split.splitterMoved.connect(self._split_moved)
        self._context.packageChanged.connect(self._refresh)

    def _connect_panel(self) -> None:
        panel = self.panel
        panel.said.connect(self.say)
        panel.why_typed.connect(self.session.type_why)
        panel.saved.connect(self.save)
        panel.previous.clicked.connect(lambda: self.step(-1))
        panel.next.clicked.connect(lambda: self.step(1))
        panel.unreviewed.clicked.connect(self.list.next_unreviewed)
        panel.undo.clicked.connect(self.undo)
        panel.blind.clicked.connect(self.toggle_blind)
        panel.past.clicked.connect(self.toggle_past)
        self.list.export.clicked.connect(self.ask_export)
        self.list.fresh.clicked.connect(self.refresh_all)

    # ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────
    def step(self, rows: int) -> None:
        """To the next (1) or the previous (-1) part."""
        self._way = rows
        self.list.step(rows)

    def _moved(self) -> None:
        """The words follow at once, so that a key never speaks on the part before; so does a picture opened ahead."""
        stored = self.list.current
        opened = self._ahead.take(stored) if stored is not None else None
        if opened is not None:
            self._settle.stop()
            self._opened(opened)
            return
        if stored is not None:
            self.session.open(OpenedPart(stored))
        self._settle.start()

    def _open_current(self) -> None:
        if (stored := self.list.current) is not None:
            self._ahead.open(stored, self._opened)

    def _opened(self, opened: OpenedPart) -> None:
        now = self.list.current
        if now is None or now.inspection.id != opened.stored.inspection.id:
            return
        self.session.open(opened)
        self.part.set_blind(self.session.hidden)
        self.part.show_part(opened, self.session.mask)
        if self.stack.currentWidget() is self.compare:
            if self.session.hidden:
                self.toggle_compare()
            else:
                self.compare.show_part(opened)
        self.explaining.show_part(opened.stored.inspection, opened.pixels)
        self._refresh()
        self._ahead.want(self.list.beside(self._way))

    def _commented(self, ids: tuple[str, ...]) -> None:
        for id_ in ids:
            self._ahead.forget(id_)
        self._context.notify("info", translate("Review", "The comment is on %n part(s).", "", len(ids)))
        self._settle.start()

    def _split_moved(self) -> None:
        self._list_width = self.split.sizes()[0]
        self._context.remember("review", list=self._list_width)

    def _explain(self) -> None:
        if self.session.hidden:
            self._tell_blind()
        else:
            self.explaining.ask()

    def _tell_blind(self) -> None:
        self._context.notify("info", translate("Review", "You judge blind: say your own word first."))

    def _explained(self, method: str, label: str, heat: HeatMap | None) -> None:
        self.part.explain(f"{METHODS[method]}  {label}" if method else "", heat)

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

    def _refreshed(self, inspection_id: str) -> None:
        if (now := self.list.current) is not None and now.inspection.id == inspection_id:
            self._settle.start()

    def _painted(self) -> None:
        shown, opened = self.part.opened, self.session.opened
        if shown is not None and opened is not None and shown.stored.inspection.id == opened.stored.inspection.id:
            self.session.paint(self.part.canvas.mask)

    def _exported(self, report: ExportReport) -> None:
        self._context.notify("warning" if report.skipped else "info", *in_words(report))
        self.list.count_waiting()

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────
    def _refresh(self) -> None:
        session, shown = self.session, self.part.opened
        opened, hidden = session.opened, session.hidden
        self.part.set_blind(hidden)
        if shown is not None and opened is not None and shown.stored.inspection.id == opened.stored.inspection.id:
            self.part.show_regions(session.standing, session.region)
        regions = opened.stored.inspection.regions if opened and not hidden else ()
        self.strip.show_region(session.region, len(regions))
        self.panel.offer(session.classes)
        last = summary(opened.history, len(opened.comments)) if opened else ""
        selected = len(self.list.chosen)
        self.panel.show_part(opened.stored if opened else None, session.draft, last, selected, hidden=hidden)
        if self.past.isVisible():
            self.past.show_part(opened, blind=hidden, selected=selected)

    def _set_blind(self) -> None:
        blind = self._blind or self.filters.audit
        self.filters.set_blind(self._blind)
        self.list.rows.set_blind(blind)
        self.session.set_blind(blind)
        self.panel.blind.setChecked(blind)
        self._refresh()

    def _show_past(self, on: bool) -> None:
        self.past.setVisible(on)
        self.tools.setVisible(not (on and large_type()))
        self.panel.past.setChecked(on)
        self._refresh()

    def say_digit(self, digit: int) -> None:
        """NG of the class under this digit, 1…9."""
        if digit <= len(self.session.classes):
            self.say(Outcome.NG, self.session.classes[digit - 1])

    def _ask_many(self) -> None:
        """Ask before one correction goes to several parts."""
        parts = self.list.chosen
        if not self.session.can_save_many():
            return
        text = translate("Review", "Save {word} for %n part(s)?", "", len(parts)).format(word=self.session.says())
        yes = translate("Review", "Save for %n part(s)", "", len(parts))
        self._ask(text, yes, lambda: self.session.save_many(parts))

    def _ask(self, text: str, yes: str, act: Callable[[], object]) -> None:
        ask = QMessageBox(QMessageBox.Icon.Question, translate("Review", "Several parts"), text, parent=self)
        ask.setTextFormat(Qt.TextFormat.PlainText)
        button = ask.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
        ask.addButton(QMessageBox.StandardButton.Cancel)
        ask.setDefaultButton(button)
        ask.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        ask.accepted.connect(act)
        ask.open()

"""Review: the stored parts, one large picture, and the inspector's word on it, all from the keyboard."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QMessageBox, QSplitter, QVBoxLayout, QWidget

from db.export import ExportReport
from db.inspections import distinct
from engine.domain import HeatMap, Outcome, utc_now
from gui.context import AppContext, Binding
from gui.pages.review_explain import METHODS, Explaining
from gui.pages.review_export import ExportDialog, in_words
from gui.pages.review_filters import FilterBar
from gui.pages.review_list import PartList
from gui.pages.review_picture import OpenedPart, PartView, open_part
from gui.pages.review_session import ReviewSession
from gui.pages.review_tools import ToolStrip
from gui.pages.review_verdict import DIGITS, VerdictPanel
from gui.theme import SPACING
from gui.widgets.label_picker import LabelPicker

LIST_WIDTH = 520
SETTLE_MS = 40
"""A picture is read once the mark has rested so long: holding an arrow key reads none on the way."""
NOTHING = "No part has been inspected yet.\nStart the line on Live (Ctrl+1), or scan a folder (Ctrl+3)."
NO_MATCH = "No part passes these filters.\nShift+A takes them away."


class ReviewPage(QWidget):
    """The page. Reading and saving happen on jobs; the table holds only the pages that were looked at."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.setObjectName("page")
        self._context = context
        self.filters = FilterBar(context.theme)
        self.list = PartList(context)
        self.session = ReviewSession(context, self)
        self.part = PartView(context)
        self.explaining = Explaining(context, self.part)
        self.strip = ToolStrip(context.theme, self.part, self.session.tell_region, self.explaining.ask)
        self.panel = VerdictPanel(context.theme)
        self.picker = LabelPicker(self)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._lay_out()
        self._connect()
        self._refresh()

    # ── the page protocol ────────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """Fresh rows and choices; the part that was on screen stays."""
        self.reload()
        self.list.table.setFocus()

    def keys(self) -> list[Binding]:
        """Everything Review does, by key."""
        move = self.list
        return [
            Binding("O", "The part is OK", partial(self.say, Outcome.OK, "")),
            Binding("N", "NG: choose the class", partial(self.say, Outcome.NG, "")),
            Binding("R", "Send to review", partial(self.say, Outcome.REVIEW, "")),
            *(Binding(str(d), f"NG, class {d}", partial(self._say_digit, d)) for d in range(1, DIGITS + 1)),
            Binding("Return", "Save and next", self.save),
            Binding("Enter", "Save and next", self.save),
            Binding("U", "Next part to review", move.next_unreviewed),
            Binding("Left", "Previous part", partial(move.step, -1)),
            Binding("Right", "Next part", partial(move.step, 1)),
            Binding("Ctrl+Z", "Undo stroke, draft, word", self.undo),
            Binding("W", "Write why", self.panel.why.setFocus),
            *self.strip.bindings,
            Binding("Ctrl+E", "Export corrections", self.ask_export),
            Binding("F5", "Fetch new parts", self.reload),
            Binding("Shift+A", "Take every filter away", self.filters.clear),
            *(Binding(f"Alt+{i}", f"Show {c.outcome} parts", c.toggle) for i, c in enumerate(self.filters.chips, 1)),
        ]

    def held(self) -> str:
        """Why the page cannot be built anew now; empty = it can."""
        return ""

    def close_page(self) -> None:
        """Nothing outlives the page: its jobs belong to the context."""
        self._settle.stop()
        self.picker.hide()

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def reload(self) -> None:
        """Read the first page again, and what there is to filter by."""
        opened = self.session.opened
        keep = opened.stored.inspection.id if opened else None
        self.list.load(self.filters.filter(utc_now()), self.filters.sort, keep)
        self._context.jobs.run(partial(distinct, self._context.db), self.filters.offer)

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
            self.list.step(1)

    def undo(self) -> None:
        """The last stroke; else what is not saved; else the operator's last saved correction."""
        if self.part.undo_paint():
            return
        if self.session.discard():
            self.part.show_part(self.session.opened, self.session.mask)
            self._refresh()
            return
        self.session.undo()

    def ask_export(self) -> None:
        """Open the export dialog."""
        dialog = ExportDialog(self._context, self.list.rows.filter, self.filters.filtered, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.exported.connect(self._exported)
        dialog.open()

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _lay_out(self) -> None:
        picture = QHBoxLayout()
        picture.setSpacing(SPACING)
        picture.addWidget(self.part, 1)
        picture.addWidget(self.strip)
        holder = QWidget()
        right = QVBoxLayout(holder)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(SPACING)
        right.addLayout(picture, 1)
        right.addWidget(self.panel)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.list)
        split.addWidget(holder)
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        split.setSizes([LIST_WIDTH, 10_000])
        split.setChildrenCollapsible(False)
        split.setHandleWidth(SPACING)
        split.setStyleSheet("QSplitter::handle { background: transparent; }")
        page = QVBoxLayout(self)
        page.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        page.setSpacing(SPACING)
        page.addWidget(self.filters)
        page.addWidget(split, 1)

    def _connect(self) -> None:
        self.filters.changed.connect(self.reload)
        self.list.moved.connect(self._moved)
        self.list.selected.connect(self._refresh)
        self.list.arrived.connect(self._arrived)
        self.list.refreshed.connect(self._refreshed)
        self._settle.timeout.connect(self._open_current)
        self.session.changed.connect(self._refresh)
        self.session.saved.connect(lambda _ids: self.list.count_waiting())
        self.session.undone.connect(self.list.mark)
        self.part.painted.connect(self._painted)
        self.explaining.explained.connect(self._explained)
        self.part.regionPicked.connect(self.session.select_region)
        self.picker.chosen.connect(lambda name: self.say(Outcome.NG, name))
        panel = self.panel
        panel.said.connect(self.say)
        panel.why_typed.connect(self.session.type_why)
        panel.saved.connect(self.save)
        panel.previous.clicked.connect(lambda: self.list.step(-1))
        panel.next.clicked.connect(lambda: self.list.step(1))
        panel.unreviewed.clicked.connect(self.list.next_unreviewed)
        panel.undo.clicked.connect(self.undo)
        self.list.export.clicked.connect(self.ask_export)
        self.list.fresh.clicked.connect(self.reload)
        self._context.packageChanged.connect(self._refresh)

    # ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────
    def _moved(self) -> None:
        """The words follow at once, so that a key never speaks on the part before; the picture follows."""
        stored = self.list.current
        if stored is not None:
            self.session.open(OpenedPart(stored))
        self._settle.start()

    def _open_current(self) -> None:
        stored = self.list.current
        if stored is not None:
            self._context.jobs.run(partial(open_part, self._context, stored), self._opened)

    def _opened(self, opened: OpenedPart) -> None:
        now = self.list.current
        if now is None or now.inspection.id != opened.stored.inspection.id:
            return
        self.session.open(opened)
        self.part.show_part(opened, self.session.mask)
        self.explaining.show_part(opened.stored.inspection, opened.pixels)
        self._refresh()

    def _explained(self, method: str, label: str, heat: HeatMap | None) -> None:
        self.part.explain(f"{METHODS[method].split(' (')[0]}  {label}" if method else "", heat)

    def _arrived(self) -> None:
        rows = self.list.rows
        self.session.learn([s for s in map(rows.stored, range(rows.rowCount())) if s])
        if rows.rowCount() == 0:
            self.session.open(None)
            self.part.show_part(None, empty=NO_MATCH if self.filters.filtered else NOTHING)

    def _refreshed(self, inspection_id: str) -> None:
        now = self.list.current
        if now is not None and now.inspection.id == inspection_id:
            self._settle.start()

    def _painted(self) -> None:
        shown, opened = self.part.opened, self.session.opened
        if shown is not None and opened is not None and shown.stored.inspection.id == opened.stored.inspection.id:
            self.session.paint(self.part.canvas.mask)

    def _exported(self, report: ExportReport) -> None:
        said, remedy = in_words(report)
        self._context.notify("warning" if report.skipped else "info", said, remedy)
        self.list.count_waiting()

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────
    def _refresh(self) -> None:
        session, shown = self.session, self.part.opened
        opened = session.opened
        if shown is not None and opened is not None and shown.stored.inspection.id == opened.stored.inspection.id:
            self.part.show_regions(session.standing, session.region)
        self.strip.show_region(session.region, len(opened.stored.inspection.regions) if opened else 0)
        self.panel.offer(session.classes)
        past = opened.history if opened else ()
        self.panel.show_part(opened.stored if opened else None, session.draft, past, len(self.list.chosen))

    def _say_digit(self, digit: int) -> None:
        if digit <= len(self.session.classes):
            self.say(Outcome.NG, self.session.classes[digit - 1])

    def _ask_many(self) -> None:
        """Ask before one correction goes to several parts."""
        parts = self.list.chosen
        if not self.session.can_save_many():
            return
        text = f"Save {self.session.says()} for {len(parts):,} parts?"
        ask = QMessageBox(QMessageBox.Icon.Question, "Several parts", text, parent=self)
        yes = ask.addButton(f"Save for {len(parts):,} parts", QMessageBox.ButtonRole.AcceptRole)
        ask.addButton(QMessageBox.StandardButton.Cancel)
        ask.setDefaultButton(yes)
        ask.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        ask.accepted.connect(lambda: self.session.save_many(parts))
        ask.open()

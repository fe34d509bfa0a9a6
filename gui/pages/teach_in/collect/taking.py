"""Taking parts into the collection: which one is meant, what it is, and the question for its class."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from db.datasets.collection import OK, safe_name
from engine.domain.inspection import Inspection
from engine.domain.sound_names import Said, said_by
from gui.context import AppContext
from gui.i18n.language import translate
from gui.line.feed import Seen
from gui.pages.teach_in.collect.stock import Stockroom
from gui.pages.teach_in.collect.view import CollectView

MARK_MS = 300


class Taking(QObject):
    """`seen` is the newest part, `asked` the one whose class is asked for. `open`: whether parts may be taken now."""

    def __init__(
        self, context: AppContext, view: CollectView, room: Stockroom, open: Callable[[], bool], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._context, self._view, self._room, self._open = context, view, room, open
        self.seen: Seen | None = None
        self.asked: Seen | None = None
        self._marked: Seen | None = None
        self._passed = 0
        view.takeAs.connect(self._take_as)
        view.name.returnPressed.connect(self._named)
        acts = ((view.ok, self.take_ok), (view.ng, self.ask_class), (view.undo, self.undo), (view.delete, self.delete))
        for button, act in acts:
            button.clicked.connect(act)
        room.changed.connect(self._show_stock)
        room.pictured.connect(view.show_strip)
        room.told.connect(self.tell)
        room.failed.connect(self._no_more)

    def see(self, seen: Seen) -> None:
        """The newest part of the line; one that is asked about stays on screen."""
        self.seen = seen
        if self.asked is None:
            self._view.view.set_picture(seen.picture)

    def mark(self) -> None:
        """A key went down: what is on screen now is what it is about."""
        self._marked = self.seen
        QTimer.singleShot(MARK_MS, self, self._unmark)

    def tell(self, words: str) -> None:
        """A sentence below the picture."""
        self._view.said.setText(words)

    def ask(self, seen: Seen | None) -> None:
        """Ask for this part's class, its picture held still; None: no question any more."""
        self.asked = seen
        if seen is not None:
            self._view.view.set_picture(seen.picture)
        elif self._view.name.hasFocus():
            # Before the field hides, or Qt hands the focus to whatever comes next.
            self._view.view.setFocus()
        self._view.show_asking(seen is not None)

    def take_ok(self) -> None:
        """The part on screen is OK."""
        self._take(self.asked or self._about(), OK)

    def ask_class(self) -> None:
        """The part on screen is NG: which class? Asked a second time, a new one."""
        again, seen = self.asked is not None, self.asked or self._about()
        if not self._open() or not self._has_picture(seen):
            return
        self.ask(seen)
        if again or len(self._room.stock.classes) == 1:
            self._view.name.setFocus()

    def undo(self) -> None:
        """Take back the last picture taken, or bring back the last one deleted."""
        if self._open():
            self._room.undo()

    def delete(self) -> None:
        """Take the marked picture out; Ctrl+Z brings it back."""
        item = self._view.chosen
        if item is None:
            self.tell(translate("TeachIn", "Choose a picture below first."))
        elif self._open():
            self._room.remove(item)

    def digit(self, place: int) -> Callable[[], None]:
        """What this digit's key does: the part in question is NG, of the class at this place."""

        def choose() -> None:
            classes = self._room.stock.classes
            if self.asked is not None and place < len(classes):
                self._take(self.asked, classes[place])

        return choose

    def pass_by(self, inspections: list[Inspection]) -> None:
        """Every n-th part of the line, where that was asked for; what the model says of it does not matter."""
        recorder = self._context.recorder
        if recorder is None or self.seen is None or not (self._view.auto.isChecked() and self._open()):
            return
        for inspection in inspections:
            self._passed += 1
            found = recorder.recent(inspection.id)
            if self._passed >= self._view.every.value() and found is not None:
                self._passed = 0
                self._room.add_frame(found[0].pixels, inspection.frame)

    def _named(self) -> None:
        label = safe_name(self._view.name.text())
        if self.asked is None or not label:
            return
        known = next((c for c in self._room.stock.classes if c.casefold() == label.casefold()), label)
        if said_by(known) is Said.SOUND:
            # Also `gut`, `good` …: the trainer, the gate and a scan would take its parts for sound.
            self.tell(translate("TeachIn", "A defect cannot be called OK."))
            return
        self._view.name.clear()
        self._take(self.asked, known)

    def _take_as(self, label: str) -> None:
        self._take(self.asked or self._about(), label)

    def _take(self, seen: Seen | None, label: str) -> None:
        if self._open() and self._has_picture(seen) and seen is not None:
            self.ask(None)
            self._room.add(seen.picture, label)

    def _has_picture(self, seen: Seen | None) -> bool:
        if seen is None:
            self.tell(translate("TeachIn", "There is no part on screen yet. Space starts the line."))
        return seen is not None

    def _about(self) -> Seen | None:
        marked, self._marked = self._marked, None
        return marked or self.seen

    def _show_stock(self) -> None:
        self._view.show_stock(self._room.stock)

    def _no_more(self) -> None:
        self._view.auto.setChecked(False)

    def _unmark(self) -> None:
        self._marked = None

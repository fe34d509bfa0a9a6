"""What a key does on Review: whom a word is about, what blind judging hides, what is asked before. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from db.inspections.paging import Stored
from engine.domain.inspection import Inspection, Mask, Outcome, Pixels
from gui.context import AppContext
from gui.i18n.language import translate
from gui.pages.review.word.session import ReviewSession
from gui.viewer.picture import OpenedPart


class Listed(Protocol):
    """The list of parts; the mark is on one, several may be selected."""

    @property
    def current(self) -> Stored | None: ...
    @property
    def chosen(self) -> Sequence[Stored]: ...
    def step(self, rows: int) -> None: ...
    def beside(self, way: int) -> list[Stored]: ...


class Filters(Protocol):
    """What is listed."""

    @property
    def audit(self) -> bool: ...
    def show_audit(self) -> None: ...
    def show_only(self, ids: Sequence[str]) -> None: ...


class Shown(Protocol):
    """The one large picture."""

    @property
    def opened(self) -> OpenedPart | None: ...
    def show_part(self, opened: OpenedPart | None, mask: Mask | None = None, empty: str = "") -> None: ...
    def set_blind(self, blind: bool) -> None: ...
    def close_polygon(self) -> bool: ...
    def undo_paint(self) -> bool: ...


class Compared(Protocol):
    """The same picture judged by two models."""

    def start(self, opened: OpenedPart | None) -> None: ...
    def show_part(self, opened: OpenedPart | None) -> None: ...


class Explained(Protocol):
    """Why the model says what it says."""

    def ask(self) -> None: ...
    def show_part(self, inspection: Inspection, pixels: Pixels | None) -> None: ...


class Ahead(Protocol):
    """Parts opened before they are asked for."""

    def take(self, stored: Stored) -> OpenedPart | None: ...
    def open(self, stored: Stored, done: Callable[[OpenedPart], None]) -> None: ...
    def want(self, parts: Sequence[Stored]) -> None: ...
    def forget(self, inspection_id: str) -> None: ...


class Keeping(Protocol):
    """What stores the words."""

    def save(self) -> bool: ...
    def save_many(self, parts: Sequence[Stored]) -> bool: ...
    def comment(self, parts: Sequence[Stored], text: str) -> None: ...
    def undo(self) -> None: ...


class View(Protocol):
    """The page, as its presenter sees it."""

    @property
    def list(self) -> Listed: ...
    @property
    def filters(self) -> Filters: ...
    @property
    def part(self) -> Shown: ...
    @property
    def compare(self) -> Compared: ...
    @property
    def explaining(self) -> Explained: ...
    @property
    def comparing(self) -> bool: ...
    def show_comparing(self, on: bool) -> None: ...
    def show_blind(self, chosen: bool, blind: bool) -> None: ...
    def focus_list(self) -> None: ...
    def ask_class(self, classes: Sequence[str]) -> None: ...
    def close_picker(self) -> None: ...
    def ask(self, text: str, yes: str, act: Callable[[], object]) -> None: ...
    def settle(self, on: bool) -> None: ...
    def reload(self) -> None: ...
    def refresh(self) -> None: ...


class ReviewPresenter:
    """Knows which part is on screen and what may be seen of it; the session knows what is said of it."""

    def __init__(
        self, view: View, context: AppContext, session: ReviewSession, keeping: Keeping, ahead: Ahead, *, blind: bool
    ) -> None:
        self._view, self._context, self._session = view, context, session
        self._keeping, self._ahead = keeping, ahead
        self._blind, self._way = blind, 1

    def show_asked(self) -> None:
        """Other pages leave word of what is to be seen here: the random audit, or certain parts."""
        asked, filters = self._context.memory("review"), self._view.filters
        if asked.get("audit") is True:
            filters.show_audit()
        wanted = asked.get("wanted")
        if isinstance(wanted, list) and wanted:
            filters.show_only([id for id in wanted if isinstance(id, str)])
        if asked.get("audit") or wanted:
            self._context.remember("review", audit=False, wanted=[])

    # ── what is said ─────────────────────────────────────────────────────────────────────────────────────────────
    def say(self, outcome: Outcome, label: str) -> None:
        """Choose a verdict for the part on screen; NG without a class asks for it."""
        if self._session.opened is None:
            return
        if outcome is Outcome.NG and not label:
            self._view.ask_class(self._session.classes)
            return
        self._view.close_picker()
        self._session.choose(outcome, label)

    def say_digit(self, digit: int) -> None:
        """NG of the class under this digit, 1…9."""
        if digit <= len(self._session.classes):
            self.say(Outcome.NG, self._session.classes[digit - 1])

    def save(self) -> None:
        """Keep what is said and go on; several selected parts are asked for first."""
        # Out of the reason's field first: the next key is an act again, not text.
        self._view.focus_list()
        if self._view.part.close_polygon():
            return
        if len(self._view.list.chosen) > 1:
            self._ask_many()
        elif self._keeping.save():
            self.step(1)

    def undo(self) -> None:
        """The last stroke; else what is not saved; else the operator's last saved correction."""
        if self._view.part.undo_paint():
            return
        if self._session.discard():
            self._view.part.show_part(self._session.opened, self._session.mask)
            self._view.refresh()
            return
        self._keeping.undo()

    def comment(self, text: str) -> None:
        """Note this on the parts selected; several are asked for first."""
        parts = self._view.list.chosen
        self._view.focus_list()
        if len(parts) <= 1:
            self._keeping.comment(parts, text)
            return
        asked = translate("Review", "Add this comment to %n part(s)?", "", len(parts))
        yes = translate("Review", "Comment on %n part(s)", "", len(parts))
        self._view.ask(f"{asked}\n\n{text}", yes, lambda: self._keeping.comment(parts, text))

    def _ask_many(self) -> None:
        """Ask before one correction goes to several parts."""
        parts = self._view.list.chosen
        if not self._session.can_keep_many():
            return
        text = translate("Review", "Save {word} for %n part(s)?", "", len(parts)).format(word=self._session.says())
        yes = translate("Review", "Save for %n part(s)", "", len(parts))
        self._view.ask(text, yes, lambda: self._keeping.save_many(parts))

    # ── what may be seen ─────────────────────────────────────────────────────────────────────────────────────────
    def toggle_blind(self) -> None:
        """Judge without what the model says, or with it."""
        if self._view.filters.audit:
            self._context.notify(
                "info",
                translate("Review", "Random audits are judged blind."),
                translate("Review", "Shift+A shows all parts again."),
            )
            self.judge_blind()
        else:
            self._blind = not self._blind
            self._context.remember("review", blind=self._blind)
            self.judge_blind()
            # Only now: the list is asked by the filters that are in force from here on.
            self._view.reload()

    def judge_blind(self) -> None:
        """Hide what the model says where that was chosen, and always in the random audit."""
        blind = self._blind or self._view.filters.audit
        self._session.set_blind(blind)
        self._view.show_blind(self._blind, blind)
        self._view.refresh()

    def toggle_compare(self) -> None:
        """Two models side by side, or the one picture again."""
        on = not self._view.comparing
        if on and self._session.hidden:
            self._tell_blind()
            on = False
        self._view.show_comparing(on)
        if on:
            self._view.compare.start(self._view.part.opened)

    def explain(self) -> None:
        """Ask why the model says so."""
        if self._session.hidden:
            self._tell_blind()
        else:
            self._view.explaining.ask()

    def _tell_blind(self) -> None:
        self._context.notify("info", translate("Review", "You judge blind: say your own word first."))

    # ── which part it is ─────────────────────────────────────────────────────────────────────────────────────────
    def step(self, rows: int) -> None:
        """To the next (1) or the previous (-1) part."""
        self._way = rows
        self._view.list.step(rows)

    def moved(self) -> None:
        """The words follow at once, so that a key never speaks on the part before; so does a picture opened ahead."""
        stored = self._view.list.current
        opened = self._ahead.take(stored) if stored is not None else None
        if opened is not None:
            self._view.settle(False)
            self._opened(opened)
            return
        if stored is not None:
            self._session.open(OpenedPart(stored))
        self._view.settle(True)

    def open_current(self) -> None:
        """Read the picture of the part the mark rests on."""
        if (stored := self._view.list.current) is not None:
            self._ahead.open(stored, self._opened)

    def read_again(self, inspection_id: str) -> None:
        """A row is another one now: its picture too, where it is on screen."""
        if self._marked(inspection_id):
            self._view.settle(True)

    def painted(self, mask: Mask | None) -> None:
        """The mask on screen was changed by hand."""
        if self.in_step:
            self._session.paint(mask)

    def commented(self, ids: Sequence[str]) -> None:
        """These parts have a new comment."""
        for id_ in ids:
            self._ahead.forget(id_)
        self._context.notify("info", translate("Review", "The comment is on %n part(s).", "", len(ids)))
        self._view.settle(True)

    @property
    def in_step(self) -> bool:
        """Whether the picture on screen is of the part that words are about; after a move it follows."""
        shown, opened = self._view.part.opened, self._session.opened
        return shown is not None and opened is not None and shown.stored.inspection.id == opened.stored.inspection.id

    def _marked(self, inspection_id: str) -> bool:
        now = self._view.list.current
        return now is not None and now.inspection.id == inspection_id

    def _opened(self, opened: OpenedPart) -> None:
        if not self._marked(opened.stored.inspection.id):
            return
        view, session = self._view, self._session
        session.open(opened)
        view.part.set_blind(session.hidden)
        view.part.show_part(opened, session.mask)
        if view.comparing:
            if session.hidden:
                self.toggle_compare()
            else:
                view.compare.show_part(opened)
        view.explaining.show_part(opened.stored.inspection, opened.pixels)
        view.refresh()
        self._ahead.want(view.list.beside(self._way))

"""The keys of Review: each names an act of the page, in the order the key overlay lists them."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from engine.domain.inspection import Outcome
from gui.i18n.language import outcome_word, translate
from gui.page import Binding
from gui.pages.review.parts.filters import FilterBar
from gui.pages.review.parts.list import PartList
from gui.pages.review.word.verdict import DIGITS, VerdictPanel
from gui.viewer.tools import ToolStrip


class Acts(Protocol):
    """What the keys do: the Review page."""

    filters: FilterBar
    list: PartList
    panel: VerdictPanel
    strip: ToolStrip

    def say(self, outcome: Outcome, label: str) -> None: ...
    def say_digit(self, digit: int) -> None: ...
    def save(self) -> None: ...
    def undo(self) -> None: ...
    def refresh_all(self) -> None: ...
    def step(self, rows: int) -> None: ...
    def ask_comment(self) -> None: ...
    def ask_export(self) -> None: ...
    def toggle_past(self) -> None: ...
    def toggle_blind(self) -> None: ...


def bindings(page: Acts) -> list[Binding]:
    """All of them."""
    return [*_words(page), *_moves(page), *page.strip.bindings, *_views(page), *_filters(page)]


def _words(page: Acts) -> list[Binding]:
    digit = translate("Review", "NG, class {digit}")
    save = translate("Review", "Save and next")
    return [
        Binding("O", translate("Review", "The part is OK"), partial(page.say, Outcome.OK, "")),
        Binding("N", translate("Review", "NG: choose the class"), partial(page.say, Outcome.NG, "")),
        Binding("R", translate("Review", "Send to review"), partial(page.say, Outcome.REVIEW, "")),
        *(Binding(str(d), digit.format(digit=d), partial(page.say_digit, d)) for d in range(1, DIGITS + 1)),
        Binding("Return", save, page.save),
        Binding("Enter", save, page.save),
        Binding("Ctrl+Z", translate("Review", "Undo stroke, draft, word"), page.undo),
        Binding("W", translate("Review", "Write why"), page.panel.why.setFocus),
        Binding("C", translate("Review", "Comment"), page.ask_comment),
    ]


def _moves(page: Acts) -> list[Binding]:
    return [
        Binding("U", translate("Review", "Next part to review"), page.list.next_unreviewed),
        Binding("Left", translate("Review", "Previous part"), partial(page.step, -1)),
        Binding("Right", translate("Review", "Next part"), partial(page.step, 1)),
        Binding("F5", translate("Review", "Fetch new parts"), page.refresh_all),
    ]


def _views(page: Acts) -> list[Binding]:
    return [
        Binding("Y", translate("Review", "History of the part"), page.toggle_past),
        Binding("J", translate("Review", "Blind: judge without the model"), page.toggle_blind),
        Binding("Ctrl+E", translate("Review", "Export corrections"), page.ask_export),
    ]


def _filters(page: Acts) -> list[Binding]:
    show = translate("Review", "Show {verdict} parts")
    chips = enumerate(page.filters.chips, 1)
    return [
        Binding("Shift+A", translate("Review", "Take every filter away"), page.filters.clear),
        Binding("Shift+F", translate("Review", "More filters"), page.filters.toggle_more),
        *(Binding(f"Alt+{i}", show.format(verdict=outcome_word(c.outcome)), c.click) for i, c in chips),
    ]

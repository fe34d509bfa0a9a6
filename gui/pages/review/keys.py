"""The keys of Review: each names an act of the page, in the order the key overlay lists them."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from engine.domain.inspection import Outcome
from gui.i18n.language import outcome_word, translate
from gui.page import Binding
from gui.pages.review.parts.filters import FilterBar
from gui.pages.review.parts.list import PartList
from gui.pages.review.presenter import ReviewPresenter
from gui.pages.review.word.verdict import DIGITS, VerdictPanel
from gui.viewer.tools import ToolStrip


class Page(Protocol):
    """What the keys reach on the page itself."""

    filters: FilterBar
    list: PartList
    panel: VerdictPanel
    strip: ToolStrip

    def refresh_all(self) -> None: ...
    def ask_comment(self) -> None: ...
    def ask_export(self) -> None: ...
    def toggle_past(self) -> None: ...


def bindings(page: Page, acts: ReviewPresenter) -> list[Binding]:
    """All of them."""
    return [*_words(page, acts), *_moves(page, acts), *page.strip.bindings, *_views(page, acts), *_filters(page)]


def _words(page: Page, acts: ReviewPresenter) -> list[Binding]:
    digit = translate("Review", "NG, class {digit}")
    save = translate("Review", "Save and next")
    return [
        Binding("O", translate("Review", "The part is OK"), partial(acts.say, Outcome.OK, "")),
        Binding("N", translate("Review", "NG: choose the class"), partial(acts.say, Outcome.NG, "")),
        Binding("R", translate("Review", "Send to review"), partial(acts.say, Outcome.REVIEW, "")),
        *(Binding(str(d), digit.format(digit=d), partial(acts.say_digit, d)) for d in range(1, DIGITS + 1)),
        Binding("Return", save, acts.save),
        Binding("Enter", save, acts.save),
        Binding("Ctrl+Z", translate("Review", "Undo stroke, draft, word"), acts.undo),
        Binding("W", translate("Review", "Write why"), page.panel.why.setFocus),
        Binding("C", translate("Review", "Comment"), page.ask_comment),
    ]


def _moves(page: Page, acts: ReviewPresenter) -> list[Binding]:
    return [
        Binding("U", translate("Review", "Next part to review"), page.list.next_unreviewed),
        Binding("Left", translate("Review", "Previous part"), partial(acts.step, -1)),
        Binding("Right", translate("Review", "Next part"), partial(acts.step, 1)),
        Binding("F5", translate("Review", "Fetch new parts"), page.refresh_all),
    ]


def _views(page: Page, acts: ReviewPresenter) -> list[Binding]:
    return [
        Binding("Y", translate("Review", "History of the part"), page.toggle_past),
        Binding("J", translate("Review", "Blind: judge without the model"), acts.toggle_blind),
        Binding("Ctrl+E", translate("Review", "Export corrections"), page.ask_export),
    ]


def _filters(page: Page) -> list[Binding]:
    show = translate("Review", "Show {verdict} parts")
    chips = enumerate(page.filters.chips, 1)
    return [
        Binding("Shift+A", translate("Review", "Take every filter away"), page.filters.clear),
        Binding("Shift+F", translate("Review", "More filters"), page.filters.toggle_more),
        *(Binding(f"Alt+{i}", show.format(verdict=outcome_word(c.outcome)), c.click) for i, c in chips),
    ]

"""The whole history of one part beside its picture: verdict, words, undos, comments, exports; and a new comment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from db.inspections.comments import LONGEST
from engine.domain.inspection import Outcome, Override
from gui.i18n.language import day_time, outcome_word, translate
from gui.i18n.messages import translated
from gui.pages.review.word.verdict import large_type
from gui.theme.theme import SPACING, Theme, scaled
from gui.viewer.picture import OpenedPart
from gui.widgets.key_button import KeyButton

WIDTH, LARGE_WIDTH = 272, 184
"""As designed; of large type there is room for less."""


class Entry(NamedTuple):
    """One thing that happened to a part."""

    at: datetime
    who: str
    what: str
    why: str = ""


class PastPanel(QFrame):
    """`commented` carries a comment to add."""

    commented = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._title = QLabel(f"<b>{escape(translate('Review', 'History'))}</b>")
        self._words = QLabel(wordWrap=True)
        self._words.setTextFormat(Qt.TextFormat.RichText)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._scroll = QScrollArea(widgetResizable=True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._words)
        self.comment = QLineEdit(placeholderText=translate("Review", "Comment"), maxLength=LONGEST)
        self.comment.setAccessibleName(translate("Review", "Comment"))
        self.comment.returnPressed.connect(self._add)
        self.add = KeyButton(theme, translate("Review", "Add comment"), "C", compact=True)
        self.add.clicked.connect(self._add)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        column.setSpacing(SPACING)
        column.addWidget(self._title)
        column.addWidget(self._scroll, 1)
        column.addWidget(self.comment)
        column.addWidget(self.add)
        if large_type():
            self._title.hide()
            self.add.hide()
        self.setFixedWidth(scaled(LARGE_WIDTH if large_type() else WIDTH))

    @property
    def words(self) -> str:
        """What is shown, as text."""
        return self._words.text()

    def show_part(self, opened: OpenedPart | None, *, blind: bool, selected: int) -> None:
        """The history of this part; blind, without what the station said. A comment goes to all selected parts."""
        self.comment.setEnabled(opened is not None)
        self.add.setEnabled(opened is not None)
        several = translate("Review", "Comment on %n part(s)", "", selected)
        self.comment.setPlaceholderText(several if selected > 1 else translate("Review", "Comment"))
        entries = [] if opened is None else past(opened, blind=blind)
        self._words.setText("".join(_html(entry) for entry in entries))

    def _add(self) -> None:
        text = self.comment.text().strip()
        if not text:
            self.comment.setFocus()
            return
        self.comment.clear()
        self.commented.emit(text)


def past(opened: OpenedPart, *, blind: bool) -> list[Entry]:
    """All that happened to a part, oldest first."""
    inspection = opened.stored.inspection
    model = f"{inspection.model.name} {inspection.model.version}".strip()
    verdict = inspection.verdict
    if blind:
        first = Entry(inspection.times.inspected_at, "", translate("Review", "judged; hidden until you said your word"))
    else:
        reasons = "; ".join(map(translated, verdict.reasons))
        first = Entry(inspection.times.inspected_at, model, _said(verdict.outcome, verdict.label), reasons)
    told = [Entry(o.at, o.operator, override_words(o), "" if o.undoes else o.why) for o in opened.history]
    noted = [Entry(c.at, c.who, translate("Review", "comment"), c.text) for c in opened.comments]
    exported = translate("Review", "exported to {folder}")
    gone = [Entry(e.at, "", exported.format(folder=e.folder)) for e in opened.exports]
    return [first, *sorted([*told, *noted, *gone], key=lambda entry: entry.at)]


def override_words(override: Override) -> str:
    """What an override or an undo says."""
    if override.undoes:
        return translate("Review", "took the last word back")
    return _said(override.outcome, override.label)


def summary(history: Sequence[Override], comments: int, product: str = "") -> str:
    """One line: whose part it is (in words; empty = not told), the last word, and how much more there is."""
    parts = [product] if product else []
    if not history and not comments:
        parts.append(translate("Review", "No correction so far"))
    if history:
        last = history[-1]
        parts.append(f"{day_time(last.at)} {last.operator}: {override_words(last)}")
    if len(history) > 1:
        parts.append(translate("Review", "%n earlier", "", len(history) - 1))
    if comments:
        parts.append(translate("Review", "%n comment(s)", "", comments))
    return "   ·   ".join(parts)


def _said(outcome: Outcome, label: str) -> str:
    return f"{outcome_word(outcome)} {label}".strip() if outcome is not Outcome.OK else outcome_word(outcome)


def _html(entry: Entry) -> str:
    who = f"{day_time(entry.at)}  {entry.who}".strip()
    why = f"<br>{escape(entry.why)}" if entry.why else ""
    return f"<p style='margin: 0 0 {SPACING}px 0'><small>{escape(who)}</small><br><b>{escape(entry.what)}</b>{why}</p>"

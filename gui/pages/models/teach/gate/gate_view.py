"""The change gate on screen: what the new model gained and lost in words, in figures and as pictures; the decision."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.domain.inspection import Outcome
from engine.gate.gate import GateResult, SetResult
from engine.gate.known import CHALLENGE, OVERRIDES
from engine.statistics.mistakes import say_little
from engine.statistics.shares import Share
from gui.i18n.language import number, outcome_word, percent, translate
from gui.pages.models.teach.gate.flips import FlipGroups
from gui.theme.theme import SPACING, Theme, font
from gui.widgets.flow import FlowLayout
from gui.widgets.key_button import KeyButton
from gui.widgets.verdict_chip import outcome_icon

ICON = 24


class GatePanel(QWidget):
    """Widgets only; gui/pages/models/teach/gate/gate.py says what is in them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.headline = QLabel(wordWrap=True)
        self.headline.setProperty("role", "large")
        self.alarm = QWidget()
        self._alarm_text = QLabel(wordWrap=True)
        self._alarm_text.setFont(font(bold=True))
        self._alarm_text.setProperty("role", "error")
        self.note = QLabel(wordWrap=True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setProperty("role", "normal")
        self.progress = QProgressBar(textVisible=False)
        self.progress.setAccessibleName(translate("Teach", "Progress of the gate"))
        self.flips = FlipGroups(theme)
        self._figures = QWidget()
        self._cards = FlowLayout(self._figures, gap=2 * SPACING)
        self.cancel = KeyButton(theme, translate("Teach", "Cancel"), "C", "stop", compact=True)
        self.again = KeyButton(theme, translate("Teach", "Run the gate"), "G", "gate", compact=True)
        self.challenge = KeyButton(theme, translate("Teach", "Challenge set…"), "K", "folder", compact=True)
        self.reject = KeyButton(theme, translate("Teach", "Reject…"), "X", "close")
        self.activate = KeyButton(theme, translate("Teach", "Activate…"), "A", "ok", primary=True)
        self._lay_out()
        self.show_running(busy=False)

    def _lay_out(self) -> None:
        warn = QHBoxLayout(self.alarm)
        warn.setContentsMargins(0, 0, 0, 0)
        warn.setSpacing(SPACING)
        mark = QLabel()
        mark.setPixmap(outcome_icon(self._theme, Outcome.NG, ICON).pixmap(ICON, ICON))
        warn.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        warn.addWidget(self._alarm_text, 1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, SPACING, 0)
        column.setSpacing(2 * SPACING)
        for widget in (self.headline, self.alarm, self.note, self.progress, self._figures, self.flips):
            column.addWidget(widget)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        acts = QHBoxLayout()
        acts.setSpacing(SPACING)
        tries = FlowLayout()
        for button in (self.again, self.challenge, self.cancel):
            tries.addWidget(button)
        acts.addLayout(tries, 1)
        acts.addWidget(self.reject)
        acts.addWidget(self.activate)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(SPACING)
        outer.addWidget(scroll, 1)
        outer.addLayout(acts)

    def show_running(self, *, busy: bool, decidable: bool = False) -> None:
        """Which buttons there are now: while the gate runs only Cancel."""
        self.progress.setVisible(busy)
        self.cancel.setVisible(busy)
        self.again.setVisible(not busy)
        self.challenge.setVisible(not busy)
        for button in (self.reject, self.activate):
            button.setEnabled(decidable and not busy)

    def show_words(self, headline: str, note: str = "") -> None:
        """Words only, no figures: it runs, it failed, it was cancelled."""
        self.headline.setText(headline)
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.alarm.hide()
        self._figures.hide()
        self.flips.hide()

    def show_result(self, result: GateResult, note: str = "") -> None:
        """Everything the gate says."""
        self.show_words(in_words(result), note)
        if result.let_through:
            said = translate(
                "Teach", "OK now, though the active model stopped them: %n defect(s).", "", result.let_through
            )
            self._alarm_text.setText(said)
            self.alarm.show()
        self._fill(result)
        self._figures.setVisible(bool(result.sets))
        self.flips.show_flips([flip for known in result.sets for flip in known.flips])
        self.flips.show()

    def _fill(self, result: GateResult) -> None:
        while self._cards.count():
            item = self._cards.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for known in result.sets:
            self._cards.addWidget(_card(known, result))


def _card(known: SetResult, result: GateResult) -> QWidget:
    """One set: the two models side by side, a figure in each line."""
    card = QFrame()
    card.setProperty("role", "panel")
    grid = QGridLayout(card)
    grid.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, SPACING)
    grid.setHorizontalSpacing(2 * SPACING)
    grid.setVerticalSpacing(SPACING // 2)
    before, after = known.before.mistakes, known.after.mistakes
    rows = (
        (
            "",
            translate("Teach", "Active {version}").format(version=result.before),
            translate("Teach", "New {version}").format(version=result.after),
        ),
        (translate("Teach", "Judged right"), _share(known.before.right), _share(known.after.right)),
        (translate("Teach", "Escapes"), _share(before.escapes), _share(after.escapes)),
        (translate("Teach", "Overkill"), _share(before.overkill), _share(after.overkill)),
        (outcome_word(Outcome.REVIEW), _share(before.review), _share(after.review)),
        (outcome_word(Outcome.NO_VERDICT), _share(before.no_verdict), _share(after.no_verdict)),
        (translate("Teach", "Unknown to the model"), _share(known.before.strange), _share(known.after.strange)),
    )
    title = QLabel(_set_title(known))
    title.setFont(font(bold=True))
    grid.addWidget(title, 0, 0, 1, 3)
    for row, cells in enumerate(rows, start=1):
        for column, text in enumerate(cells):
            label = QLabel(text)
            if row == 1 or column == 0:
                label.setProperty("role", "normal")
            grid.addWidget(label, row, column)
    words = QLabel(_set_words(known), wordWrap=True)
    words.setProperty("role", "normal")
    grid.addWidget(words, len(rows) + 1, 0, 1, 3)
    return card


def in_words(result: GateResult) -> str:
    """The whole gate in a sentence."""
    if not result.count:
        return translate("Teach", "There are no known parts to try the new model on.")
    if not result.gained and not result.lost:
        return translate("Teach", "The new model judges none of %n known part(s) better or worse.", "", result.count)
    won = translate("Teach", "The new model is right on %n part(s) where the active one is not", "", result.gained)
    lost = translate("Teach", "and no longer right on %n where it is.", "", result.lost)
    if not result.gained:
        won = translate("Teach", "The new model is right on no part where the active one is not")
    if not result.lost:
        lost = translate("Teach", "and nothing that was right is lost.")
    return f"{won}, {lost}"


def set_name(name: str) -> str:
    """A set of known parts as it stands on screen."""
    names = {
        CHALLENGE: translate("Teach", "Challenge set"),
        OVERRIDES: translate("Teach", "Past corrections"),
    }
    return names.get(name, name)


def _set_title(known: SetResult) -> str:
    return f"{set_name(known.name)}, {translate('Teach', '%n part(s)', '', known.count)}"


def _set_words(known: SetResult) -> str:
    p = f"p < {number(0.001, 3)}" if known.p < 0.001 else f"p = {number(known.p, 3)}"
    said = translate(
        "Teach", "{gained} gained, {lost} lost. Were both equally good, this would happen with {p}."
    ).format(gained=number(known.gained), lost=number(known.lost), p=p)
    if say_little(known.after.mistakes):
        said += " " + translate("Teach", "%n part(s) say little: the intervals are wide.", "", known.count)
    if known.taught:
        taught = translate(
            "Teach", "The new model was taught with %n of them: a gain there is no proof.", "", known.taught
        )
        said += f" {taught}"
    if known.skipped:
        said += " " + translate("Teach", "%n could not be read: {why}", "", len(known.skipped)).format(
            why=known.skipped[0][1]
        )
    return said


def _share(share: Share) -> str:
    if not share.of:
        return "–"
    low, high = share.interval
    said = translate("Teach", "{count} of {of}  ({low}–{high})")
    ends = {"low": number(100 * low), "high": percent(high, 0)}
    return said.format(count=number(share.count), of=number(share.of), **ends)

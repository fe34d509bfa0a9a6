"""The later steps of a teach-in on screen: the training's progress, and the candidate tried beside the active model."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.domain.inspection import Outcome
from engine.statistics.mistakes import Mistakes, say_little
from engine.statistics.shares import Share
from engine.training import (
    EpochDone,
    TrainingEvent,
    TrainingFailed,
    TrainingNote,
    TrainingProgress,
    TrainingStarted,
)
from gui.i18n.language import number, outcome_word, percent, translate
from gui.pages.teach_in.collect.view import label_word
from gui.pages.teach_in.trial.trial import JudgedTwice, Said, figures_of
from gui.theme.large_type import large_type, scrolling
from gui.theme.theme import SMALL, SPACING, Theme, draw_mark, font, scaled
from gui.training.curve import Curves
from gui.widgets.key_button import KeyButton
from gui.widgets.pictures.pixel_images import as_image

NONE = "–"
NOTES = 96
TABLE = 720
CELL = 152
PICTURE = 88
LIVE_KEPT = 24


class TrainView(QWidget):
    """What the trainer says, and the curve."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Where the focus goes when the step begins: on nothing that an Enter would press.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.status = QLabel(wordWrap=True)
        self.status.setTextFormat(Qt.TextFormat.PlainText)
        self.status.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress = QProgressBar(textVisible=False)
        self.progress.setAccessibleName(translate("TeachIn", "Progress of the training"))
        self.curve = Curves(theme)
        self.notes = QPlainTextEdit(readOnly=True)
        self.notes.setMaximumHeight(scaled(NOTES))
        self.notes.setAccessibleName(translate("TeachIn", "What the trainer says"))
        self.cancel = KeyButton(theme, translate("TeachIn", "Cancel the training"), "C", "stop", compact=True)
        self.again = KeyButton(theme, translate("TeachIn", "Train again"), "T", "teach", compact=True)
        self.more = KeyButton(theme, translate("TeachIn", "Collect more"), "G", "previous", compact=True)
        acts = QHBoxLayout()
        acts.setSpacing(SPACING)
        acts.addWidget(self.more)
        acts.addStretch(1)
        acts.addWidget(self.again)
        acts.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * SPACING)
        for widget in (self.status, self.progress):
            column.addWidget(widget)
        column.addWidget(self.curve, 1)
        column.addWidget(self.notes)
        column.addLayout(acts)

    def begin(self) -> None:
        """A new run."""
        self.curve.clear()
        self.notes.clear()
        self.progress.setRange(0, 0)
        self.show_busy(True, translate("TeachIn", "Writing the data set and starting the trainer…"))

    def show_busy(self, busy: bool, words: str) -> None:
        """Whether it runs, and a sentence."""
        self.status.setText(words)
        self.progress.setVisible(busy)
        self.cancel.setVisible(busy)
        self.more.setVisible(not busy)
        self.again.setVisible(not busy)

    def hear(self, event: TrainingEvent) -> None:
        """One thing the trainer said."""
        match event:
            case TrainingStarted(train=train, epochs=0):
                self.status.setText(translate("TeachIn", "Learning from %n picture(s)…", "", train))
            case TrainingStarted(train=train, validation=validation, epochs=epochs):
                words = translate(
                    "TeachIn", "Learning from {train} pictures, checked with {validation}; {epochs} epochs."
                )
                self.status.setText(words.format(train=train, validation=validation, epochs=epochs))
            case TrainingProgress(done=done, total=total):
                self.progress.setRange(0, total)
                self.progress.setValue(done)
            case EpochDone():
                self.curve.add(event)
            case TrainingNote(text=text):
                self.notes.appendPlainText(text)
            case TrainingFailed(message=message, remedy=remedy):
                self.notes.appendPlainText(f"{message} {remedy}")
            case _:
                pass


class TryView(QWidget):
    """Both models' figures on what was held back, those parts, and the next parts of the line."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.status = QLabel(wordWrap=True)
        self.status.setTextFormat(Qt.TextFormat.PlainText)
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(4 * SPACING)
        self._table.setVerticalSpacing(SPACING)
        self._cells = [[QLabel() for _ in range(3)] for _ in range(1 + len(_figures(Mistakes())))]
        self.few = QLabel(wordWrap=True)
        self.held, self.live = JudgedStrip(theme), JudgedStrip(theme)
        self.agreement = QLabel()
        self.agreement.setProperty("role", "muted")
        self.more = KeyButton(theme, translate("TeachIn", "Collect more"), "G", "previous")
        self.accept = KeyButton(theme, translate("TeachIn", "Accept…"), "A", "ok", primary=True)
        self._parts: list[JudgedTwice] = []
        self._shown: list[JudgedTwice] = []
        self._live = self._alike = 0
        self._lay_out()

    @property
    def parts(self) -> tuple[JudgedTwice, ...]:
        """The held-back parts judged so far."""
        return tuple(self._parts)

    @property
    def judged(self) -> int:
        """How many pictures were judged, held back or of the line."""
        return len(self._parts) + self._live

    @property
    def live_count(self) -> int:
        """How many pictures of the line were judged."""
        return self._live

    def begin(self, now: str, new: str) -> None:
        """Another candidate; versions, `now` may be empty."""
        self._parts, self._shown, self._live, self._alike = [], [], 0, 0
        none = translate("TeachIn", "none")
        heads = ("", translate("TeachIn", "Now: {version}"), translate("TeachIn", "New: {version}"))
        for cell, text, version in zip(self._cells[0], heads, ("", now or none, new), strict=True):
            cell.setText(text.format(version=version))
        self._fill()
        self.held.show_parts([])
        self.live.show_parts([])
        self.agreement.setText("")

    def add(self, judged: JudgedTwice) -> None:
        """One picture more, of those held back or of the line."""
        if judged.truth:
            self._parts.append(judged)
            # What the new model gets wrong comes first: that is what decides.
            self.held.show_parts(sorted(self._parts, key=_right))
            self._fill()
            return
        self._live += 1
        self._alike += judged.agree
        self._shown = [judged, *self._shown][:LIVE_KEPT]
        self.live.show_parts(self._shown)
        words = translate("TeachIn", "{alike} of {all} judged alike")
        self.agreement.setText(words.format(alike=number(self._alike), all=number(self._live)))

    def _fill(self) -> None:
        found = figures_of(self._parts, new=True)
        now, new = _figures(figures_of(self._parts, new=False)), _figures(found)
        for cells, (name, old), (_, fresh) in zip(self._cells[1:], now, new, strict=True):
            for cell, text in zip(cells, (name, _share(old), _share(fresh)), strict=True):
                cell.setText(text)
        self.few.setText(few_words(found))
        self.few.setVisible(bool(self.few.text()))

    def show_tried(self, tried: bool) -> None:
        """Whether there is enough to decide on."""
        self.accept.setEnabled(tried)
        waits = translate("TeachIn", "Nothing is accepted before it was tried: the parts held back come first.")
        self.accept.setToolTip("" if tried else waits)

    def _lay_out(self) -> None:
        table = self._lay_table()
        note = translate("TeachIn", "In brackets the 95 % interval: with few parts it is wide.")
        hint = QLabel(note, wordWrap=True)
        hint.setProperty("role", "muted")
        acts = QHBoxLayout()
        acts.setSpacing(SPACING)
        acts.addWidget(self.more)
        acts.addStretch(1)
        acts.addWidget(self.accept)
        below = QBoxLayout(QBoxLayout.Direction.TopToBottom if large_type() else QBoxLayout.Direction.LeftToRight)
        below.addWidget(_head(translate("TeachIn", "The next parts of the line, judged beside it")))
        below.addWidget(self.agreement)
        below.addStretch(1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(self.status)
        column.addSpacing(SPACING)
        column.addWidget(table)
        column.addWidget(self.few)
        column.addWidget(hint)
        column.addSpacing(SPACING)
        column.addWidget(_head(translate("TeachIn", "Parts held back, mistakes first")))
        column.addWidget(self.held)
        column.addSpacing(SPACING)
        column.addLayout(below)
        column.addWidget(self.live)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(SPACING)
        outer.addWidget(scrolling(inside), 1)
        outer.addLayout(acts)

    def _lay_table(self) -> QWidget:
        for row, cells in enumerate(self._cells):
            for place, cell in enumerate(cells):
                cell.setTextFormat(Qt.TextFormat.PlainText)
                cell.setStyleSheet("font-weight: bold;" if row == 0 or place == 2 else "")
                cell.setWordWrap(True)
                side = Qt.AlignmentFlag.AlignRight if place else Qt.AlignmentFlag.AlignLeft
                cell.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                self._table.addWidget(cell, row, place)
        for place, share in enumerate((6, 5, 5)):
            self._table.setColumnStretch(place, share)
        table = QWidget()
        table.setLayout(self._table)
        table.setMaximumWidth(scaled(TABLE))
        self._table.setContentsMargins(0, 0, 0, 0)
        return table


class JudgedStrip(QWidget):
    """One row of pictures with what both models say; as many as fit."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parts: list[tuple[JudgedTwice, QImage]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(PICTURE + 3 * scaled(20) + SPACING)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Room for a few."""
        return QSize(CELL, self.height())

    def show_parts(self, parts: list[JudgedTwice]) -> None:
        """These, from the left."""
        images = {id(part): image for part, image in self._parts}
        self._parts = [(part, images.get(id(part)) or as_image(part.picture)) for part in parts[:LIVE_KEPT]]
        self.setAccessibleName(", ".join(f"{label_word(p.truth)}: {_words(p.new)}" for p in parts[:LIVE_KEPT]))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Picture, truth where it is known, then both verdicts as shape and word."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(font(SMALL))
        if not self._parts:
            painter.setPen(self._theme.colour("muted"))
            waits = translate("TeachIn", "Nothing judged yet")
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), waits)
            return
        width = scaled(CELL)
        for place, (part, image) in enumerate(self._parts[: max(1, self.width() // (width + SPACING))]):
            self._cell(painter, part, image, place * (width + SPACING), width)

    def _cell(self, painter: QPainter, part: JudgedTwice, image: QImage, left: int, width: int) -> None:
        size = image.size().scaled(QSize(width, PICTURE), Qt.AspectRatioMode.KeepAspectRatio)
        painter.drawImage(QRectF(left, 0, size.width(), size.height()), image)
        top, line = PICTURE + SPACING // 2, scaled(20)
        rows = (
            (translate("TeachIn", "is"), None, label_word(part.truth) if part.truth else ""),
            (translate("TeachIn", "now"), part.now, ""),
            (translate("TeachIn", "new"), part.new, ""),
        )
        for number_, (word, said, text) in enumerate(row for row in rows if row[1] is not None or row[2]):
            box = QRectF(left, top + number_ * line, width, line)
            painter.setPen(self._theme.colour("muted"))
            middle = int(Qt.AlignmentFlag.AlignVCenter)
            painter.drawText(box, middle, word)
            at = box.adjusted(scaled(36), 0, 0, 0)
            if said is not None:
                mark = QRectF(at.left(), at.center().y() - scaled(6), scaled(12), scaled(12))
                colour = self._theme.outcome_colour(said.outcome)
                draw_mark(painter, said.outcome, mark, colour, unknown=said.unknown)
                at = at.adjusted(scaled(16), 0, 0, 0)
            painter.setPen(self._theme.colour("text"))
            shown = painter.fontMetrics().elidedText(
                text or (_words(said) if said else NONE), Qt.TextElideMode.ElideRight, int(at.width())
            )
            painter.drawText(at, middle, shown)


def _head(text: str) -> QLabel:
    label = QLabel(text, wordWrap=True)
    label.setStyleSheet("font-weight: bold;")
    return label


def _words(said: Said) -> str:
    word = outcome_word(said.outcome)
    return f"{word} {said.label}" if said.label and word != label_word(said.label) else word


def _right(part: JudgedTwice) -> bool:
    sound = part.truth == "ok"
    return part.new.outcome is (Outcome.OK if sound else Outcome.NG)


def _figures(found: Mistakes) -> tuple[tuple[str, Share], ...]:
    """All four verdicts, of both kinds of parts."""
    return (
        (translate("TeachIn", "Good parts called OK"), Share(found.sound.ok, found.sound.total)),
        (translate("TeachIn", "False rejects: good parts called NG"), found.overkill),
        (translate("TeachIn", "Defects called NG"), Share(found.defective.ng, found.defective.total)),
        (translate("TeachIn", "Escapes: defects called OK"), found.escapes),
        (translate("TeachIn", "Sent to REVIEW"), found.review),
        (outcome_word(Outcome.NO_VERDICT), found.no_verdict),
    )


def few_words(found: Mistakes) -> str:
    """That the figures say little, where they do; empty before anything was judged."""
    if not say_little(found):
        return ""
    words = translate(
        "TeachIn",
        "Judged by {parts} parts: that says little. Of all defects up to {escapes} may escape, and up to {rejects} of "
        "all good parts may be rejected.",
    )
    high = (share.interval[1] for share in (found.escapes, found.overkill))
    escapes, rejects = (percent(end, 0) for end in high)
    return words.format(parts=number(found.total), escapes=escapes, rejects=rejects)


def _share(share: Share) -> str:
    if not share.of:
        return NONE
    low, high = share.interval
    words = translate("TeachIn", "{hits} of {total} ({low} to {high})")
    told = words.format(hits=share.count, total=share.of, low=percent(low, 0), high=percent(high, 0))
    # Broken before the bracket or nowhere.
    count, bracket, interval = told.partition(" (")
    return count.replace(" ", "\N{NO-BREAK SPACE}") + bracket + interval.replace(" ", "\N{NO-BREAK SPACE}")

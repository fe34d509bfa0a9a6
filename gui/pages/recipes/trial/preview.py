"""The picture the recipe is tried on, with its verdict above it and the steps through the stored ones below."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.domain.inspection import Outcome
from engine.packages.package import ModelPackage
from gui.context import AppContext
from gui.i18n.language import outcome_word, translate
from gui.i18n.messages import translated
from gui.i18n.verdicts import class_word, score_word
from gui.pages.recipes.trial.judge import Shot, TrialJudge, Tried, position_words
from gui.pages.recipes.trial.region_tool import RegionTool
from gui.theme.large_type import large_type
from gui.theme.theme import LARGE, SPACING, Theme, draw_mark, font, scaled
from gui.viewer.overlays import drawn_map
from gui.widgets.elided import CutLabel, lines_of
from gui.widgets.key_button import KeyButton
from gui.widgets.pictures.image_view import STYLES, ImageView

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
FAR = 10


class _Canvas(ImageView):
    """Arrow keys move the region while its tool is in hand; Shift changes its size, Ctrl goes far."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.tool = RegionTool(theme, lambda: self.zoom, self)
        self.tool.redraw.connect(self.update)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_tool(self.tool)
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows to the region."""
        if not self.nudge(Qt.Key(event.key()), event.modifiers()):
            super().keyPressEvent(event)

    def nudge(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        """Whether an arrow moved the region."""
        if self.tool.mode != "box" or key not in _ARROWS:
            return False
        far = FAR if modifiers & Qt.KeyboardModifier.ControlModifier else 1
        dx, dy = _ARROWS[key]
        self.tool.nudge(dx * far, dy * far, grow=bool(modifiers & Qt.KeyboardModifier.ShiftModifier))
        return True


class _VerdictLine(QWidget):
    """The verdict as shape, word and colour, and what it was decided by."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._outcome: Outcome | None = None
        self._unknown = False
        self._said = ""
        self.word = CutLabel()
        self.word.setProperty("role", "large")
        self.position = QLabel()
        self.position.setProperty("role", "normal")
        self.reasons = QLabel()
        self.reasons.setTextFormat(Qt.TextFormat.PlainText)
        self.reasons.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        # Of one height, so that the picture does not jump from part to part.
        self._rows = 3 if large_type() else 2
        self.reasons.setFixedHeight(self._rows * QFontMetrics(font()).lineSpacing())
        self.reasons.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING // 2)
        row = QHBoxLayout()
        row.addSpacing(scaled(28))
        row.addWidget(self.word, 1)
        row.addWidget(self.position)
        column.addLayout(row)
        column.addWidget(self.reasons)
        theme.changed.connect(self.update)

    def tell(self, outcome: Outcome | None, head: str, reasons: str, *, unknown: bool = False) -> None:
        """Show this."""
        self._outcome, self._unknown = outcome, unknown
        self.word.setText(head)
        self._said = reasons
        self.reasons.setToolTip(reasons)
        self._break()
        self.setAccessibleName(f"{head}. {reasons}")
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The reasons break elsewhere."""
        super().resizeEvent(event)
        self._break()

    def _break(self) -> None:
        self.reasons.setText("\n".join(lines_of(self._said, font(), self.width(), self._rows)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The shape before the word."""
        super().paintEvent(event)
        if self._outcome is not None:
            painter = QPainter(self)
            side = scaled(LARGE)
            box = QRectF(0, self.word.geometry().center().y() - side / 2, side, side)
            draw_mark(painter, self._outcome, box, self._theme.outcome_colour(self._outcome), unknown=self._unknown)


class TrialPreview(QWidget):
    """Shows what the judge says. `fileAsked`: a picture file is wanted."""

    fileAsked = Signal()

    def __init__(self, context: AppContext, judge: TrialJudge) -> None:
        super().__init__()
        self._context, self._judge = context, judge
        theme = context.theme
        self.view = _Canvas(theme)
        self.view.setAccessibleName(translate("Recipes", "Picture the recipe is tried on"))
        self.view.set_style(context.settings.overlay)
        self.view.set_opacity(context.settings.overlay_opacity)
        self.package: ModelPackage | None = None
        self.verdict = _VerdictLine(theme)
        self.before = KeyButton(theme, "", "Left", "previous", compact=True)
        self.after = KeyButton(theme, "", "Right", "next", compact=True)
        self.before.setAccessibleName(translate("Recipes", "Previous picture"))
        self.after.setAccessibleName(translate("Recipes", "Next picture"))
        overlay = translate("Recipes", "Overlay")
        self.look = KeyButton(theme, "" if large_type() else overlay, "H", "overlay", compact=True)
        self.look.setAccessibleName(overlay)
        self.look.setToolTip(overlay)
        self.file = KeyButton(theme, translate("Recipes", "Picture…"), "Ctrl+O", "folder", compact=True)
        self._judged: Tried | None = None
        self._lay_out()
        self.before.clicked.connect(self._back)
        self.after.clicked.connect(self._on)
        self.look.clicked.connect(self.next_style)
        self.file.clicked.connect(self.fileAsked)
        judge.pictured.connect(self.show_shot)
        judge.judged.connect(self.show_judged)
        judge.failed.connect(self._show_failed)
        self.show_shot(judge.shot)

    def next_style(self) -> None:
        """Heat → mask → contour → off → heat."""
        self.view.set_style(STYLES[(STYLES.index(self.view.overlay_style) + 1) % len(STYLES)])
        self._draw()

    def show_shot(self, shot: Shot | None) -> None:
        """Another picture, or none."""
        plain = shot.plain if shot is not None else None
        if plain is None or self._judge.idle or self._judged is None or self._judged.shot is not shot:
            self.view.set_empty_text(
                translate(
                    "Recipes",
                    "No picture is stored yet. Run the line, keep pictures with the saving policy, or choose a picture "
                    "file (Ctrl+O).",
                )
            )
            self.view.set_picture(plain)
            self.view.tool.frame = (0, 0) if plain is None else (plain.shape[0], plain.shape[1])
            waits = plain is not None and not self._judge.idle
            waiting = translate("Recipes", "Judging…") if waits else ""
            self.verdict.tell(None, waiting, "")
        self.verdict.position.setText(position_words(self._judge))
        self.before.setEnabled(self._judge.at > 0)
        self.after.setEnabled(self._judge.at + 1 < len(self._judge.samples))

    def show_judged(self, judged: Tried) -> None:
        """The verdict and what it rests on."""
        self._judged = judged
        verdict = judged.verdict
        head = outcome_word(verdict.outcome)
        named = f"{class_word(verdict)} {score_word(verdict)}".strip()
        if named and verdict.outcome is not Outcome.OK and not large_type():
            head += f"   {named}"
        self.verdict.tell(verdict.outcome, head, "; ".join(map(translated, verdict.reasons)), unknown=verdict.unknown)
        self._draw()

    def _show_failed(self, why: str) -> None:
        self.verdict.tell(Outcome.NO_VERDICT, outcome_word(Outcome.NO_VERDICT), why)
        self.view.set_overlay(None)
        self.view.set_regions(())

    def _draw(self) -> None:
        judged = self._judged
        if judged is None or judged.shot is not self._judge.shot:
            return
        style, prediction, unknown = self.view.overlay_style, judged.prediction, judged.verdict.unknown
        if prediction.heat is not None and style in ("heat", "mask") and not unknown:
            self.view.set_overlay(drawn_map(prediction.heat, style, self.package), prediction.heat_box)
        else:
            self.view.set_overlay(None)
        self.view.set_regions(() if unknown else prediction.regions)

    def _back(self) -> None:
        self._judge.step(-1)

    def _on(self) -> None:
        self._judge.step(1)

    def _lay_out(self) -> None:
        steps = QGridLayout()
        steps.setSpacing(SPACING)
        steps.addWidget(self.before, 0, 0)
        steps.addWidget(self.after, 0, 1)
        steps.addWidget(self.look, 0, 3)
        steps.addWidget(self.file, 0, 4)
        steps.setColumnStretch(2, 1)
        if large_type():
            # There it is in the list's menu alone.
            self.file.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(self.verdict)
        column.addWidget(self.view, 1)
        column.addLayout(steps)

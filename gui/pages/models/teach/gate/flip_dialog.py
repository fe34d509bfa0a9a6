"""One part whose verdict changed, large: the picture with the active model's overlay beside the new one's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from db.runs.gate import Side
from engine.domain.inspection import Pixels
from engine.gate.gate import Flip
from engine.images.depth import develop
from gui.context import AppContext
from gui.i18n.language import number, translate
from gui.i18n.messages import translated
from gui.notify import notice_of
from gui.pages.models.teach.gate.flips import truth_words, verdict_words
from gui.theme.theme import SPACING
from gui.viewer.overlays import drawn_map
from gui.widgets.key_button import KeyButton
from gui.widgets.pictures.image_view import STYLES, ImageView
from gui.widgets.verdict_chip import verdict_icon

ICON = 24


class FlipDialog(QDialog):
    """Open it with `open()`; the arrows walk through all flips, H changes the overlay."""

    def __init__(
        self, context: AppContext, flips: Sequence[Flip], at: int, sides: tuple[Side, Side], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Teach", "A verdict that changed"))
        self._context, self._flips, self._at, self._sides = context, tuple(flips), at, sides
        theme = context.theme
        self.views = (ImageView(theme), ImageView(theme))
        self._marks = (QLabel(), QLabel())
        self._words = (QLabel(wordWrap=True), QLabel(wordWrap=True))
        self._truth, self._count = QLabel(), QLabel()
        self._truth.setProperty("role", "large")
        self._count.setProperty("role", "muted")
        self.previous = KeyButton(theme, translate("Teach", "Previous"), "Left", "previous", compact=True)
        self.next = KeyButton(theme, translate("Teach", "Next"), "Right", "next", compact=True)
        self.overlay = KeyButton(theme, translate("Teach", "Overlay"), "H", "overlay", compact=True)
        self.shut = KeyButton(theme, translate("Teach", "Close"), "Esc", compact=True)
        self.previous.clicked.connect(partial(self.step, -1))
        self.next.clicked.connect(partial(self.step, 1))
        self.overlay.clicked.connect(self.change_overlay)
        self.shut.clicked.connect(self.reject)
        for button in (self.previous, self.next, self.overlay, self.shut):
            button.setAutoDefault(False)
        self._lay_out()
        room = parent.window().size()
        self.resize(int(room.width() * 0.9), int(room.height() * 0.9))
        self._show()

    def _lay_out(self) -> None:
        head, foot = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self._truth)
        head.addStretch(1)
        head.addWidget(self._count)
        grid = QGridLayout()
        grid.setSpacing(SPACING)
        titles = (translate("Teach", "Active model"), translate("Teach", "New model"))
        for side, view in enumerate(self.views):
            said = QHBoxLayout()
            said.setSpacing(SPACING)
            said.addWidget(self._marks[side], 0, Qt.AlignmentFlag.AlignTop)
            said.addWidget(self._words[side], 1, Qt.AlignmentFlag.AlignTop)
            title = QLabel(f"{titles[side]}  {self._sides[side][0].version}")
            title.setProperty("role", "normal")
            grid.addWidget(title, 0, side)
            grid.addWidget(view, 1, side)
            grid.addLayout(said, 2, side)
            grid.setColumnStretch(side, 1)
            view.setAccessibleName(titles[side])
        grid.setRowStretch(1, 1)
        foot.setSpacing(SPACING)
        for button in (self.previous, self.next, self.overlay):
            foot.addWidget(button)
        foot.addStretch(1)
        foot.addWidget(self.shut)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACING, 2 * SPACING, 2 * SPACING, 2 * SPACING)
        column.setSpacing(SPACING)
        column.addLayout(head)
        column.addLayout(grid, 1)
        column.addLayout(foot)

    @property
    def flip(self) -> Flip:
        """The one on screen."""
        return self._flips[self._at]

    def step(self, by: int, _checked: bool = False) -> None:
        """The next or previous one."""
        to = self._at + by
        if 0 <= to < len(self._flips):
            self._at = to
            self._show()

    def change_overlay(self) -> None:
        """Heat, mask, contour, off."""
        now = STYLES.index(self.views[0].overlay_style)
        for view in self.views:
            view.set_style(STYLES[(now + 1) % len(STYLES)])
        self._draw_overlays()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The dialog's own keys."""
        acts = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() in acts:
            self.step(acts[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_H:
            self.change_overlay()
        else:
            super().keyPressEvent(event)

    def _show(self) -> None:
        flip, theme = self.flip, self._context.theme
        truth = truth_words(flip)
        self._truth.setText(f"{truth[:1].upper()}{truth[1:]}")
        place = f"{number(self._at + 1)} / {number(len(self._flips))}"
        self._count.setText(f"{flip.part.id}    {place}")
        for said, mark, words in zip((flip.before, flip.after), self._marks, self._words, strict=True):
            mark.setPixmap(verdict_icon(theme, said.verdict, ICON).pixmap(ICON, ICON))
            words.setText("\n".join([verdict_words(said.verdict), *map(translated, said.verdict.reasons[:2])]))
        self.previous.setEnabled(self._at > 0)
        self.next.setEnabled(self._at + 1 < len(self._flips))
        for view in self.views:
            view.set_picture(None)
        self._context.jobs.run(partial(_load, flip), self._loaded, self._lost)

    def _loaded(self, found: tuple[Flip, Pixels]) -> None:
        flip, pixels = found
        if flip is self.flip:
            for view in self.views:
                view.set_picture(pixels)
            self._draw_overlays()

    def _lost(self, error: Exception) -> None:
        for view in self.views:
            view.set_empty_text(notice_of(error).message)

    def _draw_overlays(self) -> None:
        if self.views[0].pixels is None:
            return
        said = (self.flip.before, self.flip.after)
        for view, judged, (package, recipe) in zip(self.views, said, self._sides, strict=True):
            style = view.overlay_style
            drawn = style in ("heat", "mask") and judged.heat is not None
            overlay = drawn_map(judged.heat, style, package) if drawn and judged.heat is not None else None
            view.set_overlay(overlay, recipe.view.heat_box)
            view.set_regions(judged.regions)


def _load(flip: Flip) -> tuple[Flip, Pixels]:
    return flip, develop(flip.part.load(), flip.part.bits, flip.part.bayer)

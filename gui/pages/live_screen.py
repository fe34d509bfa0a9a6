"""How the Live page is laid out: its widgets and their places, and no behaviour."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from gui.context import AppContext, Binding
from gui.pages.live_panels import Acts, Aside, DriftBar, LookBar, PictureTools, TravellerStrip
from gui.pages.live_picker import ClassPicker
from gui.theme import SPACING
from gui.widgets.counters import Counters
from gui.widgets.filmstrip import PICTURE_HEIGHT, FilmStrip
from gui.widgets.image_view import ImageView
from gui.widgets.trend import YieldTrend
from gui.widgets.verdict_banner import VerdictBanner

SIDE_MIN, SIDE_MAX, SIDE_SHARE = 344, 544, 0.28
STRIP_LARGE, LARGE_FROM = 104, 900
TREND_FROM = 664
"""Under this height the trend gives way to the trigger's button."""


class LiveScreen(QWidget):
    """Left: what goes with the part, picture and tools, film strip. Right: verdict, counts, trend, acts."""

    def __init__(
        self,
        context: AppContext,
        tools: list[tuple[str, Binding]],
        acts: dict[str, Binding],
        leave_look: Callable[[], object],
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        theme, settings = context.theme, context.settings
        self.strip = TravellerStrip(settings, theme, self)
        self.view = ImageView(theme, self)
        self.view.set_style(settings.overlay)
        self.view.set_opacity(settings.overlay_opacity)
        self.tools = PictureTools(theme, tools, self)
        self.tools.set_style(settings.overlay)
        self.look_bar = LookBar(leave_look, self)
        self.drift_bar = DriftBar(theme, self)
        self.film = FilmStrip(theme, self)
        self.banner = VerdictBanner(theme, self)
        self.counters = Counters(theme, self)
        self.trend = YieldTrend(theme, self)
        self.aside = Aside(self)
        self.acts = Acts(theme, acts, self)
        self.frame = QFrame(self)
        self.side = QWidget(self)
        self._lay_out()
        self.show_trigger(False)
        # Last, so that it lies over the rest.
        self.picker = ClassPicker(self)

    def set_frame(self, role: str) -> None:
        """`picture`: calm; `look`: what is shown is of the past."""
        self.frame.setProperty("role", role)
        self.frame.style().polish(self.frame)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The right column takes its share; the picker lies over it, under the banner."""
        share = int(self.width() * SIDE_SHARE) // SPACING * SPACING
        self.side.setFixedWidth(min(SIDE_MAX, max(SIDE_MIN, share)))
        self.film.set_picture_height(STRIP_LARGE if self.height() >= LARGE_FROM else PICTURE_HEIGHT)
        self._make_room()
        QTimer.singleShot(0, self, self._place_picker)

    def show_trigger(self, shown: bool) -> None:
        """The button for a picture, where the camera waits for it."""
        self.acts.buttons["trigger"].setVisible(shown)
        self._make_room()

    def _make_room(self) -> None:
        self.trend.setVisible(self.acts.buttons["trigger"].isHidden() or self.height() >= TREND_FROM)

    def _place_picker(self) -> None:
        top = self.banner.height() + 2 * SPACING
        height = max(0, self.side.height() - top)
        self.picker.setGeometry(self.side.x(), self.side.y() + top, self.side.width(), height)

    def _lay_out(self) -> None:
        self.set_frame("picture")
        inside = QVBoxLayout(self.frame)
        inside.setContentsMargins(2, 2, 2, 2)
        inside.setSpacing(0)
        inside.addWidget(self.look_bar)
        inside.addWidget(self.drift_bar)
        inside.addWidget(self.view, 1)
        middle = QHBoxLayout()
        middle.setSpacing(SPACING // 2)
        middle.addWidget(self.frame, 1)
        middle.addWidget(self.tools)
        left = QVBoxLayout()
        left.setSpacing(SPACING)
        left.addWidget(self.strip)
        left.addLayout(middle, 1)
        left.addWidget(self.film)
        column = QVBoxLayout(self.side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(self.banner, 50)
        column.addSpacing(SPACING)
        column.addWidget(self.counters)
        column.addWidget(self.trend, 20)
        column.addStretch(1)
        column.addWidget(self.aside)
        column.addWidget(self.acts)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, SPACING)
        row.setSpacing(SPACING)
        row.addLayout(left, 1)
        row.addWidget(self.side)

"""How the Live page is laid out: its widgets and their places, and no behaviour."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from engine.domain.inspection import Origin, Traveller
from engine.station.alarms import AlarmKind
from gui.context import AppContext
from gui.i18n.language import translate
from gui.page import Binding
from gui.pages.live.judged_for.bars import ChooseSource, OriginBar
from gui.pages.live.panels import SLIM, ActButton, Acts, AlarmBar, Aside, DriftBar, LookBar
from gui.pages.live.picker import ClassPicker
from gui.pages.live.strip import TravellerStrip
from gui.theme.theme import SPACING, scaled
from gui.viewer.picture_tools import PictureTools
from gui.widgets.charts.trend import YieldTrend
from gui.widgets.counters import Counters
from gui.widgets.pictures.filmstrip import PICTURE_HEIGHT, FilmStrip
from gui.widgets.pictures.image_view import ImageView
from gui.widgets.verdict_banner import VerdictBanner

SIDE_MIN, SIDE_MAX, SIDE_SHARE = 344, 544, 0.28
SIDE_MOST = 0.42
"""However large the type, no more of the width than this is taken from the picture."""
STRIP_LARGE, STRIP_SMALL, LARGE_FROM = 104, 40, 900
PICTURE_LEAST = 280
"""The film strip's pictures become smaller before the picture is less high than this."""


class LiveScreen(QWidget):
    """Left: what goes with the part, picture and tools, film strip. Right: verdict, counts, trend, acts.

    Where there is little room the trend gives way first, then the film strip's height; never the acts or the verdict.
    """

    def __init__(
        self,
        context: AppContext,
        traveller: Traveller,
        tools: list[tuple[str, Binding]],
        acts: dict[str, Binding],
        others: dict[str, Binding],
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        theme, settings = context.theme, context.settings
        self.strip = TravellerStrip(context, traveller, self)
        self.view = ImageView(theme, self)
        self.view.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.view.set_style(settings.overlay)
        self.view.set_opacity(settings.overlay_opacity)
        self.tools = PictureTools(theme, tools, self)
        self.tools.set_style(settings.overlay)
        self.look_bar = LookBar(theme, others["leave"], self)
        self.drift_bar = DriftBar(theme, self)
        ways = {AlarmKind.UNKNOWN: (others["recipe"], others["teach"])}
        self.alarm_bar = AlarmBar(theme, others["acknowledge"], ways, self)
        self.origin_bar = OriginBar(theme, others["setup"], self)
        self.choose = ChooseSource(theme, self)
        self.film = FilmStrip(theme, self)
        self.banner = VerdictBanner(theme, self)
        self.scope = ActButton(theme, others["count"], least=SLIM)
        self.setup = ActButton(theme, others["setup"], least=SLIM)
        self.setup.tell(translate("Live", "Set-up"), others["setup"].text)
        self.counters = Counters(theme, self)
        self.trend = YieldTrend(theme, self)
        self.aside = Aside(theme, self)
        self.acts = Acts(theme, acts, self)
        self.frame = QFrame(self)
        self.side = QWidget(self)
        self._lay_out()
        self.show_trigger(False)
        # Last, so that it lies over the rest.
        self.picker = ClassPicker(theme, self)

    def set_frame(self, role: str) -> None:
        """`picture`: calm; `look`: what is shown is of the past."""
        self.frame.setProperty("role", role)
        self.frame.style().polish(self.frame)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The right column takes its share; the picker lies over it, under the banner."""
        share = int(self.width() * SIDE_SHARE) // SPACING * SPACING
        least = max(SIDE_MIN, min(scaled(SIDE_MIN), int(self.width() * SIDE_MOST)))
        self.side.setFixedWidth(min(max(SIDE_MAX, least), max(least, share)))
        self._make_room()
        QTimer.singleShot(0, self, self._place_picker)

    def show_trigger(self, shown: bool) -> None:
        """The button for a picture, where the camera waits for it."""
        self.acts.buttons["trigger"].setVisible(shown)
        self._make_room()

    def show_origin(self, origin: Origin) -> None:
        """That parts do not count, where they do not."""
        self.origin_bar.show_origin(origin)
        self.setup.setVisible(origin is Origin.PRODUCTION)
        self._make_room()

    def show_choice(self, open_: bool) -> None:
        """The choice of a source in the picture's place."""
        self.choose.setVisible(open_)
        self.view.setVisible(not open_)

    def _make_room(self) -> None:
        """What gives way is decided from what the rest needs, not from how it lies now."""
        height = self.height() - 2 * SPACING
        self.counters.set_tall(self.height() >= LARGE_FROM)
        fixed = (self.scope, self.counters, self.aside, self.acts)
        taken = self.banner.whole + sum(widget.sizeHint().height() + SPACING for widget in fixed) + SPACING
        self.trend.setVisible(height - taken >= self.trend.minimumHeight() + 2 * SPACING)
        # As if there was an alarm: nothing jumps when there is one.
        top = self.strip.sizeHint().height() + self.alarm_bar.sizeHint().height() + 2 * SPACING
        if not self.origin_bar.isHidden():
            top += self.origin_bar.sizeHint().height() + SPACING
        caption = self.film.height() - self.film.picture_height
        room = height - top - caption - scaled(PICTURE_LEAST)
        large = STRIP_LARGE if self.height() >= LARGE_FROM else PICTURE_HEIGHT
        self.film.set_picture_height(max(STRIP_SMALL, min(large, room)))
        self.tools.set_columns(1 if height - top >= self.tools.needed else 2)

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
        inside.addWidget(self.choose, 1)
        shown = QVBoxLayout()
        shown.setSpacing(SPACING)
        shown.addWidget(self.frame, 1)
        shown.addWidget(self.film)
        middle = QHBoxLayout()
        middle.setSpacing(SPACING // 2)
        middle.addLayout(shown, 1)
        middle.addWidget(self.tools)
        left = QVBoxLayout()
        left.setSpacing(SPACING)
        left.addWidget(self.strip)
        left.addWidget(self.origin_bar)
        left.addWidget(self.alarm_bar)
        left.addLayout(middle, 1)
        column = QVBoxLayout(self.side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(self.banner, 50)
        column.addLayout(_row(self.scope, self.setup))
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


def _row(first: QWidget, second: QWidget) -> QHBoxLayout:
    """Two beside each other; the first takes what is left."""
    row = QHBoxLayout()
    row.setSpacing(SPACING)
    row.addWidget(first, 1)
    row.addWidget(second)
    return row

"""The Camera page: find a camera, look at it, set it up, keep that in the recipe, put it on the line."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.errors import LinesideError
from engine.sources.base import Capability, SourceInfo
from engine.sources.supervisor import Supervisor
from engine.station.preview import Standing
from gui.context import AppContext
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.line import line as states
from gui.line.feed import Feed, OpenSource, Seen
from gui.line.line import Line
from gui.page import Binding
from gui.pages.camera.find import FindCameras, Finder, Glance, small
from gui.pages.camera.keeping import RecipeKeeping
from gui.pages.camera.list import CameraList
from gui.pages.camera.presenter import CameraPresenter, Mode, OnLine
from gui.pages.camera.setter import Setter
from gui.pages.camera.side import CameraSide
from gui.pages.camera.view import CameraView
from gui.theme.theme import SPACING, scaled
from gui.widgets.columns import Columns, kept_widths

LIST_WIDTH, SIDE_WIDTH, WIDE, WIDE_FROM = 256, 320, 376, 1600
LIST_MOST, SIDE_MOST = 336, 432
"""However large the type: the picture keeps its place."""
AUTO_MS = 2000


class CameraPage(QWidget):
    """Looks at a source only while it is on screen; the line's own source is never opened a second time."""

    def __init__(self, context: AppContext, line: Line, open_source: OpenSource, find: FindCameras) -> None:
        super().__init__()
        self.setObjectName("page")
        self._context, self._line = context, line
        theme = context.theme
        self.list, self.side = CameraList(theme), CameraSide(theme)
        self.view = CameraView(theme, self._tools())
        self.feed = Feed(context.jobs, open_source, self)
        self.finder = Finder(context.jobs, find, open_source, self.feed.turns, self)
        self.setter = Setter(context.jobs, self)
        self.rules = CameraPresenter()
        self.keeping = RecipeKeeping(context, line, self.feed, self.view, self.side, self.rules)
        self._searched = False
        self._split = Columns((self.list, self.view, self.side), self.view)
        self.widths = kept_widths(context.memory("camera").get("columns"), 3)
        """What somebody made of the three columns; empty = nobody did."""
        self._auto = QTimer(self)
        self._auto.setInterval(AUTO_MS)
        self._auto.timeout.connect(self._ask_again)
        self._split.setAccessibleName(translate("Camera", "Columns"))
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, SPACING)
        row.addWidget(self._split)
        self._share_out()
        self._connect()

    # ── the page protocol ────────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """On screen: look at the camera; the first time, find the others."""
        self.rules.current = self.rules.current or self._line.options.source
        if not self._searched:
            self._searched = True
            self.finder.find()
        self._resume()

    def keys(self) -> list[Binding]:
        """Everything Camera does, by key."""
        acts = [
            Binding("U", translate("Camera", "Use this camera: the line goes on with it"), self.use),
            Binding("Ctrl+S", translate("Camera", "Save settings and golden picture in the recipe"), self.keeping.ask),
            Binding("T", translate("Camera", "Trigger now"), self.trigger),
            Binding("G", translate("Camera", "Take this picture as golden"), self.keeping.take_golden),
            Binding("D", translate("Camera", "Find cameras again"), self.finder.find),
            Binding("Up", translate("Camera", "Camera above"), partial(self.list.step, -1)),
            Binding("Down", translate("Camera", "Camera below"), partial(self.list.step, 1)),
        ]
        return [*acts, *(binding for _name, binding in self._tools())]

    def held(self) -> str:
        """Why the page cannot be built anew now; empty = it can."""
        return translate("Camera", "The recipe is being saved.") if self.keeping.busy else ""

    def close_page(self) -> None:
        """Close what is open; its threads end with the jobs."""
        self._pause()

    def showEvent(self, event: QShowEvent) -> None:
        """Back on screen."""
        super().showEvent(event)
        if self.rules.current:
            self._resume()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: the camera is let go."""
        super().hideEvent(event)
        self._pause()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Until somebody moves the splitter: wider columns where there is room."""
        super().resizeEvent(event)
        if not self.widths:
            self._share_out()

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def choose(self, uri: str) -> None:
        """Look at this source."""
        if self.rules.choose(uri, watched=self.feed.on):
            self.finder.hush()
            self._mark_current()
            self._look()
            self._peek()

    def use(self) -> None:
        """The line goes on with this source, and begins with it from now on."""
        uri = self.rules.current
        if not self.rules.may_use(self._on_line()):
            self._context.notify("info", translate("Camera", "The line uses this source already."))
            return
        self.view.clear(self.list.name_of(uri))
        self.rules.rest()
        self.feed.free(uri, lambda: self._put_on_line(uri))

    def trigger(self) -> None:
        """One picture now."""
        source = self.feed.source
        if self.rules.mode == "line":
            self._line.trigger.fire()
        elif source is not None and self.side.trigger_button.isEnabled():
            self._context.jobs.run(source.trigger, lambda _none: None)

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _on_line(self) -> OnLine:
        line = self._line
        opening = line.state == states.LOADING or line.switching or line.station is None
        return OnLine(line.options.source, line.reads(self.rules.current), not opening)

    def _mark_current(self) -> None:
        self.list.set_current(self.rules.current, self._line.options.source)

    def _resume(self) -> None:
        self._mark_current()
        self.view.start()
        self._auto.start()
        if not self.feed.on:
            self._look()

    def _pause(self) -> None:
        self.finder.hush()
        self.feed.leave()
        self.setter.aim(None)
        self.view.stop()
        self._auto.stop()
        self.rules.rest()

    def _look(self) -> None:
        on_line, current = self._on_line(), self.rules.current
        mode: Mode = self.rules.look(on_line)
        self.setter.aim(None)
        self.side.set_caps(())
        self.view.clear(self.list.name_of(current))
        station = self._line.station
        if mode == "line" and station is not None:
            self.feed.follow(station)
        elif mode == "own" and current:
            self.feed.watch(current)
        else:
            self.feed.leave()
            self.view.view.set_empty_text(translate("Camera", "The line opens this source…"))
        self.side.show_use(chosen=bool(current), on_line=self.rules.is_on_line(on_line))

    def _line_changed(self, _state: str) -> None:
        self._mark_current()
        if self.isVisible() and self.rules.current and self.rules.wanted(self._on_line()) != self.rules.mode:
            self._look()

    def _see(self, seen: Seen) -> None:
        self.view.show_seen(seen)
        if not self.list.has_picture(self.rules.current):
            self.list.set_picture(self.rules.current, small(seen.frame))

    def _stand(self, standing: Standing) -> None:
        self.view.show_standing(standing)
        match self.rules.stand(standing):
            case "set":
                self.setter.aim(self.feed.source)
                self.setter.ask()
            case "drop":
                self.setter.aim(None)
        self.side.setEnabled(self.rules.settable(standing))

    def _ask_again(self) -> None:
        if not self.setter.busy and self.rules.moves_by_itself(self.side.values):
            self.setter.ask()

    # ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _read(self, caps: tuple[Capability, ...]) -> None:
        self.side.set_caps(caps)
        if self.rules.mode == "line":
            self._line.trigger.ask()

    # ── the list and the line ────────────────────────────────────────────────────────────────────────────────────
    def _found(self, cameras: list[SourceInfo], troubles: dict[str, str]) -> None:
        self.list.set_found(cameras, troubles)
        self._mark_current()
        self.view.set_title(self.list.name_of(self.rules.current))
        self._peek()

    def _peek(self) -> None:
        if self.isVisible():
            found = [camera.uri for camera in self.list.cameras]
            known = [uri for uri in found if self.list.is_known(uri)]
            self.finder.peek(self.rules.to_peek(found, known, self._on_line()))

    def _glanced(self, glance: Glance) -> None:
        self.list.set_picture(glance.uri, glance.picture, glance.words)

    def _put_on_line(self, uri: str) -> None:
        self._line.use(uri)
        self._mark_current()
        name, settings = self.list.name_of(uri), self._context.settings.model_copy()
        starts = translate("Camera", "Space on the Live page starts the line with it.")
        now = translate("Camera", "The line uses {name} from now on.").format(name=name)
        self._context.notify("info", now, starts if self._line.state == states.STOPPED else "")
        self._context.jobs.run(lambda: self._context.write_settings(settings), lambda _none: None, self._not_kept)
        if self.isVisible() and not self.rules.mode:
            self._look()

    def _not_kept(self, error: Exception) -> None:
        if not isinstance(error, LinesideError):
            self._context.jobs.failed.emit(error)
            return
        words = translate("Camera", "The choice could not be kept: {why}").format(why=translated(error.message))
        self._context.notify("warning", words, error.remedy)

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _tools(self) -> list[tuple[str, Binding]]:
        return [
            ("mark", Binding("M", translate("Camera", "Mark saturated pixels"), lambda: self.view.toggle_marking())),
            ("fit", Binding("0", translate("Camera", "Whole picture"), lambda: self.view.view.fit())),
            ("plus", Binding("+", translate("Camera", "Zoom in"), lambda: self.view.view.zoom_by(1.25))),
            ("minus", Binding("-", translate("Camera", "Zoom out"), lambda: self.view.view.zoom_by(0.8))),
            ("undo", Binding("P", translate("Camera", "Forget the focus peak"), lambda: self.view.trend.forget_peak())),
        ]

    def _share_out(self) -> None:
        """What somebody chose, else columns as wide as their words and the window want."""
        more = WIDE - SIDE_WIDTH if self.width() >= scaled(WIDE_FROM) else 0
        left, right = min(scaled(LIST_WIDTH), LIST_MOST) + more, min(scaled(SIDE_WIDTH), SIDE_MOST) + more
        self._split.setSizes(self.widths or [left, max(1, self.width() - left - right), right])

    def _moved(self, widths: list[int]) -> None:
        self.widths = widths
        self._context.remember("camera", columns=widths)

    def _connect(self) -> None:
        self._split.moved.connect(self._moved)
        self.list.chosen.connect(self.choose)
        self.list.again.connect(self.finder.find)
        self.finder.searching.connect(self.list.set_searching)
        self.finder.found.connect(self._found)
        self.finder.glanced.connect(self._glanced)
        self.feed.seen.connect(self._see)
        self.feed.stood.connect(self._stand)
        self.feed.checked.connect(self.side.selftest.show_result)
        self.view.counts_of(self._source_seen)
        self.side.changed.connect(self.setter.put)
        self.setter.read.connect(self._read)
        self.setter.refused.connect(self.side.refuse)
        self.side.trigger_button.clicked.connect(self.trigger)
        self.side.golden_button.clicked.connect(self.keeping.take_golden)
        self.side.use_button.clicked.connect(self.use)
        self.side.save_button.clicked.connect(self.keeping.ask)
        self._line.stateChanged.connect(self._line_changed)

    def _source_seen(self) -> Supervisor | None:
        return self.feed.source

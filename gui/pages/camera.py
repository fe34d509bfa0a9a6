"""The Camera page: find a camera, look at it, set it up, keep that in the recipe, put it on the line."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.domain import Frame
from engine.errors import LinesideError
from engine.imaging import Check, imaging_of
from engine.preview import Standing
from engine.product import CameraSetup, Imaging, Value
from engine.settings import save_settings
from engine.sources.base import Capability, SourceInfo
from engine.sources.supervisor import SourceState
from gui import line as states
from gui.context import AppContext, Binding
from gui.line import Line
from gui.pages.camera_feed import Feed, OpenSource, Seen, stated
from gui.pages.camera_find import FindCameras, Finder, Glance, small
from gui.pages.camera_list import CameraList
from gui.pages.camera_save import Saved, save
from gui.pages.camera_setter import Setter
from gui.pages.camera_side import NO_GOLDEN, CameraSide
from gui.pages.camera_view import CameraView
from gui.theme import SPACING

LIST_WIDTH, SIDE_WIDTH, WIDE, WIDE_FROM = 256, 320, 376, 1600
AUTO_MS = 2000
AUTO = ("auto_exposure", "auto_gain", "auto_focus")
OF_THE_LINE = "the line's pictures"


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
        self.current = ""
        """The URI of the source looked at."""
        self.mode = ""
        """`own`: opened by this page; `line`: the line's; `wait`: the line is opening it; empty: nobody looks."""
        self._searched = False
        self._golden: tuple[Frame, Imaging] | None = None
        """Taken here and not saved yet."""
        self._told: Standing | None = None
        self._auto = QTimer(self)
        self._auto.setInterval(AUTO_MS)
        self._auto.timeout.connect(self._ask_again)
        self._lay_out()
        self._connect()
        self._take_recipe()

    # ── the page protocol ────────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """On screen: look at the camera; the first time, find the others."""
        self.current = self.current or self._line.options.source
        if not self._searched:
            self._searched = True
            self.finder.find()
        self._resume()

    def keys(self) -> list[Binding]:
        """Everything Camera does, by key."""
        acts = [
            Binding("U", "Use this camera: the line goes on with it", self.use),
            Binding("Ctrl+S", "Save settings and golden picture in the recipe", self.save),
            Binding("T", "Trigger now", self.trigger),
            Binding("G", "Take this picture as golden", self.take_golden),
            Binding("D", "Find cameras again", self.finder.find),
            Binding("Up", "Camera above", lambda: self.list.step(-1)),
            Binding("Down", "Camera below", lambda: self.list.step(1)),
        ]
        return [*acts, *(binding for _name, binding in self._tools())]

    def held(self) -> str:
        """Why the page cannot be built anew now; empty = it can."""
        return ""

    def close_page(self) -> None:
        """Close what is open; its threads end with the jobs."""
        self._pause()

    def showEvent(self, event: QShowEvent) -> None:
        """Back on screen."""
        super().showEvent(event)
        if self.current:
            self._resume()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: the camera is let go."""
        super().hideEvent(event)
        self._pause()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wider columns where there is room."""
        super().resizeEvent(event)
        wide = self.width() >= WIDE_FROM
        self.list.setFixedWidth(LIST_WIDTH + (WIDE - SIDE_WIDTH if wide else 0))
        self.side.setFixedWidth(WIDE if wide else SIDE_WIDTH)

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def choose(self, uri: str) -> None:
        """Look at this source."""
        if uri == self.current and self.feed.on and not (self._told is not None and self._told.over):
            return
        self.current = uri
        self.finder.hush()
        self.list.set_current(uri, self._line_uri())
        self._look()
        self._peek()

    def use(self) -> None:
        """The line goes on with this source, and begins with it from now on."""
        uri = self.current
        if not uri or self._line.reads(uri) or uri == self._line_uri():
            self._context.notify("info", "The line uses this source already.")
            return
        self.view.clear(self.list.name_of(uri))
        self.mode = ""
        self.feed.free(uri, lambda: self._put_on_line(uri))

    def save(self) -> None:
        """Settings, takt and golden picture as a new version of the recipe."""
        values, golden = self.side.values, self._golden
        package = self._context.package
        if package is None or not (values or golden):
            words = "There is nothing to save." if package else "No model is loaded yet, so there is no recipe."
            self._context.notify("info", words, "Open a camera that can be set, or take a golden picture.")
            return
        setup = CameraSetup(tuple(values.items()), self.side.takt.value()) if values else None
        path, folder = self._line.options.recipe, self._context.folder / "recipes"
        self._context.jobs.run(lambda: save(path, folder, package, setup, golden), self._saved)

    def trigger(self) -> None:
        """One picture now."""
        source = self.feed.source
        if self.mode == "line":
            self._line.trigger()
        elif source is not None and self.side.trigger_button.isEnabled():
            self._context.jobs.run(source.trigger, lambda _none: None)

    def take_golden(self) -> None:
        """The picture on screen is what the others are compared with; `save` keeps it."""
        seen = self.view.seen
        if seen is None:
            self._context.notify("info", "There is no picture to take yet.")
            return
        recipe = self._context.recipe
        like = recipe.imaging if recipe is not None else None
        try:
            imaging = imaging_of(seen.frame.pixels, *stated(seen.frame, self.feed.view), like=like)
        except ValueError as error:
            self._context.notify("warning", f"This picture cannot be the golden one: {error}.")
            return
        self._golden = seen.frame, imaging
        self.feed.imaging = imaging
        self.side.tell("The golden picture is not kept yet: save it in the recipe.")

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _resume(self) -> None:
        self.list.set_current(self.current, self._line_uri())
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
        self.mode = ""

    def _wanted_mode(self) -> str:
        if not self._line.reads(self.current):
            return "own"
        opening = self._line.state == states.LOADING or self._line.switching or self._line.station is None
        return "wait" if opening else "line"

    def _look(self) -> None:
        self.mode = self._wanted_mode()
        self._told = None
        self.setter.aim(None)
        self.side.set_caps(())
        self.view.clear(self.list.name_of(self.current))
        station = self._line.station
        if self.mode == "line" and station is not None:
            self.feed.follow(station)
        elif self.mode == "own" and self.current:
            self.feed.watch(self.current)
        else:
            self.feed.leave()
            self.view.view.set_empty_text("The line opens this source…")
        on_line = self.mode != "own" or self.current == self._line_uri()
        self.side.use_button.setEnabled(bool(self.current) and not on_line)
        self.side.use_button.setText("The line uses it" if on_line else "Use this camera")

    def _line_changed(self, _state: str) -> None:
        self.list.set_current(self.current, self._line_uri())
        if self.isVisible() and self.current and self._wanted_mode() != self.mode:
            self._look()

    def _line_uri(self) -> str:
        return self._line.options.source

    def _see(self, seen: Seen) -> None:
        self.view.show_seen(seen)
        if not self.list.has_picture(self.current):
            self.list.set_picture(self.current, small(seen.frame))

    def _stand(self, standing: Standing) -> None:
        before, self._told = self._told, standing
        self.view.show_standing(standing)
        if standing.state is SourceState.STREAMING:
            self.setter.aim(self.feed.source)
            self.setter.ask()
        elif before is None or before.state is SourceState.STREAMING:
            self.setter.aim(None)
        self.side.setEnabled(standing.state is SourceState.STREAMING or not standing.words)

    def _ask_again(self) -> None:
        """What the camera governs itself moves on its own."""
        if not self.setter.busy and any(self.side.values.get(name) is True for name in AUTO):
            self.setter.ask()

    # ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _set(self, name: str, value: Value) -> None:
        self.setter.put(name, value)

    def _read(self, caps: tuple[Capability, ...]) -> None:
        self.side.set_caps(caps)
        if self.mode == "line":
            self._line.ask_trigger()

    def _check(self, checks: tuple[Check, ...] | str) -> None:
        if isinstance(checks, str):
            self.side.selftest.tell(checks)
        else:
            self.side.selftest.show_checks(checks)

    def _take_recipe(self) -> None:
        recipe = self._context.recipe
        if recipe is None:
            return
        self.feed.view = recipe.view
        self.side.takt.setValue(recipe.camera.takt_s)
        if self._golden is None:
            self.feed.imaging = recipe.imaging
            if recipe.imaging is None:
                self.side.selftest.tell(NO_GOLDEN)

    def _saved(self, saved: Saved) -> None:
        self._golden = None
        self._line.use_recipe(str(saved.path))
        what = f"The recipe was saved as version {saved.version} in {saved.path}."
        self.side.tell(what)
        self._context.notify("info", what, "The line judges by it from its next start.")

    # ── the list and the line ────────────────────────────────────────────────────────────────────────────────────
    def _found(self, cameras: list[SourceInfo], troubles: dict[str, str]) -> None:
        self.list.set_found(cameras, troubles)
        self.list.set_current(self.current, self._line_uri())
        self.view.set_title(self.list.name_of(self.current))
        self._peek()

    def _peek(self) -> None:
        if self.isVisible():
            mine = (self.current, self._line_uri())
            self.finder.peek([c.uri for c in self.list.cameras if c.uri not in mine and not self.list.is_known(c.uri)])

    def _glanced(self, glance: Glance) -> None:
        self.list.set_picture(glance.uri, glance.picture, glance.words)

    def _put_on_line(self, uri: str) -> None:
        self._line.use(uri)
        self.list.set_current(self.current, self._line_uri())
        name, settings, folder = self.list.name_of(uri), self._context.settings.model_copy(), self._context.folder
        starts = "" if self._line.state != states.STOPPED else "Space on the Live page starts the line with it."
        self._context.notify("info", f"The line uses {name} from now on.", starts)
        self._context.jobs.run(lambda: save_settings(settings, folder), lambda _none: None, self._not_kept)
        if self.isVisible() and self.mode == "":
            self._look()

    def _not_kept(self, error: Exception) -> None:
        if not isinstance(error, LinesideError):
            self._context.jobs.failed.emit(error)
            return
        self._context.notify("warning", f"The choice could not be kept: {error.message}", error.remedy)

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _tools(self) -> list[tuple[str, Binding]]:
        return [
            ("mark", Binding("M", "Mark saturated pixels", lambda: self.view.toggle_marking())),
            ("fit", Binding("0", "Whole picture", lambda: self.view.view.fit())),
            ("plus", Binding("+", "Zoom in", lambda: self.view.view.zoom_by(1.25))),
            ("minus", Binding("-", "Zoom out", lambda: self.view.view.zoom_by(0.8))),
            ("undo", Binding("P", "Forget the focus peak", lambda: self.view.trend.forget_peak())),
        ]

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, SPACING)
        row.setSpacing(2 * SPACING)
        row.addWidget(self.list)
        row.addWidget(self.view, 1)
        row.addWidget(self.side)

    def _connect(self) -> None:
        self.list.chosen.connect(self.choose)
        self.list.again.connect(self.finder.find)
        self.finder.searching.connect(self.list.set_searching)
        self.finder.found.connect(self._found)
        self.finder.glanced.connect(self._glanced)
        self.feed.seen.connect(self._see)
        self.feed.stood.connect(self._stand)
        self.feed.checked.connect(self._check)
        self.view.counts_of(lambda: self.feed.source)
        self.side.changed.connect(self._set)
        self.setter.read.connect(self._read)
        self.setter.refused.connect(self.side.refuse)
        self.side.trigger_button.clicked.connect(self.trigger)
        self.side.golden_button.clicked.connect(self.take_golden)
        self.side.use_button.clicked.connect(self.use)
        self.side.save_button.clicked.connect(self.save)
        self._line.stateChanged.connect(self._line_changed)
        self._context.packageChanged.connect(self._take_recipe)

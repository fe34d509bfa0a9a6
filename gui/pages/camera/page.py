"""The Camera page: find a camera, look at it, set it up, keep that in the recipe, put it on the line."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QWidget

from engine.domain.inspection import Frame, Value
from engine.domain.recipe import CameraSetup, Imaging
from engine.errors import LinesideError
from engine.preprocessing.golden import imaging_of
from engine.settings import save_settings
from engine.sources.base import Capability, SourceInfo
from engine.sources.supervisor import SourceState, Supervisor
from engine.station.drift import Check
from engine.station.preview import Standing
from gui.context import AppContext
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.line import line as states
from gui.line.feed import Feed, OpenSource, Seen, stated
from gui.line.line import Line
from gui.page import Binding
from gui.pages.camera.find import FindCameras, Finder, Glance, small
from gui.pages.camera.list import CameraList
from gui.pages.camera.save import Saved, save
from gui.pages.camera.setter import Setter
from gui.pages.camera.side import CameraSide, no_golden
from gui.pages.camera.view import CameraView
from gui.theme.theme import SPACING, scaled
from gui.users.operators import ask_engineer

LIST_WIDTH, SIDE_WIDTH, WIDE, WIDE_FROM = 256, 320, 376, 1600
LIST_MOST, SIDE_MOST = 336, 432
"""However large the type: the picture keeps its place."""
AUTO_MS = 2000
AUTO = ("auto_exposure", "auto_gain", "auto_focus")


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
        self._searched = self._saving = False
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._columns = _sizes(context.memory("camera").get("columns"))
        """What somebody made of the three columns; None = nobody did."""
        self._golden: tuple[Frame, Imaging] | None = None
        """Taken here and not saved yet."""
        self._told: Standing | None = None
        self._auto = QTimer(self)
        self._auto.setInterval(AUTO_MS)
        self._auto.timeout.connect(self._ask_again)
        self._lay_out()
        self._share_out()
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
            Binding("U", translate("Camera", "Use this camera: the line goes on with it"), self.use),
            Binding("Ctrl+S", translate("Camera", "Save settings and golden picture in the recipe"), self.save),
            Binding("T", translate("Camera", "Trigger now"), self.trigger),
            Binding("G", translate("Camera", "Take this picture as golden"), self.take_golden),
            Binding("D", translate("Camera", "Find cameras again"), self.finder.find),
            Binding("Up", translate("Camera", "Camera above"), partial(self.list.step, -1)),
            Binding("Down", translate("Camera", "Camera below"), partial(self.list.step, 1)),
        ]
        return [*acts, *(binding for _name, binding in self._tools())]

    def held(self) -> str:
        """Why the page cannot be built anew now; empty = it can."""
        return translate("Camera", "The recipe is being saved.") if self._saving else ""

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
        """Until somebody moves the splitter: wider columns where there is room."""
        super().resizeEvent(event)
        if self._columns is None:
            self._share_out()

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
            self._context.notify("info", translate("Camera", "The line uses this source already."))
            return
        self.view.clear(self.list.name_of(uri))
        self.mode = ""
        self.feed.free(uri, lambda: self._put_on_line(uri))

    def save(self) -> None:
        """Settings, takt and golden picture as a new version of the recipe."""
        values, golden = self.side.values, self._golden
        package = self._context.package
        if package is None or not (values or golden):
            nothing = translate("Camera", "There is nothing to save.")
            words = nothing if package else translate("Camera", "No model is loaded yet, so there is no recipe.")
            what = translate("Camera", "Open a camera that can be set, or take a golden picture.")
            self._context.notify("info", words, what)
            return
        ask_engineer(self._context, self, self._save)

    def _save(self, who: str) -> None:
        values, golden, package = self.side.values, self._golden, self._context.package
        if package is None:
            return
        setup = CameraSetup(tuple(values.items()), self.side.takt.value()) if values else None
        path, folder = self._line.options.recipe, self._context.folder / "recipes"
        self._saving = True
        trail = (self._context.db, who)
        self._context.jobs.run(
            lambda: save(path, folder, package, setup, golden, trail=trail), self._saved, self._not_saved
        )

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
            self._context.notify("info", translate("Camera", "There is no picture to take yet."))
            return
        recipe = self._context.recipe
        like = recipe.imaging if recipe is not None else None
        try:
            imaging = imaging_of(seen.frame.pixels, *stated(seen.frame, self.feed.view), like=like)
        except ValueError as error:
            words = translate("Camera", "This picture cannot be the golden one: {why}.").format(why=error)
            self._context.notify("warning", words)
            return
        self._golden = seen.frame, imaging
        self.feed.imaging = imaging
        self.side.tell(translate("Camera", "The golden picture is not kept yet: save it in the recipe."))

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
            self.view.view.set_empty_text(translate("Camera", "The line opens this source…"))
        on_line = self.mode != "own" or self.current == self._line_uri()
        self.side.use_button.setEnabled(bool(self.current) and not on_line)
        uses, use = translate("Camera", "The line uses it"), translate("Camera", "Use this camera")
        self.side.use_button.setText(uses if on_line else use)

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
                self.side.selftest.tell(no_golden())

    def _saved(self, saved: Saved) -> None:
        self._golden, self._saving = None, False
        self._line.use_recipe(str(saved.path))
        what = translate("Camera", "The recipe was saved as version {version} in {path}.")
        what = what.format(version=saved.version, path=saved.path)
        self.side.tell(what)
        self._context.notify("info", what, translate("Camera", "The line judges by it from its next start."))

    def _not_saved(self, error: Exception) -> None:
        self._saving = False
        self._context.jobs.failed.emit(error)

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
        starts = translate("Camera", "Space on the Live page starts the line with it.")
        now = translate("Camera", "The line uses {name} from now on.").format(name=name)
        self._context.notify("info", now, starts if self._line.state == states.STOPPED else "")
        self._context.jobs.run(lambda: save_settings(settings, folder), lambda _none: None, self._not_kept)
        if self.isVisible() and self.mode == "":
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

    def _lay_out(self) -> None:
        split = self._split
        for place, part in enumerate((self.list, self.view, self.side)):
            split.addWidget(part)
            split.setStretchFactor(place, 1 if part is self.view else 0)
        split.setHandleWidth(2 * SPACING)
        split.setChildrenCollapsible(False)
        split.setStyleSheet("QSplitter::handle { background: transparent; }")
        split.setAccessibleName(translate("Camera", "Columns"))
        split.splitterMoved.connect(self._moved)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, SPACING)
        row.addWidget(split)

    def _share_out(self) -> None:
        """What somebody chose, else columns as wide as their words and the window want."""
        more = WIDE - SIDE_WIDTH if self.width() >= scaled(WIDE_FROM) else 0
        left, right = min(scaled(LIST_WIDTH), LIST_MOST) + more, min(scaled(SIDE_WIDTH), SIDE_MOST) + more
        self._split.setSizes(self._columns or [left, max(1, self.width() - left - right), right])

    def _moved(self, _place: int, _handle: int) -> None:
        self._columns = self._split.sizes()
        self._context.remember("camera", columns=self._columns)

    def _connect(self) -> None:
        self.list.chosen.connect(self.choose)
        self.list.again.connect(self.finder.find)
        self.finder.searching.connect(self.list.set_searching)
        self.finder.found.connect(self._found)
        self.finder.glanced.connect(self._glanced)
        self.feed.seen.connect(self._see)
        self.feed.stood.connect(self._stand)
        self.feed.checked.connect(self._check)
        self.view.counts_of(self._source_seen)
        self.side.changed.connect(self._set)
        self.setter.read.connect(self._read)
        self.setter.refused.connect(self.side.refuse)
        self.side.trigger_button.clicked.connect(self.trigger)
        self.side.golden_button.clicked.connect(self.take_golden)
        self.side.use_button.clicked.connect(self.use)
        self.side.save_button.clicked.connect(self.save)
        self._line.stateChanged.connect(self._line_changed)
        self._context.packageChanged.connect(self._take_recipe)

    def _source_seen(self) -> Supervisor | None:
        return self.feed.source


def _sizes(kept: object) -> list[int] | None:
    """Three widths in pixels, as they were remembered; None where that is no such thing."""
    if isinstance(kept, list) and len(kept) == 3 and all(isinstance(n, int) and 0 < n < 10_000 for n in kept):
        return [int(n) for n in kept]
    return None

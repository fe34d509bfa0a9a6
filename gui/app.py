"""The composition root: settings, database, context, line, bridge, window, connected here and taken down here."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox

from db.models.choose import asked_for
from db.products.shelf import Product
from db.runs.line import LineOrder, LoadModel, OpenSource, load_on_cpu
from db.store.session import Database, open_database
from engine.errors import EnvironmentFailure, InputError, LinesideError, StorageError, UsageError
from engine.names import name_of
from engine.settings import StationSettings, load_settings, set_aside
from engine.sources.catalogue import find_cameras, open_source
from engine.system.files import check_folder
from engine.system.late import Late
from engine.system.places import check_home, database_url, home
from gui.context import AppContext
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.jobs.bridge import Bridge
from gui.jobs.collector import Collector
from gui.line.judging import tell_product
from gui.line.line import Line
from gui.line.retention import Keeper
from gui.pages.live.page import LivePage
from gui.theme.theme import THEMES, Theme, ThemeName, font
from gui.users.operators import ask_operator
from gui.window.ahead import PagesAhead
from gui.window.finish import Finish
from gui.window.rail import Entry
from gui.window.tour.first_run import FirstRun
from gui.window.window import MainWindow

if TYPE_CHECKING:
    from db.store.migration import Migrated
    from gui.pages.camera import page as camera
    from gui.pages.camera.find import FindCameras
    from gui.pages.models import page as models
    from gui.pages.recipes import page as recipes
    from gui.pages.reports import page as reports
    from gui.pages.review import page as review
    from gui.pages.scan import page as scan
    from gui.pages.settings import page as settings_room
    from gui.pages.teach_in import page as teach_in
else:
    camera, models = Late("gui.pages.camera.page"), Late("gui.pages.models.page")
    recipes, reports = Late("gui.pages.recipes.page"), Late("gui.pages.reports.page")
    review, scan = Late("gui.pages.review.page"), Late("gui.pages.scan.page")
    settings_room, teach_in = Late("gui.pages.settings.page"), Late("gui.pages.teach_in.page")

log = logging.getLogger(__name__)

SHUTDOWN_S = 10.0
SCREENSHOT_FRAMES = 60
"""Parts before the picture is taken, where nobody said how many."""
HEADLESS = ("offscreen", "minimal", "linuxfb", "eglfs", "vnc")


@dataclass(frozen=True, slots=True)
class GuiOptions:
    """What the command line asked of the window."""

    source: str = ""
    """URI; empty = the last one, and where there is none it is asked for on Live."""
    model: str = ""
    """Path of a package, a version or a name; empty = the active one, else the shipped demo model."""
    recipe: str = ""
    product: str = ""
    """By its name; empty = the recipe's, else the one the station worked on last."""
    database: str = ""
    demo: bool = False
    frames: int | None = None
    """Inspect so many, then quit."""
    screenshot: Path | None = None
    report: Path | None = None
    size: tuple[int, int] | None = None
    """Width, height of the window in pixels."""
    page: str = "live"
    theme: ThemeName | None = None
    load: LoadModel = field(default=load_on_cpu, repr=False)
    open: OpenSource = field(default=open_source, repr=False)
    find: FindCameras = field(default=find_cameras, repr=False)

    @property
    def unattended(self) -> bool:
        """Nobody sits before it: it runs to its end, and leaves the station's settings as they are."""
        return self.frames is not None or self.screenshot is not None

    @property
    def asks_for_one(self) -> bool:
        """It was said what is inspected, or nobody is there to hear."""
        return bool(self.product or self.recipe or self.model) or self.unattended


@dataclass(frozen=True, slots=True)
class Station:
    """Everything a running window consists of."""

    context: AppContext
    bridge: Bridge
    line: Line
    window: MainWindow
    keeper: Keeper
    first_run: FirstRun


def run_window(args: argparse.Namespace) -> int:
    """The window, as the command line asked for it; returns the exit code."""
    if args.frames is not None and args.frames < 1:
        raise UsageError("--frames must be at least 1.", "Leave it out to run until you close the window.")
    if args.report is not None:
        check_folder(args.report)
    return run_gui(
        GuiOptions(
            source=name_of(args.source),
            model=name_of(args.model),
            recipe=name_of(args.recipe),
            product=args.product,
            database=args.db,
            demo=args.demo,
            frames=args.frames or (SCREENSHOT_FRAMES if args.screenshot else None),
            screenshot=args.screenshot,
            report=args.report,
            size=_size(args.size) if args.screenshot else None,
            page=args.page,
            theme=next((name for name in THEMES if name == args.theme), None),
        )
    )


def run_gui(options: GuiOptions) -> int:
    """Open the window and stay until it closes, or until `frames` are inspected. Raises LinesideError at the start."""
    check_display(unattended=options.screenshot is not None)
    application = QApplication.instance() or QApplication(["lineside"])
    assert isinstance(application, QApplication)
    application.setApplicationName("Lineside")
    application.setStyle("Fusion")
    application.setQuitOnLastWindowClosed(False)
    try:
        station = compose(options)
    except LinesideError as error:
        if options.frames is None and QGuiApplication.platformName() not in HEADLESS:
            _tell_and_leave(application, error)
        raise
    collector = Collector()
    finish = Finish(station.context, station.line, station.window, options)
    with _Alarm(station.context):
        try:
            station.window.show()
            station.bridge.start()
            _begin(station, options)
            collector.start()
            code = application.exec()
        finally:
            shut_down(station)
            collector.stop()
    return finish.conclude(code)


def _begin(station: Station, options: GuiOptions) -> None:
    """The line runs at once, but for somebody's first time: then starting it is the first thing to learn."""
    station.keeper.start()
    if not options.unattended:
        PagesAhead(station.context, station.window)
    if station.context.settings.pin_required and not options.unattended:
        # Whoever worked here before the restart may not be who stands here now.
        station.context.choose_operator("")
        ask_operator(station.context, station.window)
    if options.unattended or not station.first_run.start_if_wanted():
        station.line.start()


def compose(options: GuiOptions) -> Station:
    """Build and connect everything; nothing runs yet. Raises DatabaseError, StorageError and UsageError."""
    folder = home() / "demo" if options.demo else home()
    check_home(folder)
    settings, complaint = _settings(folder)
    if options.theme is not None:
        settings.theme = options.theme
    source = _source(options, settings)
    db, product, recipe = _asked_for(options, settings, folder)
    theme = Theme(settings.theme, scale=settings.scale, touch=settings.touch)
    QApplication.setFont(font())
    context = AppContext(db, db.archive, settings, theme, demo=options.demo)
    context.folder = folder
    context.keeps_settings = not options.unattended
    context.language.choose(settings.language)
    bridge = Bridge(context)
    last = settings.product
    context.take_product(product)
    run = LineOrder(
        source=source,
        model=options.model,
        recipe=recipe,
        product=product.name,
        frames=options.frames,
        gallery=options.report is not None,
        load=options.load,
        open=options.open,
    )
    line = Line(context, bridge, run)
    window = MainWindow(context, bridge, line, lambda: make_pages(context, line, options))
    if options.size is not None:
        window.resize(*options.size)
    if options.page != "live" or options.screenshot is not None:
        window.go(options.page)
    if complaint is not None:
        _tell(context, complaint)
    if not options.asks_for_one:
        tell_product(context, last)
    _tell_migrated(context, db.migrated)
    return Station(context, bridge, line, window, Keeper(context, context), FirstRun(context, line, window))


def _asked_for(options: GuiOptions, settings: StationSettings, folder: Path) -> tuple[Database, Product, str]:
    """The database, and the product and the recipe to inspect by; an open one is not left behind by what fails."""
    db = open_database(options.database or database_url(folder))
    try:
        instead = not options.unattended  # somebody is there to be told
        product, recipe = asked_for(db, settings, options.product, options.recipe, options.model, instead=instead)
    except LinesideError:
        db.close()
        raise
    return db, product, recipe


def make_pages(context: AppContext, line: Line, options: GuiOptions) -> list[Entry]:
    """Every page, in the order of their keys; listed again when the language changes. Each is made when asked for."""
    snapshots = context.folder / "snapshots"
    return [
        Entry("live", translate("Rail", "Live"), lambda: LivePage(context, line, snapshots)),
        Entry("review", translate("Rail", "Review"), lambda: review.ReviewPage(context)),
        Entry("scan", translate("Rail", "Scan"), lambda: scan.ScanPage(context)),
        Entry("models", translate("Rail", "Models"), lambda: models.ModelsPage(context)),
        Entry("recipes", translate("Rail", "Recipes"), lambda: recipes.RecipesPage(context, line)),
        Entry("reports", translate("Rail", "Reports"), lambda: reports.ReportsPage(context)),
        Entry("settings", translate("Rail", "Settings"), lambda: settings_room.SettingsPage(context)),
        Entry(
            "camera",
            translate("Rail", "Camera"),
            lambda: camera.CameraPage(context, line, options.open, options.find),
        ),
        Entry("teach-in", translate("Rail", "Teach-in"), lambda: teach_in.TeachInPage(context, line), on_rail=False),
    ]


def shut_down(station: Station) -> None:
    """In order: no more frames, what was published is shown, pages let go, jobs end, settings kept, database shut."""
    context = station.context
    try:
        if not station.line.close(SHUTDOWN_S):
            log.error("the station did not stop within %.0f s", SHUTDOWN_S)
    except LinesideError as error:
        log.error("%s", error)
    station.bridge.stop()
    station.keeper.stop()
    station.window.close_pages()
    if not context.jobs.shutdown(SHUTDOWN_S):
        log.error("a background job did not stop within %.0f s", SHUTDOWN_S)
    station.window.hide()
    try:
        context.write_settings()
    except LinesideError as error:
        log.error("%s", error)
    context.db.close()
    context.language.close()
    station.window.deleteLater()


def check_display(*, unattended: bool) -> None:
    """No display on Linux: draw off screen where nobody watches, else say so instead of Qt's abort."""
    if not sys.platform.startswith("linux") or QGuiApplication.instance() is not None:
        return
    if any(os.environ.get(name) for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")):
        return
    if not unattended:
        raise EnvironmentFailure(
            "There is no display to open the window on.",
            "Start it from a desktop, use `lineside run` without a window, or set QT_QPA_PLATFORM=offscreen.",
        )
    os.environ["QT_QPA_PLATFORM"] = "offscreen"


class _Alarm(QObject):
    """Inside this context an exception nobody caught is logged and told in a notice; the window stays."""

    _raised = Signal(object)

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._context = context
        self._raised.connect(context.jobs.failed.emit, Qt.ConnectionType.QueuedConnection)

    def __enter__(self) -> None:
        self._before = sys.excepthook, threading.excepthook
        self._terminate = signal.signal(signal.SIGTERM, lambda _number, _frame: QGuiApplication.quit())
        sys.excepthook = self._caught
        threading.excepthook = self._caught_in_thread

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        sys.excepthook, threading.excepthook = self._before
        signal.signal(signal.SIGTERM, self._terminate)

    def _caught(self, kind: type[BaseException], error: BaseException, tb: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QGuiApplication.quit()
            return
        log.critical("uncaught:\n%s", "".join(traceback.format_exception(kind, error, tb)))
        self._raised.emit(error)

    def _caught_in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._caught(args.exc_type, args.exc_value, args.exc_traceback)


def _settings(folder: Path) -> tuple[StationSettings, InputError | None]:
    """Bad settings never block the start: the defaults, and the complaint to show."""
    try:
        return load_settings(folder), None
    except InputError as error:
        return StationSettings(schema_version=1), error


def _tell(context: AppContext, complaint: InputError) -> None:
    """Of settings that cannot be used; the file is kept aside before this window writes its own."""
    remedy = complaint.remedy
    said = translate("Window", "The defaults are in force; your settings are kept in {file} in the same folder.")
    if context.keeps_settings:
        try:
            remedy = said.format(file=set_aside(context.folder).name)
        except StorageError as error:
            context.keeps_settings = False
            context.notify("warning", error.message, error.remedy)
    context.notify("warning", complaint.message, remedy)


def _tell_migrated(context: AppContext, done: Migrated | None) -> None:
    if done is None:
        return
    said = translate("Window", "The database of an older version was brought to this one in {seconds} s.")
    kept = ""
    if done.copy is not None:
        kept = translate("Window", "A copy as it was ({size} MB) is kept: {file}.").format(
            size=f"{done.copy_bytes / 1e6:,.1f}", file=name_of(done.copy)
        )
    context.notify("info", said.format(seconds=f"{done.seconds:.1f}"), kept)


def _source(options: GuiOptions, settings: StationSettings) -> str:
    """Empty: to be chosen on Live. Simulated parts come only where they are asked for. Raises UsageError."""
    source = options.source or ("demo:" if options.demo else settings.source)
    if not source and options.unattended:
        raise UsageError("No source is chosen.", "Name one with --source, or add --demo for the demo line.")
    return source


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()) or max(len(width), len(height)) > 4:
        raise UsageError(f"--size {text} cannot be understood.", "Write width and height as in 1280x720.")
    return int(width), int(height)


def _tell_and_leave(application: QApplication, error: LinesideError) -> None:
    """A start that failed, shown to somebody who clicked an icon and sees no terminal."""
    box = QMessageBox(QMessageBox.Icon.Critical, "Lineside", translated(error.message))
    box.setInformativeText(translated(error.remedy))
    box.finished.connect(application.quit)
    box.open()
    application.exec()

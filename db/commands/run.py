"""`lineside run` and `lineside scan`: the station without a window."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from types import FrameType

from db.commands.console import Console, summary
from db.models.choose import choose_package, choose_recipe
from db.recording.recorder import Recorder
from db.runs.follow import Follower
from db.runs.gallery import Gallery
from db.runs.line import LineOrder, LineRun, ready_line
from db.runs.ticker import Ticker
from db.store.session import Database, open_database
from engine.backends.load import load_model
from engine.domain.inspection import Outcome, Traveller, utc_now
from engine.domain.recipe import Recipe, SavingPolicy
from engine.errors import InputError, LinesideError, UsageError
from engine.events import StationEvent, Warned
from engine.packages.package import ModelPackage
from engine.reports.run import write_report
from engine.settings import load_settings
from engine.sources.base import FrameSource
from engine.sources.catalogue import open_source
from engine.sources.files.folder import FolderSource
from engine.station import loop as station
from engine.station.loop import Station
from engine.station.recorder import Recorder as Keeps
from engine.station.recorder import Unrecorded
from engine.system.places import database_url

SAVING = {"all": SavingPolicy(True, 1), "defects": SavingPolicy(True, 0), "none": SavingPolicy(False, 0)}


def run_line(args: argparse.Namespace) -> int:
    """The station without a window: inspects and records until the source ends, N frames are done, or Ctrl-C."""
    _check_line(args)
    settings = load_settings()
    order = LineOrder(
        args.source or settings.source or "demo:",
        model=args.model,
        recipe=args.recipe,
        frames=args.frames,
        review_band=not args.no_review,
        saving=SAVING.get(args.save),
    )
    traveller = Traveller(args.lot, "", args.operator or settings.operator, settings.station)
    with closing(open_database(args.db or database_url())) as db:
        ready = ready_line(db, order, settings)
        with Console(args.frames or ready.source.total, "frames", args.jsonl) as console:
            run = LineRun(db, ready, console, lambda: traveller)
            follower = Follower(
                db,
                run.station,
                ready.package.version,
                recipe=lambda other: order.recipe_for(other, settings),
                load=lambda other: order.load(other, settings.threads),
                publish=console,
            )
            ticker = Ticker(run.station, args.trigger_every) if args.trigger_every else nullcontext()
            with closing(run), _stopping(run.station), nullcontext() if args.model else follower, ticker:
                run.station.run()
        print(summary(console.tally))
        losses = f"  The camera was lost {run.station.source.losses} times." if run.station.source.losses else ""
        print(f"Skipped {console.stopped.skipped if console.stopped else 0} frames.{losses}  Database: {db.url}")
        return _exit_code(console)


def _check_line(args: argparse.Namespace) -> None:
    if args.frames is not None and args.frames < 1:
        raise UsageError("--frames must be at least 1.", "Leave it out to run until the source ends.")
    if args.trigger_every is not None and not args.trigger_every > 0:
        raise UsageError("--trigger-every must be more than 0.", "Give seconds between triggers, as in 0.5.")


def run_scan(args: argparse.Namespace) -> int:
    """Judge every picture of a folder or frame of a video, as fast as the machine allows."""
    source = _scan_source(args.input)
    db = open_database(args.db) if args.db else None
    try:
        package = choose_package(db, args.model)
        recipe = _recipe(args, package)
        labelled = isinstance(source, FolderSource) and _labelled(source, package)
        source.open()
        with Console(source.total, "pictures", args.jsonl, truth_from_folder=labelled) as console:
            gallery = Gallery(_recorder(db, console))
            publish = _both(console, gallery) if args.report else console
            line = Station(
                source,
                load_model(package, mode="throughput"),
                recipe,
                record=gallery if args.report else gallery.inner,
                publish=publish,
                pace=station.SCAN,
            )
            with _stopping(line):
                line.run()
        print(summary(console.tally))
        if args.report:
            print(f"Report: {_report(Path(args.report), args.input, package, recipe, console, gallery)}")
        return _scan_exit(console)
    finally:
        if db is not None:
            db.close()


def _recorder(db: Database | None, console: Console) -> Keeps:
    return Unrecorded() if db is None else Recorder(db, group=station.SCAN.group, tell=_tell(console))


def _tell(console: Console) -> Callable[[LinesideError], None]:
    return lambda error: console(Warned(error.message, error.remedy))


def _scan_source(given: str) -> FrameSource:
    if given.startswith("demo:") and "count=" not in given:
        raise UsageError("The demo line has no end to scan.", "Say how many parts: demo:?count=200.")
    if given.startswith("demo:") and "fps=" not in given:
        given += "&fps=0"
    return open_source(given)


def _recipe(args: argparse.Namespace, package: ModelPackage) -> Recipe:
    return choose_recipe(package, args.recipe, review_band=not args.no_review, saving=SAVING.get(args.save))


def _labelled(source: FolderSource, package: ModelPackage) -> bool:
    """Whether the folder's sub-folders are named like the model's classes."""
    names = {path.name for path in source.folder.iterdir() if path.is_dir()}
    return bool(names) and names <= set(package.manifest.class_names)


def _both(console: Console, gallery: Gallery) -> station.Publish:
    def publish(event: StationEvent) -> None:
        console(event)
        gallery.take(event)

    return publish


def _report(
    folder: Path, given: str, package: ModelPackage, recipe: Recipe, console: Console, gallery: Gallery
) -> Path:
    facts = {
        "Input": given,
        "Model": f"{package.manifest.name} {package.version} ({package.manifest.architecture})",
        "Recipe": f"{recipe.name} {recipe.version}: NG from {recipe.limits.ng_at:.2f}, "
        f"review {recipe.limits.review_from:.2f} to {recipe.limits.review_to:.2f}",
        "Unreadable pictures": str(len(console.unreadable)),
    }
    return write_report(folder, f"Scan of {given}", gallery.entries, console.tally, facts, utc_now())


def _scan_exit(console: Console) -> int:
    total, none = console.tally.total, console.tally.outcomes[Outcome.NO_VERDICT]
    code = _exit_code(console)
    if code == 0 and total and none == total:
        raise InputError("Not one picture could be judged.", "Look at the reasons above and choose other pictures.")
    return code


def _exit_code(console: Console) -> int:
    if console.failed is not None:
        error = InputError(console.failed.message, console.failed.remedy)
        error.exit_code = console.failed.exit_code
        raise error
    return 0 if console.stopped and console.stopped.ended else 130


@contextmanager
def _stopping(line: Station) -> Iterator[None]:
    """Ctrl-C and SIGTERM stop the station in order: what was inspected is kept."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        line.request_stop()

    kept = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)

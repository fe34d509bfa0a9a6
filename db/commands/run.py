"""`lineside run` and `lineside scan`: the station without a window."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import FrameType

from db.commands.account import account, facts_of, listing_of, write_account
from db.commands.alarms import Alarming
from db.commands.console import Console, summary
from db.commands.opened import opened
from db.models.choose import asked_for, judge_of
from db.products.first import known_product
from db.runs.follow import Follower
from db.runs.gallery import Gallery
from db.runs.line import LineOrder, LineRun, ready_line
from db.runs.scan import ReadyScan, ScanOrder, ScanRun, order_of, ready_scan
from db.runs.stored_scan import stopped
from db.runs.ticker import Ticker
from db.store.session import Database, existing
from engine.domain.inspection import Origin, Outcome, Traveller, utc_now
from engine.domain.recipe import SavingPolicy
from engine.errors import InputError, UsageError
from engine.names import name_of
from engine.reports.account import left_out_lines
from engine.reports.csv_tables import SPELLINGS
from engine.reports.run import ReportEntry, write_report
from engine.settings import StationSettings, load_settings
from engine.sources.base import FrameSource
from engine.sources.catalogue import open_source
from engine.sources.files.folder import FolderSource
from engine.station.loop import Station
from engine.station.scan_journal import Journalled
from engine.system.files import check_folder
from engine.system.places import DATABASE, check_home, database_url, home

SIGNALS = (signal.SIGINT, signal.SIGTERM)
SAVING = {"all": SavingPolicy(True, 1), "defects": SavingPolicy(True, 0), "none": SavingPolicy(False, 0)}


def run_line(args: argparse.Namespace) -> int:
    """The station without a window: inspects and records until the source ends, N frames are done, or Ctrl-C."""
    _check_line(args)
    check_home()
    settings = load_settings()
    traveller = Traveller(args.lot, "", args.operator or settings.operator, settings.station)
    with closing(opened(args.db or database_url())) as db:
        ready = ready_line(db, _line_order(db, args, settings), settings)
        order = ready.order
        with Console(args.frames or ready.source.total, "frames", args.jsonl) as console:
            publish = Alarming(db, settings.alarms, console)
            run = LineRun(db, ready, publish, lambda: traveller)
            follower = Follower(
                db,
                run.station,
                ready.package.version,
                recipe=lambda other: order.recipe_for(other, settings),
                load=lambda other: order.load(other, settings.threads),
                publish=publish,
                product=ready.product.id,
            )
            ticker = Ticker(run.station, args.trigger_every) if args.trigger_every else nullcontext()
            with closing(run), _stopping(run.station), nullcontext() if args.model else follower, ticker:
                run.station.run()
        print(summary(console.tally), *_not_counted(run.origin), sep="\n")
        losses = f"  The camera was lost {run.station.source.losses} times." if run.station.source.losses else ""
        skipped = console.stopped.skipped if console.stopped else 0
        print(f"Skipped {skipped} frames.{losses}  Database: {name_of(db.url)}")
        # What to do about it was said when the folder was opened.
        for line in account(ready.source, advise=False):
            print(line)
        return _exit_code(console)


def _line_order(db: Database, args: argparse.Namespace, settings: StationSettings) -> LineOrder:
    product, recipe = asked_for(db, settings, args.product, args.recipe, args.model)
    return LineOrder(
        _line_source(args, settings),
        product=product.name,
        model=args.model,
        recipe=recipe,
        frames=args.frames,
        review_band=not args.no_review,
        saving=SAVING.get(args.save),
        origin=Origin(args.judged_as),
    )


def _line_source(args: argparse.Namespace, settings: StationSettings) -> str:
    """What is asked for, else what the window used last. Simulated parts come only where they are asked for."""
    source = args.source or settings.source
    if not source:
        raise UsageError(
            "No source is chosen.",
            "Name one, as in --source folder:PATH or one that `lineside sources` lists; demo: is the demo line.",
        )
    return str(source)


def _not_counted(origin: Origin) -> list[str]:
    return [] if origin is Origin.PRODUCTION else [f"Recorded as {origin}: not counted as production."]


def _check_line(args: argparse.Namespace) -> None:
    if args.frames is not None and args.frames < 1:
        raise UsageError("--frames must be at least 1.", "Leave it out to run until the source ends.")
    if args.trigger_every is not None and not args.trigger_every > 0:
        raise UsageError("--trigger-every must be more than 0.", "Give seconds between triggers, as in 0.5.")


def run_scan(args: argparse.Namespace) -> int:
    """Judge every picture of a folder or frame of a video, as fast as the machine allows."""
    if args.resume and not args.db:
        raise UsageError("--resume needs the database of the scan that stopped.", "Name it, as in --db sqlite:///s.db.")
    check_home()
    if args.report:
        check_folder(args.report)
    order = _scan_order(args)
    url = existing(args.db) if args.resume else args.db
    with closing(opened(url)) if url else nullcontext() as db:
        order = order if args.resume else _of_product(args, db, order)
        found = _stopped(args, db, order) if args.resume and db is not None else None
        ready = ready_scan(db, order if found is None else _as_before(order, found), found)
        ready.source.open()
        with Console(ready.source.total, "pictures", args.jsonl, truth_from_folder=_labelled(ready)) as console:
            console.take_up(ready.done)
            run = ScanRun(db, ready, console)
            with closing(run), _stopping(run.station):
                run.station.run()
            listing = listing_of(ready.source)
            if listing is not None:
                console.write_lines(left_out_lines(listing.left_out, ready.source.uri))
        if ready.done:
            print(f"Went on after {len(ready.done)} pictures judged before.")
        print("\n".join([summary(console.tally), *account(ready.source)]))
        if args.json:
            write_account(args.json, args.input, console, ready.source)
        if args.report and run.gallery is not None:
            print(f"Report: {name_of(_report(args, ready, console, run.gallery))}")
        return _scan_exit(console)


def _scan_order(args: argparse.Namespace) -> ScanOrder:
    source = _scan_source(args.input)
    folder = source.folder if isinstance(source, FolderSource) else None
    if folder is not None and args.db:
        # What is on record opens and goes on from wherever the next program is started.
        folder = _whole(folder)
    elif args.resume and folder is None:
        raise UsageError("Only the scan of a folder goes on.", "Leave out --resume: a video is scanned anew.")
    return ScanOrder(
        folder or Path(),
        source=None if folder is not None else source,
        model=_named_whole(args.model),
        recipe=_named_whole(args.recipe),
        review_band=not args.no_review,
        saving=SAVING.get(args.save),
        anew=False,
        gallery=args.report is not None,
    )


def _of_product(args: argparse.Namespace, db: Database | None, order: ScanOrder) -> ScanOrder:
    """With the product, and what judges it where nothing else was asked for; the station's database says it, also
    where nothing is recorded. A package of one's own needs no station, and without one the shipped model judges."""
    settings = load_settings()
    if db is not None:
        product, recipe = asked_for(db, settings, args.product, args.recipe, args.model)
        return replace(order, product=product.name, recipe=_named_whole(recipe))
    if not args.product and (_is_there(args.model) or not (home() / DATABASE).exists()):
        return order
    with closing(opened(existing(database_url()))) as own:
        if not args.product and known_product(own, settings=settings, instead=True) is None:
            return order
        product, recipe = asked_for(own, settings, args.product, args.recipe, args.model)
        judge = judge_of(own, product, recipe, args.model)
    return replace(order, product=product.name, recipe=_named_whole(recipe), model=str(judge.package))


def _whole(path: Path) -> Path:
    """From the root, without `..`; links stay what they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links


def _named_whole(given: str) -> str:
    """A file's whole path, for a journal; a version or a name as it is."""
    return str(_whole(Path(given))) if _is_there(given) else given


def _is_there(given: str) -> bool:
    """Whether a file or folder was named, and not a version."""
    return bool(given) and Path(given).exists()


def _stopped(args: argparse.Namespace, db: Database, order: ScanOrder) -> Journalled:
    found = stopped(db, order.folder)
    if found is None:
        raise InputError(
            f"No scan of {args.input} stopped before its end in this database.",
            "Check folder and --db, or leave out --resume to scan it anew.",
        )
    return found


def _as_before(order: ScanOrder, found: Journalled) -> ScanOrder:
    """The order that was begun, with what is asked for now put in its place: `ready_scan` refuses what differs."""
    before = order_of(found, order)
    return replace(
        before,
        model=order.model or before.model,
        recipe=order.recipe or before.recipe,
        review_band=order.review_band and before.review_band,
        saving=order.saving or before.saving,
    )


def _scan_source(given: str) -> FrameSource:
    if given.startswith("demo:") and "count=" not in given:
        raise UsageError("The demo line has no end to scan.", "Say how many parts: demo:?count=200.")
    if given.startswith("demo:") and "fps=" not in given:
        given += "&fps=0"
    return open_source(given)


def _labelled(ready: ReadyScan) -> bool:
    """Whether the folder's sub-folders are named like the model's classes."""
    if not isinstance(ready.source, FolderSource):
        return False
    names = {name_of(path.name) for path in ready.source.folder.iterdir() if path.is_dir()}
    return bool(names) and names <= set(ready.package.manifest.class_names)


def _report(args: argparse.Namespace, ready: ReadyScan, console: Console, gallery: Gallery) -> Path:
    folder, given, spelling = Path(args.report), name_of(args.input), SPELLINGS[args.separator]
    package, recipe, listing = ready.package, ready.recipe, listing_of(ready.source)
    left_out = () if listing is None else listing.left_out
    facts = {
        "Input": given,
        **({"Product": recipe.product} if recipe.product else {}),
        "Model": f"{package.manifest.name} {package.version} ({package.manifest.architecture})",
        "Recipe": f"{recipe.name} {recipe.version}: NG from {recipe.limits.ng_at:.2f}, "
        f"review {recipe.limits.review_from:.2f} to {recipe.limits.review_to:.2f}",
        "Unreadable pictures": str(len(console.unreadable)),
        **({"Ended early": console.stopped.reason} if console.stopped and console.stopped.reason else {}),
        **facts_of(left_out),
    }
    entries = [*(ReportEntry(inspection) for inspection in ready.done), *gallery.entries]
    return write_report(folder, f"Scan of {given}", entries, console.tally, facts, utc_now(), left_out, spelling)


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
    if console.stopped is not None and console.stopped.reason:
        raise InputError(console.stopped.reason, console.stopped.remedy)
    return 0 if console.stopped and console.stopped.ended else 130


@contextmanager
def _stopping(line: Station) -> Iterator[None]:
    """Ctrl-C and SIGTERM stop the station in order: what was inspected is kept. A second one does not wait for it."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        line.request_stop()
        for number in SIGNALS:
            signal.signal(number, signal.default_int_handler)

    kept = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)

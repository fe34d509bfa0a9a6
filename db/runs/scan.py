"""A scan, composed once for window and command line: what was ordered, made ready (`ready_scan`), run (`ScanRun`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from db.models.choose import choose_package, choose_recipe, judge_of
from db.products.first import product_of
from db.recording.recorder import Recorder
from db.runs.gallery import Gallery
from db.runs.origin import recorded_as
from db.runs.stored_scan import scans, stored_of
from db.store.session import Database
from engine import events
from engine.backends.base import Model
from engine.backends.load import load_model
from engine.domain.inspection import Inspection, Origin, Traveller, utc_now
from engine.domain.recipe import FilePages, Recipe, SavingPolicy
from engine.errors import InputError, LinesideError
from engine.images.listing import LeftOut
from engine.names import name_of, path_of
from engine.packages.package import ModelPackage, open_package
from engine.recipes.digest import known_as
from engine.recipes.file import with_product
from engine.sources.base import FrameSource
from engine.sources.files.folder import FolderSource
from engine.sources.files.picked import PickedFolder, Stamp, below, stamp_of
from engine.station.loop import SCAN, Publish, Station
from engine.station.recorder import Recorder as Keeps
from engine.station.recorder import Unrecorded
from engine.station.scan_journal import Journal, Journalled, Journalling, ScanPlan, new_journal, read_journal, settle


@dataclass(frozen=True, slots=True)
class ScanOrder:
    """What to scan and how. `model` "" = the active one; `recipe` "" = the model's own; `threads` 0 = all cores."""

    folder: Path = Path()
    recursive: bool = True
    source: FrameSource | None = None
    """Scanned instead of a folder: a video, a demo line. Such a scan cannot go on after a crash."""
    model: str = ""
    recipe: str = ""
    review_band: bool = True
    saving: SavingPolicy | None = None
    """Which pictures are kept, instead of what the recipe says."""
    threads: int = 0
    traveller: Traveller = field(default_factory=Traveller)
    anew: bool = True
    """Where a scan must not go on (another model, another recipe), it starts anew; False = it is refused."""
    product: str = ""
    """By its name; "" = the station's first one."""
    gallery: bool = False
    """Keep small pictures of the defects for a report."""


@dataclass(frozen=True, slots=True)
class ReadyScan:
    """All that a scan is made of: its source unopened, its model warm, its journal begun or gone on with."""

    order: ScanOrder
    source: FrameSource
    package: ModelPackage
    recipe: Recipe
    model: Model
    named: str
    """Model and recipe in words."""
    journal: Journal | None = None
    """None where nothing is recorded, or no folder is read: it cannot go on after a crash."""
    done: tuple[Inspection, ...] = ()
    """What was judged before, of a scan that goes on."""
    anew: str = ""
    """Why a scan that should have gone on starts anew, in words."""


def order_of(found: Journalled, order: ScanOrder) -> ScanOrder:
    """The order a journal was begun with; threads, traveller and what a refusal means as in `order`."""
    plan = found.plan
    return replace(
        order, folder=path_of(plan.folder), recursive=plan.recursive, source=None, model=plan.model, recipe=plan.recipe,
        review_band=plan.review_band, saving=plan.saving, product=plan.product or order.product,
    )  # fmt: skip


def ready_scan(db: Database | None, order: ScanOrder, resume: Journalled | None = None) -> ReadyScan:
    """Open and load the model, and read what `resume` has done. Blocking, 0.2-3 s.

    A recipe that is bound to a model is judged by that one: a scan puts nothing in force. Raises PackageError,
    InferenceError, InputError.
    """
    order, package = _judged_by(db, order)
    recipe = choose_recipe(package, order.recipe, review_band=order.review_band, saving=order.saving)
    recipe = with_product(recipe, order.product)
    plan, known = _plan(order, package, recipe), known_as(recipe)
    anew = changed(resume, plan, known) if resume is not None else ""
    if anew and not order.anew:
        raise InputError(anew, "Give the same model and recipe as before, or start the scan anew.")
    model = load_model(package, threads=order.threads, mode="throughput")
    made = ReadyScan(order, _source(order, recipe.pages), package, recipe, model, plan.named, anew=anew)
    if db is None or order.source is not None:
        return made
    if resume is None or anew:
        return replace(made, journal=new_journal(scans(db), plan))
    done, stamps, journal = _gone_on(db, resume, known)
    return replace(made, source=_source(order, recipe.pages, stamps), journal=journal, done=done)


def changed(found: Journalled, plan: ScanPlan, known: frozenset[str]) -> str:
    """Why a scan must not go on with this model and this recipe, known as that, in words; empty = it may."""
    before, now = found.plan.named, plan.named
    if found.plan.version != plan.version:
        return f"The model is another one than before ({before}, now {now})."
    if found.plan.digest not in known:
        return f"The recipe is another one than before ({before}, now {now})."
    return ""


class ScanRun:
    """One scan, recorded where there is a database. `station` runs it; `close` once it has ended.

    `publish` hears of every inspection after it is kept, on the station's thread.
    """

    def __init__(self, db: Database | None, ready: ReadyScan, publish: Publish) -> None:
        self._publish, self._journal, self._source = publish, ready.journal, ready.source
        self._recorder = None if db is None else Recorder(db, group=SCAN.group, tell=self._warn)
        record: Keeps = self._recorder or Unrecorded()
        if ready.journal is not None and isinstance(ready.source, PickedFolder):
            ready.journal.tell = self._warn
            record = Journalling(record, ready.journal, ready.source)
        self.gallery = Gallery(record) if ready.order.gallery else None
        traveller = replace(ready.order.traveller, origin=recorded_as(ready.source.uri, Origin.SCAN))
        self.station = Station(
            ready.source,
            ready.model,
            ready.recipe,
            record=self.gallery or record,
            publish=self._published,
            traveller=lambda: traveller,
            pace=SCAN,
        )

    @property
    def total(self) -> int | None:
        """Pictures in all, those judged before among them; None while it is not known."""
        return self._source.total

    @property
    def left_out(self) -> tuple[LeftOut, ...] | None:
        """What the folder holds besides its pictures; None before it was listed, and where none is."""
        listing = self._source.listing if isinstance(self._source, FolderSource) else None
        return None if listing is None else listing.left_out

    def close(self) -> None:
        """Commit and write what waits. Raises StorageError."""
        if self._recorder is not None:
            self._recorder.close()
        if self._journal is not None:
            self._journal.close()

    def _published(self, event: events.StationEvent) -> None:
        if isinstance(event, events.Stopped) and event.ended and self._journal is not None:
            self._journal.end(self.total or 0, self.left_out or ())
        if self.gallery is not None:
            self.gallery.take(event)
        self._publish(event)

    def _warn(self, error: LinesideError) -> None:
        self._publish(events.Warned(error.message, error.remedy))


def _judged_by(db: Database | None, order: ScanOrder) -> tuple[ScanOrder, ModelPackage]:
    """The model that judges, and the order with the name of its product."""
    if db is None:
        return order, choose_package(None, order.model)
    product = product_of(db, order.product, model=order.model)
    judge = judge_of(db, product, order.recipe, order.model)
    return replace(order, product=product.name), open_package(judge.package)


def _plan(order: ScanOrder, package: ModelPackage, recipe: Recipe) -> ScanPlan:
    named = f"{package.manifest.name} {package.version} · {recipe.name} {recipe.version}"
    return ScanPlan(
        name_of(order.folder), order.recursive, name_of(order.model), name_of(order.recipe), order.review_band,
        package.version, recipe.digest, named, utc_now(), order.saving, order.product,
    )  # fmt: skip


def _source(order: ScanOrder, pages: FilePages, done: Mapping[str, Stamp] | None = None) -> FrameSource:
    if order.source is not None:
        return order.source
    made = PickedFolder(order.folder, recursive=order.recursive, leave_out=done)
    # Before it is opened: who counts its pictures counts those of each file.
    made.pages = pages
    return made


def _gone_on(
    db: Database, found: Journalled, known: frozenset[str]
) -> tuple[tuple[Inspection, ...], dict[str, Stamp], Journal]:
    """What is done of a scan, the stamps of its pictures, and its journal with what it lacked. Raises InputError."""
    root, journal = path_of(found.plan.folder), Journal(found.folder, found.plan)
    journal.claim()
    # Read anew: who wrote it when it was found has let go of it since.
    found = read_journal(found.folder)
    done, entries, missing = settle(found, stored_of(db, found, known))
    journal.append(missing, found.total)
    # What changed meanwhile is judged again; what is gone is no part of the folder any more.
    stamps = {path: e.stamp for path, e in entries.items() if stamp_of(path_of(root / path)) == e.stamp}
    return tuple(i for i in done if below(i.frame.name, root) in stamps), stamps, journal

"""A run of the line, composed once for window and command line: what was ordered, made ready, run (`LineRun`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from db.models.choose import choose_recipe, judge_of, put_in_force
from db.products.first import BY, product_of
from db.products.shelf import Product
from db.recording.recorder import Recorder
from db.runs.gallery import Gallery
from db.runs.origin import recorded_as
from db.store.session import Database
from engine import events
from engine.backends.base import Model
from engine.backends.load import load_model
from engine.domain.inspection import Origin, Traveller
from engine.domain.recipe import Recipe, SavingPolicy
from engine.errors import LinesideError
from engine.packages.package import ModelPackage, open_package
from engine.recipes.file import with_product
from engine.settings import StationSettings
from engine.sources.base import FrameSource
from engine.sources.catalogue import open_source
from engine.station.loop import Publish, Station
from engine.system.line_lock import LineLock
from engine.system.mailbox import Mailbox
from engine.system.places import home

LoadModel = Callable[[ModelPackage, int], Model]
OpenSource = Callable[[str], FrameSource]


def load_on_cpu(package: ModelPackage, threads: int) -> Model:
    """The station's backend, lowest latency."""
    return load_model(package, threads=threads)


@dataclass(frozen=True, slots=True)
class LineOrder:
    """What a run of the line is to be. Empty strings: the station's product, its active model, its own limits."""

    source: str
    model: str = ""
    recipe: str = ""
    frames: int | None = None
    gallery: bool = False
    """Keep small pictures of the defects for a report."""
    review_band: bool = True
    saving: SavingPolicy | None = None
    """Which pictures are kept, instead of what the recipe or the settings say."""
    product: str = ""
    """By its name."""
    origin: Origin = Origin.PRODUCTION
    """What its parts are judged for; those of the demo line are simulated, whatever it says."""
    load: LoadModel = field(default=load_on_cpu, repr=False)
    open: OpenSource = field(default=open_source, repr=False)

    def recipe_for(self, package: ModelPackage, settings: StationSettings) -> Recipe:
        """By what this model judges: the recipe's file, else its own limits and the station's share of OK pictures.

        Raises InputError.
        """
        saving = self.saving
        if saving is None and not self.recipe and settings.save_every_ok:
            saving = SavingPolicy(True, settings.save_every_ok)
        recipe = choose_recipe(package, self.recipe, review_band=self.review_band, saving=saving)
        return with_product(recipe, self.product)


@dataclass(frozen=True, slots=True)
class ReadyLine:
    """All that a run of the line is made of: its source unopened, its model warm."""

    order: LineOrder
    """With the name of the product it is about."""
    source: FrameSource
    product: Product
    package: ModelPackage
    recipe: Recipe
    model: Model
    audit_every: int


def ready_line(db: Database, order: LineOrder, settings: StationSettings) -> ReadyLine:
    """Choose product, model and recipe, make the source, load; then they are in force. Blocking, 0.2-3 s.

    Raises PackageError, InferenceError, InputError, UsageError; then nothing was changed.
    """
    product = product_of(db, order.product, settings, order.model)
    judge = judge_of(db, product, order.recipe, order.model)
    order = replace(order, product=product.name)
    package = open_package(judge.package)
    recipe = order.recipe_for(package, settings)
    source = order.open(order.source)
    model = order.load(package, settings.threads)
    try:
        if not order.model:
            product = put_in_force(db, judge, settings.operator or BY)
    except LinesideError:
        model.close()
        raise
    return ReadyLine(order, source, product, package, recipe, model, settings.audit_every)


class LineRun:
    """One run of the line, recorded. `station` runs it; `close` once it has ended.

    `publish` hears of every inspection after it is kept, on the station's thread; `show` gets the newest picture.
    """

    def __init__(
        self,
        db: Database,
        ready: ReadyLine,
        publish: Publish,
        traveller: Callable[[], Traveller],
        show: Mailbox[events.Picture] | None = None,
    ) -> None:
        self.ready, self._publish, self._traveller = ready, publish, traveller
        self.origin = recorded_as(ready.source.uri, ready.order.origin)
        """Written with every part; replaced as a whole, so the station's thread reads it without a lock."""
        # Whatever else is started on the data folder steps behind it; the database may lie elsewhere.
        self._locks = tuple(LineLock(folder) for folder in {db.folder, home()})
        for lock in self._locks:
            lock.take()
        self.recorder = Recorder(db, tell=self._warn, audit_every=ready.audit_every)
        self.gallery = Gallery(self.recorder) if ready.order.gallery else None
        self.station = Station(
            ready.source,
            ready.model,
            ready.recipe,
            record=self.gallery or self.recorder,
            publish=self._published,
            show=show,
            traveller=self._travelling,
            limit=ready.order.frames,
        )

    def judge_for(self, origin: Origin) -> None:
        """What the next parts are judged for."""
        self.origin = recorded_as(self.ready.source.uri, origin)

    def close(self) -> None:
        """Commit and write what waits. Raises StorageError."""
        self._over()
        self.recorder.close()

    def _travelling(self) -> Traveller:
        return replace(self._traveller(), origin=self.origin)

    def _over(self) -> None:
        for lock in self._locks:
            lock.give()

    def _published(self, event: events.StationEvent) -> None:
        if self.gallery is not None:
            self.gallery.take(event)
        if isinstance(event, events.Stopped | events.Failed):
            self._over()
        self._publish(event)

    def _warn(self, error: LinesideError) -> None:
        self._publish(events.Warned(error.message, error.remedy))

"""A run of the line, composed once for window and command line: what was ordered, made ready, run (`LineRun`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from db.models.choose import choose_package, choose_recipe
from db.recording.recorder import Recorder
from db.runs.gallery import Gallery
from db.store.session import Database
from engine import events
from engine.backends.base import Model
from engine.backends.load import load_model
from engine.domain.inspection import Traveller
from engine.domain.recipe import Recipe, SavingPolicy
from engine.errors import LinesideError
from engine.packages.package import ModelPackage
from engine.settings import StationSettings
from engine.sources.base import FrameSource
from engine.sources.catalogue import open_source
from engine.station.loop import Publish, Station
from engine.system.mailbox import Mailbox

LoadModel = Callable[[ModelPackage, int], Model]
OpenSource = Callable[[str], FrameSource]


def load_on_cpu(package: ModelPackage, threads: int) -> Model:
    """The station's backend, lowest latency."""
    return load_model(package, threads=threads)


@dataclass(frozen=True, slots=True)
class LineOrder:
    """What a run of the line is to be. Empty strings: the active model, its own limits."""

    source: str
    model: str = ""
    recipe: str = ""
    frames: int | None = None
    gallery: bool = False
    """Keep small pictures of the defects for a report."""
    review_band: bool = True
    saving: SavingPolicy | None = None
    """Which pictures are kept, instead of what the recipe or the settings say."""
    load: LoadModel = field(default=load_on_cpu, repr=False)
    open: OpenSource = field(default=open_source, repr=False)

    def recipe_for(self, package: ModelPackage, settings: StationSettings) -> Recipe:
        """By what this model judges: the recipe's file, else its own limits and the station's share of OK pictures.

        Raises InputError.
        """
        saving = self.saving
        if saving is None and not self.recipe and settings.save_every_ok:
            saving = SavingPolicy(True, settings.save_every_ok)
        return choose_recipe(package, self.recipe, review_band=self.review_band, saving=saving)


@dataclass(frozen=True, slots=True)
class ReadyLine:
    """All that a run of the line is made of: its source unopened, its model warm."""

    order: LineOrder
    source: FrameSource
    package: ModelPackage
    recipe: Recipe
    model: Model
    audit_every: int


def ready_line(db: Database, order: LineOrder, settings: StationSettings) -> ReadyLine:
    """Choose model and recipe, make the source, load. Blocking, 0.2-3 s.

    Raises PackageError, InferenceError, InputError, UsageError.
    """
    package = choose_package(db, order.model)
    recipe = order.recipe_for(package, settings)
    source = order.open(order.source)
    return ReadyLine(order, source, package, recipe, order.load(package, settings.threads), settings.audit_every)


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
        self.ready, self._publish = ready, publish
        self.recorder = Recorder(db, tell=self._warn, audit_every=ready.audit_every)
        self.gallery = Gallery(self.recorder) if ready.order.gallery else None
        self.station = Station(
            ready.source,
            ready.model,
            ready.recipe,
            record=self.gallery or self.recorder,
            publish=self._published,
            show=show,
            traveller=traveller,
            limit=ready.order.frames,
        )

    def close(self) -> None:
        """Commit and write what waits. Raises StorageError."""
        self.recorder.close()

    def _published(self, event: events.StationEvent) -> None:
        if self.gallery is not None:
            self.gallery.take(event)
        self._publish(event)

    def _warn(self, error: LinesideError) -> None:
        self._publish(events.Warned(error.message, error.remedy))

"""Judging a stored picture by the recipe being edited: the model runs again only where what it sees changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from db.inspections.paging import Stored
from db.recipes.known_parts import with_pictures
from db.runs.line import LoadModel
from engine.domain.inspection import FrameRef, Pixels, Prediction, Verdict, utc_now
from engine.domain.recipe import Recipe, View
from engine.images.depth import shown
from engine.images.pages import read_named
from engine.judging.bench import Bench
from engine.judging.judge import Judged, Shown, by_recipe
from engine.packages.package import ModelPackage
from gui.context import AppContext
from gui.i18n.language import translate
from gui.widgets.pictures.thumbnails import load_pixels

SETTLE_MS = 100
PICTURES = 200
THREADS = 1


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One picture to try the recipe on: an inspection's, or a file's."""

    name: str
    image: str | None = None
    frame: FrameRef = field(default_factory=lambda: FrameRef("", 0, utc_now()))


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A sample with its picture; `plain` is developed for people, H×W or H×W×3 uint8."""

    sample: Sample
    picture: Shown
    plain: Pixels = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """The picture on screen, what the model saw of it and the recipe's word."""

    shot: Shot
    prediction: Prediction
    verdict: Verdict


class TrialJudge(QObject):
    """`pictured` when another picture is on, `judged` when it was judged, `failed` with why it could not be."""

    pictured = Signal(object)
    judged = Signal(object)
    failed = Signal(str)

    def __init__(self, context: AppContext, load: LoadModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        # The preview must not take the line's cores.
        self._bench = Bench(lambda package: load(package, THREADS), kept=1)
        self.products: frozenset[str] = frozenset()
        """Whose pictures they are, by the names on record."""
        self.samples: list[Sample] = []
        self.at = 0
        self.shot: Shot | None = None
        self._package: ModelPackage | None = None
        self._recipe: Recipe | None = None
        self._seen: tuple[Shot, View, Prediction] | None = None
        self._busy = self._closed = False
        self._timer = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._timer.timeout.connect(self._judge)

    # ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────
    def read(self, products: frozenset[str]) -> None:
        """The newest archived pictures of the parts that bear one of these names; the one on screen stays, where it is
        among them."""
        db, self.products = self._context.db, products

        def work() -> list[Sample]:
            return [_sample(row) for row in with_pictures(db, PICTURES, products)]

        self._context.jobs.run(work, partial(self._read, products))

    def open_file(self, path: Path) -> None:
        """Try the recipe on this picture file."""
        self.samples.insert(self.at, Sample(str(path)))
        self._open()

    def step(self, rows: int) -> None:
        """The next or previous picture."""
        if 0 <= self.at + rows < len(self.samples):
            self.at += rows
            self._open()

    def _read(self, products: frozenset[str], samples: list[Sample]) -> None:
        if products != self.products:
            return
        mine = self.shot.sample if self.shot is not None else None
        files = [sample for sample in self.samples if not sample.image]
        self.samples = files + samples
        same = [i for i, s in enumerate(self.samples) if mine is not None and s.name == mine.name]
        self.at = same[0] if same else 0
        if not same and self.samples:
            self._open()
        elif not self.samples:
            self.shot = None
            self.pictured.emit(None)
        else:
            self.pictured.emit(self.shot)

    def _open(self) -> None:
        sample, archive = self.samples[self.at], self._context.archive

        def work() -> Shot:
            pixels = load_pixels(archive, sample.image, "") if sample.image else read_named(sample.name)
            return Shot(sample, Shown(pixels, sample.frame.bits, sample.frame.bayer), shown(pixels, sample.frame))

        self._context.jobs.run(work, self._opened, partial(self._not_opened, sample))

    def _opened(self, shot: Shot) -> None:
        if self.samples and shot.sample is self.samples[self.at]:
            self.shot = shot
            self.pictured.emit(shot)
            self._timer.start()

    def _not_opened(self, sample: Sample, error: Exception) -> None:
        if sample in self.samples:
            self.samples.remove(sample)
            self.at = min(self.at, max(0, len(self.samples) - 1))
        self.pictured.emit(self.shot)
        self._context.jobs.failed.emit(error)

    # ── judging ──────────────────────────────────────────────────────────────────────────────────────────────────
    def use(self, package: ModelPackage) -> None:
        """Judge by this model from now on."""
        if self._package is None or self._package.version != package.version:
            self._package, self._seen = package, None
            self._timer.start()

    @property
    def idle(self) -> bool:
        """True while there is no recipe to judge by: no verdict is on its way."""
        return self._recipe is None

    def set_recipe(self, recipe: Recipe | None) -> None:
        """Judge by this recipe: at once where only limits changed, else after a run of the model."""
        other, self._recipe = self.idle != (recipe is None), recipe
        if other:
            self.pictured.emit(self.shot)
        if recipe is not None and self._decide(recipe):
            return
        self._timer.start()

    def close(self) -> None:
        """Give the model back, now or when its run is over."""
        self._closed = True
        self._timer.stop()
        self._bench.close()

    def _decide(self, recipe: Recipe) -> bool:
        """From what the model said already; False where it did not see this yet."""
        if self._seen is None or self._seen[0] is not self.shot or self._seen[1] != recipe.view:
            return False
        shot, _, prediction = self._seen
        self.judged.emit(Tried(shot, prediction, by_recipe(prediction, recipe).verdict))
        return True

    def _judge(self) -> None:
        recipe, shot, package = self._recipe, self.shot, self._package
        if self._busy or self._closed or recipe is None or shot is None or package is None or self._decide(recipe):
            return
        self._busy = True
        bench = self._bench

        def work() -> Judged:
            return bench.judge(package, recipe, shot.picture)

        self._context.jobs.run(work, partial(self._done, package, shot, recipe.view), self._not_done)

    def _done(self, package: ModelPackage, shot: Shot, view: View, said: Judged) -> None:
        self._busy = False
        if self._closed:
            return
        if self._package is not package:
            self._timer.start()
            return
        if said.prediction is None:
            self.failed.emit(said.error)
        else:
            self._seen = shot, view, said.prediction
        recipe = self._recipe
        if recipe is not None and not self._decide(recipe) and (shot is not self.shot or view != recipe.view):
            self._timer.start()

    def _not_done(self, error: Exception) -> None:
        self._busy = False
        if not self._closed:
            self.failed.emit(str(error))


def position_words(judge: TrialJudge) -> str:
    """Which picture is on, of how many."""
    if not judge.samples:
        return ""
    return translate("Recipes", "{at} of {total}").format(at=judge.at + 1, total=len(judge.samples))


def _sample(row: Stored) -> Sample:
    return Sample(row.inspection.id, row.image, row.inspection.frame)

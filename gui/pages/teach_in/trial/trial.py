"""Trying a candidate beside the active model: on the parts held back, then on what the line shows; nothing is recorded.

Runs on a job of its own with models of its own, so the line's model is never called from two threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from db.datasets.collection import OK, Item
from db.runs.line import LoadModel
from engine.domain.inspection import Outcome
from engine.domain.recipe import Recipe
from engine.images.pictures import read_picture
from engine.images.thumbnails import thumbnail
from engine.judging.judge import Judge, Shown
from engine.packages.package import ModelPackage, open_package
from engine.recipes.file import default_recipe
from engine.statistics.mistakes import Mistakes
from engine.system.mailbox import Mailbox
from gui.i18n.verdicts import class_word
from gui.jobs.jobs import Job

LIVE_EVERY_S = 0.2
"""At most five pictures a second, so that the line keeps its pace."""
WAIT_S = 0.05

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Said:
    """What one model says of one picture."""

    outcome: Outcome
    label: str = ""
    unknown: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class JudgedTwice:
    """One picture (small) and both verdicts. `truth`: its class where it is known; `now` None without an active one."""

    truth: str
    now: Said | None
    new: Said
    picture: Picture

    @property
    def agree(self) -> bool:
        """Both say the same."""
        return self.now is not None and self.now.outcome == self.new.outcome


def figures_of(parts: list[JudgedTwice], *, new: bool) -> Mistakes:
    """What the candidate (`new`) or the active model makes of the parts held back."""
    said = [(p.truth != OK, (p.new if new else p.now)) for p in parts if p.truth]
    return Mistakes.of((defective, s.outcome) for defective, s in said if s is not None)


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried: two packages, how they are loaded, the recipe of the active one, the parts held back."""

    new: Path
    now: ModelPackage | None
    recipe: Recipe | None
    held_back: tuple[Item, ...]
    load: LoadModel
    threads: int
    live: Mailbox[Picture] = field(default_factory=Mailbox)
    """Put the newest picture of the line here, as it is shown."""

    def run(self, job: Job, report: Callable[[JudgedTwice], None]) -> None:
        """Judge until cancelled. Raises PackageError where the candidate cannot be loaded."""
        with ExitStack() as stack:
            package = open_package(self.new)

            def judge_of(package: ModelPackage, recipe: Recipe) -> Judge:
                return Judge(stack.enter_context(closing(self.load(package, self.threads))), recipe)

            new, now = judge_of(package, default_recipe(package)), None
            if self.now is not None and self.recipe is not None:
                now = judge_of(self.now, _flat(self.recipe))

            def judge(pixels: Picture, truth: str) -> None:
                before = None if now is None else _said(now, pixels)
                report(JudgedTwice(truth, before, _said(new, pixels), thumbnail(pixels)))

            for item in self.held_back:
                if job.cancelled:
                    return
                judge(np.asarray(read_picture(item.path), np.uint8), item.label)
            while not job.cancelled:
                pixels = self.live.take()
                if pixels is not None:
                    judge(pixels, "")
                time.sleep(WAIT_S if pixels is None else LIVE_EVERY_S)


def _flat(recipe: Recipe) -> Recipe:
    """The pictures are developed already: no depth and no mosaic any more."""
    return replace(recipe, view=replace(recipe.view, bits=0, bayer=""))


def _said(judge: Judge, pixels: Picture) -> Said:
    # The active model may not fit another product's pictures at all: its region lies outside, say. That is NO VERDICT.
    verdict = judge.judge(Shown(pixels)).verdict
    return Said(verdict.outcome, class_word(verdict) if verdict.unknown else verdict.label, verdict.unknown)

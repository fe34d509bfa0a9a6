"""The gate before a new model: known parts judged by the active model and by the new one; every verdict that changed.

A part is judged right when it needs nobody's help: OK for a sound part, NG for a defective one; of a model without a
sound class the class must be right too. REVIEW and NO VERDICT are not right, but no mistake either. Escape: a
defective part that is OK. Overkill: a sound part that is NG. Gained: right now and not before; lost: the reverse. With
no review band these are the trainer's own words (packaging/compare.py). A defect that was stopped before and is OK now
is `let_through`, whether it was NG, REVIEW or NO VERDICT.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Model
from engine.domain.inspection import HeatMap, Outcome, Pixels, Prediction, Region, Verdict
from engine.domain.recipe import Recipe
from engine.errors import InferenceError, InputError, LinesideError
from engine.images.pictures import list_pictures, read_picture
from engine.images.thumbnails import thumbnail
from engine.statistics.metrics import wilson_interval
from engine.verdicts.verdict import decide, no_verdict

CHALLENGE = "challenge"
OVERRIDES = "overrides"
MOST_FLIPS = 200
"""Of each kind of change so many are listed, with their picture; the others are counted."""
OK_NAMES = frozenset(
    {
        *("ok", "ok_front", "okay", "good", "free", "mt_free", "normal"),
        *("no_defect", "no_defects", "nodefect", "defect_free", "sound", "pass"),
    }
)
"""Folder names of sound parts, whatever the models call them; the trainer's (trainer/formats/samples/dataset.py)."""


@dataclass(frozen=True, slots=True)
class KnownPart:
    """A part of which it is known what it is. `load` gives its picture, or raises LinesideError where it is lost."""

    id: str
    """The inspection's id, or the picture's path."""
    label: str
    """Its class; empty = a defect of a kind nobody told."""
    sound: bool
    load: Callable[[], Pixels] = field(compare=False, repr=False)
    bits: int = 0
    """Depth and mosaic as the camera stated them; 0 and empty = not stated."""
    bayer: str = ""
    taught: bool = False
    """The new model was taught with it: a gain there proves little."""


@dataclass(frozen=True, slots=True)
class KnownSet:
    """Known parts under a name: CHALLENGE or OVERRIDES."""

    name: str
    parts: tuple[KnownPart, ...]


@dataclass(frozen=True, slots=True)
class Judge:
    """A loaded model and the recipe it is judged by."""

    model: Model
    recipe: Recipe


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What one model says of one part; `heat` as in Prediction."""

    verdict: Verdict
    regions: tuple[Region, ...] = ()
    heat: HeatMap | None = field(default=None, repr=False)


class Change(StrEnum):
    """What became of a part's verdict."""

    GAINED = "gained"
    LOST = "lost"
    OTHER = "other"
    """Another verdict, right or not as before."""


@dataclass(frozen=True, slots=True, eq=False)
class Flip:
    """A part whose verdict changed. `small` is its picture at 160 px width, H×W or H×W×3 BGR, uint8."""

    part: KnownPart
    before: Judged
    after: Judged
    change: Change
    small: NDArray[np.uint8] = field(repr=False)

    @property
    def let_through(self) -> bool:
        """A critical loss: a defect that was stopped before and is OK now."""
        stopped = self.before.verdict.outcome is not Outcome.OK
        return not self.part.sound and stopped and self.after.verdict.outcome is Outcome.OK


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of` parts, with its 95 % Wilson interval."""

    count: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        """0…1; (0, 1) of no parts."""
        return wilson_interval(self.count, self.of)

    def plain(self) -> dict[str, Any]:
        """For JSON, as engine.statistics.metrics.evaluate_scores writes shares."""
        return {"count": self.count, "of": self.of, "interval": [round(v, 6) for v in self.interval]}


@dataclass(frozen=True, slots=True)
class Tally:
    """The figures of one model on one set."""

    right: Share
    escapes: Share
    overkill: Share
    review: Share
    """REVIEW and NO VERDICT together: a person must look."""

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        shares = {"accuracy": self.right, "escapes": self.escapes, "overkill": self.overkill, "review": self.review}
        return {name: share.plain() for name, share in shares.items()}


@dataclass(frozen=True, slots=True, eq=False)
class SetResult:
    """Both models on one set. `flips`: let through first, then lost, gained, other; `skipped`: part id and why."""

    name: str
    before: Tally
    after: Tally
    gained: int
    lost: int
    let_through: int
    changed: int
    """All parts with another verdict."""
    taught: int
    flips: tuple[Flip, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def count(self) -> int:
        """How many parts were judged."""
        return self.after.right.of

    @property
    def p(self) -> float:
        """`exact_p` of gains and losses."""
        return exact_p(self.gained, self.lost)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name,
            "count": self.count,
            "taught": self.taught,
            "skipped": len(self.skipped),
            "before": self.before.plain(),
            "after": self.after.plain(),
            "gained": self.gained,
            "lost": self.lost,
            "let_through": self.let_through,
            "changed": self.changed,
            "gained_share": [round(v, 6) for v in wilson_interval(self.gained, self.gained + self.lost)],
            "p": round(self.p, 6),
            "flips": [_plain_flip(flip) for flip in self.flips],
        }


@dataclass(frozen=True, slots=True, eq=False)
class GateResult:
    """The whole gate: which model against which, and what each set says."""

    before: str
    """Version of the active model."""
    after: str
    """Version of the new one."""
    sets: tuple[SetResult, ...]

    @property
    def gained(self) -> int:
        """Over all sets."""
        return sum(s.gained for s in self.sets)

    @property
    def lost(self) -> int:
        """Over all sets."""
        return sum(s.lost for s in self.sets)

    @property
    def let_through(self) -> int:
        """Over all sets."""
        return sum(s.let_through for s in self.sets)

    @property
    def count(self) -> int:
        """Parts judged, over all sets."""
        return sum(s.count for s in self.sets)

    def plain(self) -> dict[str, Any]:
        """For JSON: what is kept of the gate."""
        return {"schema": 1, "before": self.before, "after": self.after, "sets": [s.plain() for s in self.sets]}


def exact_p(gained: int, lost: int) -> float:
    """Two-sided exact p that gains and losses are equally likely (McNemar 1947): 2·P(X ≤ min), X ~ B(n, ½), ≤ 1."""
    total = gained + lost
    tail = sum(math.comb(total, k) for k in range(min(gained, lost) + 1))
    return min(1.0, 2 * tail / (1 << total))


def folder_set(folder: Path, classes: Sequence[str], ok_classes: Sequence[str]) -> KnownSet:
    """The challenge set of a folder: each picture is what its first sub-folder is called, as in a scan.

    `classes` and `ok_classes` are those of both models. Raises InputError for a folder that is missing or holds no
    picture below a sub-folder named like a class.
    """
    sound = {name.lower() for name in ok_classes} | OK_NAMES
    parts = []
    for path in list_pictures(folder):
        inside = path.relative_to(folder).parts
        if len(inside) > 1:
            parts.append(KnownPart(str(path), inside[0], inside[0].lower() in sound, partial(read_picture, path)))
    known = set(classes) | {p.label for p in parts if p.sound}
    if not any(p.label in known for p in parts):
        raise InputError(
            f"The challenge set {folder} has no sub-folder named like a class of the models.",
            f"Put its pictures into sub-folders such as {', '.join(list(classes)[:4])}.",
        )
    return KnownSet(CHALLENGE, tuple(parts))


def run_gate(
    sets: Sequence[KnownSet],
    before: Judge,
    after: Judge,
    report: Callable[[int, int], None],
    stopped: Callable[[], bool],
) -> GateResult | None:
    """Have both models judge every part; `report(done, total)` after each. None when `stopped()` said so.

    A picture that cannot be read is skipped and told of; a model that fails on one gives NO VERDICT, as on the line.
    """
    total, done = sum(len(s.parts) for s in sets), 0
    results = []
    for known in sets:
        counting = _Counting(known.name, before.recipe, after.recipe)
        for part in known.parts:
            if stopped():
                return None
            counting.add(part, before, after)
            done += 1
            report(done, total)
        results.append(counting.result())
    return GateResult(before.model.ref.version, after.model.ref.version, tuple(results))


class _Counting:
    """One set on its way."""

    def __init__(self, name: str, before: Recipe, after: Recipe) -> None:
        self._name = name
        # Without sound classes the class itself is the verdict.
        self._by_class = not (before.ok_classes or after.ok_classes)
        self._before, self._after = _Tallying(), _Tallying()
        self._counts: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()
        self._flips: list[Flip] = []
        self._skipped: list[tuple[str, str]] = []
        self._taught = 0

    def add(self, part: KnownPart, before: Judge, after: Judge) -> None:
        try:
            pixels = part.load()
        except LinesideError as error:
            self._skipped.append((part.id, error.message))
            return
        was, now = judged(pixels, part, before), judged(pixels, part, after)
        was_right, now_right = self._right(part, was), self._right(part, now)
        self._before.add(part, was, was_right)
        self._after.add(part, now, now_right)
        self._taught += part.taught
        if was.verdict.outcome is now.verdict.outcome and was_right == now_right:
            return
        change = Change.OTHER if was_right == now_right else Change.GAINED if now_right else Change.LOST
        self._count(part, was, now, change, pixels)

    def _count(self, part: KnownPart, was: Judged, now: Judged, change: Change, pixels: Pixels) -> None:
        flip = Flip(part, was, now, change, thumbnail(pixels, part.bits, part.bayer))
        kind = "let through" if flip.let_through else str(change)
        self._counts["changed"] += 1
        self._counts[str(change)] += 1
        self._counts["let through"] += flip.let_through
        self._kept[kind] += 1
        if self._kept[kind] <= MOST_FLIPS:
            self._flips.append(flip)

    def _right(self, part: KnownPart, said: Judged) -> bool:
        if part.sound:
            return said.verdict.outcome is Outcome.OK
        caught = said.verdict.outcome is Outcome.NG
        return caught and (not self._by_class or said.verdict.label == part.label)

    def result(self) -> SetResult:
        return SetResult(
            self._name,
            self._before.tally(),
            self._after.tally(),
            self._counts["gained"],
            self._counts["lost"],
            self._counts["let through"],
            self._counts["changed"],
            self._taught,
            tuple(sorted(self._flips, key=_rank)),
            tuple(self._skipped),
        )


class _Tallying:
    """One model's counts on one set."""

    def __init__(self) -> None:
        self._right = self._escapes = self._overkill = self._review = self._sound = self._count = 0

    def add(self, part: KnownPart, said: Judged, right: bool) -> None:
        outcome = said.verdict.outcome
        self._count += 1
        self._sound += part.sound
        self._right += right
        self._escapes += not part.sound and outcome is Outcome.OK
        self._overkill += part.sound and outcome is Outcome.NG
        self._review += outcome in (Outcome.REVIEW, Outcome.NO_VERDICT)

    def tally(self) -> Tally:
        return Tally(
            Share(self._right, self._count),
            Share(self._escapes, self._count - self._sound),
            Share(self._overkill, self._sound),
            Share(self._review, self._count),
        )


def judged(pixels: Pixels, part: KnownPart, judge: Judge) -> Judged:
    """What one model says of one part, with its recipe's view, limits and review band."""
    try:
        said: Prediction = judge.model.run(pixels, judge.recipe.view.stated(part.bits, part.bayer))
    except InferenceError as error:
        return Judged(no_verdict(error.message))
    return Judged(decide(said, judge.recipe), said.regions, said.heat)


def _rank(flip: Flip) -> tuple[bool, int, str]:
    order = (Change.LOST, Change.GAINED, Change.OTHER)
    return not flip.let_through, order.index(flip.change), flip.part.id


def _plain_flip(flip: Flip) -> dict[str, Any]:
    return {
        "part": flip.part.id,
        "truth": flip.part.label,
        "sound": flip.part.sound,
        "change": str(flip.change),
        "let_through": flip.let_through,
        "before": _plain_verdict(flip.before.verdict),
        "after": _plain_verdict(flip.after.verdict),
    }


def _plain_verdict(verdict: Verdict) -> dict[str, Any]:
    return {"verdict": str(verdict.outcome), "label": verdict.label, "score": round(verdict.score, 6)}

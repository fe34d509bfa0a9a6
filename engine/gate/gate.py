"""The gate before a new model: known parts judged by the active model and by the new one; every verdict that changed.

A part is judged right when it needs nobody's help: OK for a sound part, NG for a defective one; of a model without a
sound class the class must be right too. REVIEW and NO VERDICT are not right, but no mistake either. Escape: a
defective part that is OK. Overkill: a sound part that is NG. Gained: right now and not before; lost: the reverse. With
no review band these are the trainer's own words (packaging/compare.py). A defect that was stopped before and is OK now
is `let_through`, whether it was NG, REVIEW or NO VERDICT.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Outcome, Verdict
from engine.domain.recipe import Recipe
from engine.errors import LinesideError
from engine.gate.known import CHALLENGE, KnownPart, KnownSet
from engine.images.thumbnails import thumbnail
from engine.judging.judge import Judge, Judged, Shown
from engine.statistics.mistakes import Mistakes, lets_through
from engine.statistics.shares import NOTHING, Share, exact_p, rounded

CHANCE = 0.05
"""A difference at least this likely between equally good models proves nothing."""
MOST_FLIPS = 200
"""Of each kind of change so many are listed, with their picture; the others are counted."""


class VerdictChange(StrEnum):
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
    change: VerdictChange
    small: NDArray[np.uint8] = field(repr=False)

    @property
    def let_through(self) -> bool:
        """A critical loss: a defect that was stopped before and is OK now."""
        before, after = self.before.verdict.outcome, self.after.verdict.outcome
        return lets_through(before, after, defective=not self.part.sound)

    @property
    def rank(self) -> tuple[bool, int, str]:
        """What is looked at first sorts first: let through, lost, gained, other."""
        order = (VerdictChange.LOST, VerdictChange.GAINED, VerdictChange.OTHER)
        return not self.let_through, order.index(self.change), self.part.id

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "part": self.part.id,
            "truth": self.part.label,
            "sound": self.part.sound,
            "change": str(self.change),
            "let_through": self.let_through,
            "before": _plain_verdict(self.before.verdict),
            "after": _plain_verdict(self.after.verdict),
        }


@dataclass(frozen=True, slots=True)
class SetTally:
    """The figures of one model on one set."""

    right: Share
    mistakes: Mistakes
    unknown: int = 0
    """Parts the model does not know; REVIEW or NO VERDICT, and counted as such too."""

    def plus(self, part: KnownPart, said: Judged, *, right: bool) -> SetTally:
        """With one more part."""
        more = Mistakes.of([(not part.sound, said.verdict.outcome)])
        rights = Share(self.right.count + right, self.right.of + 1)
        return SetTally(rights, self.mistakes + more, self.unknown + said.verdict.unknown)

    @property
    def strange(self) -> Share:
        """The unknown parts, of all."""
        return Share(self.unknown, self.right.of)

    def plain(self) -> dict[str, Any]:
        """For JSON; `review`: REVIEW and NO VERDICT, for a person must look; `no_verdict` and `unknown` of these."""
        found = self.mistakes
        shares = {
            "accuracy": self.right,
            "escapes": found.escapes,
            "overkill": found.overkill,
            "review": found.to_a_person,
            "no_verdict": found.no_verdict,
            "unknown": self.strange,
        }
        return {name: share.plain() for name, share in shares.items()}


@dataclass(frozen=True, slots=True, eq=False)
class SetResult:
    """Both models on one set. `flips`: let through first, then lost, gained, other; `skipped`: part id and why."""

    name: str
    before: SetTally
    after: SetTally
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
            "gained_share": rounded(Share(self.gained, self.gained + self.lost).interval),
            "p": round(self.p, 6),
            "flips": [flip.plain() for flip in self.flips],
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


class Advice(StrEnum):
    """What the figures speak for; a person decides."""

    ACTIVATE = "activate"
    REJECT = "reject"
    LOOK = "look"
    """They prove neither: look at the parts whose verdict changed, or gather more known parts."""


def advice_of(result: GateResult) -> Advice:
    """Reject what lets a stopped defect through or loses more than it gains; activate what gains beyond chance.

    Gains and losses are those of the challenge set where there is one: no model was taught with it.
    """
    fair = [s for s in result.sets if s.name == CHALLENGE] or list(result.sets)
    gained, lost = sum(s.gained for s in fair), sum(s.lost for s in fair)
    if result.let_through or lost > gained:
        return Advice.REJECT
    return Advice.ACTIVATE if gained and exact_p(gained, lost) < CHANCE else Advice.LOOK


def run_gate(
    sets: Sequence[KnownSet],
    before: Judge,
    after: Judge,
    report: Callable[[int, int], None],
    stopped: Callable[[], bool],
    flipped: Callable[[str, Flip], None] | None = None,
) -> GateResult | None:
    """Have both models judge every part; `report(done, total)` after each. None when `stopped()` said so.

    `flipped` gets every changed verdict with its set's name, also those that are too many to be listed.

    A picture that cannot be read is skipped and told of; a model that fails on one gives NO VERDICT, as on the line.
    """
    total, done = sum(len(s.parts) for s in sets), 0
    results = []
    for known in sets:
        told = partial(flipped, known.name) if flipped is not None else None
        counting = _Counting(known.name, before.recipe, after.recipe, told)
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

    def __init__(self, name: str, before: Recipe, after: Recipe, told: Callable[[Flip], None] | None) -> None:
        self._name, self._told = name, told
        # Without sound classes the class itself is the verdict.
        self._by_class = not (before.ok_classes or after.ok_classes)
        self._before = self._after = SetTally(NOTHING, Mistakes())
        self._counts: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()
        self._flips: list[Flip] = []
        self._skipped: list[tuple[str, str]] = []
        self._taught = 0

    def add(self, part: KnownPart, before: Judge, after: Judge) -> None:
        try:
            shown = part.open()
        except LinesideError as error:
            self._skipped.append((part.id, error.message))
            return
        was, now = before.judge(shown), after.judge(shown)
        was_right, now_right = self._right(part, was), self._right(part, now)
        self._before = self._before.plus(part, was, right=was_right)
        self._after = self._after.plus(part, now, right=now_right)
        self._taught += part.taught
        if was.verdict.outcome is now.verdict.outcome and was_right == now_right:
            return
        change = (
            VerdictChange.OTHER if was_right == now_right else VerdictChange.GAINED if now_right else VerdictChange.LOST
        )
        self._count(part, was, now, change, shown)

    def _count(self, part: KnownPart, was: Judged, now: Judged, change: VerdictChange, shown: Shown) -> None:
        flip = Flip(part, was, now, change, thumbnail(shown.pixels, shown.bits, shown.bayer))
        kind = "let through" if flip.let_through else str(change)
        self._counts["changed"] += 1
        self._counts[str(change)] += 1
        self._counts["let through"] += flip.let_through
        self._kept[kind] += 1
        if self._told is not None:
            self._told(flip)
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
            self._before,
            self._after,
            self._counts["gained"],
            self._counts["lost"],
            self._counts["let through"],
            self._counts["changed"],
            self._taught,
            tuple(sorted(self._flips, key=lambda flip: flip.rank)),
            tuple(self._skipped),
        )


def _plain_verdict(verdict: Verdict) -> dict[str, Any]:
    said = {"verdict": str(verdict.outcome), "label": verdict.label, "score": round(verdict.score, 6)}
    return said | ({"unknown": True} if verdict.unknown else {})

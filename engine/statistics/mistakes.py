"""The one count of mistakes: what parts truly are against the verdicts they got. Nothing else in the house counts them.

    truth \\ verdict     OK          NG          REVIEW          NO VERDICT
    sound               right       overkill    a person looks  a person looks
    defective           escape      right       a person looks  a person looks

What is asked of the eight numbers differs with the purpose, and every question has its name here:

    escapes           defective parts that are OK, of all defective parts           gate, recipe, teach-in, evaluation
    overkill          sound parts that are NG, of all sound parts                   gate, recipe, teach-in, evaluation
    sound_stopped     sound parts that are not OK, for whatever reason              robustness under the guard
    review            REVIEW, of all parts                                          recipe, teach-in
    to_a_person       REVIEW or NO VERDICT, of all parts                            gate
    of_judged()       the same count without the parts that got NO VERDICT          scan
    escaped_among_ok  defective parts, of the parts that are OK and were looked at  audits: drawn from OK parts
    sound_among_ng    sound parts, of the parts that are NG and were looked at      audits: chosen from NG parts

A part the model does not know (`Verdict.unknown`) is REVIEW or NO VERDICT and counts as such: a defect among them is no
escape, a sound one is work for a person.

A model is also judged by its label alone, with no review band between (`by_label`): what is not called sound is
rejected, but for the parts it does not know, and NO VERDICT does not occur. Where there is no truth there is no
mistake: counts of verdicts as such are no matter of this module.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.domain.inspection import Outcome
from engine.statistics.shares import Share

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How many parts of one kind got which verdict."""

    ok: int = 0
    ng: int = 0
    review: int = 0
    no_verdict: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.ok + self.ng + self.review + self.no_verdict

    def __add__(self, other: Verdicts) -> Verdicts:
        """Both together."""
        return Verdicts(
            self.ok + other.ok, self.ng + other.ng, self.review + other.review, self.no_verdict + other.no_verdict
        )


@dataclass(frozen=True, slots=True)
class Mistakes:
    """Known parts by what they are and what was said of them."""

    sound: Verdicts = Verdicts()
    defective: Verdicts = Verdicts()

    @classmethod
    def of(cls, judged: Iterable[tuple[bool, Outcome]]) -> Mistakes:
        """Count parts: whether each is defective, and its verdict."""
        found = Counter((bool(defective), outcome) for defective, outcome in judged)
        order = (Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT)
        sound, bad = (Verdicts(*(found[kind, outcome] for outcome in order)) for kind in (False, True))
        return cls(sound, bad)

    @classmethod
    def by_label(cls, defective: ArrayLike, rejected: ArrayLike, aside: ArrayLike | None = None) -> Mistakes:
        """Count N parts by arrays of bool; `rejected`: not called sound, which is NG here.

        `aside`: of these, parts the model does not know; a person looks at them, as in REVIEW.
        """
        bad, out = np.asarray(defective, bool).ravel(), np.asarray(rejected, bool).ravel()
        if bad.size != out.size:
            raise ValueError(f"{bad.size} truths for {out.size} labels")
        strange = np.zeros(bad.size, bool) if aside is None else np.asarray(aside, bool).ravel()
        parts = ((kind & ~out & ~strange, kind & out & ~strange, kind & strange) for kind in (~bad, bad))
        sound, faulty = (Verdicts(*(int(part.sum()) for part in kind)) for kind in parts)
        return cls(sound, faulty)

    def __add__(self, other: Mistakes) -> Mistakes:
        """The parts of both; no part may be in both."""
        return Mistakes(self.sound + other.sound, self.defective + other.defective)

    @property
    def total(self) -> int:
        """All known parts."""
        return self.sound.total + self.defective.total

    @property
    def escapes(self) -> Share:
        """Defective parts that are OK, of all defective ones. REVIEW and NO VERDICT let nothing through."""
        return Share(self.defective.ok, self.defective.total)

    @property
    def overkill(self) -> Share:
        """Sound parts that are NG, of all sound ones. REVIEW and NO VERDICT are work, no false reject."""
        return Share(self.sound.ng, self.sound.total)

    @property
    def sound_stopped(self) -> Share:
        """Sound parts that do not pass by themselves: NG, REVIEW or NO VERDICT, of all sound ones."""
        return Share(self.sound.total - self.sound.ok, self.sound.total)

    @property
    def review(self) -> Share:
        """Parts that are too close to call, of all."""
        return Share(self.sound.review + self.defective.review, self.total)

    @property
    def no_verdict(self) -> Share:
        """Parts that could not be judged, of all."""
        return Share(self.sound.no_verdict + self.defective.no_verdict, self.total)

    @property
    def to_a_person(self) -> Share:
        """Parts that somebody must look at, REVIEW or NO VERDICT, of all."""
        return Share(self.review.count + self.no_verdict.count, self.total)

    @property
    def escaped_among_ok(self) -> Share:
        """Defective parts among those that are OK. The right question where only OK parts were looked at."""
        return Share(self.defective.ok, self.defective.ok + self.sound.ok)

    @property
    def sound_among_ng(self) -> Share:
        """Sound parts among those that are NG. The right question where only NG parts were looked at."""
        return Share(self.sound.ng, self.sound.ng + self.defective.ng)

    def of_judged(self) -> Mistakes:
        """Without the parts that got NO VERDICT: shares are then of the parts that were judged."""
        kinds = (Verdicts(kind.ok, kind.ng, kind.review) for kind in (self.sound, self.defective))
        return Mistakes(*kinds)


def say_little(found: Mistakes) -> bool:
    """Whether some parts were judged, and too few to tell how many escape or are rejected."""
    return any(share.of and share.says_little for share in (found.escapes, found.overkill))


def is_escape(outcome: Outcome, *, defective: bool) -> bool:
    """Whether this verdict lets a defect through."""
    return defective and outcome is Outcome.OK


def is_overkill(outcome: Outcome, *, defective: bool) -> bool:
    """Whether this verdict rejects a sound part."""
    return not defective and outcome is Outcome.NG


def lets_through(before: Outcome, after: Outcome, *, defective: bool) -> bool:
    """Whether a defect that was stopped before, by NG, REVIEW or NO VERDICT, is OK now."""
    return is_escape(after, defective=defective) and not is_escape(before, defective=defective)


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """The counts at every one of T thresholds on the defect score, rising; arrays of T counts.

    NG is score ≥ threshold. Where a review band moves along with the threshold its parts are in neither mistake.
    """

    thresholds: Floats
    escapes: Counts
    overkill: Counts
    defects: int
    sound: int
    reviewed: tuple[Counts, Counts]
    """REVIEW at each threshold, of the defects and of the sound parts."""

    @property
    def escape_rate(self) -> Floats:
        """Share of the defects let through, 0…1."""
        return np.asarray(self.escapes / self.defects, np.float64)

    @property
    def overkill_rate(self) -> Floats:
        """Share of the sound parts rejected, 0…1."""
        return np.asarray(self.overkill / self.sound, np.float64)

    @property
    def review_rate(self) -> Floats:
        """Share of all parts put before a person, 0…1."""
        return np.asarray((self.reviewed[0] + self.reviewed[1]) / (self.defects + self.sound), np.float64)

    def at(self, row: int) -> Mistakes:
        """The count at one of the thresholds."""
        escaped, rejected = int(self.escapes[row]), int(self.overkill[row])
        doubted, unsure = (int(kind[row]) for kind in self.reviewed)
        return Mistakes(
            Verdicts(self.sound - rejected - unsure, rejected, unsure),
            Verdicts(escaped, self.defects - escaped - doubted, doubted),
        )


def sweep(
    defective: ArrayLike, scores: ArrayLike, thresholds: ArrayLike, band: tuple[float, float] = (0.0, 0.0)
) -> Sweep:
    """Count N parts at every threshold by the defect score alone, in the order of N + T.

    `band`: how far REVIEW reaches below and above the threshold, cut to 0…1 where there is one.
    """
    truth, values = np.asarray(defective, bool).ravel(), np.asarray(scores, np.float64).ravel()
    if truth.size != values.size:
        raise ValueError(f"{truth.size} truths for {values.size} scores")
    cuts = np.asarray(thresholds, np.float64).ravel()
    low = np.maximum(0.0, cuts - band[0]) if band[0] else cuts
    high = np.minimum(1.0, cuts + band[1]) if band[1] else cuts
    bad, good = np.sort(values[truth]), np.sort(values[~truth])
    (bad_low, bad_high), (good_low, good_high) = (
        (np.searchsorted(kind, low, side="left"), np.searchsorted(kind, high, side="left")) for kind in (bad, good)
    )
    return Sweep(cuts, bad_low, good.size - good_high, bad.size, good.size, (bad_high - bad_low, good_high - good_low))

"""decide(prediction, recipe) → Verdict with the reasons; pure. And what makes a frame not worth judging.

The order, first to last (docs/verdicts.md says it for people):
    1 answer      no picture, scores that are no probabilities → NO VERDICT
    2 unknown     a part beyond the novelty limit → REVIEW without a class, or NO VERDICT by recipe or picture
    3 picture     a picture outside the guard → NO VERDICT
    4 critical    a critical class at or over its own limit → NG with its label, whatever else is likelier
    5 overall     the defect score against the recipe's limits, with the review band
    6 classes     major and minor classes that have a limit of their own
    7 counts      more regions than allowed
The worst outcome of 4…7 stands; the label is the first one's that has it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from engine.domain.inspection import Frame, Outcome, Prediction, Region, Scores, Severity, Verdict
from engine.domain.recipe import ClassRule, Limits, Recipe, has_own_limit, limits_for
from engine.verdicts.doubts import broken, faults_of, unequal, unknown_part

SOUND = "ok"
"""The label of an OK part where the model has no sound class."""


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one rule says of a part."""

    outcome: Outcome
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Part:
    """A prediction sorted for judging. `counted` are the regions that are large enough."""

    scores: Scores
    regions: tuple[Region, ...]
    counted: tuple[Region, ...]
    defects: dict[str, float]
    sounds: dict[str, float]
    rules: dict[str, ClassRule]
    recipe: Recipe

    @property
    def sound(self) -> str:
        """The label of this part were it sound."""
        return max(self.sounds, key=lambda name: self.sounds[name], default=SOUND)

    @property
    def never_ok(self) -> bool:
        """Classes that exclude each other without a sound one: the model only tells kinds of defects apart."""
        return self.scores.exclusive and not self.sounds

    @property
    def only_small(self) -> bool:
        """There are regions, and every one is too small to count."""
        return bool(self.regions) and not self.counted


def decide(prediction: Prediction, recipe: Recipe) -> Verdict:
    """The verdict on one prediction. `score` is the defect score (`defect_score`), whichever rule decided.

    The label of a part that is not OK is the class it was decided for; of a REVIEW below the NG limit the sound class,
    but for a critical class that class. A part the model does not know has none.
    """
    doubt = broken(prediction, recipe.ok_classes)
    if doubt:
        return no_verdict(doubt)
    strange, quality, guard = unknown_part(prediction, recipe.guard), prediction.quality, recipe.guard
    faults = () if quality is None else faults_of(quality, guard, known=not strange)
    reasons = tuple(fault.words for fault in faults)
    if strange:
        spoilt = any(not fault.surface for fault in faults)
        return _unknown((strange, *reasons), prediction, recipe, spoilt=spoilt)
    if faults:
        return Verdict(Outcome.NO_VERDICT, "", 0.0, reasons)
    part = _sorted(prediction, recipe)
    if not part.defects:
        return no_verdict("the model knows no defect class")
    found = [*_critical(part), *_ordinary(part), *_counts(part)]
    outcomes = {f.outcome for f in found}
    worst = next(o for o in (Outcome.NG, Outcome.REVIEW, Outcome.OK) if o in outcomes)
    shown = [f for f in found if f.outcome is worst] + [f for f in found if f.outcome not in {worst, Outcome.OK}]
    told = tuple(dict.fromkeys(f.reason for f in shown))
    words = () if worst is Outcome.OK else _region_words(part.counted, recipe.limits)
    score = defect_score(prediction.scores, recipe.ok_classes)
    return Verdict(worst, shown[0].label, score, (*told, *words))


def defect_score(scores: Scores, ok_classes: Collection[str], without: Collection[str] = ()) -> float:
    """How defective a part is, 0…1; classes in `without` are left out.

    Exclusive classes: the sum of all defect classes, which is 1 - P(sound); with no sound class the largest. Classes
    that do not exclude each other: the largest defect class, or 1 - the largest sound class where that is more.
    """
    defects = [v for n, v in scores if n not in ok_classes and n not in without]
    sounds = [v for n, v in scores if n in ok_classes]
    if scores.exclusive:
        score = sum(defects) if sounds else max(defects, default=0.0)
    else:
        score = max([*defects, *([1.0 - max(sounds)] if sounds else [])], default=0.0)
    return min(1.0, max(0.0, score))


def judged_alone(rule: ClassRule, *, exclusive: bool) -> bool:
    """Whether this class is judged by its own limit alone and left out of the overall score.

    A minor class with a limit of its own is. A major one is where classes do not exclude each other; where they do, its
    share belongs to the evidence that something is wrong. A critical class never is: its limit comes on top.
    """
    if not has_own_limit(rule) or rule.severity is Severity.CRITICAL:
        return False
    return rule.severity is Severity.MINOR or not exclusive


def measured(prediction: Prediction | None, recipe: Recipe) -> tuple[Region, ...]:
    """The regions, with their area in mm² where the recipe says how many millimetres a pixel is."""
    if prediction is None:
        return ()
    side = recipe.limits.mm_per_px
    return (
        prediction.regions
        if side is None
        else tuple(replace(r, area_mm2=r.area_px * side**2) for r in prediction.regions)
    )


def no_verdict(reason: str) -> Verdict:
    """NO VERDICT for this reason; never OK."""
    return Verdict(Outcome.NO_VERDICT, "", 0.0, (reason,))


def drifted(verdict: Verdict, words: str) -> Verdict:
    """The verdict of a part whose picture has drifted from the golden one: an OK becomes REVIEW, with `words` first.

    NG, REVIEW and NO VERDICT stay, with `words` as their last reason.
    """
    if verdict.outcome is Outcome.OK:
        return replace(verdict, outcome=Outcome.REVIEW, reasons=(words, *verdict.reasons))
    return replace(verdict, reasons=(*verdict.reasons, words))


def unusable(frame: Frame, recipe: Recipe) -> str:
    """Why this frame cannot be judged whatever its age (no pixels, no region of interest); empty text = it can."""
    if frame.pixels.size == 0 or min(frame.size) < 8:
        return "the frame is empty"
    if recipe.view.roi is not None and recipe.view.reference is None:
        x, y, width, height = recipe.view.roi
        if x + width > frame.size[1] or y + height > frame.size[0]:
            return "the recipe's region of interest lies outside the frame"
    return ""


def _unknown(reasons: tuple[str, ...], prediction: Prediction, recipe: Recipe, *, spoilt: bool) -> Verdict:
    """What the classes say of a part that is none of those taught means nothing, that of a critical one neither.

    `spoilt`: the picture lies outside the guard, too.
    """
    if spoilt or recipe.guard.on_novelty is Outcome.NO_VERDICT:
        return Verdict(Outcome.NO_VERDICT, "", 0.0, reasons, unknown=True)
    return Verdict(Outcome.REVIEW, "", defect_score(prediction.scores, recipe.ok_classes), reasons, unknown=True)


def _sorted(prediction: Prediction, recipe: Recipe) -> _Part:
    rules = {r.label: r for r in recipe.rules}
    return _Part(
        prediction.scores,
        prediction.regions,
        tuple(r for r in prediction.regions if r.area_px >= _least_area(rules.get(r.label), recipe.limits)),
        {n: v for n, v in prediction.scores if n not in recipe.ok_classes},
        {n: v for n, v in prediction.scores if n in recipe.ok_classes},
        rules,
        recipe,
    )


def _least_area(rule: ClassRule | None, limits: Limits) -> float:
    """From which area on a region counts, in px²; a critical one always does."""
    if rule is None:
        return limits.min_area_px
    if rule.severity is Severity.CRITICAL:
        return 0.0
    return limits.min_area_px if rule.min_area_px is None else rule.min_area_px


def _critical(part: _Part) -> list[_Finding]:
    found = []
    for name, score in sorted(part.defects.items(), key=lambda pair: -pair[1]):
        rule = part.rules.get(name)
        if rule is not None and rule.severity is Severity.CRITICAL:
            outcome, words = _band(score, limits_for(rule, part.recipe.limits))
            if outcome is not Outcome.OK:
                found.append(_Finding(outcome, name, f"critical: {name} {words}"))
    return found


def _ordinary(part: _Part) -> list[_Finding]:
    """The overall score and the classes' own limits; nothing of it stands where every region is too small."""
    found = [_overall(part), *_own_limits(part)]
    if not part.only_small or part.never_ok or all(f.outcome is Outcome.OK for f in found):
        return found
    largest = max(part.regions, key=lambda r: r.area_px)
    limits = part.recipe.limits
    least = _area(_least_area(part.rules.get(largest.label), limits), limits)
    return [_Finding(Outcome.OK, part.sound, f"largest region {_area(largest.area_px, limits)} < {least}")]


def _overall(part: _Part) -> _Finding:
    limits, ok_classes = part.recipe.limits, part.recipe.ok_classes
    top = max(part.defects, key=lambda name: part.defects[name])
    if part.never_ok:
        score = part.defects[top]
        if score >= limits.ng_at and score >= limits.review_to:
            return _Finding(Outcome.NG, top, f"{top} {score:.2f} ≥ {limits.ng_at:.2f}")
        return _Finding(Outcome.REVIEW, top, f"{top} only {score:.2f}: no class is certain")
    alone = [r.label for r in part.rules.values() if judged_alone(r, exclusive=part.scores.exclusive)]
    counting = {n: v for n, v in part.defects.items() if n not in alone} or part.defects
    score = defect_score(part.scores, ok_classes, alone)
    top = max(counting, key=lambda name: counting[name])
    outcome, words = _band(score, limits)
    # Without exclusive classes the sound class may be low although no defect class is high.
    name = "defect" if outcome is Outcome.OK else top
    if outcome is not Outcome.OK and not part.scores.exclusive and counting[top] < score:
        name = f"not {part.sound}"
    return _Finding(outcome, top if score >= limits.ng_at else part.sound, f"{name} {words}")


def _own_limits(part: _Part) -> list[_Finding]:
    found = []
    for name, score in part.defects.items():
        rule = part.rules.get(name)
        if rule is None or rule.severity is Severity.CRITICAL or not has_own_limit(rule):
            continue
        own = [r for r in part.regions if r.label == name]
        if own and not any(r in part.counted for r in own):
            continue
        limits = limits_for(rule, part.recipe.limits)
        outcome, words = _band(score, limits)
        tolerated = judged_alone(rule, exclusive=part.scores.exclusive) and score >= part.recipe.limits.review_from
        if outcome is not Outcome.OK or tolerated:
            label = name if score >= limits.ng_at else part.sound
            found.append(_Finding(outcome, label, f"{rule.severity}: {name} {words}"))
    return found


def _counts(part: _Part) -> list[_Finding]:
    limit, found = part.recipe.limits.max_regions, []
    if limit is not None and len(part.counted) > limit:
        largest = max(part.counted, key=lambda r: r.area_px).label
        top = max(part.defects, key=lambda name: part.defects[name])
        label = largest if largest in part.defects else top
        found.append(_Finding(Outcome.NG, label, f"{_number(len(part.counted))} > {limit} allowed"))
    for name, rule in part.rules.items():
        count = sum(r.label == name for r in part.counted)
        if rule.max_regions is not None and count > rule.max_regions:
            reason = f"{rule.severity}: {_number(count)} of {name} > {rule.max_regions} allowed"
            found.append(_Finding(Outcome.NG, name, reason))
    return found


def _band(score: float, limits: Limits) -> tuple[Outcome, str]:
    low, high = min(limits.review_from, limits.ng_at), max(limits.review_to, limits.ng_at)
    if score < low:
        return Outcome.OK, "{} < {}".format(*unequal(score, low))
    if score >= high:
        return Outcome.NG, f"{score:.2f} ≥ {limits.ng_at:.2f}"
    return Outcome.REVIEW, f"{score:.2f} lies between {low:.2f} and {high:.2f}"


def _region_words(regions: Sequence[Region], limits: Limits) -> tuple[str, ...]:
    if not regions:
        return ()
    largest = max(regions, key=lambda r: r.area_px)
    return (f"{_number(len(regions))}, largest {_area(largest.area_px, limits)}",)


def _number(regions: int) -> str:
    return "1 region" if regions == 1 else f"{regions} regions"


def _area(area_px: float, limits: Limits) -> str:
    if limits.mm_per_px:
        return f"{area_px * limits.mm_per_px**2:.2f} mm²"
    return f"{area_px:,.0f} px²"

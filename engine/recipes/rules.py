"""The judging keys of a recipe file: [limits], [[classes]] and [guard]; read, checked against the package, written."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from engine.domain.inspection import Outcome, Severity
from engine.domain.recipe import ClassRule, Guard, Limits
from engine.errors import InputError
from engine.names import MAX_NAME, short_name
from engine.packages.manifest import LimitSpec


def _really_false(value: object) -> object:
    """`false` and nothing that equals it: a 0 is a limit."""
    if value is not False:
        raise ValueError("it is neither a limit nor false")
    return value


MAX_LIMIT = 1e9
MAX_COUNT = 1_000_000
MAX_AREA = 1e12
"""In pixels or mm²: more than any frame has."""
MIN_SCALE, MAX_SCALE = 1e-9, 1e6
"""In mm a pixel: from far below an atom on, so that its square is still a number."""
# Strict: a true or false is no number.
Share = Annotated[float, Field(strict=True, ge=0.0, le=1.0)]
Positive = Annotated[float, Field(strict=True, ge=0.0, le=MAX_LIMIT)]
Over = Annotated[float, Field(strict=True, gt=0.0, le=MAX_LIMIT)]
Area = Annotated[float, Field(strict=True, ge=0.0, le=MAX_AREA)]
Scale = Annotated[float, Field(strict=True, ge=MIN_SCALE, le=MAX_SCALE)]
Count = Annotated[int, Field(strict=True, ge=0, le=MAX_COUNT)]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(short_name)]
Off = Annotated[Literal[False], BeforeValidator(_really_false)]
T = TypeVar("T")
NOVELTY = {"review": Outcome.REVIEW, "no verdict": Outcome.NO_VERDICT}


class LimitsFile(BaseModel):
    """The table [limits]; what is left out is the package's own."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    ng_at: Share | None = None
    review: tuple[Share, Share] | None = None
    min_area_px: Area = 0.0
    min_area_mm2: Area = 0.0
    mm_per_px: Scale | None = None
    max_regions: Count | None = None


class ClassFile(BaseModel):
    """One table [[classes]]; what is left out is the package's own."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: Name
    severity: Severity | None = None
    ng_at: Share | None = None
    review: tuple[Share, Share] | None = None
    min_area_px: Area | None = None
    min_area_mm2: Area | None = None
    max_regions: Count | None = None


class GuardFile(BaseModel):
    """The table [guard]; what is left out is the package's own, `false` switches a check off."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    brightness: tuple[Positive, Positive] | Off | None = None
    contrast_min: Positive | Off | None = None
    sharpness_min: Positive | Off | None = None
    clipped_max: Share | Off | None = None
    novelty: Literal["review", "no verdict", "off"] | None = None
    novelty_max: Over | None = None


def limits_of(read: LimitsFile, own: LimitSpec, shown: str) -> Limits:
    """The limits a file asks for. Raises InputError naming the key; `shown` names the recipe."""
    ng_at = own.ng_at if read.ng_at is None else read.ng_at
    if read.review is not None:
        band = read.review
    elif read.ng_at is not None:
        band = (ng_at, ng_at)
    else:
        band = (own.review_from, own.review_to)
    if not band[0] <= ng_at <= band[1]:
        raise InputError(f"{shown} has limits.review that does not hold ng_at.", "Give low ≤ ng_at ≤ high.")
    if read.min_area_mm2 and not read.mm_per_px:
        raise InputError(f"{shown} has limits.min_area_mm2 without mm_per_px.", "Add limits.mm_per_px.")
    area = read.min_area_px
    if read.mm_per_px and read.min_area_mm2:
        area = _in_pixels(read.min_area_mm2, read.mm_per_px, f"{shown} has limits")
    return Limits(ng_at, band[0], band[1], area, read.mm_per_px, read.max_regions)


def class_rules_of(
    read: list[ClassFile], own: tuple[ClassRule, ...], defects: tuple[str, ...], limits: Limits, shown: str
) -> tuple[ClassRule, ...]:
    """The package's rules with the file's over them, in the model's class order. Raises InputError naming the class."""
    rules = {rule.label: rule for rule in own}
    seen: set[str] = set()
    for entry in read:
        if entry.name not in defects:
            raise InputError(
                f"{shown} has a class {entry.name!r} that is no defect class of the model.",
                f"Its defect classes are {', '.join(defects)}.",
            )
        if entry.name in seen:
            raise InputError(f"{shown} has the class {entry.name!r} twice.", "Keep one of them.")
        seen.add(entry.name)
        rules[entry.name] = _merged(entry, rules.get(entry.name, ClassRule(entry.name)), limits, shown)
    return tuple(rules[name] for name in defects if name in rules)


def guard_with(read: GuardFile, own: Guard, shown: str) -> Guard:
    """The package's guard with the file's over it. Raises InputError naming the key."""
    if isinstance(read.brightness, tuple) and read.brightness[0] > read.brightness[1]:
        raise InputError(f"{shown} has guard.brightness with low over high.", "Give [low, high].")
    found = replace(
        own,
        brightness=_chosen(read.brightness, own.brightness),
        contrast_min=_chosen(read.contrast_min, own.contrast_min),
        sharpness_min=_chosen(read.sharpness_min, own.sharpness_min),
        clipped_max=_chosen(read.clipped_max, own.clipped_max),
    )
    if read.novelty == "off":
        return replace(found, novelty_max=None, on_novelty=Outcome.REVIEW)
    if own.novelty_max is None and (read.novelty or read.novelty_max):
        raise InputError(
            f"{shown} asks for guard.novelty, which this model does not tell.",
            "Leave it out, or train the model again.",
        )
    on_novelty = NOVELTY[read.novelty] if read.novelty else own.on_novelty
    return replace(found, novelty_max=read.novelty_max or own.novelty_max, on_novelty=on_novelty)


def limits_document(limits: Limits) -> dict[str, Any]:
    """[limits] as `limits_of` reads it."""
    return {
        "ng_at": limits.ng_at,
        "review": [limits.review_from, limits.review_to],
        "min_area_px": limits.min_area_px,
        "mm_per_px": limits.mm_per_px,
        "max_regions": limits.max_regions,
    }


def class_document(rule: ClassRule, limits: Limits) -> dict[str, Any]:
    """One [[classes]] as `class_rules_of` reads it."""
    at = limits.ng_at if rule.ng_at is None else rule.ng_at
    low = at if rule.review_from is None else rule.review_from
    high = at if rule.review_to is None else rule.review_to
    banded = rule.review_from is not None or rule.review_to is not None
    return {
        "name": rule.label,
        "severity": str(rule.severity),
        "ng_at": rule.ng_at,
        "review": [low, high] if banded else None,
        "min_area_px": rule.min_area_px,
        "max_regions": rule.max_regions,
    }


def guard_document(guard: Guard) -> dict[str, Any]:
    """[guard] as `guard_with` reads it; what is not checked is `false`, whatever the package says."""
    on = {outcome: word for word, outcome in NOVELTY.items()}
    return {
        "brightness": False if guard.brightness is None else list(guard.brightness),
        "contrast_min": _or_false(guard.contrast_min),
        "sharpness_min": _or_false(guard.sharpness_min),
        "clipped_max": _or_false(guard.clipped_max),
        "novelty": "off" if guard.novelty_max is None else on[guard.on_novelty],
        "novelty_max": guard.novelty_max,
    }


def _merged(entry: ClassFile, own: ClassRule, limits: Limits, shown: str) -> ClassRule:
    severity = entry.severity or own.severity
    ng_at = own.ng_at if entry.ng_at is None else entry.ng_at
    low, high = entry.review or (None, None)
    if entry.review is None and entry.ng_at is None:
        low, high = own.review_from, own.review_to
    key = f"classes.{entry.name}"
    if entry.review is not None:
        at = limits.ng_at if ng_at is None else ng_at
        if not entry.review[0] <= at <= entry.review[1]:
            raise InputError(f"{shown} has {key}.review that does not hold its ng_at.", "Give low ≤ ng_at ≤ high.")
        if severity is Severity.CRITICAL and entry.review[1] > at:
            raise InputError(
                f"{shown} has {key}.review over ng_at, where a critical class is always NG.",
                f"Let the band end at {at}.",
            )
    area = own.min_area_px if entry.min_area_px is None else entry.min_area_px
    if entry.min_area_mm2 is not None:
        if not limits.mm_per_px:
            raise InputError(f"{shown} has {key}.min_area_mm2 without limits.mm_per_px.", "Add limits.mm_per_px.")
        area = _in_pixels(entry.min_area_mm2, limits.mm_per_px, f"{shown} has {key}")
    if severity is Severity.CRITICAL and area:
        raise InputError(
            f"{shown} has a smallest area for the critical class {entry.name!r}, of which any size counts.",
            "Leave it out, or make the class major.",
        )
    count = own.max_regions if entry.max_regions is None else entry.max_regions
    return ClassRule(entry.name, severity, ng_at, low, high, area, count)


def _in_pixels(mm2: float, mm_per_px: float, shown: str) -> float:
    area = mm2 / mm_per_px**2
    if area > MAX_AREA:
        raise InputError(f"{shown}.min_area_mm2 of more than {MAX_AREA:g} pixels.", "Check limits.mm_per_px.")
    return area


def _chosen(read: T | Literal[False] | None, own: T | None) -> T | None:
    """What the file says, `false` being off; else the package's own."""
    if read is None:
        return own
    return None if read is False else read


def _or_false(value: float | None) -> float | bool:
    return False if value is None else value

"""The digest of a recipe: twelve hex digits over what it says, not over how Python writes it down.

Hashed is a canonical document: a schema number and every value that is not its field's default, keys sorted, numbers in
one spelling (1 is 1.0, -0.0 is 0.0), golden pictures by their own digests. The order of fields, the platform and a
new field that a recipe leaves alone change nothing. A default that changes, or a field that changes its meaning, needs
the next SCHEMA, and the one before a place in `known_as`.

Until schema 1 the digest was the hash of the dataclass's repr. Rows, journals and files of that time hold it, so
`known_as` gives it too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from enum import Enum
from numbers import Integral, Real
from typing import Any, TypeGuard

from engine.domain.inspection import Outcome, RecipeRef, Severity
from engine.domain.recipe import (
    CameraSetup,
    ClassRule,
    Guard,
    Imaging,
    Limits,
    Recipe,
    Reference,
    SavingPolicy,
    Tiles,
    View,
)

SCHEMA = 1
LENGTH = 12
_NOT_HASHED: dict[type, frozenset[str]] = {
    Recipe: frozenset({"digest", "code", "product"}),
    Reference: frozenset({"pixels"}),
    Imaging: frozenset({"golden"}),
}
"""The digest itself, what judges nothing, and pictures that have a digest of their own beside them."""


def digest_of(recipe: Recipe) -> str:
    """The digest of what this recipe says."""
    return _hashed(json.dumps({"schema": SCHEMA, "recipe": _document(recipe)}, **_ONE_SPELLING))


def known_as(recipe: Recipe) -> frozenset[str]:
    """Every digest by which this recipe may be on record: its own, and the one of before schema 1 if it had one."""
    former = former_digest(recipe)
    own = recipe.digest or digest_of(recipe)
    return frozenset({own} if former is None else {own, former})


def is_recipe(recipe: Recipe | None, judged_by: RecipeRef) -> TypeGuard[Recipe]:
    """Whether this is the recipe on record there; None is none."""
    return recipe is not None and judged_by.digest in known_as(recipe)


# ── schema 1 ─────────────────────────────────────────────────────────────────────────────────────────────────────────
_ONE_SPELLING: dict[str, Any] = {"sort_keys": True, "ensure_ascii": True, "separators": (",", ":")}


def _document(value: object) -> Any:
    """What of a value is hashed, as JSON's types. Raises TypeError for what has no spelling yet."""
    if is_dataclass(value):
        return {f.name: _document(getattr(value, f.name)) for f in _hashed_fields(value) if not _is_default(value, f)}
    if isinstance(value, tuple | list):
        return [_document(each) for each in value]
    if isinstance(value, Enum):
        return _document(value.value)
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Real):
        return _number(value)
    raise TypeError(f"no digest can hold a {type(value).__name__}")


def _number(value: Real) -> float | int:
    """The double where it is the number, so that 1 is 1.0; a whole number that no double holds stays as it is."""
    if isinstance(value, Integral) and abs(int(value)) > 1 << 53:
        return int(value)
    return float(value) + 0.0


def _hashed_fields(value: Any) -> Iterator[Field[Any]]:
    left_out = next((names for kind, names in _NOT_HASHED.items() if isinstance(value, kind)), frozenset())
    return (f for f in fields(value) if f.name not in left_out)


def _is_default(value: object, field: Field[Any]) -> bool:
    """Compared as they are hashed: to Python True is 1, and two golden pictures are never the same."""
    default = field.default if field.default_factory is MISSING else field.default_factory()
    if default is MISSING:
        return False
    return json.dumps(_document(getattr(value, field.name))) == json.dumps(_document(default))


# ── before schema 1 ──────────────────────────────────────────────────────────────────────────────────────────────────
_FORMER: dict[type, tuple[str, tuple[str, ...]]] = {
    Recipe: (
        "Recipe",
        (
            *("name", "version", "ok_classes", "limits", "saving", "view", "rules", "guard", "model", "camera"),
            *("imaging", "max_frame_age_s", "digest"),
        ),
    ),
    Limits: ("Limits", ("ng_at", "review_from", "review_to", "min_area_px", "mm_per_px", "max_regions")),
    SavingPolicy: ("SavingPolicy", ("defects", "every_ok")),
    View: ("View", ("roi", "polygon", "tiles", "reference", "bits", "bayer")),
    Tiles: ("Tiles", ("height", "width", "overlap")),
    Reference: ("Reference", ("digest", "part", "max_shift_px", "max_angle", "min_score", "picture")),
    ClassRule: (
        "ClassRule",
        ("label", "severity", "ng_at", "review_from", "review_to", "min_area_px", "max_regions"),
    ),
    Guard: (
        "Guard",
        ("brightness", "contrast_min", "sharpness_min", "clipped_max", "novelty_max", "on_novelty"),
    ),
    CameraSetup: ("CameraSetup", ("settings", "takt_s")),
    Imaging: (
        "Imaging",
        ("digest", "picture", "brightness", "saturation", "focus", "shift_px", "frames", "bits", "bayer"),
    ),
}
"""What the repr of those days wrote, in its order. Frozen: a field that comes later is not among them."""
_FORMER_ENUMS: dict[type, str] = {Severity: "Severity", Outcome: "Outcome"}


def former_digest(recipe: Recipe) -> str | None:
    """The digest of before schema 1, to the letter. None for a recipe that says what none could say in those days."""
    if _says_more(recipe):
        return None
    return _hashed(_former_text(replace(recipe, digest="")))


def _says_more(value: Any) -> bool:
    """Whether a field that those days did not know says anything but its default."""
    if isinstance(value, tuple | list):
        return any(map(_says_more, value))
    if not is_dataclass(value):
        return False
    known = _former_of(value)
    if known is None:
        return True
    return any(
        _says_more(getattr(value, f.name)) if f.name in known[1] else not _is_default(value, f)
        for f in _hashed_fields(value)
    )


def _former_text(value: Any) -> str:
    """As repr wrote it."""
    if (known := _former_of(value)) is not None:
        name, names = known
        return f"{name}({', '.join(f'{field}={_former_text(getattr(value, field))}' for field in names)})"
    if isinstance(value, tuple):
        inside = ", ".join(map(_former_text, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, Enum):
        return f"<{_FORMER_ENUMS[type(value)]}.{value.name}: {value.value!r}>"
    return repr(value)


def _former_of(value: object) -> tuple[str, tuple[str, ...]] | None:
    return next((known for kind, known in _FORMER.items() if isinstance(value, kind)), None)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]

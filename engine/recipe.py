"""Recipes: the one a package brings along, and the ones in TOML files.

schema = 1
name = "bracket 12"
version = 3
model = ""                      # version of the package it was made for; empty = any
roi = [0, 0, 1280, 1024]        # x, y, width, height in pixels
[limits]
ng_at = 0.5                     # defect score from which a part is NG
review = [0.3, 0.7]             # scores in here are REVIEW; [0.5, 0.5] = no band
min_area_px = 0.0               # smaller regions do not count …
min_area_mm2 = 0.5              # … or in mm², with
mm_per_px = 0.05
[saving]
defects = true
every_ok = 50
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.domain import Box, Severity
from engine.errors import InputError
from engine.manifest import LimitSpec
from engine.package import ModelPackage
from engine.product import ClassRule, Guard, Limits, Recipe, SavingPolicy, View

RECIPE_SCHEMA = 1


class _LimitsFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ng_at: float | None = Field(None, ge=0.0, le=1.0)
    review: tuple[float, float] | None = None
    min_area_px: float = Field(0.0, ge=0.0)
    min_area_mm2: float = Field(0.0, ge=0.0)
    mm_per_px: float | None = Field(None, gt=0.0)


class _SavingFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    defects: bool = True
    every_ok: int = Field(0, ge=0)


class _RecipeFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    schema_version: int = Field(RECIPE_SCHEMA, alias="schema", ge=1)
    name: str = Field(min_length=1, max_length=100)
    version: int = Field(1, ge=1)
    model: str = ""
    roi: tuple[int, int, int, int] | None = None
    max_frame_age_s: float = Field(2.0, gt=0.0)
    limits: _LimitsFile = _LimitsFile()
    saving: _SavingFile = _SavingFile()


def default_recipe(package: ModelPackage) -> Recipe:
    """The recipe a package brings along: its own classes, thresholds and review band."""
    limits = Limits(**package.manifest.thresholds.model_dump())
    rules, guard = rules_of(package), guard_of(package)
    return _sealed(Recipe("default", 1, package.manifest.ok_classes, limits, rules=rules, guard=guard))


def rules_of(package: ModelPackage) -> tuple[ClassRule, ...]:
    """The class rules a package brings along."""
    return tuple(
        ClassRule(c.name, c.severity, c.ng_at)
        for c in package.manifest.classes
        if c.role == "defect" and (c.severity is not Severity.MAJOR or c.ng_at is not None)
    )


def guard_of(package: ModelPackage) -> Guard:
    """What the training pictures looked like; nothing is checked where the package does not tell."""
    spec = package.manifest.guard
    return Guard() if spec is None else Guard(**spec.model_dump())


def without_review(recipe: Recipe) -> Recipe:
    """The same recipe with no review band: every part is OK or NG at `ng_at`."""
    limits = replace(recipe.limits, review_from=recipe.limits.ng_at, review_to=recipe.limits.ng_at)
    return _sealed(replace(recipe, limits=limits))


def load_recipe(path: Path, package: ModelPackage) -> Recipe:
    """A recipe file for this package; what it leaves out is the package's own. Raises InputError naming the key."""
    try:
        read = _RecipeFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(f"The recipe {path} cannot be read: {error.strerror}.", "Choose a recipe file.") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise InputError(f"The recipe {path} is not valid at {key}: {first['msg']}.", "Correct that key.") from error
    except ValueError as error:
        raise InputError(f"The recipe {path} is not valid TOML: {error}.", "Correct the file.") from error
    if read.schema_version > RECIPE_SCHEMA:
        raise InputError(f"The recipe {path} was made by a newer Lineside.", "Update this station.")
    if read.model and read.model != package.version:
        raise InputError(
            f"The recipe {path} was made for model {read.model}, not for {package.version}.",
            "Choose that model, or check the thresholds and change `model` in the recipe.",
        )
    limits = _limits(read.limits, package.manifest.thresholds, path)
    saving = SavingPolicy(read.saving.defects, read.saving.every_ok)
    roi: Box | None = read.roi
    if roi is not None and (min(roi[:2]) < 0 or min(roi[2:]) < 8):
        raise InputError(f"The recipe {path} has an roi that is too small or outside.", "Give x, y, width, height.")
    return _sealed(
        Recipe(
            name=read.name,
            version=read.version,
            ok_classes=package.manifest.ok_classes,
            limits=limits,
            saving=saving,
            view=View(roi=roi),
            rules=rules_of(package),
            guard=guard_of(package),
            model=read.model,
            max_frame_age_s=read.max_frame_age_s,
        )
    )


def with_saving(recipe: Recipe, saving: SavingPolicy) -> Recipe:
    """The same recipe with another saving policy."""
    return _sealed(replace(recipe, saving=saving))


def _limits(read: _LimitsFile, own: LimitSpec, path: Path) -> Limits:
    ng_at = own.ng_at if read.ng_at is None else read.ng_at
    if read.review is not None:
        band = read.review
    elif read.ng_at is not None:
        band = (ng_at, ng_at)
    else:
        band = (own.review_from, own.review_to)
    if not 0.0 <= band[0] <= ng_at <= band[1] <= 1.0:
        raise InputError(f"The recipe {path} has limits.review that does not hold ng_at.", "Give low ≤ ng_at ≤ high.")
    if read.min_area_mm2 and not read.mm_per_px:
        raise InputError(f"The recipe {path} has limits.min_area_mm2 without mm_per_px.", "Add limits.mm_per_px.")
    area = read.min_area_mm2 / read.mm_per_px**2 if read.mm_per_px and read.min_area_mm2 else read.min_area_px
    return Limits(ng_at, band[0], band[1], area, read.mm_per_px)


def _sealed(recipe: Recipe) -> Recipe:
    """The recipe with the digest of its contents."""
    text = repr(replace(recipe, digest=""))
    return replace(recipe, digest=hashlib.sha256(text.encode()).hexdigest()[:12])

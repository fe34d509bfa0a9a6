"""A recipe's digest: the same for the same judgement, another for another, and the old one still finds its recipe."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.inspection import Outcome, RecipeRef, Severity
from engine.domain.recipe import (
    CameraSetup,
    ClassRule,
    FilePages,
    Guard,
    Imaging,
    Limits,
    Recipe,
    Reference,
    SavingPolicy,
    Tiles,
    View,
)
from engine.preprocessing.golden import golden_digest
from engine.recipes.digest import digest_of, former_digest, is_recipe, known_as
from engine.recipes.file import with_saving

GREY = np.arange(48 * 64, dtype=np.uint8).reshape(48, 64)
PLAIN = Recipe("default", 1, ("good",), Limits())
REFERENCE = Reference(golden_digest(GREY), GREY, (8, 6, 40, 30), 60, 5.0, 0.7, "golden.png")
IMAGING = Imaging(
    golden_digest(GREY), GREY, "bracket-golden.png", (0.05, 0.1), (0.02, 0.06), (0.2, 0.4), (3.0, 9.0), 31, 12, "RGGB"
)
CRACK = ClassRule("crack", Severity.CRITICAL, 0.2, 0.1, 0.2)
STAIN = ClassRule("stain", Severity.MINOR, 0.9, min_area_px=40.0, max_regions=2)
CAMERA = (("exposure_us", 4000.0), ("gain_db", 2.5), ("trigger", "hardware"), ("trigger_line", "Line1"))

# Recipe, its digest, and what sha256(repr(recipe))[:12] gave while that was the digest.
GOLDEN: dict[str, tuple[Recipe, str, str]] = {
    "plain": (PLAIN, "6d1ed9898e15", "2f69d648294c"),
    "limits": (
        replace(PLAIN, name="bracket 12", version=3, limits=Limits(0.35, 0.2, 0.6, 12.5, 0.05, 3)),
        "e37727618f9b",
        "13430d3ad04b",
    ),
    "classes": (
        replace(PLAIN, ok_classes=("good", "fair"), rules=(CRACK, STAIN)),
        "2970adac4626",
        "847ccbe02b3b",
    ),
    "guard": (
        replace(PLAIN, guard=Guard((41.0, 190.0), 8.0, 3.5, 0.05, 1.25, Outcome.NO_VERDICT)),
        "9de1d13f4dd5",
        "22651860b2ea",
    ),
    "camera": (replace(PLAIN, camera=CameraSetup(CAMERA, 1.5)), "8255ee77a7a1", "99041170d70e"),
    "tiles": (replace(PLAIN, view=View(tiles=Tiles(512, 384, 0.25))), "801534a7ded2", "c61811876d01"),
    "reference": (
        replace(PLAIN, view=View((4, 2, 40, 30), reference=REFERENCE)),
        "4378b6808e9d",
        "4cd032bfac08",
    ),
    "polygon": (
        replace(PLAIN, view=View(polygon=((40, 10), (1200, 10), (1200, 1000), (40, 1000)))),
        "eb03aa4c0e74",
        "40c67604be73",
    ),
    "imaging": (replace(PLAIN, imaging=IMAGING), "c1fd337c2e4d", "da689924aee5"),
    "saving": (
        replace(PLAIN, saving=SavingPolicy(False, 50), model="abc123", max_frame_age_s=0.75, code="4711-A"),
        "75aaba1e478c",
        "69f5971c0343",
    ),
    "depth and mosaic": (
        replace(PLAIN, name="Größe №7", view=View((0, 0, 1280, 1024), bits=12, bayer="GRBG")),
        "9749d73b8d2b",
        "24bfceef0b74",
    ),
}

# For each type, one with nothing but defaults, and for each field a value that it is not.
OTHERWISE: dict[type, tuple[Any, dict[str, object]]] = {
    Recipe: (
        PLAIN,
        {
            "name": "other",
            "version": 2,
            "ok_classes": ("good", "fair"),
            "limits": Limits(0.45),
            "saving": SavingPolicy(False, 2),
            "view": View((0, 0, 9, 9)),
            "rules": (CRACK,),
            "guard": Guard((1.0, 3.0)),
            "model": "abc",
            "camera": CameraSetup((), 3.0),
            "imaging": Imaging("a", GREY),
            "max_frame_age_s": 1.0,
            "pages": FilePages.EACH,
        },
    ),
    Limits: (
        Limits(),
        {
            "ng_at": 0.4,
            "review_from": 0.4,
            "review_to": 0.6,
            "min_area_px": 1.0,
            "mm_per_px": 0.1,
            "max_regions": 0,
        },
    ),
    SavingPolicy: (SavingPolicy(), {"defects": False, "every_ok": 1}),
    View: (
        View(),
        {
            "roi": (0, 0, 8, 8),
            "polygon": ((0, 0), (9, 0), (9, 9)),
            "tiles": Tiles(8, 8),
            "reference": Reference("a", GREY, (0, 0, 9, 9)),
            "bits": 12,
            "bayer": "RGGB",
        },
    ),
    Tiles: (Tiles(8, 8), {"height": 9, "width": 9, "overlap": 0.3}),
    Reference: (
        Reference("a", GREY, (0, 0, 9, 9)),
        {
            "digest": "b",
            "part": (1, 0, 9, 9),
            "max_shift_px": 99,
            "max_angle": 9.0,
            "min_score": 0.5,
            "picture": "a.png",
        },
    ),
    ClassRule: (
        ClassRule("crack"),
        {
            "label": "pit",
            "severity": Severity.MINOR,
            "ng_at": 0.0,
            "review_from": 0.0,
            "review_to": 0.0,
            "min_area_px": 0.0,
            "max_regions": 0,
        },
    ),
    Guard: (
        Guard(),
        {
            "brightness": (1.0, 2.0),
            "contrast_min": 0.0,
            "sharpness_min": 0.0,
            "clipped_max": 0.0,
            "novelty_max": 0.0,
            "on_novelty": Outcome.NO_VERDICT,
        },
    ),
    CameraSetup: (CameraSetup(), {"settings": (("gain_db", 0.0),), "takt_s": 1.0}),
    Imaging: (
        Imaging("a", GREY),
        {
            "digest": "b",
            "picture": "a.png",
            "brightness": (0.1, 0.3),
            "saturation": (0.01, 0.06),
            "focus": (0.25, 0.6),
            "shift_px": (5.0, 21.0),
            "frames": 16,
            "bits": 8,
            "bayer": "RGGB",
        },
    ),
}
NOT_HASHED = {
    (Recipe, "digest"): "0",
    (Recipe, "code"): "4711",
    (Recipe, "product"): "bracket 12",
    (Reference, "pixels"): GREY[::-1],
    (Imaging, "golden"): GREY[::-1],
}

# What a field means that a recipe leaves alone. One that changes is another recipe under the same digest.
DEFAULTS_OF_SCHEMA_1 = {
    "Recipe": {"saving": SavingPolicy(), "view": View(), "rules": (), "guard": Guard(), "model": ""}
    | {
        "camera": CameraSetup(),
        "imaging": None,
        "max_frame_age_s": 2.0,
        "digest": "",
        "code": "",
        "product": "",
        "pages": FilePages.REFUSE,
    },
    "Limits": {"ng_at": 0.5, "review_from": 0.5, "review_to": 0.5, "min_area_px": 0.0}
    | {"mm_per_px": None, "max_regions": None},
    "SavingPolicy": {"defects": True, "every_ok": 0},
    "View": {"roi": None, "polygon": (), "tiles": None, "reference": None, "bits": 0, "bayer": ""},
    "Tiles": {"overlap": 0.2},
    "Reference": {"max_shift_px": 100, "max_angle": 10.0, "min_score": 0.6, "picture": ""},
    "ClassRule": {"severity": Severity.MAJOR, "ng_at": None, "review_from": None, "review_to": None}
    | {"min_area_px": None, "max_regions": None},
    "Guard": {"brightness": None, "contrast_min": None, "sharpness_min": None, "clipped_max": None}
    | {"novelty_max": None, "on_novelty": Outcome.REVIEW},
    "CameraSetup": {"settings": (), "takt_s": 0.0},
    "Imaging": {"picture": "", "brightness": (0.10, 0.20), "saturation": (0.01, 0.05), "focus": (0.25, 0.50)}
    | {"shift_px": (5.0, 20.0), "frames": 15, "bits": 0, "bayer": ""},
}
FIELDS = [(kind, field.name) for kind in OTHERWISE for field in fields(kind)]


def holding(value: Any) -> Recipe:
    """A recipe with this in it."""
    match value:
        case Recipe():
            return value
        case Limits():
            return replace(PLAIN, limits=value)
        case SavingPolicy():
            return replace(PLAIN, saving=value)
        case View():
            return replace(PLAIN, view=value)
        case Tiles():
            return replace(PLAIN, view=View(tiles=value))
        case Reference():
            return replace(PLAIN, view=View(reference=value))
        case ClassRule():
            return replace(PLAIN, rules=(value,))
        case Guard():
            return replace(PLAIN, guard=value)
        case CameraSetup():
            return replace(PLAIN, camera=value)
        case _:
            return replace(PLAIN, imaging=value)


@pytest.mark.parametrize("name", GOLDEN)
def test_digests_are_those_on_record(name: str) -> None:
    recipe, digest, former = GOLDEN[name]
    assert (digest_of(recipe), former_digest(recipe)) == (digest, former)


def test_what_is_hashed_is_what_differs_from_the_defaults_with_sorted_keys() -> None:
    text = (
        '{"recipe":{"limits":{"mm_per_px":0.05},"name":"Gr\\u00f6\\u00dfe","ok_classes":["good"],'
        '"rules":[{"label":"crack","severity":"critical"}],"version":2.0},"schema":1}'
    )
    recipe = Recipe(
        "Größe", 2, ("good",), Limits(mm_per_px=0.05), rules=(ClassRule("crack", Severity.CRITICAL),), code="4711"
    )
    assert digest_of(recipe) == hashlib.sha256(text.encode()).hexdigest()[:12]


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=lambda part: getattr(part, "__name__", part))
def test_every_field_changes_the_digest_or_is_known_not_to(kind: type, name: str) -> None:
    base, others = OTHERWISE[kind]
    one = holding(base)
    if (kind, name) in NOT_HASHED:
        other = holding(replace(base, **{name: NOT_HASHED[kind, name]}))
        assert (digest_of(other), former_digest(other)) == (digest_of(one), former_digest(one))
        return
    assert name in others, f"{kind.__name__}.{name} is new: say here what it is not by default"
    other = holding(replace(base, **{name: others[name]}))
    assert digest_of(other) != digest_of(one)
    assert former_digest(other) != former_digest(one)


def test_no_two_recipes_share_a_digest() -> None:
    made = [
        holding(replace(base, **{name: value})) for base, others in OTHERWISE.values() for name, value in others.items()
    ]
    assert len({digest_of(recipe) for recipe in made}) == len({former_digest(recipe) for recipe in made}) == len(made)


def test_defaults_are_those_of_schema_1() -> None:
    found = {
        kind.__name__: {f.name: f.default for f in fields(kind) if f.default is not dataclasses.MISSING}
        for kind in OTHERWISE
    }
    assert found == DEFAULTS_OF_SCHEMA_1, "a changed default needs the next SCHEMA, and this one a place in known_as"


def test_the_order_of_fields_changes_nothing() -> None:
    class Turned(Recipe):
        pass

    class TurnedLimits(Limits):
        pass

    recipe, digest, _ = GOLDEN["limits"]
    turned: Any = Turned(recipe.name, recipe.version, recipe.ok_classes, TurnedLimits(0.35, 0.2, 0.6, 12.5, 0.05, 3))
    for kind in (Turned, TurnedLimits):
        kind.__dataclass_fields__ = dict(reversed(kind.__dataclass_fields__.items()))
    assert next(f.name for f in fields(turned)) == "product"
    assert digest_of(turned) == digest


def test_a_number_has_one_spelling() -> None:
    floats = Limits(1.0, 0.0, 1.0, 20.0, 2.0, 3)
    for limits in (
        Limits(1, 0, 1, 20, 2, 3),
        Limits(1.0, -0.0, 1e0, 2e1, 2.0, 3),
        Limits(np.float64(1), 0, 1, 20, 2, 3),
    ):
        assert digest_of(replace(PLAIN, limits=limits)) == digest_of(replace(PLAIN, limits=floats))
    on, one = (replace(PLAIN, camera=CameraSetup((("gamma", value),))) for value in (True, 1))
    assert digest_of(on) != digest_of(one)
    tenth = digest_of(replace(PLAIN, limits=Limits(0.1 + 0.2)))
    assert tenth != digest_of(replace(PLAIN, limits=Limits(0.3)))


@given(st.integers(-(2**53), 2**53))
def test_whole_numbers_are_spelled_as_their_doubles(number: int) -> None:
    one, other = (replace(PLAIN, limits=Limits(value)) for value in (number, float(number)))
    assert digest_of(one) == digest_of(other)


def test_large_versions_are_told_apart() -> None:
    assert digest_of(replace(PLAIN, version=2**53 + 1)) != digest_of(replace(PLAIN, version=2**53 + 2))


def test_what_has_no_spelling_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        digest_of(replace(PLAIN, rules={1}))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class LaterLimits(Limits):
    """With a field that comes one day."""

    soft: float = 0.0


@dataclass(frozen=True, slots=True)
class LaterRecipe(Recipe):
    """With fields that come one day."""

    mirror: bool = False
    tags: list[str] = dataclasses.field(default_factory=list)


@pytest.mark.parametrize("name", GOLDEN)
def test_a_new_field_changes_no_digest_of_recipes_that_leave_it_alone(name: str) -> None:
    recipe, digest, former = GOLDEN[name]
    says = {f.name: getattr(recipe, f.name) for f in fields(recipe)}
    limits = {f.name: getattr(recipe.limits, f.name) for f in fields(recipe.limits)}
    later = LaterRecipe(**says | {"limits": LaterLimits(**limits)})
    assert (digest_of(later), former_digest(later)) == (digest, former)
    for other in (
        replace(later, mirror=True),
        replace(later, tags=["a"]),
        replace(later, limits=LaterLimits(**limits, soft=0.1)),
    ):
        assert digest_of(other) != digest
        assert former_digest(other) is None, "no recipe of those days said that"
        assert known_as(other) == {digest_of(other)}


def test_a_recipe_is_known_by_its_digest_and_by_the_former_one() -> None:
    recipe = with_saving(PLAIN, SavingPolicy())
    assert recipe.digest == digest_of(PLAIN)
    assert known_as(recipe) == known_as(PLAIN) == {"6d1ed9898e15", "2f69d648294c"}
    for digest, same in (("6d1ed9898e15", True), ("2f69d648294c", True), ("13430d3ad04b", False), ("", False)):
        assert is_recipe(recipe, RecipeRef("default", 1, digest)) is same
    assert not is_recipe(None, RecipeRef("default", 1, "6d1ed9898e15"))

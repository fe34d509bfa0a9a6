"""Recipes: the one a package brings along, and the ones in TOML files.

schema = 1
name = "bracket 12"
version = 3
model = ""                      # version of the package it was made for; empty = any
product = "bracket 12"          # whose recipe it is, by a name the product has or had; empty: the station's first one's
code = "4711-A"                 # what a scanner reads to change over to it; no other recipe of the station has it
roi = [0, 0, 1280, 1024]        # what is inspected: x, y, width, height in pixels; left out: the whole frame
polygon = [[40, 10], [1200, 10], [1200, 1000], [40, 1000]]  # only what lies inside; the rest is painted grey
bits = 12                       # bits a 16-bit pixel uses; 0: by each frame's brightest pixel, which may make it jump
pages = "each"                  # a file of several pictures: each is a part, "first": that one, "refuse": NO VERDICT
bayer = "RGGB"                  # frames are raw mosaics, read from the top left: RGGB, BGGR, GRBG or GBRG
[tiles]                         # judged piece by piece, as bad as the worst one: for small defects on large frames
height = 512                    # in frame pixels
width = 512
overlap = 0.2                   # at least this share of a tile, 0…0.8
[reference]                     # the part is found first; roi and polygon then are in the golden picture's pixels
picture = "golden.png"          # in the recipe's folder
part = [320, 200, 600, 600]     # where the part lies in it: x, y, width, height
max_shift_px = 100              # how far off it may lie …
max_angle = 10.0                # … and how far turned, degrees either way
min_score = 0.6                 # correlation 0…1; under it: NO VERDICT
[limits]
ng_at = 0.5                     # defect score from which a part is NG
review = [0.3, 0.7]             # scores in here are REVIEW; [0.5, 0.5] = no band
min_area_px = 0.0               # smaller regions do not count …
min_area_mm2 = 0.5              # … or in mm², with
mm_per_px = 0.05
max_regions = 3                 # more regions than this are NG whatever the score
[guard]                         # left out: as the package says; false: not checked
brightness = [41.0, 190.0]      # mean grey 0…255
contrast_min = 8.0              # standard deviation of grey
sharpness_min = false
clipped_max = 0.05              # share of white, 0…1
novelty = "review"              # what an unknown part (unlike all taught) gets: "review", "no verdict", or "off"
novelty_max = 1.0               # 1.0 = the limit found in training
[saving]
defects = true
every_ok = 50
[camera]                        # how the camera is set, by the names of engine.sources.base; not named: left alone
exposure_us = 4000
gain_db = 2.5
trigger = "hardware"            # off, software or hardware
trigger_line = "Line1"
trigger_edge = "rising"
takt_s = 1.5                    # a trigger without a verdict within so many seconds raises the alarm
[imaging]                       # the picture itself is watched; each limit: [warns, sends parts to REVIEW]
picture = "bracket-golden.png"  # the station's picture when it was right, in the recipe's folder …
bits = 12                       # … and its depth and bayer, where the recipe states none
brightness = [0.10, 0.20]       # share of the golden brightness
saturation = [0.01, 0.05]       # share of all pixels that are on top besides
focus = [0.25, 0.50]            # share of the golden sharpness lost
shift_px = [5, 20]
frames = 15                     # the median over so many frames counts
[[classes]]                     # a defect class of the model; left out: as the package says
name = "crack"
severity = "critical"           # critical: decided first; major; minor: with a limit of its own, only that one counts
ng_at = 0.2
review = [0.1, 0.2]
[[classes]]
name = "stain"
severity = "minor"
ng_at = 0.9
min_area_mm2 = 2.0              # or min_area_px
max_regions = 2
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import Annotated, Any

import cv2
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from engine.domain.inspection import Pixels, Severity
from engine.domain.recipe import (
    CameraSetup,
    ClassRule,
    FilePages,
    Guard,
    Imaging,
    Limits,
    Recipe,
    SavingPolicy,
    without_bands,
)
from engine.errors import InputError, StorageError
from engine.names import MAX_NAME, name_of, short_name
from engine.packages.package import ModelPackage
from engine.preprocessing.golden import imaging_of
from engine.recipes.camera import (
    MIN_GOLDEN,
    ImagingFile,
    camera_document,
    camera_of,
    checked_camera,
    checked_imaging,
    imaging_document,
    imaging_with,
)
from engine.recipes.digest import digest_of
from engine.recipes.faults import fault_of
from engine.recipes.rules import (
    MAX_COUNT,
    ClassFile,
    GuardFile,
    LimitsFile,
    Name,
    class_document,
    class_rules_of,
    guard_document,
    guard_with,
    limits_document,
    limits_of,
)
from engine.recipes.toml_text import toml_of
from engine.recipes.view import (
    MAX_PICTURE_BYTES,
    MAX_PICTURE_PX,
    ViewKeys,
    view_document,
    view_of,
)
from engine.system.files import write_atomically
from engine.system.texts import parse_toml, read_text

RECIPE_SCHEMA = 1
MAX_RECIPE_BYTES = 1 << 20
MAX_CODE = 64
MAX_VERSION = 999_999_999
MAX_AGE_S = 86_400.0
CODE = r"^([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)?$"
"""Printable ASCII, as scanners type it, with no space at either end."""


@dataclass(frozen=True, slots=True)
class RecipeHead:
    """What a recipe file says of itself, which no package is needed for."""

    name: str
    version: int
    model: str = ""
    code: str = ""
    product: str = ""


class _SavingFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    defects: bool = True
    every_ok: int = Field(0, ge=0, le=MAX_COUNT)


class _RecipeFile(ViewKeys):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    schema_version: int = Field(RECIPE_SCHEMA, alias="schema", ge=1)
    name: Name
    version: int = Field(1, ge=1, le=MAX_VERSION)
    model: str = Field("", max_length=100)
    product: Annotated[str, AfterValidator(short_name)] = Field("", max_length=MAX_NAME)
    code: str = Field("", max_length=MAX_CODE, pattern=CODE)
    max_frame_age_s: float = Field(2.0, gt=0.0, le=MAX_AGE_S)
    pages: FilePages = FilePages.REFUSE
    limits: LimitsFile = LimitsFile()
    classes: list[ClassFile] = Field(default_factory=list, max_length=1000)
    guard: GuardFile = GuardFile()
    saving: _SavingFile = _SavingFile()
    camera: dict[str, Any] = Field(default_factory=dict)
    imaging: ImagingFile | None = None


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
    """The same recipe with no review band, nor one of a class: every part is OK or NG at `ng_at`.

    The guard stays: a picture not fit to be judged is NO VERDICT, a part unlike the training parts is unknown.
    """
    return _sealed(without_bands(recipe))


def load_recipe(path: Path, package: ModelPackage, text: str | None = None) -> Recipe:
    """A recipe file for this package; what it leaves out is the package's own. Raises InputError naming the key.

    `text`: read this as if it stood in that file, as a draft of it.
    """
    read = _read(path, text)
    if read.model and read.model != package.version:
        raise InputError(
            f"The recipe {path} was made for model {read.model}, not for {package.version}.",
            "Choose that model, or check the thresholds and change `model` in the recipe.",
        )
    shown, manifest = f"The recipe {path}", package.manifest
    limits = limits_of(read.limits, manifest.thresholds, shown)
    defects = tuple(c.name for c in manifest.classes if c.role == "defect")
    rules = class_rules_of(read.classes, rules_of(package), defects, limits, shown)
    guard = guard_with(read.guard, guard_of(package), shown)
    saving = SavingPolicy(read.saving.defects, read.saving.every_ok)
    return _sealed(
        Recipe(
            name=read.name,
            version=read.version,
            ok_classes=package.manifest.ok_classes,
            limits=limits,
            saving=saving,
            view=view_of(read, path),
            rules=rules,
            guard=guard,
            model=read.model,
            camera=camera_of(read.camera, path),
            imaging=imaging_with(read.imaging, read, path),
            max_frame_age_s=read.max_frame_age_s,
            pages=read.pages,
            code=read.code,
            product=read.product,
        )
    )


def read_head(path: Path, text: str | None = None) -> RecipeHead:
    """Name, version, model, code and product of a recipe file, which is checked but for what a package knows.

    `text`: as of `load_recipe`. Raises InputError naming the key.
    """
    read = _read(path, text)
    return RecipeHead(read.name, read.version, read.model, read.code, read.product)


def recipe_document(path: Path) -> dict[str, Any]:
    """The checked tables of a recipe file as TOML gives them; toml_of writes them. Raises InputError naming the key."""
    return _tables(path)[0]


def dump_recipe(recipe: Recipe) -> str:
    """The text of a recipe file that `load_recipe` reads back as this recipe, for the package it was made for.

    Its folder must be the golden picture's, where there is one. Raises InputError for one that is no file.
    """
    document: dict[str, object] = {
        "schema": RECIPE_SCHEMA,
        "name": short_name(recipe.name),
        "version": recipe.version,
        "model": recipe.model,
        "product": recipe.product or None,
        "code": recipe.code or None,
        "max_frame_age_s": recipe.max_frame_age_s,
        "pages": None if recipe.pages is FilePages.REFUSE else str(recipe.pages),
        "limits": limits_document(recipe.limits),
        "guard": guard_document(recipe.guard),
        "saving": asdict(recipe.saving),
        **view_document(recipe.view),
        "camera": camera_document(recipe.camera),
        "imaging": None if recipe.imaging is None else imaging_document(recipe.imaging),
        "classes": [class_document(rule, recipe.limits) for rule in recipe.rules] or None,
    }
    return toml_of({key: value for key, value in document.items() if value is not None})


def with_saving(recipe: Recipe, saving: SavingPolicy) -> Recipe:
    """The same recipe with another saving policy."""
    return _sealed(replace(recipe, saving=saving))


def with_product(recipe: Recipe, product: str) -> Recipe:
    """The same recipe for this product, by its name; the digest stays."""
    return replace(recipe, product=product)


def with_camera(recipe: Recipe, camera: CameraSetup) -> Recipe:
    """The same recipe with the camera set so. Raises InputError for a setting no recipe file could hold."""
    return _sealed(replace(recipe, camera=checked_camera(camera)))


def with_imaging(recipe: Recipe, imaging: Imaging | None) -> Recipe:
    """The same recipe watching its pictures so; None: not at all. golden.imaging_of makes one of a frame.

    Raises InputError for limits no recipe file could hold.
    """
    return _sealed(replace(recipe, imaging=None if imaging is None else checked_imaging(imaging)))


def save_recipe(path: Path, recipe: Recipe, golden: Pixels | None = None) -> Recipe:
    """Write a recipe file and, beside it, its golden picture as the camera sent it; returns the recipe as it is there.

    `golden`: H×W or H×W×3 BGR, uint8 or uint16, with the depth and mosaic of the recipe's view or its `imaging`; None:
    the file the recipe names is there already. A recipe file that is there is kept as `<stem>.v<N>.toml`, and the
    version goes up where it would not be greater. A golden picture that differs is kept as well. Each file is complete
    or not there. Raises InputError for what `load_recipe` would refuse, StorageError.
    """
    recipe = replace(recipe, name=short_name(recipe.name))
    former = _former(path)
    if former is not None:
        recipe = replace(recipe, version=max(recipe.version, former[0] + 1))
    if recipe.version > MAX_VERSION:
        raise InputError(f"The recipe {path} has version {MAX_VERSION}, the last there is.", "Save it by another name.")
    if golden is not None:
        recipe = _with_golden(path, recipe, golden)
    reference, imaging = recipe.view.reference, recipe.imaging
    text = dump_recipe(recipe)
    for picture in (p.picture for p in (reference, imaging) if p is not None):
        if not (path.parent / picture).is_file():
            raise InputError(f"The golden picture {picture} is not in {path.parent}.", "Save the recipe beside it.")
    if former is not None:
        kept = (path.with_name(f"{path.stem}.v{former[0]}{again}.toml") for again in _again())
        write_atomically(_free(kept, former[1]), former[1])
    write_atomically(path, text.encode())
    return _sealed(recipe)


def _with_golden(path: Path, recipe: Recipe, golden: Pixels) -> Recipe:
    """Write the golden picture; the recipe that names it."""
    like, view = recipe.imaging, recipe.view
    bits, bayer = (like.bits, like.bayer) if like else (0, "")
    try:
        imaging = imaging_of(golden, view.bits or bits, view.bayer or bayer, like=like)
        data = cv2.imencode(".png", golden)[1].tobytes()
    except ValueError as error:
        raise InputError(f"This picture cannot be the golden one: {error}.", "Take another one.") from error
    side, area = min(imaging.golden.shape), imaging.golden.size
    if side < MIN_GOLDEN or area > MAX_PICTURE_PX or len(data) > MAX_PICTURE_BYTES:
        raise InputError("This picture is too small or too large to be the golden one.", "Take another one.")
    stem = name_of(path.stem).replace(":", "_").replace("\\", "_")
    plain = path.with_name(f"{stem}-golden.png")
    others = (path.with_name(f"{stem}-golden.v{recipe.version}{again}.png") for again in _again())
    picture = plain if _is_free(plain, data) else _free(others, data)
    write_atomically(picture, data)
    return replace(recipe, imaging=replace(imaging, picture=picture.name, bits=bits, bayer=bayer))


def _former(path: Path) -> tuple[int, bytes] | None:
    """Version and bytes of the recipe file that is there. Raises InputError for one that is no recipe."""
    return (_read(path).version, path.read_bytes()) if path.exists() else None


def _again() -> Iterator[str]:
    """Endings of file names until one is free."""
    yield ""
    yield from (f"-{n}" for n in count(2))


def _free(paths: Iterator[Path], data: bytes) -> Path:
    return next(path for path in paths if _is_free(path, data))


def _is_free(path: Path, data: bytes) -> bool:
    """Nothing is lost by writing there. Raises StorageError."""
    try:
        return not path.exists() or path.read_bytes() == data
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}.", "Choose another folder.") from error


def _read(path: Path, text: str | None = None) -> _RecipeFile:
    return _tables(path, text)[1]


def _tables(path: Path, text: str | None = None) -> tuple[dict[str, Any], _RecipeFile]:
    shown = f"The recipe {path}"
    document = parse_toml(read_text(path, MAX_RECIPE_BYTES, shown) if text is None else text, shown)
    try:
        read = _RecipeFile.model_validate(document)
    except ValidationError as error:
        raise fault_of(shown, error.errors()[0]) from error
    if read.schema_version > RECIPE_SCHEMA:
        raise InputError(f"{shown} was made by a newer Lineside.", "Update this station.")
    return document, read


def _sealed(recipe: Recipe) -> Recipe:
    """The recipe with the digest of its contents."""
    return replace(recipe, digest=digest_of(recipe))

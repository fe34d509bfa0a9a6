"""Confirmed parts as training samples: which parts count, what they are, where their defect lies."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from sqlalchemy import select

from db.images.archive import Archive
from db.images.encoding import encode_png, pixels_digest
from db.inspections.paging import Stored, as_stored, stored_rows
from db.inspections.table import Filter, conditions
from db.recording.pending import wait_until_written
from db.store.schema import InspectionRow, ModelRow, OverrideRow
from db.store.session import Database
from engine.domain.inspection import FrameRef, Mask, Outcome, Override, Pixels
from engine.errors import InputError, PictureError
from engine.images.depth import develop
from engine.images.pages import read_named

OK_NAME = "ok"
DEFECT_NAME = "defect"
"""Class names where neither the inspector nor the model gave one."""

_NOT_ARCHIVED = "its picture was not archived"

TRUTHS = (str(Outcome.OK), str(Outcome.NG))


class Unusable(Exception):
    """A part that cannot go into an export; the message says why, for the report."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A part with an override in force that says OK or NG."""

    stored: Stored
    override: Override
    image_sha256: str | None
    pixels_sha256: str | None


@dataclass(frozen=True, slots=True)
class Roles:
    """The classes of an export, in order, and which of them are sound."""

    classes: tuple[str, ...]
    ok_classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled picture. `png`: the file's bytes; `mask`: H×W, 255 = defect, None = none or not known."""

    id: str
    label: str
    sound: bool
    png: bytes = field(repr=False)
    size: tuple[int, int]
    """Height, width."""
    mask: Mask | None = field(repr=False)
    stored: Stored
    override: Override
    group: str = ""
    """Samples of one group never cross training and test; empty = alone."""


def confirmed(db: Database, filter: Filter) -> list[Confirmed]:
    """All confirmed parts, oldest first; waits some seconds for pictures that are still being written."""
    found = _confirmed(db, filter)
    unwritten = [part.stored.inspection.id for part in found if part.stored.pending]
    if not unwritten:
        return found
    wait_until_written(db, unwritten)
    return _confirmed(db, filter)


def _confirmed(db: Database, filter: Filter) -> list[Confirmed]:
    rows = stored_rows().where(*conditions(filter), OverrideRow.outcome.in_(TRUTHS))
    found = []
    with db.session() as session:
        for row in session.execute(rows.order_by(InspectionRow.inspected_at, InspectionRow.id)):
            stored = as_stored(row)
            if stored.override is not None:
                digest = row[1].image_sha256 if stored.image else None
                found.append(Confirmed(stored, stored.override, digest, row[0].pixels_sha256))
    return found


def roles(
    db: Database, parts: Sequence[Confirmed], classes: Sequence[str] | None, ok_classes: Sequence[str] | None
) -> Roles:
    """The classes given, else the models' and then the inspectors'. Sound ones: given, else known from either."""
    versions = {p.stored.inspection.model.version for p in parts}
    with db.session() as session:
        manifests = session.scalars(select(ModelRow.classes).where(ModelRow.version.in_(versions)))
        known_sound = {c["name"] for specs in manifests for c in specs if c["role"] == "ok"}
    known_sound |= {
        p.stored.inspection.verdict.label for p in parts if p.stored.inspection.verdict.outcome is Outcome.OK
    }
    known_sound |= {p.override.label for p in parts if p.override.outcome is Outcome.OK}
    known = set(ok_classes) if ok_classes is not None else known_sound - {""}
    names: dict[str, None] = dict.fromkeys(classes or ())
    if not classes:
        for part in reversed(parts):
            names |= dict.fromkeys(part.stored.inspection.scores.classes)
        names |= dict.fromkeys(p.override.label for p in parts if p.override.label)
    if any(p.override.outcome is Outcome.OK for p in parts) and not known & set(names):
        names, known = {OK_NAME: None, **names}, known | {OK_NAME}
    if not set(names) - known:
        names[DEFECT_NAME] = None
    return Roles(tuple(names), tuple(n for n in names if n in known))


def sample(archive: Archive, part: Confirmed, known: Roles, painted: Mask | None, group: str = "") -> Sample:
    """The part as a sample. Raises Unusable, with the reason."""
    sound = part.override.outcome is Outcome.OK
    label = _label(part, known)
    png, size = _picture(archive, part)
    mask = None if sound else painted if painted is not None else _accepted(part, size)
    if mask is not None and mask.shape != size:
        raise Unusable("its mask has another size than its picture")
    if mask is not None and not mask.any():
        mask = None
    return Sample(part.stored.inspection.id, label, sound, png, size, mask, part.stored, part.override, group)


def judged_pixels(archive: Archive, part: Confirmed) -> Pixels:
    """The pixels that were inspected, as they came: H×W or H×W×3 BGR. Raises InputError where they are lost."""
    try:
        if part.stored.image is None:
            return _from_source(part)
        _archived(archive, part, part.stored.image)
        return archive.load(part.stored.image)
    except Unusable as reason:
        raise InputError(f"Part {part.stored.inspection.id} is left out: {reason}.") from reason


def _label(part: Confirmed, known: Roles) -> str:
    sound = part.override.outcome is Outcome.OK
    fitting = [c for c in known.classes if (c in known.ok_classes) == sound]
    verdict = part.stored.inspection.verdict
    label = part.override.label
    if not label:
        # Without a word from the inspector: the model's own class where it fits, or the only one there is.
        label = verdict.label if verdict.label in fitting else fitting[0] if sound or len(fitting) == 1 else ""
    if not label:
        raise Unusable("the class of its defect was not told")
    if label not in known.classes:
        raise Unusable(f"its class {label} is not one of the export's classes")
    if label not in fitting:
        raise Unusable(f"it was called {part.override.outcome}, but its class {label} says otherwise")
    return label


def _picture(archive: Archive, part: Confirmed) -> tuple[bytes, tuple[int, int]]:
    """The archived file, or the source's own one as PNG when its pixels are still those inspected.

    Where the camera stated depth or mosaic, the picture is developed as the model saw it; else the file's bytes stay.
    """
    frame = part.stored.inspection.frame
    if part.stored.image is None:
        pixels = _from_source(part)
        try:
            return _png(pixels, frame), (int(pixels.shape[0]), int(pixels.shape[1]))
        except InputError as error:
            raise Unusable(error.message) from error
    data = _archived(archive, part, part.stored.image)
    if frame.bits or frame.bayer:
        data = _png(archive.load(part.stored.image), frame, data)
    return data, (frame.height, frame.width)


def _archived(archive: Archive, part: Confirmed, image: str) -> bytes:
    """The archived file's bytes, unchanged since."""
    if part.stored.pending:
        raise Unusable("its picture is not written yet")
    try:
        data = archive.path(image).read_bytes()
    except OSError as error:
        raise Unusable(f"its archived picture cannot be read ({error.strerror})") from error
    if hashlib.sha256(data).hexdigest() != part.image_sha256:
        raise Unusable("its archived picture was changed")
    return data


def _from_source(part: Confirmed) -> Pixels:
    """The file the frame came from, when its pixels are still those inspected."""
    if part.stored.pending:
        raise Unusable("its picture is not written yet")
    name = part.stored.inspection.frame.name
    if not name:
        raise Unusable(f"its picture is lost: {part.stored.lost}" if part.stored.lost else _NOT_ARCHIVED)
    if part.pixels_sha256 is None:
        raise Unusable("its picture was not archived, and nothing tells whether the file is still the same")
    try:
        pixels: Pixels = read_named(name)
    except PictureError as error:
        raise Unusable(error.message) from error
    if pixels_digest(pixels) != part.pixels_sha256:
        raise Unusable(f"the picture {name} was changed after it was inspected")
    return pixels


def _png(pixels: Pixels, frame: FrameRef, as_it_is: bytes | None = None) -> bytes:
    """The picture as the model saw it; `as_it_is`, its own file, where nothing had to be developed."""
    try:
        shown = develop(pixels, frame.bits, frame.bayer) if frame.bits or frame.bayer else pixels
    except ValueError as error:
        raise Unusable(f"its picture cannot be developed: {error}") from error
    return as_it_is if shown is pixels and as_it_is is not None else encode_png(shown)


def _accepted(part: Confirmed, size: tuple[int, int]) -> Mask | None:
    """The union of the regions that the inspector accepted; None when nothing was told."""
    if part.override.accepted_regions is None:
        return None
    mask: Mask = np.zeros(size, np.uint8)
    regions = part.stored.inspection.regions
    for region in (regions[i] for i in part.override.accepted_regions):
        if len(region.contour) >= 3:
            cv2.fillPoly(mask, [np.array(region.contour, np.int32)], (255,))
        else:
            x, y, width, height = region.box
            mask[max(0, y) : y + height, max(0, x) : x + width] = 255
    return mask

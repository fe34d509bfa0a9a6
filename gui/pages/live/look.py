"""A part of the past with its picture, fetched on a job; and what is on screen as a file."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from db.images.archive import Archive
from db.inspections import table as inspections
from db.inspections.paging import Stored
from db.recording.recorder import Recorder
from db.store.session import Database
from engine.domain.inspection import Box, HeatMap, Inspection, Outcome, Override, Pixels
from engine.domain.recipe import Recipe
from engine.errors import InputError, LinesideError
from engine.images.depth import shown
from engine.images.thumbnails import thumbnail
from engine.recipes.digest import is_recipe
from engine.system.files import write_atomically
from gui.i18n.language import translate
from gui.widgets.pictures.filmstrip import KEPT, Exhibit
from gui.widgets.pictures.pixel_images import as_image

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What a look shows. `said` is the override in force, if any."""

    inspection: Inspection
    pixels: Pixels
    heat: HeatMap | None
    said: Override | None = None
    heat_box: Box | None = None
    """What of the picture `heat` covers edge to edge; None = all of it."""


def fetch(
    db: Database, archive: Archive, recorder: Recorder | None, inspection: Inspection, recipe: Recipe | None
) -> Look:
    """The part's picture from memory, else from the archive. Raises InputError where it was not kept.

    `recipe`: the one in force, which says where the map lies if it judged this part too.
    """
    box = recipe.view.heat_box if is_recipe(recipe, inspection.recipe) else None
    stored = inspections.get(db, inspection.id)
    said = stored.override if stored else None
    recent = recorder.recent(inspection.id) if recorder is not None else None
    if recent is not None:
        return Look(inspection, shown(recent[0].pixels, inspection.frame), recent[1], said, box)
    if stored is None or stored.image is None:
        raise _missing(stored)
    heat = archive.load_heat(stored.heat) if stored.heat else None
    return Look(inspection, shown(archive.load(stored.image), inspection.frame), heat, said, box)


def _missing(stored: Stored | None) -> InputError:
    if stored is not None and stored.lost:
        lost = translate("Live", "The picture of this part is lost: {why}.").format(why=stored.lost)
        return InputError(lost, translate("Live", "Its verdict is stored."))
    return InputError(
        translate("Live", "The picture of this part was not kept."),
        translate("Live", "The recipe's saving policy says which ones are."),
    )


def recall(db: Database, archive: Archive) -> list[Exhibit]:
    """The last NG and REVIEW parts that are stored, newest first, as the film strip shows them."""
    wanted = inspections.Filter(outcomes=frozenset({Outcome.NG, Outcome.REVIEW}))
    found = []
    for stored in inspections.page(db, wanted, limit=KEPT).rows:
        said = stored.override.outcome if stored.override else None
        found.append(Exhibit(stored.inspection, _thumbnail(archive, stored), said))
    return found


def _thumbnail(archive: Archive, stored: Stored) -> QImage | None:
    """A small picture from the archive; None where it was not kept or cannot be read any more."""
    if stored.image is None:
        return None
    try:
        return as_image(thumbnail(shown(archive.load(stored.image), stored.inspection.frame)))
    except LinesideError as error:
        log.warning("no thumbnail: %s", error)
        return None


def small_pictures(recorder: Recorder, wanted: Sequence[str]) -> list[tuple[str, QImage]]:
    """Small pictures of these inspections, of those whose frames are still in memory."""
    found = []
    for inspection_id in wanted:
        recent = recorder.recent(inspection_id)
        if recent is not None:
            frame = recent[0]
            found.append((inspection_id, as_image(thumbnail(frame.pixels, frame.bits, frame.bayer))))
    return found


def save_snapshot(folder: Path, picture: NDArray[Any], inspection: Inspection, at: datetime) -> Path:
    """Write what is on screen (H×W×3 BGR) as a PNG; returns its path. Raises StorageError."""
    name = f"{at.astimezone():%Y-%m-%d_%H-%M-%S}_{inspection.verdict.outcome}_{inspection.id[-6:]}.png"
    path = folder / name.replace(" ", "-")
    write_atomically(path, cv2.imencode(".png", picture)[1].tobytes())
    return path

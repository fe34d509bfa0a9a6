"""A part with its picture as it is looked at; one of the past is fetched on a job."""

from __future__ import annotations

from dataclasses import dataclass

from db.images.archive import Archive
from db.inspections import table as inspections
from db.inspections.paging import Stored
from db.recording.recorder import Recorder
from db.store.session import Database
from engine.domain.inspection import Box, HeatMap, Inspection, Override, Pixels
from engine.domain.recipe import Recipe
from engine.errors import InputError
from engine.images.depth import shown
from engine.recipes.digest import is_recipe
from gui.i18n.language import translate


@dataclass(frozen=True, slots=True, eq=False)
class LiveLook:
    """What a look shows. `said` is the override in force, if any."""

    inspection: Inspection
    pixels: Pixels
    heat: HeatMap | None
    said: Override | None = None
    heat_box: Box | None = None
    """What of the picture `heat` covers edge to edge; None = all of it."""

    @property
    def map(self) -> HeatMap | None:
        """`heat` as it is shown: not of a part the model does not know, where it would show where a class is not."""
        return None if self.inspection.verdict.unknown else self.heat


def fetch(
    db: Database, archive: Archive, recorder: Recorder | None, inspection: Inspection, recipe: Recipe | None
) -> LiveLook:
    """The part's picture from memory, else from the archive. Raises InputError where it was not kept.

    `recipe`: the one in force, which says where the map lies if it judged this part too.
    """
    box = recipe.view.heat_box if is_recipe(recipe, inspection.recipe) else None
    stored = inspections.get(db, inspection.id)
    said = stored.override if stored else None
    recent = recorder.recent(inspection.id) if recorder is not None else None
    if recent is not None:
        return LiveLook(inspection, shown(recent[0].pixels, inspection.frame), recent[1], said, box)
    if stored is None or stored.image is None:
        raise _missing(stored)
    heat = archive.load_heat(stored.heat) if stored.heat else None
    return LiveLook(inspection, shown(archive.load(stored.image), inspection.frame), heat, said, box)


def _missing(stored: Stored | None) -> InputError:
    if stored is not None and stored.lost:
        lost = translate("Live", "The picture of this part is lost: {why}.").format(why=stored.lost)
        return InputError(lost, translate("Live", "Its verdict is stored."))
    return InputError(
        translate("Live", "The picture of this part was not kept."),
        translate("Live", "The recipe's saving policy says which ones are."),
    )

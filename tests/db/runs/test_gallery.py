"""What a report shows: every inspection in its order, and pictures of the first parts that were not OK."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from db.runs.gallery import Gallery
from engine import events
from engine.domain.inspection import Frame, Inspection, Outcome, Prediction
from engine.domain.recipe import Recipe
from engine.reports.run import GALLERY
from tests.db import make


class Notes:
    """A recorder that notes what it is given."""

    def __init__(self) -> None:
        self.given: list[tuple[Inspection, Recipe, Frame | None, Prediction | None]] = []
        self.flushed = 0

    def __call__(
        self, inspection: Inspection, recipe: Recipe, frame: Frame | None, prediction: Prediction | None
    ) -> None:
        self.given.append((inspection, recipe, frame, prediction))

    def flush(self) -> None:
        self.flushed += 1


def pictures(outcomes: list[Outcome]) -> list[bytes | None]:
    """What the gallery has of parts with these verdicts."""
    gallery = Gallery(Notes())
    for number, outcome in enumerate(outcomes):
        made = make.inspection(number, outcome)
        gallery(made, make.recipe(), make.frame_of(made), None)
        gallery.take(events.Inspected(made))
    return [entry.picture for entry in gallery.entries]


def test_everything_goes_on_to_the_recorder_inside() -> None:
    notes, recipe = Notes(), make.recipe()
    gallery, made = Gallery(notes), make.inspection()
    frame, seen = make.frame_of(made), make.prediction_of(made)
    gallery(made, recipe, frame, seen)
    assert notes.given == [(made, recipe, frame, seen)]
    assert notes.flushed == 0
    gallery.flush()
    assert notes.flushed == 1


def test_only_what_is_not_ok_has_a_picture() -> None:
    found = pictures([Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT, Outcome.OK])
    assert [bool(picture) for picture in found] == [False, True, True, True, False]


@pytest.mark.parametrize("sound", [0, 5], ids=["defects alone", "sound parts before"])
def test_so_many_pictures_are_made_and_no_more(sound: int) -> None:
    found = pictures([Outcome.OK] * sound + [Outcome.NG] * (GALLERY + 3))
    assert [bool(picture) for picture in found] == [False] * sound + [True] * GALLERY + [False] * 3


def test_a_part_of_which_no_picture_came_is_listed_without_one() -> None:
    gallery, made = Gallery(Notes()), make.inspection(1, Outcome.NO_VERDICT)
    gallery(made, make.recipe(), None, None)
    gallery.take(events.Inspected(made))
    assert [(entry.inspection, entry.picture) for entry in gallery.entries] == [(made, None)]


def test_a_picture_shows_the_heat_where_the_model_saw_it() -> None:
    made, drawn = make.inspection(regions=()), list[bytes]()
    for prediction in (None, make.prediction_of(made)):
        gallery = Gallery(Notes())
        gallery(made, make.recipe(), make.frame_of(made), prediction)
        gallery.take(events.Inspected(made))
        drawn += [entry.picture for entry in gallery.entries if entry.picture]
    grey, heated = (cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR) for picture in drawn)
    assert grey is not None and heated is not None
    assert np.ptp(grey.astype(int), axis=2).max() < 10 < np.ptp(heated.astype(int), axis=2).max()


def test_only_inspections_are_listed() -> None:
    gallery = Gallery(Notes())
    gallery.take(events.Paused())
    assert gallery.entries == []

"""Sub-folders against verdicts: names of the model's classes, names that only say sound or defective, and others."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.domain.inspection import Outcome
from engine.statistics.shares import Share
from gui.pages.scan.results.summary import summarise, worst_first
from gui.pages.scan.rows import ScanRow, row_of
from tests.db import make

OK, NG, REVIEW, NONE = Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT
CLASSES, SOUND = ("good", "scratch"), ("good",)


def row(folder: str, outcome: Outcome, label: str | None = None, number: int = 0) -> ScanRow:
    made = make.inspection(number, outcome, label=label, name=f"/scan/{folder}/{number}.png")
    return row_of(made, Path("/scan"))


@pytest.mark.parametrize(
    ("folder", "outcome", "label", "differs"),
    [
        ("good", OK, None, False),
        ("good", NG, None, True),
        ("scratch", NG, None, False),
        ("scratch", NG, "good", True),
        ("ok_front", OK, None, False),
        ("ok_front", NG, None, True),
        ("ok_front", REVIEW, None, True),
        ("ok", OK, "ok", False),
        ("i.O.", OK, None, False),
        ("def_front", NG, None, False),
        ("def_front", REVIEW, None, False),
        ("def_front", OK, None, True),
        ("NG", NONE, None, False),
        ("strange", OK, None, True),
        ("strange", NG, None, True),
    ],
)
def test_folder_differs_from_the_verdict(folder: str, outcome: Outcome, label: str | None, differs: bool) -> None:
    assert row(folder, outcome, label).differs is differs


@pytest.mark.parametrize(
    ("folders", "truth"),
    [
        ("line1/ok", "ok"),
        ("line1/shift 2/NG", "NG"),
        ("2026/scratch", "scratch"),
        ("ok/lot1", "ok"),
        ("a/b", "a"),
        ("ng/ok", "ng"),
    ],
)
def test_folders_below_lots_that_say_nothing_are_what_the_parts_are(folders: str, truth: str) -> None:
    found = row(folders, OK)
    assert (found.truth, found.name) == (truth, f"{folders}/0.png")


def test_what_a_person_said_of_the_outermost_folders_goes_before_those_below() -> None:
    made = make.inspection(0, OK, name="/scan/line1/ok/0.png")
    found = row_of(made, Path("/scan"), frozenset({"line2"}))
    assert (found.truth, found.told) == ("line1", False)


def test_names_that_only_say_sound_or_defective_are_truths_to_every_model() -> None:
    rows = [
        *(row("ok_front", OK, number=n) for n in range(5)),
        row("ok_front", NG, number=5),
        *(row("def_front", NG, number=n) for n in range(6, 9)),
        row("def_front", OK, number=9),
        row("def_front", NONE, number=10),
    ]
    found = summarise(rows, CLASSES, SOUND)
    assert found.agreed == Share(8, 10)
    assert (found.mistakes.escapes, found.mistakes.overkill) == (Share(1, 4), Share(1, 6))
    assert found.table is not None and found.table.rows == CLASSES
    assert found.table.counts == ((5, 1, 0, 0), (1, 3, 0, 1))


def test_matrix_has_all_four_outcomes_and_the_figures_tell_of_what_is_left_to_a_person() -> None:
    rows = [
        row("good", OK, number=0),
        row("good", NG, number=1),
        *(row("good", REVIEW, "good", number=n) for n in (2, 3)),
        row("scratch", NG, number=4),
        row("scratch", REVIEW, "scratch", number=5),
        *(row("scratch", NONE, number=n) for n in (6, 7, 8)),
    ]
    found = summarise(rows, CLASSES, SOUND)
    assert found.table is not None
    assert found.table.columns == ("good", "scratch", "REVIEW", "NO VERDICT")
    assert found.table.counts == ((1, 1, 2, 0), (0, 1, 1, 3))
    assert found.table.aside == 2 and found.table.agree == {(0, 0), (1, 1)}
    assert found.agreed == Share(2, 6), "a part that a person must decide is not as the folder says"
    assert (found.review, found.no_verdict) == (Share(3, 9), Share(3, 9))


def test_class_named_as_an_outcome_is_counted_apart() -> None:
    found = summarise([row("REVIEW", NG, "REVIEW"), row("REVIEW", REVIEW, "REVIEW")], ("ok", "REVIEW"), ("ok",))
    assert found.table is not None and found.table.counts == ((1, 1, 0),)


def test_defective_of_an_untold_kind_is_no_class_where_the_model_knows_several() -> None:
    classes = (*CLASSES, "pit")
    found = summarise([row("n.i.O.", NG), row("good", OK), row("Gut", OK)], classes, SOUND)
    assert found.agreed == Share(3, 3) and found.mistakes.escapes == Share(0, 1)
    assert found.table is not None and "n.i.O." in found.table.rows and "Gut" not in found.table.rows


def test_model_without_a_sound_class_calls_sound_parts_ok() -> None:
    found = summarise([row("normal", OK, "ok"), row("scratch", NG)], ("scratch", "pit"), ())
    assert found.agreed == Share(2, 2) and found.mistakes.overkill == Share(0, 1)
    assert found.table is not None and found.table.rows == ("scratch", "ok")


def test_folders_that_say_nothing_are_shown_against_the_verdict() -> None:
    found = summarise([row("lot1", OK), row("lot2", NG)], CLASSES, SOUND)
    assert (found.agreed, found.mistakes.total) == (Share(0, 0), 0)
    assert found.table is not None and found.table.rows == ("lot1", "lot2")
    assert found.table.columns == ("OK", "NG", "REVIEW", "NO VERDICT")
    assert found.table.counts == ((1, 0, 0, 0), (0, 1, 0, 0))


def test_worst_pictures_begin_with_escapes_and_overkill_by_folder() -> None:
    rows = [
        row("strange", NG, number=0),
        row("ok_front", NG, number=1),
        row("NG", OK, number=2),
        row("OK", OK, number=3),
    ]
    ranked = worst_first(rows, SOUND, CLASSES)
    assert [r.truth for r in ranked] == ["NG", "ok_front", "strange"]

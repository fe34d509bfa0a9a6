"""Drafts, without a window: what a key does to one, and what keeping it writes."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from db.inspections.paging import Stored
from engine.domain.inspection import Outcome, Override
from engine.errors import UsageError
from gui.pages.review.word.session import (
    NEW_CLASSES_KEPT,
    Draft,
    ReviewSession,
    chosen,
    override_from,
    standing_regions,
)
from gui.viewer.picture import OpenedPart
from tests.unit.gui.pages.parts import NOON, inspection, override, stored

OK, NG, REVIEW, NONE = Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT
MASK = np.full((4, 4), 255, np.uint8)


class Session(ReviewSession):
    """A session that keeps what it told and how often it changed."""

    def __init__(self, names: Sequence[str] = ("sound", "scratch", "pit"), sound: Sequence[str] = ("sound",)) -> None:
        self.manifest: Any = SimpleNamespace(class_names=tuple(names), ok_classes=tuple(sound))
        self.told: list[tuple[str, str, str]] = []
        self.changes = 0
        super().__init__(lambda: self.manifest, lambda *said: self.told.append(said), self._count)

    def _count(self) -> None:
        self.changes += 1

    def show(self, part: Stored, **more: Any) -> None:
        self.open(OpenedPart(part, **more))
        self.changes = 0


@pytest.fixture
def session() -> Session:
    """With an NG part of three regions on screen."""
    made = Session()
    made.show(stored(inspection("1", NG, "scratch", regions=3)))
    return made


def taken(session: Session) -> Override:
    found = session.take("anna", NOON)
    assert found is not None
    return found[0]


# ── the draft itself ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "draft", [Draft(outcome=OK), Draft(why="late"), Draft(accepted=frozenset()), Draft(painted=True)]
)
def test_a_draft_with_anything_to_save_is_not_empty(draft: Draft) -> None:
    assert Draft().empty and Draft(label="scratch").empty
    assert not draft.empty


def test_regions_stand_as_before_until_one_is_told() -> None:
    before = frozenset({0, 2})
    assert Draft().regions(before) == before
    assert Draft().accept(1, before).accepted == {0, 1, 2}
    assert Draft().reject(0, before).accepted == {2}
    told = Draft().reject(0, before)
    assert told.reject(2, frozenset({0, 1, 2})).accepted == frozenset(), "the draft's own count, once there is one"


def test_regions_of_the_last_word_stand_before_those_the_model_found() -> None:
    part = inspection("1", NG, regions=3)
    assert standing_regions(stored(part)) == {0, 1, 2}
    assert standing_regions(stored(part, override())) == {0, 1, 2}
    assert standing_regions(stored(part, override(accepted_regions=(1,)))) == {1}
    assert standing_regions(stored(part, override(accepted_regions=()))) == frozenset()


# ── what saving writes ───────────────────────────────────────────────────────────────────────────────────────────────
def test_nothing_chosen_confirms_what_stands() -> None:
    judged = stored(inspection("1", NG, "scratch"))
    assert chosen(Draft(), judged, "sound") == (NG, "scratch")
    assert chosen(Draft(), stored(inspection("1", OK, "odd")), "sound") == (OK, "sound")
    spoken = stored(inspection("1", NG, "scratch"), override("1", REVIEW, "x"))
    assert chosen(Draft(), spoken, "sound") == (REVIEW, "x")
    assert chosen(Draft(OK, "sound"), spoken, "sound") == (OK, "sound")


@pytest.mark.parametrize("outcome", [REVIEW, NONE])
def test_what_the_model_left_open_cannot_be_confirmed(outcome: Outcome) -> None:
    part = stored(inspection("1", outcome))
    with pytest.raises(UsageError, match="left this part to you"):
        chosen(Draft(why="so"), part, "sound")
    assert chosen(Draft(), stored(part.inspection, override("1", OK, "sound")), "sound") == (OK, "sound")


def test_an_override_names_part_person_and_time_and_trims_the_reason() -> None:
    made = override_from(Draft(NG, "pit", "  seen twice "), stored(inspection("7")), "sound", "anna", NOON)
    assert (made.inspection_id, made.operator, made.at) == ("7", "anna", NOON)
    assert (made.outcome, made.label, made.why) == (NG, "pit", "seen twice")
    assert made.accepted_regions is None and made.mask is None and made.undoes is None
    assert made.id and made.id != made.inspection_id


def test_regions_and_paint_belong_to_a_defect_only() -> None:
    part = stored(inspection("1", NG, "scratch", regions=3))
    painted = Draft(NG, "pit", accepted=frozenset({2, 0}), mask=MASK, painted=True)
    made = override_from(painted, part, "sound", "anna", NOON)
    assert made.accepted_regions == (0, 2) and made.mask is MASK
    review = override_from(Draft(REVIEW, accepted=frozenset({0}), mask=MASK, painted=True), part, "sound", "anna", NOON)
    assert review.accepted_regions is None and review.mask is None


def test_a_mask_that_was_not_touched_is_not_written() -> None:
    assert override_from(Draft(NG, "pit", mask=MASK), stored(inspection()), "sound", "anna", NOON).mask is None


def test_regions_told_last_time_are_told_again() -> None:
    part = stored(inspection("1", NG, "scratch", regions=3), override("1", NG, "scratch", accepted_regions=(1,)))
    assert override_from(Draft(NG, "pit"), part, "sound", "anna", NOON).accepted_regions == (1,)
    assert override_from(Draft(NG, accepted=frozenset()), part, "sound", "anna", NOON).accepted_regions == ()


def test_paint_on_a_part_that_is_to_be_ok_is_refused() -> None:
    with pytest.raises(UsageError, match="painted"):
        override_from(Draft(OK, mask=MASK, painted=True), stored(inspection()), "sound", "anna", NOON)
    assert override_from(Draft(OK, painted=True), stored(inspection()), "sound", "anna", NOON).outcome is OK
    assert override_from(Draft(OK, mask=MASK), stored(inspection()), "sound", "anna", NOON).outcome is OK


# ── classes ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_classes_are_the_models_defects_and_then_what_inspectors_named(session: Session) -> None:
    assert session.sound == "sound" and session.classes == ("scratch", "pit")
    session.choose(NG, "dent")
    session.choose(NG, "pit")
    assert session.classes == ("scratch", "pit", "dent")
    session.choose(REVIEW, "odd")
    session.choose(OK, "even")
    assert session.classes == ("scratch", "pit", "dent"), "only a defect's class is a class"


def test_a_class_the_model_has_been_taught_since_is_listed_once(session: Session) -> None:
    session.choose(NG, "dent")
    session.manifest = SimpleNamespace(class_names=("sound", "dent"), ok_classes=("sound",))
    assert session.classes == ("dent",)


def test_a_station_without_a_model_has_the_inspectors_words(session: Session) -> None:
    session.manifest = None
    assert session.sound == "ok" and session.classes == ()
    session.choose(NG, "dent")
    assert session.classes == ("dent",)


def test_kinds_of_earlier_corrections_are_learned_once_and_not_endlessly() -> None:
    session = Session()
    session.learn([stored(inspection(), override("1", NG, "dent")), stored(inspection())])
    assert session.classes == ("scratch", "pit", "dent") and session.changes == 1
    session.learn([stored(inspection(), override("1", NG, "dent"))])
    session.learn([stored(inspection(), override("1", OK, "even")), stored(inspection(), override("1", NG, ""))])
    assert session.classes == ("scratch", "pit", "dent") and session.changes == 1, "nothing new, nothing to draw"
    session.learn([stored(inspection(), override("1", NG, f"kind {i}")) for i in range(30)])
    assert len(session.classes) == 2 + NEW_CLASSES_KEPT and NEW_CLASSES_KEPT == 20


# ── what is on screen ────────────────────────────────────────────────────────────────────────────────────────────────
def test_each_part_keeps_its_draft(session: Session) -> None:
    session.choose(OK, "")
    session.type_why("clean")
    session.show(stored(inspection("2")))
    assert session.draft.empty
    session.show(stored(inspection("1", NG, "scratch")))
    assert session.draft == Draft(OK, "sound", "clean")


def test_without_a_part_nothing_is_drafted() -> None:
    session = Session()
    session.choose(OK, "")
    session.type_why("x")
    session.paint(MASK)
    assert session.draft.empty and session.mask is None and session.standing is None and session.says() == ""
    assert session.changes == 0 and not session.hidden


def test_the_selected_region_stays_while_more_of_the_same_part_comes(session: Session) -> None:
    session.select_region(2)
    assert session.region == 2 and session.changes == 1
    session.open(OpenedPart(stored(inspection("1", NG, "scratch", regions=3))))
    assert session.region == 2 and session.changes == 2
    session.open(OpenedPart(stored(inspection("2", NG, "scratch", regions=3))))
    assert session.region is None
    session.select_region(1)
    session.open(None)
    assert session.region is None and session.opened is None


def test_what_is_painted_now_covers_what_was_painted_before(session: Session) -> None:
    session.show(stored(inspection("1", NG)), painted=MASK)
    assert session.mask is MASK
    session.paint(None)
    assert session.mask is None and session.draft.painted
    mine = MASK.copy()
    session.paint(mine)
    mine[:] = 0
    assert session.mask is not None and session.mask.all(), "a copy: strokes go on in the canvas"


def test_a_painted_part_is_a_defect(session: Session) -> None:
    session.choose(OK, "")
    session.paint(None)
    assert session.draft.outcome is OK
    session.paint(MASK)
    assert session.draft.outcome is None and session.draft.label == ""
    session.choose(NG, "pit")
    session.paint(MASK)
    assert (session.draft.outcome, session.draft.label) == (NG, "pit")


def test_forgetting_a_draft_tells_whether_there_was_one(session: Session) -> None:
    assert not session.discard() and session.changes == 0
    session.choose(OK, "")
    session.changes = 0
    assert session.discard() and session.draft.empty and session.changes == 1


# ── blind ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_blind_hides_what_nobody_has_spoken_on(session: Session) -> None:
    assert not session.hidden
    session.set_blind(True)
    assert session.hidden
    session.show(stored(inspection("1", NG), override("1", OK)))
    assert not session.hidden


def test_blind_a_word_of_ones_own_comes_first(session: Session) -> None:
    session.set_blind(True)
    assert session.take("anna", NOON) is None
    assert session.told[-1][:2] == ("warning", "You judge blind: say your own word first.")
    session.choose(NG, "pit")
    assert taken(session).label == "pit"


# ── regions ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_regions_are_gone_through_in_a_circle(session: Session) -> None:
    seen = []
    for _ in range(4):
        session.tell_region("next")
        seen.append(session.region)
    assert seen == [0, 1, 2, 0] and session.draft.empty


def test_of_several_regions_one_is_selected_first(session: Session) -> None:
    session.tell_region("reject")
    assert session.told == [("info", "No region is selected.", "Click one, or press G for the next.")]
    assert session.draft.accepted is None and session.standing is None
    session.select_region(1)
    session.tell_region("reject")
    assert session.standing == {0, 2}
    session.tell_region("accept")
    assert session.standing == {0, 1, 2}


def test_a_lone_region_needs_no_selecting(session: Session) -> None:
    session.show(stored(inspection("2", NG, regions=1)))
    session.tell_region("reject")
    assert session.region == 0 and session.standing == frozenset() and session.told == []


def test_where_there_is_no_region_the_brush_is_named(session: Session) -> None:
    session.show(stored(inspection("2", NG)))
    session.tell_region("next")
    session.show(stored(inspection("1", NG, regions=2)))
    session.set_blind(True)
    session.tell_region("next")
    session.open(None)
    session.tell_region("next")
    none, hidden = "This part has no regions.", "The regions are hidden while you judge blind."
    brush = "Paint the defect with the brush (B)."
    assert session.told == [("info", none, brush), ("info", hidden, brush), ("info", none, brush)]
    assert session.region is None


def test_standing_regions_show_once_somebody_told_them(session: Session) -> None:
    session.show(stored(inspection("1", NG, regions=3), override("1", NG, accepted_regions=(0,))))
    assert session.standing == {0}
    session.show(stored(inspection("1", NG, regions=3), override("1", NG)))
    assert session.standing is None
    session.show(stored(inspection("2", NG, regions=3)))
    session.select_region(0)
    session.tell_region("accept")
    assert session.standing == {0, 1, 2}
    session.set_blind(True)
    assert session.standing is None


# ── keeping ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_draft_is_taken_once_until_it_is_kept_or_failed(session: Session) -> None:
    session.choose(NG, "pit")
    first = taken(session)
    assert (first.outcome, first.label, first.operator, first.at) == (NG, "pit", "anna", NOON)
    assert session.take("anna", NOON) is None and session.told == []
    session.failed({"1"})
    assert session.draft.label == "pit", "what could not be stored is still there"
    assert taken(session).label == "pit"
    session.kept(override("1", NG, "pit"))
    assert taken(session).label == "pit", "nothing chosen confirms the word in force"


def test_a_kept_word_is_in_force_at_once(session: Session) -> None:
    session.choose(NG, "pit")
    session.changes = 0
    session.kept(override("1", NG, "pit", mask=MASK))
    assert session.draft.empty and session.changes == 1
    assert session.opened is not None and session.opened.stored.override is not None
    assert session.opened.stored.override.label == "pit" and session.mask is MASK


def test_a_word_kept_on_another_part_leaves_the_screen(session: Session) -> None:
    session.choose(NG, "pit")
    session.show(stored(inspection("2")))
    session.kept(override("1", NG, "pit"))
    assert session.changes == 0 and session.opened is not None and session.opened.stored.override is None
    session.show(stored(inspection("1", NG, "scratch")))
    assert session.draft.empty


def test_the_mask_of_the_word_before_goes_along_unless_it_was_painted_anew(session: Session) -> None:
    before = override("1", NG, "scratch")
    session.show(stored(inspection("1", NG), before))
    found = session.take("anna", NOON)
    assert found is not None and found[1] is before
    session.failed({"1"})
    session.paint(MASK)
    found = session.take("anna", NOON)
    assert found is not None and found[1] is None


def test_what_cannot_be_saved_is_told_and_can_be_mended(session: Session) -> None:
    session.show(stored(inspection("3", REVIEW)))
    assert session.take("anna", NOON) is None
    assert session.told == [
        ("warning", "The model left this part to you.", "Choose OK (O) or a class (N or a digit), then save.")
    ]
    session.choose(OK, "")
    assert taken(session).label == "sound"


def test_without_a_part_there_is_nothing_to_keep() -> None:
    assert Session().take("anna", NOON) is None


def test_several_parts_need_a_verdict(session: Session) -> None:
    assert session.take_for({"1", "2"}) is None
    assert session.told == [("warning", "Nothing is chosen for these parts.", "Press O, R, N or a digit first.")]
    session.choose(NG, "pit")
    draft = session.take_for({"1", "2"})
    assert draft is not None and draft.label == "pit"
    assert session.take_for({"2", "3"}) is None and session.take("anna", NOON) is None
    session.kept_many({"1", "2"}, ("2",))
    assert session.draft.label == "pit", "part 1 was not reached"
    assert session.take_for({"1"}) is not None
    session.kept_many({"1"}, ("1",))
    assert session.draft.empty


@pytest.mark.parametrize(
    ("outcome", "label", "words"), [(OK, "", "OK"), (NG, "pit", "NG pit"), (NG, "", "NG"), (REVIEW, "", "REVIEW")]
)
def test_the_verdict_chosen_is_said_in_words(session: Session, outcome: Outcome, label: str, words: str) -> None:
    session.choose(outcome, label)
    assert session.says() == words

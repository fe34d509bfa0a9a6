"""The steps of the guided start: each waits for its own act, and says what it waits for."""

from __future__ import annotations

import pytest

from gui.window.tour.presenter import ABOUT, CHOOSE, LOOK, OVERRULE, READ, START, UNDO, Tour


class Watched(Tour):
    """A tour that counts how often the card was drawn anew."""

    def __init__(self, practises: bool = True) -> None:
        self.real, self.shown = practises, 0
        super().__init__(lambda: self.real, self._count)

    def _count(self) -> None:
        self.shown += 1


@pytest.fixture
def tour() -> Watched:
    made = Watched()
    made.begin("Stopped")
    return made


def at(tour: Watched, step: int) -> Watched:
    tour.step = step
    tour.shown = 0
    return tour


def test_nothing_is_said_before_it_begins() -> None:
    tour = Watched()
    tour.line_is("Running")
    tour.part_came()
    tour.in_force("1")
    assert (tour.on, tour.step, tour.shown, tour.seen.part, tour.wants_word) == (False, START, 0, False, False)


def test_it_begins_anew_from_the_first_step() -> None:
    tour = Watched()
    tour.seen.part = tour.seen.looked = True
    tour.step = LOOK
    tour.begin("Stopped")
    assert (tour.on, tour.step, tour.shown) == (True, START, 1)
    assert not tour.seen.part and not tour.seen.looked


def test_leaving_it_tells_whether_it_was_on(tour: Watched) -> None:
    assert tour.leave() and not tour.on
    assert not tour.leave()


@pytest.mark.parametrize(
    ("began", "acts", "others"),
    [
        ("Stopped", "Running", ("Loading", "Paused", "Stopped")),
        ("Failed", "Running", ("Loading", "Failed")),
        ("Running", "Paused", ("Running", "Loading")),
        ("Paused", "Paused", ("Running",)),
        ("Lost", "Paused", ("Running",)),
        ("Loading", "Paused", ("Running",)),
    ],
)
def test_the_first_act_is_to_start_the_line_or_to_pause_one_that_runs(
    began: str, acts: str, others: tuple[str, ...]
) -> None:
    tour = Watched()
    tour.begin(began)
    for state in others:
        tour.line_is(state)
        assert tour.step == START
    shown = tour.shown
    tour.line_is(acts)
    assert tour.step == READ and tour.shown == shown + 1
    title = tour.saying(has_past=False).title
    assert title == "Read the verdict"


@pytest.mark.parametrize(("state", "title"), [("Stopped", "Start the line"), ("Lost", "Pause the line")])
def test_the_first_card_says_which(state: str, title: str) -> None:
    tour = Watched()
    tour.begin(state)
    said = tour.saying(has_past=False)
    assert said.title == title and "Space" in said.words and said.place == "1 of 5" and not said.ahead


def test_the_line_moves_nothing_later_on(tour: Watched) -> None:
    at(tour, OVERRULE).line_is("Running")
    assert (tour.step, tour.shown) == (OVERRULE, 0)


def test_a_line_that_is_no_practice_moves_nothing() -> None:
    tour = Watched(practises=False)
    tour.begin("Stopped")
    tour.shown = 0
    tour.line_is("Running")
    assert (tour.step, tour.shown) == (START, 0)


def test_the_verdict_is_read_once_a_part_came(tour: Watched) -> None:
    at(tour, READ)
    assert tour.waits and not tour.saying(has_past=False).ahead
    tour.part_came()
    tour.part_came()
    assert tour.shown == 1 and not tour.waits and tour.saying(has_past=False).ahead
    tour.ahead()
    assert tour.step == OVERRULE


def test_a_word_and_its_taking_back_are_two_acts(tour: Watched) -> None:
    at(tour, OVERRULE)
    assert tour.wants_word
    tour.in_force("")
    assert tour.step == OVERRULE
    tour.in_force("5")
    assert (tour.step, tour.seen.said, tour.shown) == (UNDO, "5", 1)
    assert tour.wants_word
    tour.in_force("5")
    tour.in_force("6")
    assert tour.step == UNDO, "another word is no undo"
    tour.in_force("4")
    assert tour.step == LOOK, "an earlier word is in force again"
    assert not tour.wants_word


def test_no_word_in_force_any_more_is_an_undo_too(tour: Watched) -> None:
    at(tour, UNDO).seen.said = "5"
    tour.in_force("")
    assert tour.step == LOOK


def test_words_count_only_while_it_is_on_and_at_their_steps(tour: Watched) -> None:
    at(tour, LOOK).in_force("1")
    assert tour.step == LOOK
    for step in (OVERRULE, UNDO):
        at(tour, step).seen.said = "5"
        tour.on = False
        tour.in_force("3")
        assert tour.step == step and not tour.wants_word
        tour.on = True


def test_a_look_and_back_is_the_last_act(tour: Watched) -> None:
    at(tour, LOOK)
    tour.looking(False)
    assert tour.step == LOOK
    tour.looking(True)
    assert tour.step == LOOK and tour.seen.looked
    tour.looking(False)
    assert tour.step == CHOOSE


def test_looks_before_their_step_do_not_count(tour: Watched) -> None:
    at(tour, UNDO).looking(True)
    assert not tour.seen.looked
    tour.real = False
    at(tour, LOOK).looking(True)
    assert not tour.seen.looked


def test_the_reader_does_not_pass_an_act(tour: Watched) -> None:
    for step in (START, OVERRULE, UNDO, LOOK, CHOOSE):
        at(tour, step).ahead()
        assert tour.step == step and tour.waits


def test_a_real_source_is_only_explained() -> None:
    tour = Watched(practises=False)
    tour.begin("Running")
    for step in (READ, OVERRULE, UNDO, LOOK, CHOOSE):
        assert not tour.waits and tour.saying(has_past=False).ahead and not tour.wants_word
        tour.ahead()
        assert tour.step == step
    assert tour.waits


def test_every_step_says_what_to_do_and_what_it_is_about(tour: Watched) -> None:
    titles = {START: "Start", READ: "Read", OVERRULE: "Overrule", UNDO: "Take it back", LOOK: "Look back"}
    keys = {START: "Space", READ: "OK, NG or REVIEW", OVERRULE: "Press O", UNDO: "Ctrl+Z", LOOK: "→"}
    for step, title in titles.items():
        said = at(tour, step).saying(has_past=True)
        assert said.title.startswith(title) and keys[step] in said.words and said.place == f"{step + 1} of 5"
    assert ABOUT == {
        START: ("run",),
        READ: ("banner",),
        OVERRULE: ("ok", "ng"),
        UNDO: ("undo",),
        LOOK: ("film",),
        5: (),
    }


def test_an_empty_film_strip_is_said(tour: Watched) -> None:
    said = at(tour, LOOK).saying(has_past=False)
    assert "gather at the bottom" in said.words and "→" not in said.words


def test_at_the_end_there_is_a_choice_and_no_step(tour: Watched) -> None:
    said = at(tour, CHOOSE).saying(has_past=True)
    assert said.place == "" and not said.ahead and "inspect?" in said.title and "?" in said.words

"""What stands on the Live page and whom a word is about, without a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine import events
from engine.domain.inspection import Frame, Inspection, Outcome, Override, Verdict
from gui.pages.live.look import LiveLook
from gui.pages.live.presenter import LivePresenter, Run
from tests.unit.gui.pages.parts import NOON, inspection, override

OK, NG, REVIEW, NONE = Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT


class View:
    """The page: what it shows now."""

    def __init__(self) -> None:
        self.film: dict[str, Inspection] = {}
        self.shown = self.selected = self.bar = self.note = self.said = ""
        self.verdict: Verdict | None = None
        self.greyed = self.counting = self.trigger = False
        self.run: Run | None = None
        self.marks: dict[str, Outcome | None] = {}
        self.asked: tuple[str, tuple[str, ...]] | None = None

    def show_look(self, look: LiveLook, note: str) -> None:
        self.shown = look.inspection.id
        self.say_verdict(look.inspection.verdict, note)

    def say_verdict(self, verdict: Verdict, note: str = "") -> None:
        self.verdict, self.note = verdict, note

    def grey(self, greyed: bool) -> None:
        self.greyed = greyed

    def tell(self, text: str) -> None:
        self.said = text

    def add_part(self, event: events.Inspected) -> None:
        self.film[event.inspection.id] = event.inspection

    def in_film(self, inspection_id: str) -> Inspection | None:
        return self.film.get(inspection_id)

    def select_film(self, inspection_id: str) -> None:
        self.selected = inspection_id

    def mark_film(self, inspection_id: str, said: Outcome | None) -> None:
        self.marks[inspection_id] = said

    def open_look(self, part: str) -> None:
        self.bar = part

    def close_look(self) -> None:
        self.bar = ""

    def show_run(self, run: Run) -> None:
        self.run = run

    def show_trigger(self, shown: bool) -> None:
        self.trigger = shown

    def count_down(self, on: bool) -> None:
        self.counting = on

    def ask_which(self, part: str, labels: Sequence[str]) -> None:
        self.asked = part, tuple(labels)


class Words:
    """What was said: kept in a list instead of a database."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Outcome, str]] = []
        self.known: dict[str, str] = {}
        self.labels: tuple[str, ...] = ()

    def say(self, part: Inspection, outcome: Outcome, label: str) -> None:
        self.said.append((part.id, outcome, label))

    def know(self, said: Override) -> None:
        self.known[said.inspection_id] = said.label

    def note_of(self, inspection_id: str) -> str:
        return self.known.get(inspection_id, "")


class Bench:
    """The presenter with all it is given."""

    def __init__(self, package: Any = None) -> None:
        self.view, self.words, self.now = View(), Words(), 0.0
        self.line = SimpleNamespace(state="Running", fired=0, trigger=SimpleNamespace(fire=self._fire))
        self.fetching: list[tuple[Inspection, Callable[[LiveLook], None]]] = []
        self.live = LivePresenter(
            self.view,
            self.words,  # type: ignore[arg-type]
            self.line,  # type: ignore[arg-type]
            lambda: package,
            lambda part, done: self.fetching.append((part, done)),
            lambda: self.now,
        )

    def _fire(self) -> None:
        self.line.fired += 1

    def picture(self, part: Inspection) -> None:
        frame = Frame(np.zeros((4, 4), np.uint8), "demo:", 1, NOON)
        self.live.show_picture(events.Picture(frame, None, part))

    def judge(self, part: Inspection) -> None:
        self.live.follow([events.Inspected(part)])

    def fetched(self, said: Override | None = None) -> None:
        part, done = self.fetching.pop()
        done(LiveLook(part, np.zeros((4, 4), np.uint8), None, said))


@pytest.fixture
def bench() -> Bench:
    names, sound = ("sound", "scratch", "pit"), ("sound",)
    return Bench(SimpleNamespace(manifest=SimpleNamespace(class_names=names, ok_classes=sound)))


# ── the newest part ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_newest_picture_is_on_screen_with_its_verdict_and_word(bench: Bench) -> None:
    assert bench.live.target is None and bench.live.look is None
    bench.words.known["1"] = "your word"
    bench.picture(inspection("1", NG))
    assert (bench.view.shown, bench.view.note, bench.view.greyed) == ("1", "your word", False)
    assert bench.view.verdict is not None and bench.view.verdict.outcome is NG
    assert bench.live.target is not None and bench.live.target.id == "1"


def test_a_part_without_a_verdict_greys_what_is_on_screen(bench: Bench) -> None:
    bench.picture(inspection("1", at=1))
    bench.judge(inspection("2", NONE, at=2))
    assert bench.view.greyed and bench.view.verdict is not None and bench.view.verdict.outcome is NONE
    assert "2" in bench.view.film, "it is in the film strip too"
    bench.picture(inspection("1", at=1))
    assert bench.view.greyed and bench.view.verdict.outcome is NONE, "an older picture changes nothing"
    bench.picture(inspection("3", at=2))
    assert not bench.view.greyed and bench.view.verdict.outcome is OK, "one as new as the doubt stands for itself"


def test_a_part_with_a_verdict_greys_nothing(bench: Bench) -> None:
    bench.picture(inspection("1"))
    for outcome in (OK, NG, REVIEW):
        bench.judge(inspection("2", outcome, at=5))
    assert not bench.view.greyed and bench.view.verdict is not None and bench.view.verdict.outcome is OK


@pytest.mark.parametrize("state", ["Lost", "Failed"])
def test_a_picture_that_comes_late_does_not_hide_the_trouble(bench: Bench, state: str) -> None:
    bench.live.follow([events.Lost("unplugged", 5.0)])
    bench.line.state = state
    bench.picture(inspection("1"))
    assert bench.view.shown == "1" and bench.view.greyed
    assert bench.view.verdict is not None and bench.view.verdict.outcome is NONE
    said = {"Lost": "unplugged", "Failed": "the station stopped; Space starts it again"}
    assert bench.view.verdict.reasons == (said[state],)


def test_a_picture_of_a_line_that_is_lost_is_grey_before_it_is_said_why(bench: Bench) -> None:
    bench.line.state = "Lost"
    bench.picture(inspection("1"))
    assert bench.view.greyed and bench.view.verdict is not None and bench.view.verdict.outcome is OK


# ── a lost source ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("waited", "note"),
    [(0.0, "next try in 5 s"), (2.0, "next try in 3 s"), (4.5, "next try in 0 s"), (4.6, "trying again now")],
)
def test_a_lost_source_is_waited_for_by_the_second(bench: Bench, waited: float, note: str) -> None:
    bench.live.follow([events.Lost("unplugged", 5.0)])
    assert bench.view.counting and bench.view.greyed and bench.view.note == "next try in 5 s"
    bench.now += waited
    bench.live.show_lost()
    assert bench.view.note == note
    bench.now += 60
    bench.live.show_lost()
    assert bench.view.note == "trying again now"


@pytest.mark.parametrize("event", [events.Recovered("demo:"), events.Started("demo:", inspection().model)])
def test_a_source_that_is_back_is_lost_no_more(bench: Bench, event: events.StationEvent) -> None:
    bench.live.follow([events.Lost("unplugged", 5.0), event])
    bench.view.verdict = None
    bench.live.show_lost()
    assert not bench.view.counting and bench.view.verdict is None


def test_other_events_leave_the_countdown_alone(bench: Bench) -> None:
    bench.live.follow([events.Lost("unplugged", 5.0), events.Paused()])
    assert bench.view.counting


# ── the line's state ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("state", "run"),
    [
        ("Running", Run("Pause", "pause", True, True, True, "No picture yet. Space starts.")),
        ("Paused", Run("Go on", "play", True, True, False, "No picture yet. Space starts.")),
        ("Lost", Run("Pause", "pause", False, True, False, "No picture yet. Space starts.")),
        ("Loading", Run("Start", "play", False, False, False, "Getting ready…")),
        ("Stopped", Run("Start", "play", True, False, False, "No picture yet. Space starts.")),
        ("Failed", Run("Start again", "play", True, False, False, "No picture yet. Space starts.")),
    ],
)
def test_the_buttons_say_what_the_line_can_do_now(bench: Bench, state: str, run: Run) -> None:
    bench.live.line_is(state)
    assert bench.view.run == run


@pytest.mark.parametrize(("state", "on"), [("Stopped", False), ("Failed", False), ("Lost", True), ("Running", True)])
def test_a_line_that_is_over_waits_for_no_source(bench: Bench, state: str, on: bool) -> None:
    bench.view.counting = True
    bench.live.line_is(state)
    assert bench.view.counting is on


def test_a_failed_station_is_said_large_unless_somebody_looks_at_the_past(bench: Bench) -> None:
    bench.live.line_is("Failed")
    assert bench.view.greyed and bench.view.verdict is not None and bench.view.verdict.outcome is NONE
    bench.judge(inspection("1", NG))
    bench.live.look_at("1")
    bench.fetched()
    bench.live.line_is("Failed")
    assert not bench.view.greyed and bench.view.verdict.outcome is NG


def test_a_running_line_says_nothing_large(bench: Bench) -> None:
    for state in ("Running", "Stopped", "Loading", "Paused"):
        bench.live.line_is(state)
    assert bench.view.verdict is None and not bench.view.greyed


def test_only_a_software_trigger_is_fired(bench: Bench) -> None:
    bench.live.fire()
    bench.live.triggered_by("hardware")
    bench.live.fire()
    assert bench.line.fired == 0 and not bench.view.trigger
    assert bench.view.said == "The camera is not set to a software trigger."
    bench.live.triggered_by("software")
    bench.live.fire()
    assert bench.line.fired == 1 and bench.view.trigger


# ── a look at the past ───────────────────────────────────────────────────────────────────────────────────────────────
def looked(bench: Bench, said: Override | None = None) -> None:
    """Part 1 of the past is looked at while part 2 is the newest."""
    bench.judge(inspection("1", NG))
    bench.picture(inspection("2", at=1))
    bench.live.look_at("1")
    bench.fetched(said)


def test_a_look_stays_while_the_line_runs_on_and_ends_with_the_newest(bench: Bench) -> None:
    looked(bench)
    view = bench.view
    assert (view.shown, view.selected, view.bar, view.greyed) == ("1", "1", "part 1", False)
    assert bench.live.looking and bench.live.target is not None and bench.live.target.id == "1"
    bench.picture(inspection("3", at=2))
    bench.judge(inspection("4", NONE, at=3))
    bench.live.follow([events.Lost("unplugged", 5.0)])
    assert view.shown == "1" and not view.greyed and view.verdict is not None and view.verdict.outcome is NG
    bench.line.state = "Lost"
    bench.live.back_to_live()
    assert (view.shown, view.selected, view.bar, view.greyed) == ("3", "", "", True)
    assert not bench.live.looking and bench.live.target.id == "3"


def test_the_word_in_force_comes_with_a_look(bench: Bench) -> None:
    looked(bench, override("1", NG, "pit"))
    assert bench.words.known == {"1": "pit"} and bench.view.note == "pit"


def test_a_picture_nobody_waits_for_any_more_is_not_shown(bench: Bench) -> None:
    bench.judge(inspection("1", NG))
    bench.picture(inspection("2"))
    bench.live.look_at("1")
    assert bench.live.looking and bench.view.shown == "2", "until it came, the newest stays"
    bench.live.back_to_live()
    bench.fetched(override("1", NG, "pit"))
    assert bench.view.shown == "2" and bench.view.bar == "" and bench.words.known == {}


def test_what_is_not_in_the_film_strip_is_not_looked_at(bench: Bench) -> None:
    bench.live.look_at("9")
    assert not bench.live.looking and bench.fetching == [] and bench.view.selected == ""


def test_without_a_picture_going_back_shows_none(bench: Bench) -> None:
    bench.live.back_to_live()
    assert bench.view.shown == ""


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_word_is_about_the_part_that_was_on_screen_when_the_key_went_down(bench: Bench) -> None:
    bench.picture(inspection("1"))
    bench.live.mark_target()
    bench.picture(inspection("2", at=1))
    bench.now += 0.29
    bench.live.say_ok()
    bench.live.say_review()
    assert bench.words.said == [("1", OK, "sound"), ("2", REVIEW, "")], "and the next one about what is on screen"


def test_a_mark_holds_for_a_moment_only(bench: Bench) -> None:
    bench.picture(inspection("1"))
    bench.live.mark_target()
    bench.picture(inspection("2", at=1))
    bench.now += 0.3
    bench.live.say_ok()
    assert bench.words.said == [("2", OK, "sound")]


def test_a_mark_on_an_empty_screen_means_what_is_there_by_now(bench: Bench) -> None:
    bench.live.mark_target()
    bench.picture(inspection("2"))
    bench.live.say_review()
    assert bench.words.said == [("2", REVIEW, "")]


def test_a_word_on_a_look_is_about_the_part_looked_at(bench: Bench) -> None:
    looked(bench)
    bench.live.say_ok()
    assert bench.words.said == [("1", OK, "sound")]


def test_without_a_part_there_is_nothing_to_say(bench: Bench) -> None:
    for act in (bench.live.say_ok, bench.live.say_review, bench.live.ask_class):
        bench.view.said = ""
        act()
        assert bench.view.said == "There is no part on screen yet."
    assert bench.words.said == [] and bench.view.asked is None


def test_the_class_asked_for_is_of_the_part_that_was_marked(bench: Bench) -> None:
    bench.words.labels = ("dent", "pit")
    bench.picture(inspection("1"))
    bench.live.mark_target()
    bench.picture(inspection("2", at=1))
    bench.live.ask_class()
    assert bench.view.asked == ("part 1", ("scratch", "pit", "dent")), "each once, what the model knows first"
    bench.picture(inspection("3", at=2))
    bench.live.picked("pit")
    assert bench.words.said == [("1", NG, "pit")]


def test_a_station_without_a_model_takes_words_too() -> None:
    bench = Bench()
    bench.words.labels = ("dent",)
    bench.picture(inspection("1"))
    bench.live.say_ok()
    bench.live.ask_class()
    assert bench.words.said == [("1", OK, "")] and bench.view.asked == ("part 1", ("dent",))


def test_a_stored_word_stands_in_the_film_strip_and_beside_its_verdict(bench: Bench) -> None:
    bench.picture(inspection("1"))
    bench.words.known["1"] = "pit"
    bench.live.heard(override("1", NG, "pit"))
    assert bench.view.marks == {"1": NG} and bench.view.note == "pit"
    assert bench.view.said == "Stored: You say NG: pit. Ctrl+Z takes it back."


def test_a_word_on_another_part_does_not_touch_what_is_on_screen(bench: Bench) -> None:
    bench.picture(inspection("1"))
    bench.words.known["2"] = "pit"
    bench.live.heard(override("2", NG, "pit"))
    bench.live.took_back(override("2", NG, "pit"), None)
    assert bench.view.note == "" and bench.view.marks == {"2": None}


def test_a_word_taken_back_leaves_the_one_before(bench: Bench) -> None:
    bench.picture(inspection("1"))
    bench.view.note = "old"
    bench.live.took_back(override("1", NG, "pit"), override("1", OK))
    assert bench.view.marks == {"1": OK} and bench.view.note == ""
    assert bench.view.said == "Your last word was taken back; both are kept in the history."


def test_words_before_the_first_picture_break_nothing(bench: Bench) -> None:
    bench.live.heard(override("1", OK))
    assert bench.view.marks == {"1": OK} and bench.view.verdict is None

"""What a key does on Review, without a window: whom a word is about, what is hidden, what is asked before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from db.inspections.paging import Stored
from engine.domain.inspection import Inspection, Mask, Outcome
from gui.pages.review.presenter import ReviewPresenter
from gui.pages.review.word.session import ReviewSession
from gui.viewer.picture import OpenedPart
from tests.unit.gui.pages.parts import inspection, override, stored

OK, NG, REVIEW = Outcome.OK, Outcome.NG, Outcome.REVIEW
MASK = np.full((4, 4), 255, np.uint8)


class Listed:
    def __init__(self) -> None:
        self.current: Stored | None = None
        self.chosen: list[Stored] = []
        self.steps: list[int] = []

    def step(self, rows: int) -> None:
        self.steps.append(rows)

    def beside(self, way: int) -> list[Stored]:
        return [stored(inspection(str(50 + way)))]


class Filters:
    def __init__(self) -> None:
        self.audit = False
        self.only: list[str] | None = None

    def show_audit(self) -> None:
        self.audit = True

    def show_only(self, ids: Sequence[str]) -> None:
        self.only = list(ids)


class Shown:
    def __init__(self) -> None:
        self.opened: OpenedPart | None = None
        self.mask: Mask | None = None
        self.blind = self.polygon = self.stroke = False

    def show_part(self, opened: OpenedPart | None, mask: Mask | None = None, empty: str = "") -> None:
        self.opened, self.mask = opened, mask

    def set_blind(self, blind: bool) -> None:
        self.blind = blind

    def close_polygon(self) -> bool:
        return self.polygon

    def undo_paint(self) -> bool:
        return self.stroke


class Compared:
    def __init__(self) -> None:
        self.started: list[OpenedPart | None] = []
        self.shown: list[OpenedPart | None] = []

    def start(self, opened: OpenedPart | None) -> None:
        self.started.append(opened)

    def show_part(self, opened: OpenedPart | None) -> None:
        self.shown.append(opened)


class Explained:
    def __init__(self) -> None:
        self.asked = 0
        self.shown: list[str] = []

    def ask(self) -> None:
        self.asked += 1

    def show_part(self, part: Inspection, pixels: Any) -> None:
        self.shown.append(part.id)


class View:
    """The page, with all that it holds."""

    def __init__(self) -> None:
        self.list, self.filters, self.part = Listed(), Filters(), Shown()
        self.compare, self.explaining = Compared(), Explained()
        self.comparing = self.settling = self.picker = False
        self.blind: tuple[bool, bool] | None = None
        self.focused = self.reloads = self.drawn = 0
        self.classes: tuple[str, ...] | None = None
        self.question: tuple[str, str, Callable[[], object]] | None = None

    def show_comparing(self, on: bool) -> None:
        self.comparing = on

    def show_blind(self, chosen: bool, blind: bool) -> None:
        self.blind = chosen, blind

    def focus_list(self) -> None:
        self.focused += 1

    def ask_class(self, classes: Sequence[str]) -> None:
        self.classes, self.picker = tuple(classes), True

    def close_picker(self) -> None:
        self.picker = False

    def ask(self, text: str, yes: str, act: Callable[[], object]) -> None:
        self.question = text, yes, act

    def settle(self, on: bool) -> None:
        self.settling = on

    def reload(self) -> None:
        self.reloads += 1

    def refresh(self) -> None:
        self.drawn += 1


class Ahead:
    def __init__(self) -> None:
        self.ready: dict[str, OpenedPart] = {}
        self.opening: list[tuple[Stored, Callable[[OpenedPart], None]]] = []
        self.wanted: list[str] = []
        self.forgotten: list[str] = []

    def take(self, part: Stored) -> OpenedPart | None:
        return self.ready.get(part.inspection.id)

    def open(self, part: Stored, done: Callable[[OpenedPart], None]) -> None:
        self.opening.append((part, done))

    def want(self, parts: Sequence[Stored]) -> None:
        self.wanted = [part.inspection.id for part in parts]

    def forget(self, inspection_id: str) -> None:
        self.forgotten.append(inspection_id)


class Keeping:
    def __init__(self) -> None:
        self.can = True
        self.saves = self.undos = 0
        self.many: list[list[str]] = []
        self.comments: list[tuple[list[str], str]] = []

    def save(self) -> bool:
        self.saves += 1
        return self.can

    def save_many(self, parts: Sequence[Stored]) -> bool:
        self.many.append([part.inspection.id for part in parts])
        return True

    def comment(self, parts: Sequence[Stored], text: str) -> None:
        self.comments.append(([part.inspection.id for part in parts], text))

    def undo(self) -> None:
        self.undos += 1


class Bench:
    """The presenter with all it is given; memory is a dictionary, notices a list."""

    def __init__(self, *, blind: bool = False, **memory: Any) -> None:
        self.view, self.ahead, self.keeping = View(), Ahead(), Keeping()
        self.memory, self.told = dict(memory), []
        manifest = SimpleNamespace(class_names=("sound", "scratch", "pit"), ok_classes=("sound",))
        self.session = ReviewSession(lambda: manifest, self.tell, lambda: None)
        context = SimpleNamespace(
            memory=lambda _place: dict(self.memory),
            remember=lambda _place, **values: self.memory.update(values),
            notify=self.tell,
        )
        self.review = ReviewPresenter(self.view, context, self.session, self.keeping, self.ahead, blind=blind)

    def tell(self, kind: str, message: str, remedy: str = "") -> None:
        self.told.append(message)

    def mark(self, part: Stored, *, ready: bool = True) -> OpenedPart:
        """The mark moves to this part."""
        opened = OpenedPart(part, shown=MASK)
        self.view.list.current = part
        self.view.list.chosen = [part]
        if ready:
            self.ahead.ready[part.inspection.id] = opened
        self.review.moved()
        return opened


@pytest.fixture
def bench() -> Bench:
    return Bench()


# ── what other pages ask to see ──────────────────────────────────────────────────────────────────────────────────────
def test_the_random_audit_is_shown_once_it_is_asked_for() -> None:
    bench = Bench(audit=True)
    bench.review.show_asked()
    assert bench.view.filters.audit and bench.memory == {"audit": False, "wanted": []}
    assert bench.view.filters.only is None


def test_certain_parts_are_shown_once_they_are_asked_for() -> None:
    bench = Bench(wanted=["1", 2, "3"])
    bench.review.show_asked()
    assert bench.view.filters.only == ["1", "3"] and not bench.view.filters.audit
    assert bench.memory == {"audit": False, "wanted": []}


@pytest.mark.parametrize("memory", [{}, {"wanted": []}, {"audit": False}])
def test_where_nothing_is_asked_the_filters_stay(memory: dict[str, Any]) -> None:
    bench = Bench(**memory)
    bench.review.show_asked()
    assert bench.view.filters.only is None and not bench.view.filters.audit and bench.memory == memory


@pytest.mark.parametrize("memory", [{"wanted": "1"}, {"audit": "yes"}])
def test_what_a_file_misspells_is_asked_no_more(memory: dict[str, Any]) -> None:
    bench = Bench(**memory)
    bench.review.show_asked()
    assert bench.view.filters.only is None and not bench.view.filters.audit
    assert bench.memory == {"audit": False, "wanted": []}


# ── saying ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_without_a_part_a_key_says_nothing(bench: Bench) -> None:
    bench.review.say(OK, "")
    bench.review.say(NG, "")
    assert bench.view.classes is None and bench.session.draft.empty


def test_ng_without_a_class_asks_for_it(bench: Bench) -> None:
    bench.mark(stored(inspection("1")))
    bench.review.say(NG, "")
    assert bench.view.classes == ("scratch", "pit") and bench.view.picker and bench.session.draft.empty
    bench.review.say(NG, "pit")
    assert not bench.view.picker and bench.session.draft.label == "pit"


@pytest.mark.parametrize("outcome", [OK, REVIEW])
def test_other_verdicts_need_no_class(bench: Bench, outcome: Outcome) -> None:
    bench.mark(stored(inspection("1")))
    bench.view.picker = True
    bench.review.say(outcome, "")
    assert bench.session.draft.outcome is outcome and bench.view.classes is None and not bench.view.picker


def test_digits_are_the_classes_in_their_order(bench: Bench) -> None:
    bench.mark(stored(inspection("1")))
    bench.review.say_digit(3)
    assert bench.session.draft.empty
    bench.review.say_digit(2)
    assert (bench.session.draft.outcome, bench.session.draft.label) == (NG, "pit")
    bench.review.say_digit(1)
    assert bench.session.draft.label == "scratch"


def test_saving_goes_on_to_the_next_part(bench: Bench) -> None:
    bench.mark(stored(inspection("1")))
    bench.review.save()
    assert bench.keeping.saves == 1 and bench.view.list.steps == [1] and bench.view.focused == 1
    bench.keeping.can = False
    bench.review.save()
    assert bench.view.list.steps == [1], "what was not kept is looked at further"


def test_a_polygon_under_way_is_closed_instead(bench: Bench) -> None:
    bench.mark(stored(inspection("1")))
    bench.view.part.polygon = True
    bench.review.save()
    assert bench.keeping.saves == 0 and bench.view.focused == 1 and bench.view.list.steps == []


def test_several_parts_are_asked_for_first(bench: Bench) -> None:
    parts = [stored(inspection("1")), stored(inspection("2"))]
    bench.mark(parts[0])
    bench.view.list.chosen = parts
    bench.review.save()
    assert bench.view.question is None and bench.told == ["Nothing is chosen for these parts."]
    bench.review.say(NG, "pit")
    bench.review.save()
    assert bench.view.question is not None and bench.keeping.many == [] and bench.keeping.saves == 0
    text, yes, act = bench.view.question
    assert "NG pit" in text and yes.startswith("Save for")
    bench.view.list.chosen = []
    act()
    assert bench.keeping.many == [["1", "2"]] and bench.view.list.steps == [], "the parts that were asked about"


def test_undo_takes_the_stroke_then_the_draft_then_the_word(bench: Bench) -> None:
    opened = bench.mark(stored(inspection("1")))
    bench.session.choose(NG, "pit")
    bench.session.paint(MASK)
    bench.view.part.stroke = True
    bench.review.undo()
    assert not bench.session.draft.empty and bench.keeping.undos == 0
    bench.view.part.stroke = False
    bench.view.part.mask, drawn = MASK, bench.view.drawn
    bench.review.undo()
    assert bench.session.draft.empty and bench.keeping.undos == 0
    assert bench.view.part.opened is opened and bench.view.part.mask is None and bench.view.drawn == drawn + 1
    bench.review.undo()
    assert bench.keeping.undos == 1


def test_a_comment_goes_to_the_part_on_screen(bench: Bench) -> None:
    bench.mark(stored(inspection("1")))
    bench.review.comment("odd")
    assert bench.keeping.comments == [(["1"], "odd")] and bench.view.question is None and bench.view.focused == 1


def test_a_comment_on_several_parts_is_asked_for_first(bench: Bench) -> None:
    bench.view.list.chosen = [stored(inspection("1")), stored(inspection("2"))]
    bench.review.comment("odd")
    assert bench.keeping.comments == [] and bench.view.question is not None
    text, yes, act = bench.view.question
    assert text.endswith("\n\nodd") and yes.startswith("Comment on")
    act()
    assert bench.keeping.comments == [(["1", "2"], "odd")]


def test_a_comment_is_read_with_its_part(bench: Bench) -> None:
    bench.review.commented(("1", "2"))
    assert bench.ahead.forgotten == ["1", "2"] and bench.view.settling and len(bench.told) == 1


# ── blind ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_blind_is_chosen_kept_and_listed_anew(bench: Bench) -> None:
    bench.mark(stored(inspection("1")))
    bench.review.toggle_blind()
    assert bench.memory["blind"] is True and bench.view.blind == (True, True)
    assert bench.view.reloads == 1 and bench.session.hidden and bench.told == []
    bench.review.toggle_blind()
    assert bench.memory["blind"] is False and bench.view.blind == (False, False)
    assert bench.view.reloads == 2 and not bench.session.hidden


def test_blind_comes_back_as_it_was_left() -> None:
    bench = Bench(blind=True)
    bench.review.judge_blind()
    assert bench.view.blind == (True, True) and bench.view.drawn == 1


def test_the_random_audit_is_always_blind(bench: Bench) -> None:
    bench.view.filters.audit = True
    bench.review.toggle_blind()
    assert bench.told == ["Random audits are judged blind."]
    assert bench.view.blind == (False, True) and bench.view.reloads == 0 and bench.memory == {}
    bench.view.filters.audit = False
    bench.review.judge_blind()
    assert bench.view.blind == (False, False)


def hidden() -> Bench:
    bench = Bench(blind=True)
    bench.review.judge_blind()
    bench.mark(stored(inspection("1")))
    return bench


def test_two_models_are_compared_and_the_one_picture_comes_back(bench: Bench) -> None:
    opened = bench.mark(stored(inspection("1")))
    bench.review.toggle_compare()
    assert bench.view.comparing and bench.view.compare.started == [opened]
    bench.review.toggle_compare()
    assert not bench.view.comparing and len(bench.view.compare.started) == 1


def test_blind_neither_models_nor_reasons_are_shown() -> None:
    bench = hidden()
    bench.review.toggle_compare()
    bench.review.explain()
    assert not bench.view.comparing and bench.view.compare.started == [] and bench.view.explaining.asked == 0
    assert bench.told == ["You judge blind: say your own word first."] * 2


def test_reasons_are_shown_to_who_sees_the_verdict(bench: Bench) -> None:
    bench.mark(stored(inspection("1")))
    bench.review.explain()
    assert bench.view.explaining.asked == 1 and bench.told == []


def test_comparing_ends_where_a_part_is_hidden() -> None:
    bench = hidden()
    spoken = bench.mark(stored(inspection("2"), override("2", OK)))
    bench.review.toggle_compare()
    assert bench.view.comparing and bench.view.compare.started == [spoken]
    bench.mark(stored(inspection("3")))
    assert not bench.view.comparing and bench.view.compare.shown == []


def test_comparing_goes_on_with_the_next_part(bench: Bench) -> None:
    bench.mark(stored(inspection("1")))
    bench.review.toggle_compare()
    after = bench.mark(stored(inspection("2")))
    assert bench.view.comparing and bench.view.compare.shown == [after]


# ── which part it is ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_part_opened_ahead_is_there_at_once(bench: Bench) -> None:
    bench.view.settling = True
    opened = bench.mark(stored(inspection("1")))
    assert not bench.view.settling and bench.view.part.opened is opened and bench.session.opened is opened
    assert bench.view.explaining.shown == ["1"] and bench.view.drawn == 1 and bench.review.in_step
    assert bench.ahead.wanted == ["51"], "what comes next in the direction of travel"


def test_the_words_follow_at_once_and_the_picture_when_the_mark_rests(bench: Bench) -> None:
    first = bench.mark(stored(inspection("1")))
    second = stored(inspection("2"))
    bench.mark(second, ready=False)
    assert bench.view.settling and bench.view.part.opened is first and not bench.review.in_step
    assert bench.session.opened is not None and bench.session.opened.stored is second
    bench.review.open_current()
    part, done = bench.ahead.opening.pop()
    assert part is second
    done(OpenedPart(second))
    assert bench.review.in_step and bench.view.part.opened is not first


def test_a_picture_the_mark_has_left_is_not_shown(bench: Bench) -> None:
    first = stored(inspection("1"))
    bench.mark(first, ready=False)
    bench.review.open_current()
    _, done = bench.ahead.opening.pop()
    second = bench.mark(stored(inspection("2")))
    done(OpenedPart(first))
    assert bench.view.part.opened is second and bench.session.opened is second


def test_without_a_mark_nothing_is_opened(bench: Bench) -> None:
    bench.review.moved()
    bench.review.open_current()
    assert bench.ahead.opening == [] and bench.session.opened is None and bench.view.settling
    assert not bench.review.in_step


def test_the_next_pictures_lie_in_the_direction_of_travel(bench: Bench) -> None:
    bench.review.step(-1)
    bench.mark(stored(inspection("1")))
    assert bench.view.list.steps == [-1] and bench.ahead.wanted == ["49"]


def test_a_row_read_again_brings_its_picture_where_it_is_on_screen(bench: Bench) -> None:
    bench.review.read_again("1")
    bench.mark(stored(inspection("1")))
    bench.review.read_again("2")
    assert not bench.view.settling
    bench.review.read_again("1")
    assert bench.view.settling


def test_what_was_drafted_is_painted_on_the_part_again(bench: Bench) -> None:
    bench.mark(stored(inspection("1")))
    bench.review.painted(MASK)
    bench.mark(stored(inspection("2")))
    assert bench.view.part.mask is None
    bench.mark(stored(inspection("1")))
    assert bench.view.part.mask is not None and bench.view.part.mask.all()


def test_paint_never_goes_to_a_part_whose_picture_is_not_there_yet(bench: Bench) -> None:
    bench.mark(stored(inspection("1")))
    bench.mark(stored(inspection("2")), ready=False)
    bench.review.painted(MASK)
    assert bench.session.draft.empty
    bench.mark(stored(inspection("1")))
    assert bench.session.draft.empty
    bench.review.painted(MASK)
    assert bench.session.draft.painted


def test_a_hidden_part_is_drawn_without_its_map() -> None:
    bench = hidden()
    assert bench.view.part.blind
    bench.mark(stored(inspection("2"), override("2", OK)))
    assert not bench.view.part.blind

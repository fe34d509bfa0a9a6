"""What the window goes by, without a window: pages, kiosk, rebuilding, alarms, the pace it tells."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from engine import events
from gui.window.presenter import Pace, WindowPresenter


class Station:
    """Context and line, as far as the presenter asks them."""

    def __init__(self, **kept: Any) -> None:
        self.kept, self.told, self.recorded_parts = dict(kept), [], []
        self.settings = SimpleNamespace(pin_required=False)
        self.recorded = SimpleNamespace(emit=self.recorded_parts.append)
        self.package: Any = None
        self.recipe: Any = None
        self.product = SimpleNamespace(name="bracket 12")
        self.state, self.source, self.imaging = "Running", None, ("fine", "")

    def memory(self, place: str) -> dict[str, Any]:
        assert place == "window"
        return dict(self.kept)

    def remember(self, place: str, **values: Any) -> None:
        assert place == "window"
        self.kept.update(values)

    def notify(self, kind: str, message: str, remedy: str = "") -> None:
        self.told.append((kind, message, remedy))


class View:
    """The window's side: what it was asked to do."""

    def __init__(self) -> None:
        self.page, self.pages, self.held = "", ("live", "review", "scan"), ""
        self.built = self.dismissed = 0
        self.kiosk: list[bool] = []
        self.engineer: Callable[[], None] | None = None

    def show_page(self, name: str) -> None:
        self.page = name

    def dismiss_picker(self) -> None:
        self.dismissed += 1

    def build_anew(self) -> None:
        self.built += 1

    def show_kiosk(self, on: bool) -> None:
        self.kiosk.append(on)

    def ask_engineer(self, then: Callable[[], None]) -> None:
        self.engineer = then


def made(**kept: Any) -> tuple[WindowPresenter, View, Station]:
    view, station = View(), Station(**kept)
    return WindowPresenter(view, station, station), view, station


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("kept", "page"),
    [({"page": "scan"}, "scan"), ({"page": "gone"}, "live"), ({}, "live"), ({"page": 5}, "live")],
)
def test_the_page_of_the_last_time_comes_back_where_there_is_one(kept: dict[str, Any], page: str) -> None:
    presenter, view, station = made(**kept)
    presenter.restore()
    assert view.page == page and station.kept["page"] == page
    assert not presenter.kiosk and view.kiosk == []


def test_the_kiosk_comes_back_on_the_live_page() -> None:
    presenter, view, _ = made(page="scan", kiosk=True)
    presenter.restore()
    assert presenter.kiosk and view.kiosk == [True] and view.page == "live"


def test_a_kiosk_that_a_file_misspells_is_none() -> None:
    presenter, view, _ = made(kiosk="yes")
    presenter.restore()
    assert not presenter.kiosk and view.kiosk == []


def test_unknown_pages_are_ignored_and_the_question_for_a_class_is_closed() -> None:
    presenter, view, station = made()
    presenter.go("review")
    presenter.go("nowhere")
    assert view.page == "review" and station.kept["page"] == "review"
    assert view.dismissed == 2 and station.told == []


def test_the_kiosk_has_the_live_page_only_and_says_so() -> None:
    presenter, view, station = made()
    presenter.go("review")
    presenter.toggle_kiosk()
    assert view.page == "live" and view.kiosk == [True] and station.kept["kiosk"] is True
    presenter.go("scan")
    assert view.page == "live" and station.kept["page"] == "live"
    assert station.told == [
        ("info", "This station only shows the Live page now.", "Ctrl+K leads back to the other pages.")
    ]
    presenter.go("live")
    assert len(station.told) == 1


def test_an_engineer_leads_out_of_the_kiosk() -> None:
    presenter, view, station = made()
    presenter.toggle_kiosk()
    presenter.toggle_kiosk()
    assert presenter.kiosk and view.kiosk == [True] and view.engineer is not None
    view.engineer()
    assert not presenter.kiosk and view.kiosk == [True, False] and station.kept["kiosk"] is False
    presenter.go("scan")
    assert view.page == "scan"


@pytest.mark.parametrize(
    ("kiosk", "pin", "locked"), [(True, True, True), (True, False, False), (False, True, False), (False, False, False)]
)
def test_only_a_kiosk_with_pins_is_locked(kiosk: bool, pin: bool, locked: bool) -> None:
    presenter, _, station = made()
    presenter.kiosk, station.settings.pin_required = kiosk, pin
    assert presenter.locked is locked


def test_a_held_page_puts_the_rebuilding_off_until_it_lets_go() -> None:
    presenter, view, station = made()
    view.held = "A scan runs."
    presenter.rebuild()
    presenter.try_again()
    assert view.built == 0
    assert station.told == [("info", "The window changes as soon as this is over.", "A scan runs.")]
    view.held = ""
    presenter.try_again()
    presenter.try_again()
    assert view.built == 1


def test_without_a_held_page_the_window_is_built_anew_at_once() -> None:
    presenter, view, station = made()
    presenter.try_again()
    assert view.built == 0
    presenter.rebuild()
    assert view.built == 1 and station.told == []


def test_an_alarm_is_told_where_the_live_page_does_not_show_it() -> None:
    presenter, view, station = made()
    view.page = "live"
    presenter.alarmed(SimpleNamespace(message="five NG in a row"))
    assert station.told == []
    view.page = "scan"
    presenter.alarmed(SimpleNamespace(message="five NG in a row"))
    assert station.told == [("error", "ALARM: five NG in a row", "Acknowledge it on the Live page.")]


# ── the status bar ───────────────────────────────────────────────────────────────────────────────────────────────────
def part(prepare: float = 0.0, infer: float = 0.0) -> Any:
    return SimpleNamespace(times=SimpleNamespace(prepare_ms=prepare, infer_ms=infer))


def inspected(number: Any, skipped: int) -> events.Inspected:
    return events.Inspected(number, None, skipped)


def test_what_was_recorded_is_told_once_a_tick_and_skips_are_the_newest() -> None:
    presenter, _, station = made()
    first, second = part(), part()
    batch = [events.Paused(), inspected(first, 3), inspected(second, 5)]
    assert presenter.inspected(batch) == 5
    assert station.recorded_parts == [[first, second]]


def test_a_tick_without_a_part_records_nothing() -> None:
    presenter, _, station = made()
    assert presenter.inspected([events.Paused()]) is None
    assert station.recorded_parts == []


def test_a_run_that_is_over_keeps_its_last_rate() -> None:
    presenter, _, station = made()
    assert presenter.rate == 0.0
    station.state = "Paused"
    assert presenter.rate == 0.0
    station.state = "Stopped"
    assert presenter.rate is None


def test_what_judges_is_named_product_first_and_the_model_with_its_time() -> None:
    presenter, _, station = made()
    assert presenter.judge == "bracket 12"
    station.recipe = SimpleNamespace(name="tight", version=3)
    station.package = SimpleNamespace(manifest=SimpleNamespace(name="bolts"), version="ab12", int8_graph=None)
    assert presenter.judge == "bracket 12 · tight 3 · bolts ab12"
    presenter.inspected([inspected(part(1.0, 2.5), 0)])
    assert presenter.judge == "bracket 12 · tight 3 · bolts ab12  3.5 ms"
    station.package.int8_graph = "model.int8.onnx"
    assert presenter.judge == "bracket 12 · tight 3 · bolts ab12 (INT8)  3.5 ms"


@pytest.mark.parametrize(
    ("level", "words"),
    [("fine", "demo line"), ("warn", "demo line  picture drifts"), ("review", "demo line  picture drifts: REVIEW")],
)
def test_the_source_is_named_and_whether_its_picture_drifts(level: str, words: str) -> None:
    presenter, _, station = made()
    station.imaging = (level, "too dark")
    assert presenter.source == ""
    station.source = SimpleNamespace(description="demo line")
    assert presenter.source == words


class Clock:
    """Seconds, as the test says."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_rate_counts_intervals_of_the_last_two_seconds() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.rate() == 0.0
    for _ in range(5):
        pace.add([part()])
        clock.now += 0.5
    clock.now -= 0.5
    assert pace.rate() == pytest.approx(2.0)
    clock.now += 1.0
    assert pace.rate() == pytest.approx(2.0), "two of them are too old, the others as fast"
    assert len(pace._arrivals) == 3
    clock.now += 10.0
    assert pace.rate() == 0.0


def test_a_part_two_seconds_old_still_counts() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.add([part()])
    clock.now += 2.0
    pace.add([part()])
    assert pace.rate() == pytest.approx(0.5)


def test_parts_that_come_together_are_no_endless_rate() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.add([part(), part(), part()])
    assert pace.rate() == 0.0
    clock.now += 0.1
    pace.add([part()])
    assert pace.rate() == pytest.approx(6.0), "over half a second at least"


def test_one_part_is_no_rate() -> None:
    pace = Pace(Clock())
    pace.add([part()])
    assert pace.rate() == 0.0


def test_the_time_a_model_takes_is_smoothed_over_the_parts() -> None:
    pace = Pace(Clock())
    assert pace.model_ms == 0.0
    pace.add([part(99.0, 99.0), part(2.0, 8.0)])
    assert pace.model_ms == pytest.approx(10.0), "the newest of a tick counts"
    pace.add([part(5.0, 15.0)])
    assert pace.model_ms == pytest.approx(12.0)

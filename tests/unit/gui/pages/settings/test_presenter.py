"""Who may change a setting, how it is taken, what is noted and what follows; without a window."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from engine.settings import StationSettings
from gui.pages.settings.presenter import Change, SettingsPresenter


@dataclass
class Station:
    settings: StationSettings = field(default_factory=lambda: StationSettings(schema_version=1))
    operator: str = "anna"


@pytest.fixture
def station() -> Station:
    return Station()


@pytest.fixture
def rules(station: Station) -> SettingsPresenter:
    return SettingsPresenter(station)


def test_a_station_with_pins_waits_for_an_engineer_until_the_page_is_left(
    station: Station, rules: SettingsPresenter
) -> None:
    assert not rules.locked and rules.who == "anna"
    station.settings.pin_required = True
    assert rules.locked
    rules.unlock("eva")
    assert not rules.locked and rules.who == "eva"
    rules.leave()
    assert rules.locked and rules.who == "anna"


def test_whoever_asks_for_pins_is_not_locked_out_by_it(station: Station, rules: SettingsPresenter) -> None:
    change = rules.put("pin_required", True, judges=True)
    assert change == Change("pin_required: False → True", "lock")
    assert station.settings.pin_required and not rules.locked and rules.who == "anna"
    station.operator = "ben"
    assert rules.who == "anna"


def test_giving_pins_up_makes_nobody_the_engineer(station: Station, rules: SettingsPresenter) -> None:
    station.settings.pin_required = True
    assert rules.put("pin_required", False, judges=True) == Change("pin_required: True → False", "lock")
    station.settings.pin_required = True
    assert rules.locked


def test_an_engineer_who_unlocked_stays_the_engineer(rules: SettingsPresenter) -> None:
    rules.unlock("eva")
    rules.put("pin_required", True, judges=True)
    assert rules.who == "eva"


def test_what_may_lose_pictures_or_lock_people_out_is_asked_first(rules: SettingsPresenter) -> None:
    assert rules.way("retention.days") == "retention"
    assert rules.way("pin_required") == "pin"
    assert rules.way("theme") == "immediately" and rules.way("alarms.ng_in_row") == "immediately"


def test_a_value_in_a_group_is_read_and_put(station: Station, rules: SettingsPresenter) -> None:
    assert rules.put("alarms.ng_in_row", 7, judges=True) == Change("alarms.ng_in_row: 5 → 7", "")
    assert station.settings.alarms.ng_in_row == 7 == rules.value("alarms.ng_in_row")


def test_only_what_judges_and_differs_is_noted(rules: SettingsPresenter) -> None:
    assert rules.put("alarms.ng_in_row", 8, judges=False) == Change("", "")
    assert rules.put("alarms.ng_in_row", 8, judges=True) == Change("", "")


def test_a_value_that_cannot_be_used_changes_nothing(station: Station, rules: SettingsPresenter) -> None:
    before = station.settings.scale
    assert rules.put("scale", "huge", judges=False) is None
    assert rules.put("pin_required", "perhaps", judges=True) is None
    assert station.settings.scale == before and rules.who == "anna"
    station.settings.pin_required = True
    assert rules.locked


@pytest.mark.parametrize(
    ("key", "value", "effect"),
    [
        ("theme", "light", "theme"),
        ("language", "de", "language"),
        ("scale", 1.5, "size"),
        ("touch", True, "size"),
        ("sounds", True, "tone"),
        ("sounds", False, ""),
        ("trainer", "", "trainer"),
        ("station", "Press 2", ""),
    ],
)
def test_what_follows_of_a_change(rules: SettingsPresenter, key: str, value: object, effect: str) -> None:
    change = rules.put(key, value, judges=False)
    assert change is not None and change.effect == effect

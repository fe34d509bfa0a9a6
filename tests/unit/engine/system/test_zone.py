"""The station's time zone is named, with its difference from UTC."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from engine.system.zone import local_words, zone_words

WINTER, SUMMER = datetime(2026, 1, 20, 8, 30, tzinfo=UTC), datetime(2026, 7, 20, 8, 30, tzinfo=UTC)


@pytest.fixture(params=["Europe/Berlin"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone the process runs in."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_zone_is_named_with_its_difference_from_utc(zone: str) -> None:
    assert zone_words(WINTER) == f"{zone} (UTC+1)"
    assert zone_words(SUMMER) == f"{zone} (UTC+2)"
    assert local_words(SUMMER) == f"2026-07-20 10:30, {zone} (UTC+2)"


def test_span_over_a_change_of_the_clock_names_both(zone: str) -> None:
    assert zone_words(SUMMER, WINTER) == f"{zone} (UTC+1/+2)"


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Asia/Kolkata", "Asia/Kolkata (UTC+5:30)"),
        ("America/St_Johns", "America/St_Johns (UTC-3:30)"),
        ("UTC", "UTC"),
        # No name of the tz database: what the system calls it.
        ("CET-1CEST", "(UTC+1)"),
    ],
    indirect=["zone"],
)
def test_other_zones(zone: str, words: str) -> None:
    assert zone_words(WINTER).endswith(words)

"""A camera's time stamps on this machine's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.sources.genicam.device_clock import DeviceClock

START = datetime(2026, 1, 1, tzinfo=UTC)
S = 1_000_000_000


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_no_time_stamp_has_no_time() -> None:
    assert DeviceClock().host_time(0, START) is None


def test_a_late_frame_keeps_its_early_time() -> None:
    clock = DeviceClock()
    for frame in range(10):
        assert clock.host_time(5 * S + frame * S, at(frame + 0.010)) == at(frame + 0.010)
    late = clock.host_time(15 * S, at(10.9))
    assert late == at(10.010)


def test_the_shortest_transfer_seen_decides() -> None:
    clock = DeviceClock()
    clock.host_time(1 * S, at(1.050))
    assert clock.host_time(2 * S, at(2.004)) == at(2.004)
    assert clock.host_time(3 * S, at(3.050)) == at(3.004)


def test_no_time_lies_after_the_arrival() -> None:
    clock = DeviceClock()
    for frame, transfer in enumerate((0.05, 0.01, 0.3, 0.002, 0.08)):
        arrived = at(frame + transfer)
        told = clock.host_time((frame + 1) * S, arrived)
        assert told is not None and told <= arrived


def test_a_device_clock_that_was_reset_begins_anew() -> None:
    clock = DeviceClock()
    clock.host_time(900 * S, at(1))
    assert clock.host_time(1 * S, at(5)) == at(5)


def test_a_device_clock_set_forward_is_followed_at_once() -> None:
    clock = DeviceClock()
    clock.host_time(1 * S, at(1))
    assert clock.host_time(1000 * S, at(2)) == at(2)


def test_this_machines_clock_set_back_begins_anew() -> None:
    clock = DeviceClock()
    clock.host_time(1 * S, at(100))
    assert clock.host_time(2 * S, at(50)) == at(50)
    assert clock.host_time(3 * S, at(51)) == at(51)


def test_drift_is_followed() -> None:
    clock = DeviceClock(window_s=10.0)
    for second in range(1, 200):
        drifted = int(second * S * (1 - 100e-6))
        told = clock.host_time(drifted, at(second))
        assert told is not None and at(second) - told <= timedelta(milliseconds=1.1)

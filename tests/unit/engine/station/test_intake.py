"""Which frames reach the judge, and what is recorded for those that must not: triggers, age, damage, loss."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.domain.inspection import Frame, utc_now
from engine.domain.recipe import View
from engine.errors import FrameIncomplete, PictureError, SourceLost, UnsupportedProperty
from engine.station.intake import Refused
from engine.station.triggers import MISSED_AFTER_S, TriggerLog
from tests.unit.engine.station.bench import Bench, reasons


def test_a_software_trigger_s_picture_knows_its_trigger() -> None:
    bench = Bench("software")
    fired = bench.clock.now
    bench.intake.trigger()
    bench.clock.tick(0.1)
    bench.arrives()
    (frame,) = bench.next()
    assert isinstance(frame, Frame)
    assert frame.triggered_at == fired
    assert bench.camera.fired == 1


def test_what_the_source_believes_of_a_trigger_does_not_count_where_this_station_fires() -> None:
    bench = Bench("software", takt_s=0.5)
    bench.intake.trigger()
    bench.clock.tick(0.6)
    bench.next()
    bench.camera.coming.append(
        replace(bench.camera.picture(), captured_at=bench.clock.now, triggered_at=bench.clock.now)
    )
    assert "too late for its own" in reasons(bench.next())[0]


def test_under_trigger_waiting_is_no_loss_and_no_row() -> None:
    bench = Bench("software")
    for _ in range(20):
        bench.clock.tick(60.0)
        assert bench.next() == []
    assert bench.source.losses == 0


def test_a_trigger_without_a_picture_within_the_takt_is_recorded_and_raises_the_alarm() -> None:
    bench = Bench("software", takt_s=0.5)
    fired = bench.clock.now
    bench.intake.trigger()
    bench.clock.tick(0.4)
    assert bench.next() == []
    bench.clock.tick(0.2)
    (missed,) = bench.next()
    assert isinstance(missed, Refused)
    assert missed.ref.triggered_at == fired
    assert "no picture within 0.6 s" in missed.reason
    assert missed.alarm
    assert bench.next() == []


def test_a_picture_that_comes_after_its_takt_is_not_given_to_the_next_trigger() -> None:
    bench = Bench("software", takt_s=0.5)
    bench.intake.trigger()
    bench.clock.tick(0.6)
    assert len(reasons(bench.next())) == 1
    bench.intake.trigger()
    bench.clock.tick(0.1)
    bench.arrives(late=0.3)
    assert "too late for its own" in reasons(bench.next())[0]
    bench.arrives()
    (frame,) = bench.next()
    assert isinstance(frame, Frame)


def test_without_a_takt_a_missing_picture_still_is_not_forgotten() -> None:
    bench = Bench("software")
    bench.intake.trigger()
    bench.clock.tick(MISSED_AFTER_S + 0.1)
    assert len(reasons(bench.next())) == 1


def test_a_refused_trigger_is_not_waited_for() -> None:
    bench = Bench("off")
    with pytest.raises(UnsupportedProperty):
        bench.intake.trigger()
    bench.clock.tick(60.0)
    assert bench.intake.triggers.overdue(bench.clock.now, 0.1) == []


def test_a_burst_s_pictures_all_belong_to_its_trigger() -> None:
    bench = Bench("software")
    fired = bench.clock.now
    bench.intake.trigger(3)
    for _ in range(3):
        bench.clock.tick(0.05)
        bench.arrives()
        (frame,) = bench.next()
        assert isinstance(frame, Frame)
        assert frame.triggered_at == fired
    bench.arrives()
    assert "without a trigger" in reasons(bench.next())[0]


def test_under_a_hardware_trigger_each_picture_that_never_came_gets_a_row_and_the_alarm() -> None:
    bench = Bench("hardware")
    for sequence in (7, 8, 11):
        bench.arrives(sequence=sequence)
    assert len(bench.next()) == 1
    assert len(bench.next()) == 1
    came = bench.next()
    assert [item.ref.sequence for item in came] == [9, 10, 11]
    assert ["never arrived" in reason for reason in reasons(came)] == [True, True]
    assert all(item.alarm for item in came if isinstance(item, Refused))
    assert isinstance(came[-1], Frame)


def test_an_old_frame_is_refused_without_its_pixels_so_that_it_is_not_archived() -> None:
    bench = Bench()
    bench.arrives(sequence=3)
    bench.arrives(sequence=3)
    assert isinstance(bench.next()[0], Frame)
    (refused,) = bench.next()
    assert isinstance(refused, Refused)
    assert "repeated frame 3" in refused.reason
    assert not refused.unreadable
    assert refused.frame is None
    assert refused.ref.sequence == 3
    assert refused.ref.width == 128


def test_frames_dropped_when_the_trigger_is_switched_on_are_no_missing_parts() -> None:
    bench = Bench()
    bench.arrives(sequence=3)
    assert isinstance(bench.next()[0], Frame)
    bench.source.set("trigger", "hardware")
    for sequence in (9, 10):
        bench.arrives(sequence=sequence)
        (frame,) = bench.next()
        assert isinstance(frame, Frame)
    bench.arrives(sequence=12)
    assert len(bench.next()) == 2


def test_in_free_run_a_gap_is_only_skipped() -> None:
    bench = Bench()
    bench.arrives(sequence=3)
    bench.arrives(sequence=90)
    assert [type(item) for _ in range(2) for item in bench.next()] == [Frame, Frame]


@pytest.mark.parametrize("number", [2, -1])
def test_a_damaged_frame_is_refused_once_and_the_next_one_is_neither_repeated_nor_a_gap(number: int) -> None:
    bench = Bench("hardware")
    bench.arrives(sequence=1)
    bench.camera.coming.append(FrameIncomplete("4 packets are missing", sequence=number))
    bench.arrives(sequence=3)
    assert isinstance(bench.next()[0], Frame)
    (damaged,) = bench.next()
    assert isinstance(damaged, Refused)
    assert (damaged.ref.sequence, damaged.reason) == (2, "4 packets are missing")
    (frame,) = bench.next()
    assert isinstance(frame, Frame)


def test_triggers_that_waited_when_the_camera_went_away_get_rows_of_their_own() -> None:
    bench = Bench("software")
    bench.intake.trigger()
    bench.intake.trigger()
    bench.camera.coming.append(SourceLost("The cable is out."))
    came = bench.next()
    assert len(came) == 3
    assert all("The cable is out." in reason for reason in reasons(came))
    assert [item.ref.triggered_at is not None for item in came if isinstance(item, Refused)] == [False, True, True]


def test_an_unreadable_picture_is_named() -> None:
    bench = Bench("hardware")
    bench.camera.coming.append(PictureError("b.png is truncated.", "Copy it again.", "b.png"))
    (refused,) = bench.next()
    assert isinstance(refused, Refused)
    assert refused.unreadable
    assert refused.ref.name == "b.png"


def test_what_comes_while_nothing_is_inspected_is_forgotten_but_not_mistaken_later() -> None:
    bench = Bench("hardware")
    bench.arrives(sequence=5)
    bench.intake.drain(0.0)
    bench.arrives(sequence=5)
    assert "repeated frame 5" in reasons(bench.next())[0]
    bench.arrives(sequence=6)
    (frame,) = bench.next()
    assert isinstance(frame, Frame)


def test_a_frame_exposed_before_the_trigger_does_not_answer_it() -> None:
    log, now = TriggerLog(), utc_now()
    log.fired(now)
    assert log.of(now - timedelta(seconds=0.1)) is None
    assert log.of(now + timedelta(seconds=0.01)) == now
    assert log.of(now + timedelta(seconds=0.02)) is None


def test_a_frame_that_cannot_show_what_the_recipe_looks_at_is_refused_with_its_pixels() -> None:
    bench = Bench()
    bench.recipe = replace(bench.recipe, view=View(roi=(0, 0, 999, 999)))
    bench.arrives(sequence=3)
    (refused,) = bench.next()
    assert isinstance(refused, Refused)
    assert "outside the frame" in refused.reason
    assert refused.frame is not None
    assert refused.ref == refused.frame.ref


@pytest.mark.parametrize(("trigger", "judged"), [("off", False), ("hardware", True)])
def test_only_a_free_running_camera_s_frame_may_be_too_old(trigger: str, judged: bool) -> None:
    bench = Bench(trigger)
    bench.arrives(late=bench.recipe.max_frame_age_s + 1.0)
    (came,) = bench.next()
    assert isinstance(came, Frame) == judged
    assert judged or "stale" in reasons([came])[0]


def test_a_trigger_asks_for_one_picture_unless_it_says_more() -> None:
    bench = Bench("software")
    bench.intake.trigger()
    bench.arrives()
    bench.arrives()
    assert [type(item) for _ in range(2) for item in bench.next()] == [Frame, Refused]


def test_a_free_running_frame_answers_no_trigger_fired_before() -> None:
    bench = Bench("software", takt_s=0.5)
    bench.intake.trigger()
    bench.source.set("trigger", "off")
    bench.arrives()
    (frame,) = bench.next()
    assert isinstance(frame, Frame)
    assert frame.triggered_at is None
    bench.clock.tick(0.6)
    assert "no picture within" in reasons(bench.next())[0]


def test_where_this_station_does_not_fire_what_the_source_says_of_a_trigger_counts() -> None:
    bench = Bench("hardware")
    bench.camera.coming.append(replace(bench.camera.picture(), triggered_at=bench.clock.now))
    (frame,) = bench.next()
    assert isinstance(frame, Frame)
    assert frame.triggered_at == bench.clock.now


def test_a_damaged_picture_answers_its_trigger_unless_the_camera_runs_free() -> None:
    bench = Bench("software", takt_s=0.5)
    fired = bench.clock.now
    bench.intake.trigger()
    (damaged,) = bench.breaks(FrameIncomplete("4 packets are missing"))
    assert damaged.ref.triggered_at == fired
    bench.intake.trigger()
    bench.source.set("trigger", "off")
    (damaged,) = bench.breaks(FrameIncomplete("4 packets are missing"))
    assert damaged.ref.triggered_at is None
    bench.clock.tick(0.6)
    assert "no picture within" in reasons(bench.next())[0]

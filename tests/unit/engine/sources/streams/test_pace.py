from __future__ import annotations

from engine.sources.streams.pace import LATE_S, StreamPace


def _fed(pace: StreamPace, pictures: list[tuple[float, float | None]]) -> list[float | None]:
    return [pace.late(arrival, stamp) for arrival, stamp in pictures]


def _settled(*, stamps: bool, begin: float = 100.0, count: int = 20) -> StreamPace:
    pace = StreamPace()
    late = _fed(pace, [(begin + n / 10, n / 10 if stamps else None) for n in range(count)])
    assert late[-1] is not None
    assert late[-1] < 0.01
    return pace


def test_a_backlog_at_the_beginning_is_not_trusted_until_it_is_through() -> None:
    pace = StreamPace()
    late = _fed(pace, [(100 + n / 1000, n / 10) for n in range(15)])
    assert late == [None] * 15
    late = _fed(pace, [(100.1 + (n - 14) / 10, n / 10) for n in range(15, 20)])
    assert all(one is not None and one < 0.01 for one in late)


def test_pictures_that_were_held_up_are_late_by_as_much() -> None:
    pace = _settled(stamps=True)
    late = _fed(pace, [(103.5 + n / 1000, (20 + n) / 10) for n in range(15)])
    for n, one in enumerate(late):
        assert one is not None
        assert abs(one - (1.5 - n * 0.099)) < 0.01
    assert [one for one in late if one is not None and one <= LATE_S]


def test_a_small_jitter_is_not_late() -> None:
    pace = _settled(stamps=True)
    late = _fed(pace, [(102 + n / 10 + 0.03 * (n % 2), (20 + n) / 10) for n in range(20)])
    assert all(one is not None and one < 0.04 for one in late)


def test_a_clock_that_drifts_stays_the_reference() -> None:
    pace = _settled(stamps=True)
    late = _fed(pace, [(102 + n * 10.001, 2 + n * 10.0) for n in range(1, 2000)])
    assert all(one is not None and one < 0.05 for one in late)


def test_a_time_stamp_that_goes_back_starts_anew() -> None:
    pace = _settled(stamps=True)
    assert pace.late(102.0, 0.0) is None
    assert pace.late(102.1, 0.1) == 0.0


def test_without_stamps_what_follows_a_pause_is_dropped_until_the_usual_pace() -> None:
    pace = _settled(stamps=False)
    late = _fed(pace, [(104 + n / 1000, None) for n in range(15)])
    assert late == [None] * 15
    assert _fed(pace, [(104.1 + n / 10, None) for n in range(3)]) == [0.0] * 3


def test_without_stamps_a_slow_stream_is_not_a_pause() -> None:
    pace = StreamPace()
    assert _fed(pace, [(100 + 1.2 * n, None) for n in range(10)]) == [0.0] * 10

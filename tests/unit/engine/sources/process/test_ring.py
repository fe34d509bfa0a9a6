"""The ring of frames in shared memory: both ways, faults, damage, a writer killed at work."""

from __future__ import annotations

import errno
import multiprocessing
import os
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from engine.domain.inspection import Frame
from engine.errors import EnvironmentFailure, FrameIncomplete, PictureError
from engine.sources.process.ring import (
    FAULTS,
    MAX_FRAME_BYTES,
    SLOTS,
    Bell,
    RingReader,
    Rings,
    RingWriter,
    segment,
    unlink,
)
from tests.unit.engine.sources.process.apart_sources import flood, frame

SHM = Path("/dev/shm")


@pytest.fixture
def prefix() -> Iterator[str]:
    """Of segments that are gone after the test."""
    prefix = f"linesidetest{secrets.token_hex(4)}"
    yield prefix
    for index in range(3):
        unlink(segment(prefix, index))
    assert not SHM.is_dir() or not list(SHM.glob(f"{prefix}*"))


Pair = tuple[RingWriter, RingReader]


@pytest.fixture
def free(prefix: str) -> Iterator[Pair]:
    """A free-running pair."""
    yield from _pair(prefix, in_order=False)


@pytest.fixture
def queue(prefix: str) -> Iterator[Pair]:
    """A pair in order."""
    yield from _pair(prefix, in_order=True)


def _pair(prefix: str, *, in_order: bool) -> Iterator[Pair]:
    writer = RingWriter(segment(prefix, 0), 24 * 32, in_order=in_order)
    reader = RingReader(segment(prefix, 0))
    yield writer, reader
    reader.close()
    writer.close()


def incomplete(sequence: int) -> FrameIncomplete:
    return FrameIncomplete(f"Packets of {sequence} are missing.", "Check the cable.", sequence)


def taken(reader: RingReader) -> list[int | str]:
    """Sequences of frames, first words of errors, until there is nothing."""
    got: list[int | str] = []
    while True:
        try:
            one = reader.take("acted:")
        except FrameIncomplete as error:
            got.append(f"broken {error.sequence}")
            continue
        except PictureError as error:
            got.append(f"bad {error.name}")
            continue
        if one is None:
            return got
        got.append(one.sequence)


def test_everything_but_the_truth_of_a_frame_crosses(prefix: str) -> None:
    at = datetime(2026, 3, 1, 12, 30, 15, 123456, UTC)
    pixels = np.random.default_rng(1).integers(0, 4096, (5, 7, 3), dtype=np.uint16)
    sent = Frame(pixels, "x", 2**40, at, "Prüf/ü\udcff.png", None, 12, "RGGB", 2**62, at, at)
    writer = RingWriter(segment(prefix, 0), pixels.nbytes, in_order=False)
    reader = RingReader(segment(prefix, 0))
    writer.put(sent)
    got = reader.take("gige:1")
    writer.close()
    reader.close()
    assert got is not None
    assert got.ref == replace(sent, source="gige:1").ref
    assert np.array_equal(got.pixels, pixels) and got.pixels.dtype == np.uint16
    assert got.pixels.flags.owndata or got.pixels.base is not None
    got.pixels[:] = 0


def test_newest_wins_and_the_others_are_counted(free: Pair) -> None:
    writer, reader = free
    assert taken(reader) == []
    for sequence in range(1, 4 * SLOTS):
        assert writer.put(frame(sequence))
    assert reader.skipped == 4 * SLOTS - 2
    assert taken(reader) == [4 * SLOTS - 1]
    assert reader.skipped == 4 * SLOTS - 2
    writer.put(frame(99))
    assert taken(reader) == [99]
    assert reader.skipped == 4 * SLOTS - 2


def test_a_damaged_frame_is_not_hidden_by_newer_ones(free: Pair) -> None:
    writer, reader = free
    writer.put(incomplete(1))
    writer.put(PictureError("It cannot be read.", "", "a.png"))
    for sequence in range(3, 30):
        writer.put(frame(sequence))
    assert taken(reader) == ["broken 1", 29, "bad a.png"]
    assert reader.skipped == 26


def test_more_damaged_frames_than_can_wait_count_as_skipped(free: Pair) -> None:
    writer, reader = free
    for sequence in range(1, FAULTS + 11):
        writer.put(incomplete(sequence))
    assert taken(reader) == [f"broken {sequence}" for sequence in range(11, FAULTS + 11)]
    assert reader.skipped == 10


def test_in_order_the_writer_waits_and_nothing_is_lost(queue: Pair) -> None:
    writer, reader = queue
    waiting = [frame(1), incomplete(2), *(frame(n) for n in range(3, 20))]
    got: list[int | str] = []
    while waiting:
        while waiting and writer.put(waiting[0]):
            waiting.pop(0)
        got += taken(reader)
    assert got == [1, "broken 2", *range(3, 20)]
    assert reader.skipped == 0


def test_a_full_ring_takes_no_more_until_one_was_read(queue: Pair) -> None:
    writer, reader = queue
    assert [writer.put(frame(n)) for n in range(SLOTS + 2)] == [True] * SLOTS + [False, False]
    first = reader.take("acted:")
    assert first is not None and first.sequence == 0
    assert [writer.put(frame(n)) for n in (7, 8)] == [True, False]


def test_pictures_from_before_the_trigger_was_set_are_not_handed_out(free: Pair) -> None:
    writer, reader = free
    writer.put(frame(1))
    writer.put(frame(2))
    writer.order(True)
    assert taken(reader) == []
    for sequence in range(3, 3 + SLOTS):
        assert writer.put(frame(sequence))
    assert taken(reader) == [3, 4, 5, 6, 7, 8]
    writer.order(False)
    writer.put(frame(20))
    writer.put(frame(21))
    assert taken(reader) == [21]
    assert reader.skipped == 3


def test_a_slot_half_written_is_not_read(free: Pair) -> None:
    writer, reader = free
    writer.put(frame(1))
    at = writer._slot(1) // 8
    writer._words[at] -= 1
    assert reader.take("acted:") is None
    writer._words[at] += 1
    assert taken(reader) == [1]


@pytest.mark.parametrize("seed", range(8))
def test_a_record_written_over_is_a_damaged_frame(queue: Pair, seed: int) -> None:
    """Whatever lies there: lengths, text or nothing of a frame; never pixels, never an error of another kind."""
    writer, reader = queue
    random = np.random.default_rng(seed)
    writer.put(frame(1))
    writer.put(frame(2))
    at = writer._slot(1)
    if seed % 2:
        writer._words[at // 8 + 1 + seed // 2 % 2] = int(random.integers(2**20, 2**63))
    else:
        writer._bytes[at + 64 : at + 84] = random.bytes(20)
    assert taken(reader) == ["broken -1", 2]


@pytest.mark.parametrize("word", [0, 1, 2])
def test_a_head_written_over_is_no_ring(prefix: str, word: int) -> None:
    writer = RingWriter(segment(prefix, 0), 100, in_order=False)
    writer._words[word] = 2**50
    writer.close()
    with pytest.raises(ValueError, match="not a ring"):
        RingReader(segment(prefix, 0))
    with pytest.raises(FileNotFoundError):
        RingReader(segment(prefix, 1))


def test_pixels_of_no_known_form_are_a_damaged_frame(free: Pair) -> None:
    writer, reader = free
    writer.put(replace(frame(1), pixels=np.zeros((4, 4), np.float32)))
    writer.put(replace(frame(2), pixels=np.zeros((4, 4, 2), np.uint8)))
    writer.put(replace(frame(3), pixels=np.zeros((12, 16), np.uint8)[:, ::2]))
    assert taken(reader) == ["broken 1", 3, "broken 2"]


def test_a_larger_frame_gets_a_larger_ring(prefix: str) -> None:
    names: list[str] = []
    rings = Rings(prefix, names)
    assert rings.room(incomplete(1), in_order=False) == 0
    assert rings.room(frame(2, (30, 40)), in_order=False) is None
    assert rings.room(frame(3, (300, 400)), in_order=True) == 1
    assert rings.put(frame(3, (300, 400)))
    reader = RingReader(names[1])
    assert taken(reader) == [3]
    reader.close()
    rings.close()


def test_too_little_shared_memory_is_an_error_in_words(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EnvironmentFailure, match="too large"):
        RingWriter(segment(prefix, 0), MAX_FRAME_BYTES + 1, in_order=False)

    def full(fd: int, offset: int, size: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(EnvironmentFailure, match="not enough shared memory"):
        RingWriter(segment(prefix, 1), 100, in_order=False)


@pytest.mark.prove(shard="kills")
@pytest.mark.smoke
def test_a_killed_writer_leaves_whole_frames_and_no_segment(prefix: str) -> None:
    """Frames copied while another process writes as fast as it can are whole, and so are those it leaves."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    writer = context.Process(target=flood, args=(prefix, theirs), daemon=True)
    writer.start()
    theirs.close()
    assert ours.recv()
    reader = RingReader(segment(prefix, 0))
    got: list[Frame] = []
    while len(got) < 60:
        one = reader.take("acted:")
        if one is not None:
            got.append(one)
    writer.kill()
    writer.join()
    last = reader.take("acted:")
    got += [] if last is None else [last]
    assert all((one.pixels == one.sequence % 251).all() for one in got)
    sequences = [one.sequence for one in got]
    assert sequences == sorted(set(sequences))
    assert reader.skipped == sequences[-1] - len(got)
    reader.close()
    writer.close()
    ours.close()


def test_a_segment_whose_maker_died_at_once_is_removed(prefix: str) -> None:
    if not SHM.is_dir():
        pytest.skip("no /dev/shm")
    (SHM / segment(prefix, 0)).touch()
    unlink(segment(prefix, 0))
    assert not (SHM / segment(prefix, 0)).exists()


def test_a_bell_rings_once_until_it_was_heard() -> None:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    mine, other = Bell(ours), Bell(theirs)
    for _ in range(100_000):
        mine.ring()
    assert other.wait(0)
    assert not other.wait(0)
    mine.ring()
    assert other.wait(1)
    theirs.close()
    with pytest.raises((OSError, EOFError)):
        mine.ring()
        mine.ring()
    ours.close()

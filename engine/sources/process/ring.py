"""A ring of frames in shared memory: one process writes, one reads, and no lock that a killed writer could keep.

Every slot has a generation, odd while it is written (a sequence lock): who copied a slot whose generation changed
meanwhile copies again. Two ways, as the source runs:

- newest wins (free-running): the writer never waits, the reader takes the newest picture it has not seen; those that it
  never saw are counted. Damaged pictures lie in places of their own, where no newer picture overwrites them: each is
  raised once, oldest first and in turn with the pictures; when more than FAULTS wait, the oldest count as skipped.
- in order (triggered): the writer is told when all slots wait to be read; pictures and damaged ones come as they were.

What is read is checked like anything from outside: a driver's bug may have written over it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Frame, Pixels, Truth
from engine.errors import EnvironmentFailure, FrameIncomplete, PictureError

if sys.platform != "win32":
    import _posixshmem  # type: ignore[import-not-found]

Item = Frame | FrameIncomplete | PictureError

SLOTS, FEW_SLOTS, FAULTS = 6, 3, 16
MAX_FRAME_BYTES = 512 << 20
MANY_BYTES = 96 << 20
"""Frames larger than this get a ring of FEW_SLOTS."""
MAX_SIDE = 65_535
_MAGIC = 0x4C696E6573696465
_PAGE, _SLOT_HEAD, _RECORD = 4096, 64, 32 << 10
_FIELD_SLOTS, _FIELD_BYTES, _WRITTEN, _FIRST, _IN_ORDER, _FAULTED, _TAKEN = range(1, 8)
_NAME, _TEXT, _TRIES = 4096, 400, 16
_MOSAICS = ("", "RGGB", "BGGR", "GRBG", "GBRG")


def segment(prefix: str, index: int) -> str:
    """The name of the ring with this number; both sides make it from the prefix that the reader chose."""
    return f"{prefix}-{index}"


def unlink(name: str) -> None:
    """Remove a segment by its name, whoever made it and however far; one that is not there is none."""
    if sys.platform == "win32":
        return
    # The tracker may not know it: its maker may have been killed between the two.
    resource_tracker.register(f"/{name}", "shared_memory")
    with suppress(FileNotFoundError):
        _posixshmem.shm_unlink(f"/{name}")
    resource_tracker.unregister(f"/{name}", "shared_memory")


class Bell:
    """Wakes the other process. It rings once until that was heard, so that a full pipe never makes the ringer wait.

    Not a semaphore: waiting for one with a limit follows the wall clock, which may be set back.
    """

    def __init__(self, link: Connection[Any, Any]) -> None:
        self._link, self._rung = link, False

    def ring(self) -> None:
        """Wake the other side, or the next one to wait. Raises OSError when that side is gone."""
        while self._link.poll(0):
            self._link.recv_bytes(8)
            self._rung = False
        if not self._rung:
            self._link.send_bytes(b"!")
            self._rung = True

    def wait(self, timeout: float) -> bool:
        """Until it rings or `timeout` seconds are over. Raises OSError or EOFError when the other side is gone."""
        if not self._link.poll(timeout):
            return False
        self._link.recv_bytes(8)
        self._link.send_bytes(b"!")
        return True


class _Ring:
    """The places of a ring in a segment: a head, the slots, the faults."""

    def __init__(self, memory: SharedMemory, slots: int, slot_bytes: int) -> None:
        self._memory, self._slots, self._slot_bytes = memory, slots, slot_bytes
        self._bytes = _bytes(memory)
        self._words = self._bytes.cast("Q")

    @staticmethod
    def size(slots: int, slot_bytes: int) -> int:
        """Bytes of the whole segment."""
        return _PAGE + slots * (_SLOT_HEAD + _RECORD + slot_bytes) + FAULTS * (_SLOT_HEAD + _RECORD)

    @property
    def frame_bytes(self) -> int:
        """The largest frame it takes."""
        return self._slot_bytes

    def close(self) -> None:
        """Let go of the memory; the segment stays until it is unlinked."""
        self._words.release()
        del self._bytes
        self._memory.close()

    def _slot(self, number: int) -> int:
        return _PAGE + (number % self._slots) * (_SLOT_HEAD + _RECORD + self._slot_bytes)

    def _fault(self, number: int) -> int:
        return (
            self._slot(self._slots - 1)
            + _SLOT_HEAD
            + _RECORD
            + self._slot_bytes
            + (number % FAULTS) * (_SLOT_HEAD + _RECORD)
        )


class RingWriter(_Ring):
    """The camera's side. It makes the segment; the other side unlinks it."""

    def __init__(self, name: str, frame_bytes: int, *, in_order: bool) -> None:
        """Room for frames of `frame_bytes`. Raises EnvironmentFailure when there is not enough shared memory."""
        if frame_bytes > MAX_FRAME_BYTES:
            raise EnvironmentFailure("The camera's pictures are too large.", "Choose a smaller part of its picture.")
        slots = SLOTS if frame_bytes <= MANY_BYTES else FEW_SLOTS
        slot_bytes = -(-max(frame_bytes, 1) // _PAGE) * _PAGE
        super().__init__(_made(name, self.size(slots, slot_bytes)), slots, slot_bytes)
        self._words[_FIELD_SLOTS], self._words[_FIELD_BYTES] = slots, slot_bytes
        self._words[_FIRST], self._words[_IN_ORDER] = 1, in_order
        self._words[0] = _MAGIC

    def fits(self, item: Item) -> bool:
        """False: this frame needs a larger ring."""
        return not isinstance(item, Frame) or item.pixels.nbytes <= self._slot_bytes

    def order(self, in_order: bool) -> None:
        """Go the other way; pictures from before the change are not handed out any more."""
        if bool(self._words[_IN_ORDER]) is not in_order:
            self._words[_FIRST] = self._words[_WRITTEN] + 1
            self._words[_IN_ORDER] = in_order

    def put(self, item: Item) -> bool:
        """Write one that `fits`. False when it must wait for the reader; only in order."""
        words = self._words
        if isinstance(item, Frame) and not _shaped(item.pixels):
            item = FrameIncomplete("The camera sent a picture of no known form.", "", item.sequence)
        if not isinstance(item, Frame) and not words[_IN_ORDER]:
            number = words[_FAULTED] + 1
            self._write(self._fault(number), number, item)
            words[_FAULTED] = number
            return True
        number = words[_WRITTEN] + 1
        if words[_IN_ORDER] and number - max(words[_TAKEN], words[_FIRST] - 1) > self._slots:
            return False
        self._write(self._slot(number), number, item)
        words[_WRITTEN] = number
        return True

    def _write(self, at: int, number: int, item: Item) -> None:
        word, body = at // 8, at + _SLOT_HEAD
        text = json.dumps(_record(item)).encode()
        pixels = item.pixels if isinstance(item, Frame) else None
        self._words[word] = 2 * number - 1
        self._words[word + 1], self._words[word + 2] = len(text), 0 if pixels is None else pixels.nbytes
        self._bytes[body : body + len(text)] = text
        if pixels is not None:
            there: NDArray[Any] = np.frombuffer(self._bytes, pixels.dtype, pixels.size, body + _RECORD)
            np.copyto(there.reshape(pixels.shape), pixels)
        self._words[word] = 2 * number


class Rings:
    """The writer's rings, one after the other as frames grow. `names` gets the name of each before it is made."""

    def __init__(self, prefix: str, names: list[str]) -> None:
        self._prefix, self._names = prefix, names
        self._ring: RingWriter | None = None

    def room(self, item: Item, *, in_order: bool) -> int | None:
        """Have a ring that the item fits in; its number when a new one had to be made. Raises EnvironmentFailure."""
        if self._ring is not None and self._ring.fits(item):
            return None
        index = len(self._names)
        self._names.append(segment(self._prefix, index))
        size = item.pixels.nbytes if isinstance(item, Frame) else 1
        if self._ring is not None:
            # Pictures of many sizes do not make many rings.
            size = max(size, min(self._ring.frame_bytes * 5 // 4, MAX_FRAME_BYTES))
        larger = RingWriter(self._names[index], size, in_order=in_order)
        self.close()
        self._ring = larger
        return index

    def put(self, item: Item) -> bool:
        """RingWriter.put, where there is `room`."""
        return self._ring is not None and self._ring.put(item)

    def order(self, in_order: bool) -> None:
        """RingWriter.order."""
        if self._ring is not None:
            self._ring.order(in_order)

    def close(self) -> None:
        """Let go of the ring; the other side unlinks it."""
        if self._ring is not None:
            self._ring.close()
            self._ring = None


class RingReader(_Ring):
    """The station's side."""

    def __init__(self, name: str) -> None:
        """Raises FileNotFoundError when there is none, ValueError when it is not a ring."""
        memory = SharedMemory(name)
        slots, slot_bytes = 0, 0
        if memory.size >= _PAGE:
            magic, slots, slot_bytes = np.frombuffer(_bytes(memory), np.uint64, 3).tolist()
            slots = slots if magic == _MAGIC else 0
        known = 1 < slots <= SLOTS and 0 < slot_bytes <= MAX_FRAME_BYTES and slot_bytes % _PAGE == 0
        if not known or self.size(slots, slot_bytes) > memory.size:
            memory.close()
            raise ValueError(f"{name} is not a ring of frames")
        super().__init__(memory, slots, slot_bytes)
        self._last = self._last_fault = self._dropped = 0
        self._fault_was_last = False

    @property
    def skipped(self) -> int:
        """Pictures written so far that the reader can no more get."""
        before, written = max(self._last, self._words[_FIRST] - 1), self._words[_WRITTEN]
        hidden = 0 if self._words[_IN_ORDER] else max(0, written - before - 1)
        return self._dropped + before - self._last + hidden

    def take(self, source: str) -> Frame | None:
        """The next or the newest frame, as a copy of its own; None when there is none. `source` is put in it.

        Raises the FrameIncomplete or PictureError that came in a frame's place; the next call goes on.
        """
        for _ in range(_TRIES):
            faulted, written = self._words[_FAULTED], self._words[_WRITTEN]
            before = max(self._last, self._words[_FIRST] - 1)
            number = before + 1 if self._words[_IN_ORDER] else written
            if faulted > self._last_fault and (written <= before or not self._fault_was_last):
                got = self._next_fault(faulted, source)
            elif written <= before:
                return None
            else:
                got = self._copy(self._slot(number), number, source)
                if got is not None:
                    self._dropped += number - self._last - 1
                    self._last = self._words[_TAKEN] = number
                    self._fault_was_last = False
            if isinstance(got, Frame):
                return got
            if got is not None:
                raise got
        return None

    def _next_fault(self, faulted: int, source: str) -> Item | None:
        number = max(self._last_fault + 1, faulted - FAULTS + 1)
        got = self._copy(self._fault(number), number, source)
        if got is not None:
            self._dropped += number - self._last_fault - 1
            self._last_fault, self._fault_was_last = number, True
        return got

    def _copy(self, at: int, number: int, source: str) -> Item | None:
        """What a slot holds; None when it holds something else by now."""
        word, body = at // 8, at + _SLOT_HEAD
        if self._words[word] != 2 * number:
            return None
        length, nbytes = self._words[word + 1], self._words[word + 2]
        record, pixels = None, None
        if length <= _RECORD and nbytes <= self._slot_bytes:
            record = bytes(self._bytes[body : body + length])
            pixels = np.empty(nbytes, np.uint8)
            if nbytes:
                np.copyto(pixels, np.frombuffer(self._bytes, np.uint8, nbytes, body + _RECORD))
        if self._words[word] != 2 * number:
            return None
        try:
            return _item(json.loads(record or b"null"), pixels, source)
        except (ValueError, TypeError, KeyError, OverflowError):
            return FrameIncomplete("A picture came damaged out of the camera's process.", "Report this if it goes on.")


def _made(name: str, size: int) -> SharedMemory:
    try:
        memory = SharedMemory(name, create=True, size=-(-size // _PAGE) * _PAGE)
        if hasattr(os, "posix_fallocate"):
            # Without its pages at hand, the first frame on a full /dev/shm would be a bus error.
            try:
                os.posix_fallocate(getattr(memory, "_fd", -1), 0, memory.size)
            except OSError:
                memory.close()
                raise
    except OSError as error:
        raise EnvironmentFailure(
            f"There is not enough shared memory for the camera's pictures ({size >> 20} MB).",
            "Close other programs, or give the container more shared memory.",
        ) from error
    return memory


def _bytes(memory: SharedMemory) -> memoryview:
    assert memory.buf is not None, "it is open"
    return memory.buf


def _shaped(pixels: NDArray[Any]) -> bool:
    """Whether it is what a Frame may hold: H×W or H×W×3, uint8 or uint16."""
    return pixels.dtype in (np.uint8, np.uint16) and _possible(list(pixels.shape))


def _possible(shape: list[int]) -> bool:
    sides = all(type(side) is int and 0 < side <= MAX_SIDE for side in shape)
    return sides and (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3))


def _record(item: Item) -> dict[str, Any]:
    """An item without its pixels, in bounded plain types."""
    if isinstance(item, Frame):
        return {
            "sequence": int(item.sequence),
            "captured_at": item.captured_at.isoformat(),
            "name": item.name[:_NAME],
            # The demo line's; the mask of the defect stays behind, no line asks for it.
            "truth": None if item.truth is None else item.truth.label[:_TEXT],
            "bits": int(item.bits),
            "bayer": item.bayer,
            "device_ns": int(item.device_ns),
            "triggered_at": item.triggered_at and item.triggered_at.isoformat(),
            "exposed_at": item.exposed_at and item.exposed_at.isoformat(),
            "shape": list(item.pixels.shape),
            "wide": item.pixels.dtype == np.uint16,
        }
    record: dict[str, Any] = {"message": item.message[:_TEXT], "remedy": item.remedy[:_TEXT]}
    if isinstance(item, FrameIncomplete):
        return record | {"incomplete": int(item.sequence)}
    return record | {"picture": item.name[:_NAME]}


def _item(record: Mapping[str, Any], raw: NDArray[np.uint8] | None, source: str) -> Item:
    """The item again. Raises ValueError, TypeError or KeyError for one that cannot be."""
    if "message" in record:
        texts = str(record["message"]), str(record["remedy"])
        if "incomplete" in record:
            return FrameIncomplete(*texts, int(record["incomplete"]))
        return PictureError(*texts, str(record["picture"]))
    shape, bits, bayer = record["shape"], record["bits"], record["bayer"]
    if raw is None or not _possible(shape) or bits not in range(17) or bayer not in _MOSAICS:
        raise ValueError("not a frame")
    truth = record["truth"]
    pixels: Pixels = raw.view(np.uint16 if record["wide"] else np.uint8).reshape(shape)
    return Frame(
        pixels,
        source,
        int(record["sequence"]),
        _time(record["captured_at"]),
        str(record["name"]),
        None if truth is None else Truth(str(truth)),
        bits=bits,
        bayer=bayer,
        device_ns=int(record["device_ns"]),
        triggered_at=None if record["triggered_at"] is None else _time(record["triggered_at"]),
        exposed_at=None if record["exposed_at"] is None else _time(record["exposed_at"]),
    )


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at

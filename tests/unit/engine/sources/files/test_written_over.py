"""A file that grows is one picture; another one under its name is one that was lost."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from engine.sources.files.written_over import AFTER_S, Glimpse, WrittenOver


class Clock:
    """It stands where it is put."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _data(seed: int, length: int = 20_000) -> bytes:
    return np.random.default_rng(seed).bytes(length)


def _lost(path: Path, *acts: bytes) -> int:
    """How many pictures were counted while these stood in the file one after the other, looked at each time."""
    counting, seen = WrittenOver(Clock()), None
    for data in acts:
        path.write_bytes(data)
        seen = counting.glimpse(path, seen)
        assert isinstance(seen, Glimpse)
    said = " ".join(remark.message for remark in counting.remarks(at_rest=True))
    return 0 if not said else 1 if said.startswith("A picture") else int(said.split()[0])


@pytest.mark.parametrize("at", [1, 4096, 4097, 12_345])
def test_a_file_that_grows_is_one(tmp_path: Path, at: int) -> None:
    data = _data(1)
    assert _lost(tmp_path / "x.png", b"", data[:at], data[: at + 1], data) == 0


def test_room_that_is_taken_first_is_one(tmp_path: Path) -> None:
    data = _data(1)
    assert _lost(tmp_path / "x.bmp", data[:9000] + bytes(11_000), data[:19_000] + bytes(1000), data) == 0


def test_another_content_is_another_whether_longer_shorter_or_as_long(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    assert _lost(path, _data(1), _data(2)) == 1
    assert _lost(path, _data(1), _data(2, 30_000), _data(3, 10_000)) == 2
    assert _lost(path, _data(1), b"", _data(2), _data(2) + b"more") == 1


def test_a_file_that_is_put_in_its_place_is_another(tmp_path: Path) -> None:
    counting, path = WrittenOver(Clock()), tmp_path / "x.png"
    path.write_bytes(_data(1))
    seen = counting.glimpse(path)
    (tmp_path / "new").write_bytes(_data(2, 30_000))
    os.replace(tmp_path / "new", path)
    counting.glimpse(path, seen)
    assert len(counting.remarks(at_rest=True)) == 1
    assert counting.remarks(at_rest=True) == ()


def test_a_name_that_never_comes_to_rest_is_told_all_the_same(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "x.png"
    counting, seen = WrittenOver(clock), None
    for number in range(3):
        path.write_bytes(_data(number))
        seen = counting.glimpse(path, seen)
    assert counting.remarks(at_rest=False) == ()
    clock.now = AFTER_S
    assert [remark.message for remark in counting.remarks(at_rest=False)] == [
        "2 pictures were written over before they were judged."
    ]


def test_a_file_that_is_gone_is_no_loss(tmp_path: Path) -> None:
    counting = WrittenOver(Clock())
    assert counting.glimpse(tmp_path / "gone.png") is None
    assert counting.remarks(at_rest=True) == ()
